// `holdfast protection ...`: what an operator asks of the running protectors.
// Exit codes: 0 all members did it, 3 a quorum did it, 1 fewer, 2 wrong words.
#pragma once

#include "cli/command.hpp"

namespace holdfast::cli {

[[nodiscard]] CommandGroup protection_group();

int run_protection_import(const Words& words);
int run_protection_export(const Words& words);
int run_protection_status(const Words& words);
int run_protection_enrol(const Words& words);
int run_protection_halt(const Words& words);
int run_protection_lift(const Words& words);
int run_protection_check(const Words& words);

}  // namespace holdfast::cli
