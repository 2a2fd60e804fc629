// A program's configuration: a TOML file (--config FILE) with flags over it. An option has one name, for the flag
// (--beacon-nodes) and for the key in the file (beacon-nodes). Everything that is wrong, in either, is reported at once;
// nothing is printed here.
//
//   OptionSet options{"holdfast-primary", "performs the duties of your validators", "Examples:\n  ..."};
//   options.list({.name = "beacon-nodes", .value = "URL,URL", .help = "beacon nodes", .required = true},
//   settings.beacon_nodes); options.number({.name = "quorum", .help = "how many must say yes"}, settings.quorum, {1, 100});
//   const OptionSet::Outcome outcome = options.parse({argv + 1, argv + argc});
//
// What a target holds when it is declared is its default. Targets must outlive parse(); after problems their values mean
// nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/time.hpp"

namespace holdfast {

struct OptionInfo {
    std::string name{};      // words with dashes
    std::string value{};     // what it takes, for people: "URL,URL"; by kind if empty. A switch takes none
    std::string help{};      // one line
    std::string standard{};  // its default, for people; from the target if empty
    bool required{false};
    bool in_file{true};  // false: a flag only
};

// One sentence each; where an option is to blame it starts with its name and a colon.
using Problems = std::vector<std::string>;

class OptionSet {
public:
    struct Taken {};  // every target has its value
    struct Answer {   // --help or --version: to be printed on standard output, with exit code 0
        std::string text;
    };
    using Outcome = std::variant<Taken, Answer, Problems>;  // Problems: at least one; on standard error, with kExitUsage
    struct Range {
        std::uint64_t min{0};
        std::uint64_t max{~std::uint64_t{0}};
    };

    // `examples` stands at the end of the help as it is.
    OptionSet(std::string program, std::string summary, std::string examples = {});

    void text(OptionInfo info, std::string& target);
    // As a flag: parts between commas. In the file: an array of strings, or one string with commas. Empty parts are left out.
    void list(OptionInfo info, std::vector<std::string>& target);
    void number(OptionInfo info, std::uint64_t& target, Range range);
    // As a flag: --name, or --name=false to overrule the file. In the file: true or false.
    void toggle(OptionInfo info, bool& target);
    // "500ms" or "12s", in the file as a string.
    void duration(OptionInfo info, Duration& target, Duration min, Duration max);
    // One of a few words.
    template <class T>
    void choice(const OptionInfo& info, T& target, std::vector<std::pair<std::string, T>> allowed);

    // Called when all values are taken, to add what only the program can see. A problem that starts with the name of an option
    // whose value could not be taken is left out: that option has its sentence already.
    void check_with(std::function<void(Problems&)> check) { checks_.push_back(std::move(check)); }

    // `arguments` without the program's name.
    [[nodiscard]] Outcome parse(const std::vector<std::string>& arguments) const;
    [[nodiscard]] std::string help() const;
    // All, in the order of their declaration; --config, --version and --help at the end.
    [[nodiscard]] std::vector<OptionInfo> options() const;

private:
    friend class OptionReader;
    enum class Kind { kText, kList, kNumber, kToggle };
    // What was given for one option: a switch's "true" or "false", a number's digits, a text, or the parts of a list.
    using Parts = std::vector<std::string>;
    struct Option {
        OptionInfo info;
        Kind kind{};
        std::function<Result<void>(const Parts&)> take;  // its failure: a sentence without the name
    };

    void add(OptionInfo info, Kind kind, const char* value, std::string standard,
             std::function<Result<void>(const Parts&)> take);
    // The index of `text` among `words`.
    static Result<std::size_t> find_word(const std::string& text, const std::vector<std::string>& words);
    [[nodiscard]] const Option* find(std::string_view name) const;

    std::string program_;
    std::string summary_;
    std::string examples_;
    std::vector<Option> options_;
    std::vector<std::function<void(Problems&)>> checks_;
};

// "500ms", "12s"; kMalformed for anything else.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
// The largest unit that divides it: "12s", "1500ms".
[[nodiscard]] std::string format_duration(Duration duration);

template <class T>
void OptionSet::choice(const OptionInfo& info, T& target, std::vector<std::pair<std::string, T>> allowed) {
    std::vector<std::string> words;
    std::vector<T> values;
    std::string standard;
    for (auto& [word, value] : allowed) {
        if (value == target) standard = word;
        words.push_back(std::move(word));
        values.push_back(std::move(value));
    }
    add(info, Kind::kText, "WORD", std::move(standard),
        [&target, words = std::move(words), values = std::move(values)](const Parts& parts) -> Result<void> {
            HOLDFAST_TRY(const std::size_t index, find_word(parts.front(), words));
            target = values[index];
            return success();
        });
}

}  // namespace holdfast
