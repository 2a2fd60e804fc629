// The primary put together from its settings: endpoint, keys, beacon nodes, quorum, engine; started and stopped in that order.
#pragma once

#include <memory>

#include "primary/settings.hpp"
#include "shared/base/task.hpp"
#include "shared/base/time.hpp"

namespace holdfast::primary {

class Program {
public:
    Program(Executor executor, Clock& clock, Settings settings);
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program();

    // Until stopped, or the check is done. The exit code: 0, or 1 after a sentence in the log.
    Task<int> run();
    // Ends run(): while on duty after the duty of the slot under way, before that at once.
    void request_stop();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::primary
