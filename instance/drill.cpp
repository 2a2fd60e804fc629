#include "instance/drill.hpp"

#include <json/json.h>

#include <memory>
#include <utility>

#include "healthcheck/json_text.hpp"

namespace holdfast::instance {

using healthcheck::JsonText;

namespace {

// After a slot's end, so that what was done in its last moment is in the primary's status.
constexpr Duration kAfterSlot = std::chrono::milliseconds{200};

std::string text_of(const ethereum::Checkpoint& checkpoint) {
    return to_string(checkpoint.epoch) + ":" + to_hex(checkpoint.root);
}

std::string text_of(const Json::Value& checkpoint) {
    return checkpoint["epoch"].asString() + ":" + checkpoint["root"].asString();
}

void append_vote(JsonText& text, std::string_view name, const DrillVote& vote, bool performs) {
    text.object(name, [&] {
        if (!vote.head.empty()) {
            text.member("head", vote.head);
            text.member("source", vote.source);
            text.member("target", vote.target);
        }
        text.member("decided_ms", vote.decided);
        text.count("due", vote.due);
        if (performs) text.count("attested", vote.attested);
    });
}

// Nothing for what is no time within a slot.
std::optional<Duration> of_ms(const Json::Value& ms) {
    constexpr double kMax = 1e6;
    if (!ms.isNumeric() || ms.asDouble() < 0 || ms.asDouble() > kMax) return std::nullopt;
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>{ms.asDouble()});
}

std::optional<DrillVote> read_vote(const Json::Value& document, Slot slot) {
    for (const Json::Value& report : document["recent"]) {
        if (report["slot"].asString() != to_string(slot) || report["adopted"].asBool()) continue;
        DrillVote vote;
        vote.due = report["due"].asUInt();
        vote.attested = report["attested"].asUInt();
        vote.decided = of_ms(report["decided_ms"]);
        const Json::Value& data = report["vote"];
        if (data.isObject()) {
            vote.head = data["head"].asString();
            vote.source = text_of(data["source"]);
            vote.target = text_of(data["target"]);
        }
        return vote;
    }
    return std::nullopt;
}

std::string note_on(const std::optional<DrillVote>& ours, const std::optional<DrillVote>& primary) {
    if (!ours && !primary) return "no duty in this slot";
    if (!ours) return "nothing was decided here";
    if (!primary) return "the primary did nothing in this slot";
    if (ours->head.empty()) return "no vote was decided here";
    if (primary->head.empty()) return "the primary decided no vote";
    if (!ours->same_vote(*primary)) return "another vote than the primary's";
    return ours->due == primary->due ? "" : "another number of duties than the primary's";
}

struct Compared {
    std::optional<DrillVote> ours;
    std::optional<DrillVote> primary;
    std::string note;
    bool same{false};
};

Compared compare(std::optional<DrillVote> ours, const Result<std::string>& status, Slot slot) {
    Compared compared{std::move(ours), std::nullopt, "", false};
    if (!status) {
        compared.note = "the primary could not be asked: " + status.error().message;
        return compared;
    }
    Result<std::optional<DrillVote>> primary = vote_in(status.value(), slot);
    if (!primary) {
        compared.note = primary.error().message;
        return compared;
    }
    compared.primary = std::move(primary).value();
    compared.note = note_on(compared.ours, compared.primary);
    compared.same = compared.note.empty() || (!compared.ours && !compared.primary);
    return compared;
}

std::string line(Slot slot, const Compared& compared) {
    JsonText text;
    text.object([&] {
        text.member("slot", slot);
        if (compared.ours) append_vote(text, "ours", *compared.ours, false);
        if (compared.primary) append_vote(text, "primary", *compared.primary, true);
        text.member("same", compared.same);
        text.member("note", compared.note);
    });
    return text.take();
}

std::string last_line(std::uint64_t slots, std::uint64_t same) {
    JsonText text;
    text.object([&] {
        text.member("done", true);
        text.count("slots", slots);
        text.count("same", same);
    });
    return text.take();
}

}  // namespace

std::optional<DrillVote> vote_of(const std::deque<duties::SlotReport>& recent, Slot slot) {
    for (const duties::SlotReport& report : recent) {
        if (report.slot != slot || report.adopted) continue;
        DrillVote vote;
        vote.due = report.due;
        vote.attested = report.attested;
        vote.decided = report.decided;
        if (report.vote) {
            vote.head = to_hex(report.vote->data.beacon_block_root);
            vote.source = text_of(report.vote->data.source);
            vote.target = text_of(report.vote->data.target);
        }
        return vote;
    }
    return std::nullopt;
}

Result<std::optional<DrillVote>> vote_in(const std::string& status, Slot slot) {
    Json::Value document;
    std::string errors;
    Json::CharReaderBuilder builder;
    builder["stackLimit"] = 32;
    const std::unique_ptr<Json::CharReader> reader{builder.newCharReader()};
    try {
        if (reader->parse(status.data(), status.data() + status.size(), &document, &errors) && document.isObject()) {
            return read_vote(document, slot);
        }
    } catch (const Json::Exception& exception) {
        errors = exception.what();
    }
    return failure(ErrorCode::kMalformed, "the primary's status can't be read");
}

Task<void> run_drill(DrillSources sources, std::uint64_t slots, net::StreamWriter& writer) {
    Slot slot = sources.slots.slot_at(sources.clock.now());
    std::uint64_t same = 0;
    for (std::uint64_t i = 0; i < slots; ++i, slot = slot + 1) {
        co_await sleep_until(sources.clock, sources.slots.start_of(slot + 1) + kAfterSlot);
        const Result<std::string> status = co_await sources.peer.status();
        const Compared compared = compare(vote_of(sources.recent, slot), status, slot);
        if (compared.same) ++same;
        std::string text = line(slot, compared);
        const bool there = co_await writer.write(std::move(text));
        if (!there) co_return;
    }
    std::string text = last_line(slots, same);
    co_await writer.write(std::move(text));
}

}  // namespace holdfast::instance
