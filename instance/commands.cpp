#include "instance/commands.hpp"

#include <utility>

#include "shared/base/log.hpp"

namespace holdfast::instance {

using healthcheck::Command;

Task<Result<std::string>> Commands::run(healthcheck::CommandRequest request) {
    const Command command = request.command;
    log_info("{} asks for: {}", request.by, to_string(command));
    if (part_ == Part::kPrimary && command == Command::kFailover) co_await driver_.look();
    const Result<void> taken = driver_.command(command);
    if (!taken) {
        log_info("{}: refused: {}", to_string(command), taken.error().message);
        co_return taken.error();
    }
    if (peer_ == nullptr) co_return answer(command);
    co_return co_await pass_on(command);
}

// What is for the primary, too.
Task<Result<std::string>> Commands::pass_on(Command command) {
    const bool both = command == Command::kPause || command == Command::kResume;
    if (command != Command::kFailover && !both) co_return answer(command);
    Result<std::string> said = co_await peer_->relay(command);
    if (!both) co_return said;
    // What was asked for holds here in any case.
    if (!said) co_return answer(command) + "; but only here: " + said.error().message;
    co_return answer(command) + ", at the primary too";
}

std::string Commands::answer(Command command) const {
    const bool primary = part_ == Part::kPrimary;
    const std::string alone = primary ? " here; the secondary is not told, ask it instead to have both" : "";
    switch (command) {
        case Command::kFailover: return "the primary drains, then the secondary takes duty";
        case Command::kForceFailover: return "the secondary takes duty now";
        case Command::kFailback:
            return primary ? "the primary asks for duty: the secondary gives it back at its next poll"
                           : "the secondary drains, then the primary takes duty";
        case Command::kForceFailback: return "the primary takes duty now";
        case Command::kPause: return "paused: nothing happens by itself until resume" + alone;
        case Command::kResume: return "resumed" + alone;
    }
    return "done";
}

}  // namespace holdfast::instance
