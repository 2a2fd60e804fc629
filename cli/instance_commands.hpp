// What an operator asks of the pair of instances. Exit codes: 0 done, 1 refused or failed, 2 wrong words.
#pragma once

#include "cli/command.hpp"
#include "healthcheck/document.hpp"

namespace holdfast::cli {

[[nodiscard]] std::vector<Command> instance_commands();

int run_status(const Words& words);
int run_failover(const Words& words);
int run_failback(const Words& words);
int run_pause(const Words& words);
int run_resume(const Words& words);
int run_drill(const Words& words);

// What becomes of a command that moves duty, told by the health of the instance that was asked.
enum class Handover { kUnderWay, kDone, kGivenUp };
// `before`: its health before the command. `goes_on_duty`: whether it is the one that shall be on duty in the end.
[[nodiscard]] Handover judge_handover(const healthcheck::HealthDocument& before, const healthcheck::HealthDocument& now,
                                      bool goes_on_duty);

}  // namespace holdfast::cli
