// holdfast status
#include <cstdio>

#include <list>

#include "cli/instance_client.hpp"
#include "cli/instance_commands.hpp"
#include "cli/status_text.hpp"
#include "shared/base/program.hpp"

namespace holdfast::cli {

namespace {

constexpr const char* kProgram = "holdfast status";
constexpr Duration kLimit = std::chrono::seconds{5};
constexpr Duration kWatchLimit = std::chrono::milliseconds{900};
constexpr Duration kWatchInterval = std::chrono::seconds{1};

void look(InstanceClient& client, SeenInstance& seen, Duration limit) {
    const SteadyTime asked = client.clock().steady();
    const auto body = client.get("/status", limit);
    auto status = body ? parse_status(body.value()) : Result<InstanceStatus>{body.error()};
    seen.latency = client.clock().steady() - asked;
    if (status) {
        seen.status = std::move(status.value());
        seen.problem.clear();
        seen.last_answer = client.clock().now();
        return;
    }
    if (seen.problem.empty()) seen.silent_since = seen.status ? seen.last_answer : client.clock().now();
    seen.problem = status.error().message;
}

class Watch {
public:
    explicit Watch(const std::vector<InstanceAddress>& addresses) {
        for (const InstanceAddress& address : addresses) {
            clients_.emplace_back(address);
            seen_.emplace_back().address = address.name;
        }
    }

    void look_all(Duration limit) {
        std::size_t at = 0;
        for (InstanceClient& client : clients_) look(client, seen_[at++], limit);
    }
    [[nodiscard]] bool any() const {
        for (const SeenInstance& seen : seen_) {
            if (seen.problem.empty()) return true;
        }
        return false;
    }
    void print(bool redraw) {
        const Terminal terminal = find_terminal();
        const Screen screen = show(seen_, clock().now());
        const std::string text = redraw && terminal.is_one ? screen.frame(terminal.colours, terminal.columns, terminal.rows)
                                                           : screen.text(terminal.colours);
        std::fputs(text.c_str(), stdout);
        std::fflush(stdout);
    }
    [[nodiscard]] const std::vector<SeenInstance>& seen() const { return seen_; }
    // Until whoever looks has enough.
    int for_ever() {
        if (find_terminal().is_one) std::fputs("\x1b[2J", stdout);
        SteadyTime due = clock().steady();
        while (std::ferror(stdout) == 0) {
            look_all(kWatchLimit);
            print(true);
            const SteadyTime now = clock().steady();
            due = std::max(due + kWatchInterval, now);
            clients_.front().sleep(due - now);
        }
        return kExitDone;
    }

private:
    std::list<InstanceClient> clients_;
    std::vector<SeenInstance> seen_;

    Clock& clock() { return clients_.front().clock(); }
};

int print_json(const std::vector<InstanceAddress>& addresses) {
    InstanceClient client{addresses.front()};
    const auto body = client.get("/status", kLimit);
    if (!body) return fail(kProgram, body.error().message);
    std::puts(body.value().c_str());
    return kExitDone;
}

}  // namespace

int run_status(const Words& words) {
    InstanceOptions options;
    bool watch = false;
    bool json = false;
    OptionSet set{kProgram, "how the pair of instances is, and what is wrong",
                  "Examples:\n  holdfast status --watch\n"
                  "  holdfast status --url https://10.0.0.1:7780,https://10.0.0.2:7780 --cluster cluster.toml --operator anna\n"
                  "\nExit codes: 0 at least one instance has answered, 1 none has, 2 wrong words.\n"};
    options.declare(set, true);
    set.toggle({.name = "watch", .help = "look again each second", .in_file = false}, watch);
    set.toggle({.name = "json", .help = "print the instance's own JSON, for programs", .in_file = false}, json);
    set.check_with([&](Problems& problems) {
        if (json && watch) problems.emplace_back("json: give --json or --watch, not both");
        if (json && options.urls.size() > 1) problems.emplace_back("json: it is for one instance; name one URL");
    });
    std::vector<InstanceAddress> addresses;
    if (const auto code = read_instance_words(set, kProgram, words, options, addresses)) return *code;
    if (json) return print_json(addresses);
    Watch view{addresses};
    if (watch) return view.for_ever();
    view.look_all(kLimit);
    if (!view.any() && addresses.size() == 1) return fail(kProgram, view.seen().front().problem);
    view.print(false);
    return view.any() ? kExitDone : kExitFailed;
}

}  // namespace holdfast::cli
