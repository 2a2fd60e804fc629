#include "shared/base/config.hpp"

#include <algorithm>
#include <iterator>

#include "shared/base/assert.hpp"
#include "shared/base/config_reader.hpp"
#include "shared/base/program.hpp"
#include "shared/base/types.hpp"

namespace holdfast {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Error wrong(std::string sentence) { return failure(ErrorCode::kInvalidArgument, std::move(sentence)); }

std::string quoted(const std::string& text) { return "'" + text + "'"; }

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
    std::string all;
    for (const std::string& part : parts) {
        if (!all.empty()) all += between;
        all += part;
    }
    return all;
}

std::string range_text(OptionSet::Range range) {
    if (range.max == OptionSet::Range{}.max) return "of at least " + std::to_string(range.min);
    return "from " + std::to_string(range.min) + " to " + std::to_string(range.max);
}

std::vector<OptionInfo> own_options() {
    return {{.name = "config", .value = "FILE", .help = "TOML file with the same names; flags win over it", .in_file = false},
            {.name = "version", .help = "say the version, and end", .in_file = false},
            {.name = "help", .help = "say this, and end", .in_file = false}};
}

std::string remark(const OptionInfo& info) {
    if (info.required) return " (required)";
    return info.standard.empty() ? "" : " (default " + info.standard + ")";
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = parse_decimal(text.substr(0, digits));
    const std::string_view unit = text.substr(digits);
    constexpr std::uint64_t kSecondsMax = 1'000'000'000;  // keeps nanoseconds within 64 bits
    if (number && unit == "ms" && number.value() <= kSecondsMax * 1000 / 200) return Duration{milliseconds{number.value()}};
    if (number && unit == "s" && number.value() <= kSecondsMax) return Duration{seconds{number.value()}};
    return failure(ErrorCode::kMalformed, quoted(std::string{text}) + " is not a time like 500ms or 12s");
}

std::string format_duration(Duration duration) {
    if (duration % seconds{1} == Duration{}) return std::to_string(duration / seconds{1}) + "s";
    return std::to_string(duration / milliseconds{1}) + "ms";
}

OptionSet::OptionSet(std::string program, std::string summary, std::string examples)
    : program_{std::move(program)}, summary_{std::move(summary)}, examples_{std::move(examples)} {}

void OptionSet::add(OptionInfo info, Kind kind, const char* value, std::string standard,
                    std::function<Result<void>(const Parts&)> take) {
    HOLDFAST_ASSERT(find(info.name) == nullptr);
    if (info.value.empty()) info.value = value;
    if (info.standard.empty() && !info.required) info.standard = std::move(standard);
    options_.push_back({std::move(info), kind, std::move(take)});
}

void OptionSet::text(OptionInfo info, std::string& target) {
    add(std::move(info), Kind::kText, "TEXT", target, [&target](const Parts& parts) -> Result<void> {
        if (parts.front().empty()) return wrong("must not be empty");
        target = parts.front();
        return success();
    });
}

void OptionSet::list(OptionInfo info, std::vector<std::string>& target) {
    add(std::move(info), Kind::kList, "TEXT,TEXT", joined(target, ","), [&target](const Parts& parts) -> Result<void> {
        if (parts.empty()) return wrong("must name at least one");
        target = parts;
        return success();
    });
}

void OptionSet::number(OptionInfo info, std::uint64_t& target, Range range) {
    add(std::move(info), Kind::kNumber, "N", std::to_string(target), [&target, range](const Parts& parts) -> Result<void> {
        const auto number = parse_decimal(parts.front());
        if (!number || number.value() < range.min || number.value() > range.max) {
            return wrong(quoted(parts.front()) + " is not a whole number " + range_text(range));
        }
        target = number.value();
        return success();
    });
}

void OptionSet::toggle(OptionInfo info, bool& target) {
    add(std::move(info), Kind::kToggle, "", target ? "true" : "", [&target](const Parts& parts) -> Result<void> {
        if (parts.front() != "true" && parts.front() != "false")
            return wrong(quoted(parts.front()) + " is neither true nor false");
        target = parts.front() == "true";
        return success();
    });
}

void OptionSet::duration(OptionInfo info, Duration& target, Duration min, Duration max) {
    add(std::move(info), Kind::kText, "TIME", format_duration(target), [&target, min, max](const Parts& parts) -> Result<void> {
        HOLDFAST_TRY(const Duration duration, parse_duration(parts.front()));
        if (duration < min || duration > max) {
            return wrong(quoted(parts.front()) + " is not from " + format_duration(min) + " to " + format_duration(max));
        }
        target = duration;
        return success();
    });
}

Result<std::size_t> OptionSet::find_word(const std::string& text, const std::vector<std::string>& words) {
    const auto found = std::ranges::find(words, text);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    return wrong(quoted(text) + " is none of " + joined(words, ", "));
}

const OptionSet::Option* OptionSet::find(std::string_view name) const {
    const auto found = std::ranges::find_if(options_, [name](const Option& option) { return option.info.name == name; });
    return found == options_.end() ? nullptr : &*found;
}

std::vector<OptionInfo> OptionSet::options() const {
    std::vector<OptionInfo> all;
    std::ranges::transform(options_, std::back_inserter(all), [](const Option& option) { return option.info; });
    std::ranges::move(own_options(), std::back_inserter(all));
    return all;
}

std::string OptionSet::help() const {
    std::string all = program_ + " " + std::string{version()} + ": " + summary_ + "\n\nOptions:\n";
    const std::vector<OptionInfo> infos = options();
    std::size_t width = 0;
    const auto left = [](const OptionInfo& info) { return "  --" + info.name + (info.value.empty() ? "" : " " + info.value); };
    for (const OptionInfo& info : infos) width = std::max(width, left(info).size());
    for (const OptionInfo& info : infos) {
        std::string line = left(info);
        line.resize(width + 2, ' ');
        all += line + info.help + remark(info) + "\n";
    }
    if (!examples_.empty()) all += "\n" + examples_ + (examples_.ends_with('\n') ? "" : "\n");
    return all;
}

OptionSet::Outcome OptionSet::parse(const std::vector<std::string>& arguments) const {
    OptionReader reader{*this};
    reader.read_flags(arguments);
    if (reader.asked("help")) return Answer{help()};
    if (reader.asked("version")) return Answer{program_ + " " + std::string{version()} + "\n"};
    reader.read_file();
    reader.take();
    Problems problems = reader.problems();
    Problems more;
    for (const auto& check : checks_) check(more);
    std::ranges::copy_if(more, std::back_inserter(problems), [&reader](const std::string& problem) {
        return !reader.blamed(problem.substr(0, problem.find(':')));
    });
    if (!problems.empty()) return problems;
    return Taken{};
}

}  // namespace holdfast
