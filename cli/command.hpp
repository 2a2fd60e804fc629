// The words behind `holdfast`: which command they name, and its options. What is wrong with them is said on standard error.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/config.hpp"

namespace holdfast::cli {

using Words = std::vector<std::string>;

// Exit code besides those of program.hpp: enough members have it, but not all.
inline constexpr int kExitPartly = 3;

struct Command {
    std::string name;
    std::string summary;
    std::function<int(const Words&)> run;  // its words, without its name; returns the exit code
};

struct CommandGroup {
    std::string program;  // as typed: "holdfast cluster"
    std::string summary;
    std::vector<Command> commands;
    std::string examples;
};

[[nodiscard]] std::string help(const CommandGroup& group);
// Runs the command that the first word names.
[[nodiscard]] int dispatch(const CommandGroup& group, const Words& words);

// Says each problem, and returns kExitUsage.
int complain(const std::string& program, const Problems& problems);
// The same for a failure that is not the caller's mistake: kExitFailed.
int fail(const std::string& program, const std::string& sentence);

// How the words of one command are read.
struct Form {
    std::string program{};                  // for complaints: "holdfast protection import"
    std::vector<std::string> repeatable{};  // lists that may be given again and again
    std::string operands{};                 // what stands without a flag, for people: "FILE"; empty: nothing may
    std::size_t operands_min{0};
    std::size_t operands_max{0};
};

// Fills the targets of `options`, and `operands`. The exit code if there is nothing left to do: help was asked for, or a word
// is wrong.
[[nodiscard]] std::optional<int> read_words(const OptionSet& options, const Form& form, const Words& words, Words& operands);

}  // namespace holdfast::cli
