// holdfast drill
#include <json/reader.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/instance_client.hpp"
#include "cli/instance_commands.hpp"
#include "cli/screen.hpp"
#include "cli/status_parts.hpp"
#include "healthcheck/endpoint.hpp"
#include "shared/base/program.hpp"

namespace holdfast::cli {

namespace {

constexpr const char* kProgram = "holdfast drill";
// Nothing comes before a slot is over; the longest slot of a chain that we know has 12 s.
constexpr Duration kSilenceMax = std::chrono::seconds{60};
constexpr std::size_t kHeadShown = 12;

struct Sums {
    std::uint64_t slots{0};
    std::uint64_t same{0};
    bool done{false};
    std::string problem;
};

Result<Json::Value> parse(std::string_view line) {
    Json::Value value;
    std::string errors;
    Json::CharReaderBuilder builder;
    builder["stackLimit"] = 32;
    const std::unique_ptr<Json::CharReader> reader{builder.newCharReader()};
    try {
        if (reader->parse(line.data(), line.data() + line.size(), &value, &errors) && value.isObject()) return value;
    } catch (const Json::Exception& exception) {
        errors = exception.what();
    }
    return failure(ErrorCode::kMalformed, "a line of the answer can't be read: " + errors);
}

std::string side(const Json::Value& vote) {
    if (!vote.isObject()) return "-";
    const std::string head = text_in(vote, "head");
    std::string text = head.empty() ? "no vote" : head.substr(0, kHeadShown);
    const Json::Value& decided = part(vote, "decided_ms");
    if (decided.isNumeric()) text += " at " + ms_text(decided.asDouble());
    return text + ", " + text_in(vote, "due") + " duties";
}

void show_slot(const Json::Value& line, std::uint64_t number, std::uint64_t of) {
    const bool same = truth_in(line, "same");
    const std::string note = text_in(line, "note");
    const Json::Value& ours = part(line, "ours");
    const Json::Value& primary = part(line, "primary");
    Screen screen;
    std::string text = std::to_string(number) + "/" + std::to_string(of) + "  slot " + text_in(line, "slot") +
                       (same ? "  same       " : "  NOT SAME   ") + "here " + side(ours) + "; primary " + side(primary);
    if (primary.isObject()) text += ", " + text_in(primary, "attested") + " attested";
    if (!note.empty()) text += "; " + note;
    screen.line(std::move(text), same ? Tone::kPlain : Tone::kBad);
    std::fputs(screen.text(find_terminal().colours).c_str(), stdout);
    std::fflush(stdout);
}

// False when there is nothing more to read.
bool take(std::string_view text, std::uint64_t of, Sums& sums) {
    if (text.empty()) return true;
    const auto line = parse(text);
    if (!line) {
        sums.problem = line.error().message;
        return false;
    }
    sums.done = truth_in(line.value(), "done");
    if (sums.done) return false;
    ++sums.slots;
    if (truth_in(line.value(), "same")) ++sums.same;
    show_slot(line.value(), sums.slots, of);
    return true;
}

int conclude(const Sums& sums, const Result<void>& ended, std::uint64_t slots) {
    if (!sums.problem.empty()) return fail(kProgram, sums.problem);
    if (!ended) return fail(kProgram, ended.error().message);
    if (!sums.done) {
        return fail(kProgram,
                    "the instance ended it after " + std::to_string(sums.slots) + " of " + std::to_string(slots) + " slots");
    }
    std::printf("%llu of %llu slots: the same as the primary\n", static_cast<unsigned long long>(sums.same),
                static_cast<unsigned long long>(sums.slots));
    return sums.same == sums.slots ? kExitDone : kExitFailed;
}

}  // namespace

int run_drill(const Words& words) {
    InstanceOptions options;
    std::uint64_t slots = 32;
    OptionSet set{kProgram, "the secondary does everything but sign for some slots, and compares with what the primary did",
                  "Example:\n  holdfast drill --slots 64\n"
                  "\nExit codes: 0 the same in every slot, 1 not the same or not possible, 2 wrong words.\n"};
    options.declare(set);
    set.number({.name = "slots", .help = "how many slots"}, slots, {1, healthcheck::kDrillSlotsMax});
    std::vector<InstanceAddress> addresses;
    if (const auto code = read_instance_words(set, kProgram, words, options, addresses)) return *code;
    InstanceClient client{addresses.front()};
    Sums sums;
    const Result<void> ended = client.lines("/v1/drill?slots=" + std::to_string(slots), kSilenceMax,
                                            [&](std::string_view line) { return take(line, slots, sums); });
    return conclude(sums, ended, slots);
}

}  // namespace holdfast::cli
