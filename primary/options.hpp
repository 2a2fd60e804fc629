// holdfast-primary's flags and file: the flags win over the file, everything that is wrong is said at once.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "primary/settings.hpp"

namespace holdfast::primary {

// One option; the name is also the key in the file.
struct OptionText {
    std::string_view name;
    std::string_view value;    // what it takes, for people; empty: a switch
    std::string_view standard; // its default, for people
    std::string_view help;
};
[[nodiscard]] std::span<const OptionText> option_texts();

struct HelpAsked {};
struct VersionAsked {};
using Parsed = std::variant<Settings, HelpAsked, VersionAsked>;
using Problems = std::vector<std::string>;

// Settings that find_problems() has nothing against, or the problems, at least one.
[[nodiscard]] std::variant<Parsed, Problems> parse_options(const std::vector<std::string>& arguments);
[[nodiscard]] std::string help_text();

}  // namespace holdfast::primary
