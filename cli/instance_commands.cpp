#include "cli/instance_commands.hpp"

#include <cstdio>

#include "cli/instance_client.hpp"
#include "cli/status_parts.hpp"
#include "cli/status_text.hpp"
#include "shared/base/program.hpp"

namespace holdfast::cli {

using healthcheck::HealthDocument;

namespace {

constexpr Duration kAskLimit = std::chrono::seconds{10};
constexpr Duration kHealthLimit = std::chrono::seconds{1};
constexpr Duration kPollPause = std::chrono::milliseconds{200};
constexpr Duration kWaitMax = std::chrono::hours{1};

// One command, as it is typed.
struct Typed {
    const char* program;
    const char* summary;
    healthcheck::Command command;
    healthcheck::Command by_force;
    const char* force_help;
    const char* to_role;  // who is on duty in the end
};

std::string state_of(const HealthDocument& health) {
    return health.instance + " is " + words(health.rules_state) + ": " + health.reason;
}

// What is printed while a command does its work: each line with the time since it began.
class Story {
public:
    explicit Story(InstanceClient& client) : client_{client}, begun_{client.clock().steady()} {}

    // Only where it is another one than before.
    void state(const std::string& text) {
        if (text != state_) tell(text);
        state_ = text;
    }
    void tell(const std::string& text) {
        Screen screen;
        char since[32];
        std::snprintf(since, sizeof since, "+%.1f s  ", to_ms(elapsed()) / 1000);
        screen.line(clock_text(client_.clock().now(), client_.clock().now()) + "  " + since + text);
        std::fputs(screen.text(false).c_str(), stdout);
        std::fflush(stdout);
    }
    [[nodiscard]] Duration elapsed() const { return client_.clock().steady() - begun_; }

private:
    InstanceClient& client_;
    SteadyTime begun_;
    std::string state_;
};

// Why it takes so long, as far as the instance knows.
std::string unfinished(InstanceClient& client, const std::string& last, Duration waited) {
    std::string text = "it has not happened within " + format_duration(waited) + "; " + last;
    const auto body = client.get("/status", kHealthLimit);
    const auto status = body ? parse_status(body.value()) : Result<InstanceStatus>{body.error()};
    const std::string other =
        status ? text_in(part(part(status.value().all, "peer"), "last_poll"), "sentence") : status.error().message;
    if (!other.empty()) text += "; " + other;
    return text + ". It may still happen: holdfast status --watch shows it";
}

int wait_for(InstanceClient& client, Story& story, const char* program, const HealthDocument& before, bool goes_on_duty,
             Duration wait) {
    std::string last = state_of(before);
    while (story.elapsed() < wait) {
        const auto health = client.health(kHealthLimit);
        last = health ? state_of(health.value()) : health.error().message;
        const Handover handover = health ? judge_handover(before, health.value(), goes_on_duty) : Handover::kUnderWay;
        story.state(last);
        if (handover == Handover::kDone) {
            const std::string generation = std::to_string(health.value().generation);
            story.tell(goes_on_duty ? "done: " + health.value().instance + " is on duty, in generation " + generation
                                    : "done: " + health.value().instance + " is off duty");
            return kExitDone;
        }
        if (handover == Handover::kGivenUp) return fail(program, "it was given up: " + last);
        client.sleep(kPollPause);
    }
    return fail(program, unfinished(client, last, wait));
}

int run_handover(const Typed& typed, const Words& words) {
    InstanceOptions options;
    bool force = false;
    Duration wait = std::chrono::seconds{30};
    OptionSet set{
        typed.program, typed.summary,
        std::string{"Example:\n  "} + typed.program +
            "\n\nExit codes: 0 it has happened, 1 it was refused, given up, or has not happened in time, 2 wrong words.\n"};
    options.declare(set);
    set.toggle({.name = "force", .help = typed.force_help, .in_file = false}, force);
    set.duration({.name = "wait", .help = "how long to wait until it has happened"}, wait, Duration{}, kWaitMax);
    std::vector<InstanceAddress> addresses;
    if (const auto code = read_instance_words(set, typed.program, words, options, addresses)) return *code;
    InstanceClient client{addresses.front()};
    Story story{client};
    const auto before = client.health(kAskLimit);
    if (!before) return fail(typed.program, before.error().message);
    story.state(state_of(before.value()));
    const auto said = client.command(force ? typed.by_force : typed.command, kAskLimit);
    if (!said) return fail(typed.program, said.error().message);
    story.tell(said.value());
    if (wait == Duration::zero()) return kExitDone;
    return wait_for(client, story, typed.program, before.value(), before.value().role == typed.to_role, wait);
}

int run_switch(const char* program, const char* summary, healthcheck::Command command, const Words& words) {
    InstanceOptions options;
    OptionSet set{program, summary,
                  std::string{"Example:\n  "} + program + "\n\nExit codes: 0 done, 1 refused or failed, 2 wrong words.\n"};
    options.declare(set);
    std::vector<InstanceAddress> addresses;
    if (const auto code = read_instance_words(set, program, words, options, addresses)) return *code;
    InstanceClient client{addresses.front()};
    const auto said = client.command(command, kAskLimit);
    if (!said) return fail(program, said.error().message);
    Screen screen;
    screen.line(said.value());
    std::fputs(screen.text(false).c_str(), stdout);
    return kExitDone;
}

}  // namespace

std::vector<Command> instance_commands() {
    return {{"status", "how the pair of instances is, and what is wrong", run_status},
            {"failover", "duty goes to the secondary", run_failover},
            {"failback", "duty goes back to the primary", run_failback},
            {"pause", "nothing happens by itself: no takeover, no failback", run_pause},
            {"resume", "ends a pause", run_resume},
            {"drill", "the secondary does everything but sign, and compares", run_drill}};
}

Handover judge_handover(const HealthDocument& before, const HealthDocument& now, bool goes_on_duty) {
    if (goes_on_duty) return now.on_duty && now.state == "on_duty" ? Handover::kDone : Handover::kUnderWay;
    const bool off = now.state == "standby" || now.state == "fenced";
    if (off && !now.on_duty) return Handover::kDone;
    // On duty anew: it had drained, nobody came, and it went on.
    const bool again = now.on_duty && now.state == "on_duty" && before.state == "on_duty" && now.since != before.since;
    return again ? Handover::kGivenUp : Handover::kUnderWay;
}

int run_failover(const Words& words) {
    return run_handover({"holdfast failover", "duty goes to the secondary, at the end of a slot and without a missed one",
                         healthcheck::Command::kFailover, healthcheck::Command::kForceFailover,
                         "the secondary takes duty at once, without asking the primary", "secondary"},
                        words);
}

int run_failback(const Words& words) {
    return run_handover({"holdfast failback", "duty goes back to the primary, at the end of a slot and without a missed one",
                         healthcheck::Command::kFailback, healthcheck::Command::kForceFailback,
                         "the primary takes duty at once, without asking the secondary", "primary"},
                        words);
}

int run_pause(const Words& words) {
    return run_switch("holdfast pause", "nothing happens by itself until resume: no takeover, no failback",
                      healthcheck::Command::kPause, words);
}

int run_resume(const Words& words) {
    return run_switch("holdfast resume", "ends a pause", healthcheck::Command::kResume, words);
}

}  // namespace holdfast::cli
