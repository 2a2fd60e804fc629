// The simulated quorum from the command line: as many decisions as one likes, on several threads; scripts/prove quorum starts
// it.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "shared/base/real_clock.hpp"
#include "shared/base/types.hpp"
#include "tests/simulation/campaign.hpp"

namespace holdfast::simulation {
namespace {

struct Wishes {
    std::uint64_t decisions{1'000'000};
    std::uint64_t seed{1};
    std::uint64_t threads{2};
    bool one_world{false};
    bool table{false};  // for people, before the line for machines
};

int usage(std::FILE* to, int code) {
    std::fputs(
        "usage: holdfast-simulate-quorum [--decisions N] [--seed S] [--threads T] [--world] [--table]\n"
        "  --decisions N  run worlds until N verdicts were given (1000000)\n"
        "  --seed S       of the first world (1)\n"
        "  --threads T    worlds at a time (2)\n"
        "  --world        only the world of the seed: replays what failed\n"
        "  --table        the figures also as a table\n"
        "One JSON line at the end; 0: all held, 1: something failed, 2: wrong options.\n",
        to);
    return code;
}

// 0 to go on, else 1 + the exit code.
int parse(int count, char** words, Wishes& wishes) {
    for (int i = 1; i < count; ++i) {
        const std::string_view word = words[i];
        if (word == "--help" || word == "-h") return 1 + usage(stdout, 0);
        if (word == "--world" || word == "--table") {
            (word == "--world" ? wishes.one_world : wishes.table) = true;
            continue;
        }
        std::uint64_t* number = word == "--decisions" ? &wishes.decisions
                                : word == "--seed"    ? &wishes.seed
                                : word == "--threads" ? &wishes.threads
                                                      : nullptr;
        const auto value =
            i + 1 < count ? parse_decimal(words[i + 1]) : Result<std::uint64_t>{failure(ErrorCode::kMalformed, "")};
        if (number == nullptr || !value || (number == &wishes.threads && value.value() == 0)) return 1 + usage(stderr, 2);
        *number = value.value();
        ++i;
    }
    return 0;
}

// What all threads have done so far.
class Together {
public:
    explicit Together(std::uint64_t wanted) : wanted_{wanted} {}

    bool add(const Counts& before, const Counts& now) {
        const std::uint64_t done = done_ += now.decisions - before.decisions;
        const std::uint64_t million = done / kStep;
        std::uint64_t said = said_;
        if (million > said && said_.compare_exchange_strong(said, million)) {
            std::fprintf(stderr, "%llu of %llu million decisions\n", static_cast<unsigned long long>(million),
                         static_cast<unsigned long long>(wanted_ / kStep));
        }
        return done < wanted_ && !stop_;
    }
    void finish(const Report& report) {
        const std::lock_guard lock{mutex_};
        counts.add(report.counts);
        if (report.failure && !failure) failure = report.failure;
        if (report.failure) stop_ = true;
    }

    Counts counts;
    std::optional<Failure> failure;

private:
    static constexpr std::uint64_t kStep = 1'000'000;
    std::uint64_t wanted_;
    std::atomic<std::uint64_t> done_{0};
    std::atomic<std::uint64_t> said_{0};
    std::atomic<bool> stop_{false};
    std::mutex mutex_;
};

void run_all(const Wishes& wishes, Together& together) {
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < wishes.threads; ++i) {
        threads.emplace_back([&wishes, &together, i] {
            Counts before;
            together.finish(run_campaign(wishes.seed + i, wishes.decisions, wishes.threads, [&](const Counts& now) {
                const bool go_on = together.add(before, now);
                before = now;
                return go_on;
            }));
        });
    }
    for (std::thread& thread : threads) thread.join();
}

void print(const Counts& c, const std::string& failed, double seconds, bool table) {
    const auto per_second = static_cast<std::uint64_t>(static_cast<double>(c.decisions) / seconds);
    const std::vector<std::pair<const char*, std::uint64_t>> figures{{"worlds", c.worlds},
                                                                     {"decisions", c.decisions},
                                                                     {"decisions_per_second", per_second},
                                                                     {"approvals", c.approvals},
                                                                     {"crashes", c.crashes},
                                                                     {"lost_disks", c.lost_disks},
                                                                     {"rejoined", c.rejoined},
                                                                     {"backups_restored", c.backups_restored},
                                                                     {"backups_noticed", c.backups_noticed},
                                                                     {"generations", c.generations},
                                                                     {"adopted", c.adopted},
                                                                     {"published_again", c.published_again}};
    std::string line = "{\"proof\": \"quorum\", \"held\": " + std::string{failed.empty() ? "true" : "false"} +
                       ", \"failure\": \"" + failed + "\"";
    for (const auto& [name, value] : figures) {
        if (table) std::printf("%-22s %12llu\n", name, static_cast<unsigned long long>(value));
        line += ", \"" + std::string{name} + "\": " + std::to_string(value);
    }
    std::printf("%s}\n", line.c_str());
}

int run(int count, char** words) {
    Wishes wishes;
    if (const int parsed = parse(count, words, wishes); parsed != 0) return parsed - 1;
    boost::asio::io_context io;
    RealClock clock{io.get_executor()};
    const SteadyTime started = clock.steady();
    Together together{wishes.decisions};
    if (wishes.one_world) {
        const Setup setup = make_setup(wishes.seed);
        const Outcome outcome = run_world(setup);
        together.counts = outcome.counts;
        if (!outcome.failure.empty()) together.failure = Failure{setup, outcome.failure};
    } else {
        run_all(wishes, together);
    }
    const double seconds = std::chrono::duration<double>(clock.steady() - started).count();
    std::string failed;
    if (together.failure) {
        const Failure& failure = *together.failure;
        failed = describe(failure.setup) + ": " + failure.what;
        std::fprintf(stderr, "FAILED: %s\nreplay: scripts/prove quorum --seed %llu --world\n", failed.c_str(),
                     static_cast<unsigned long long>(failure.setup.seed));
    }
    print(together.counts, failed, seconds, wishes.table);
    return together.failure ? 1 : 0;
}

}  // namespace
}  // namespace holdfast::simulation

int main(int count, char** words) { return holdfast::simulation::run(count, words); }
