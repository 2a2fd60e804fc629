// What every main of ours does alike.
#pragma once

#include <initializer_list>
#include <memory>
#include <string_view>

#include "shared/base/task.hpp"

namespace holdfast {

// Exit codes: what a person or a unit file can rely on.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;  // it could not do, or go on doing, what it is for
inline constexpr int kExitUsage = 2;   // its options or its configuration are wrong: starting it again won't help

// "0.1.0": the project's version.
[[nodiscard]] std::string_view version();

// First thing in main, before threads: as many open files as the hard limit allows, no death by SIGPIPE, and no core dump or
// debugger that could show keys (HOLDFAST_CORE_DUMPS=1 in the environment leaves those possible).
void prepare_process();

// Some signals, caught from construction on. One thread.
class SignalWait {
public:
    SignalWait(const SignalWait&) = delete;
    SignalWait& operator=(const SignalWait&) = delete;
    ~SignalWait();

    // Completes with the next signal's number; throws operation_aborted when cancelled.
    Task<int> wait();
    // Ends wait() as if it were cancelled, so that the loop can run out of work.
    void cancel();

protected:
    SignalWait(const Executor& executor, std::initializer_list<int> numbers);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// SIGTERM and SIGINT.
class StopSignal : public SignalWait {
public:
    explicit StopSignal(const Executor& executor);
};

// SIGHUP: read your files again.
class ReloadSignal : public SignalWait {
public:
    explicit ReloadSignal(const Executor& executor);
};

}  // namespace holdfast
