// An instance put together from its settings: listeners, keys, beacon nodes, quorum, engine, the driver of its rules; started
// and stopped in that order.
#pragma once

#include <functional>
#include <memory>

#include "instance/role.hpp"
#include "instance/settings.hpp"
#include "shared/base/task.hpp"

namespace holdfast::instance {

// `settings`: with the cluster read.
using RoleMaker = std::function<std::unique_ptr<Role>(const Settings& settings)>;

class Program {
public:
    Program(Executor executor, Clock& clock, Settings settings, std::unique_ptr<Role> role);
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program();

    // Until stopped, or the check is done. The exit code: 0, or 1 after a sentence in the log.
    Task<int> run();
    // Ends run(): before the start is complete at once; then when duty is handed over, or nobody can take it, and the duty of
    // the slot under way is finished. Asked once more it doesn't wait for the handover.
    void request_stop();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::instance
