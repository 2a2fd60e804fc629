// The simulated pair from the command line: as many worlds as one likes, on several threads; scripts/prove pair starts it.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "shared/base/real_clock.hpp"
#include "shared/base/types.hpp"
#include "tests/simulation/pair/campaign.hpp"

namespace holdfast::simulation::pair {
namespace {

struct Wishes {
    std::uint64_t seeds{2000};
    std::uint64_t minutes{0};
    std::uint64_t seed{1};
    std::uint64_t threads{2};
    bool one_world{false};
    bool trace{false};
    bool table{false};  // for people, before the line for machines
};

int usage(std::FILE* to, int code) {
    std::fputs(
        "usage: holdfast-simulate-pair [--seeds N | --minutes M] [--seed S] [--threads T] [--world [--trace]] [--table]\n"
        "  --seeds N    worlds (2000)\n"
        "  --minutes M  as many worlds as fit into M minutes\n"
        "  --seed S     of the first world (1)\n"
        "  --threads T  worlds at a time (2)\n"
        "  --world      only the world of the seed: replays what failed\n"
        "  --trace      and tell what happens in it\n"
        "  --table      the figures also as a table\n"
        "One JSON line at the end; 0: all held, 1: something failed, 2: wrong options.\n",
        to);
    return code;
}

// 0 to go on, else 1 + the exit code.
int parse(int count, char** words, Wishes& wishes) {
    for (int i = 1; i < count; ++i) {
        const std::string_view word = words[i];
        if (word == "--help" || word == "-h") return 1 + usage(stdout, 0);
        bool* flag = word == "--world"   ? &wishes.one_world
                     : word == "--trace" ? &wishes.trace
                     : word == "--table" ? &wishes.table
                                         : nullptr;
        if (flag != nullptr) {
            *flag = true;
            continue;
        }
        std::uint64_t* number = word == "--seeds"     ? &wishes.seeds
                                : word == "--minutes" ? &wishes.minutes
                                : word == "--seed"    ? &wishes.seed
                                : word == "--threads" ? &wishes.threads
                                                      : nullptr;
        const auto value =
            i + 1 < count ? parse_decimal(words[i + 1]) : Result<std::uint64_t>{failure(ErrorCode::kMalformed, "")};
        const bool zero = value && value.value() == 0 && number != &wishes.seed;
        if (number == nullptr || !value || zero) return 1 + usage(stderr, 2);
        *number = value.value();
        ++i;
    }
    return 0;
}

// What all threads have found so far.
class Together {
public:
    Together(Clock& clock, const Wishes& wishes)
        : clock_{clock}, started_{clock.steady()}, minutes_{wishes.minutes}, wanted_{wishes.seeds} {}

    // Whether another world is wanted.
    bool next() {
        const std::uint64_t done = ++done_;
        if (done % kStep == 0) std::fprintf(stderr, "%llu worlds\n", static_cast<unsigned long long>(done));
        const bool time_left = minutes_ == 0 || clock_.steady() - started_ < std::chrono::minutes{minutes_};
        return time_left && !stop_;
    }
    void finish(Report report) {
        const std::lock_guard lock{mutex_};
        counts.add(report.counts);
        changes.merge(report.changes);
        if (report.failure && !failure) failure = report.failure;
        if (report.failure) stop_ = true;
    }
    // Of one thread of so many.
    [[nodiscard]] std::uint64_t seeds(std::uint64_t thread, std::uint64_t threads) const {
        if (minutes_ > 0) return ~0ULL;
        return wanted_ / threads + (thread < wanted_ % threads ? 1 : 0);
    }
    [[nodiscard]] double seconds() const { return std::chrono::duration<double>(clock_.steady() - started_).count(); }

    PairCounts counts;
    Changes changes;
    std::optional<Failure> failure;

private:
    static constexpr std::uint64_t kStep = 1000;
    Clock& clock_;
    SteadyTime started_;
    std::uint64_t minutes_;
    std::uint64_t wanted_;
    std::atomic<std::uint64_t> done_{0};
    std::atomic<bool> stop_{false};
    std::mutex mutex_;
};

void run_all(const Wishes& wishes, Together& together) {
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < wishes.threads; ++i) {
        threads.emplace_back([&wishes, &together, i] {
            const std::uint64_t seeds = together.seeds(i, wishes.threads);
            together.finish(
                run_campaign(wishes.seed + i, seeds, wishes.threads, [&](const PairCounts&) { return together.next(); }));
        });
    }
    for (std::thread& thread : threads) thread.join();
}

void run_one(const Wishes& wishes, Together& together) {
    const PairSetup setup = make_pair_setup(wishes.seed);
    World world{setup, wishes.trace ? 1'000'000U : 0U};
    Outcome outcome = wishes.trace ? world.run() : run_world(setup);
    if (wishes.trace) std::fputs(outcome.trace.c_str(), stdout);
    Report report{outcome.counts, std::move(outcome.changes), std::nullopt, wishes.seed + 1};
    if (!outcome.failure.empty()) report.failure = Failure{setup, outcome.failure, wishes.trace ? "" : outcome.trace};
    together.finish(std::move(report));
}

void print(const Together& together, const std::string& failed, bool table) {
    const PairCounts& c = together.counts;
    const double seconds = together.seconds();
    const std::vector<std::pair<const char*, std::uint64_t>> figures{
        {"worlds", c.worlds},
        {"slots", c.slots},
        {"slots_per_second", static_cast<std::uint64_t>(static_cast<double>(c.slots) / seconds)},
        {"duties", c.duties},
        {"performed", c.performed},
        {"performed_late", c.performed_late},
        {"demanded", c.demanded},
        {"split", c.split},
        {"takeovers", c.takeovers},
        {"handovers", c.handovers},
        {"generations", c.generations},
        {"adopted", c.adopted},
        {"kills", c.kills},
        {"troubles", c.troubles},
        {"commands", c.commands}};
    std::string line = "{\"proof\": \"pair\", \"held\": " + std::string{failed.empty() ? "true" : "false"} +
                       ", \"failure\": \"" + failed + "\", \"seconds\": " + std::to_string(static_cast<std::uint64_t>(seconds));
    for (const auto& [name, value] : figures) {
        if (table) std::printf("%-18s %12llu\n", name, static_cast<unsigned long long>(value));
        line += ", \"" + std::string{name} + "\": " + std::to_string(value);
    }
    line += ", \"never_seen\": [";
    const char* separator = "";
    for (const std::string& never : never_seen(together.changes)) {
        line += separator + ("\"" + never + "\"");
        separator = ", ";
    }
    std::printf("%s]}\n", line.c_str());
}

int run(int count, char** words) {
    Wishes wishes;
    if (const int parsed = parse(count, words, wishes); parsed != 0) return parsed - 1;
    boost::asio::io_context io;
    RealClock clock{io.get_executor()};
    Together together{clock, wishes};
    wishes.one_world ? run_one(wishes, together) : run_all(wishes, together);
    std::string failed;
    if (together.failure) {
        const Failure& failure = *together.failure;
        failed = describe(failure.setup) + ": " + failure.what;
        std::fprintf(stderr, "%sFAILED: %s\nreplay: scripts/prove pair --seed %llu --world\n", failure.trace.c_str(),
                     failed.c_str(), static_cast<unsigned long long>(failure.setup.base.seed));
    }
    print(together, failed, wishes.table);
    return together.failure ? 1 : 0;
}

}  // namespace
}  // namespace holdfast::simulation::pair

int main(int count, char** words) { return holdfast::simulation::pair::run(count, words); }
