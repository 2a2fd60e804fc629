// Decisions at running protectors as a validator client makes them, and the raw limits to compare with, in passes that take
// turns. Started by scripts/prove quorum-speed (bench/quorum_speed.py), which starts the protectors and judges: this program
// prints one JSON line a measurement and pass, all latencies in microseconds.
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "bench/raw_limits.hpp"
#include "bench/validators.hpp"
#include "shared/base/config.hpp"
#include "shared/base/program.hpp"
#include "shared/base/real_clock.hpp"
#include "shared/base/task_group.hpp"
#include "shared/net/http_client.hpp"
#include "shared/protection/http_quorum_client.hpp"

namespace holdfast::bench {
namespace {

constexpr std::size_t kBatch = 3'000;

struct Options {
    std::string one;  // folders that `holdfast cluster create` made
    std::string four;
    std::uint64_t passes{10};
    std::uint64_t singles{200};  // single decisions a pass
    std::uint64_t batches{10};
    std::uint64_t larges{1};
    std::string only;
};

protection::Cluster load(const std::string& file) {
    auto loaded = protection::load_cluster(file);
    if (auto* cluster = std::get_if<protection::Cluster>(&loaded)) return std::move(*cluster);
    for (const std::string& problem : std::get<Problems>(loaded)) std::fprintf(stderr, "%s\n", problem.c_str());
    std::exit(kExitUsage);
}

net::TlsFiles files_of(const std::string& cluster, const std::string& name) {
    const std::string folder = cluster + "/" + name;
    return {folder + "/ca.pem", folder + "/" + name + ".pem", folder + "/" + name + ".key"};
}

// A client of one cluster, with a loop of its own that runs while it waits.
class Asker {
public:
    explicit Asker(const std::string& cluster) {
        // As in a program, where some alarm is always set.
        clock_.call_at(clock_.steady() + std::chrono::hours{24}, [] {});
        net::HttpClientOptions http;
        http.tls = files_of(cluster, "primary");
        http_ = net::make_http_client(io_.get_executor(), clock_, http);
        protection::HttpQuorumOptions options;
        options.cluster = load(cluster + "/primary/cluster.toml");
        options.instance = "primary";
        client_ = protection::HttpQuorumClient::create(io_.get_executor(), clock_, random_, *http_, options).value();
        run(acquire(*client_, deadline(), target_));
        approve(all_keys());
    }
    Asker(const Asker&) = delete;
    Asker& operator=(const Asker&) = delete;
    ~Asker() { run(client_->stop()); }

    // All must be approved.
    void approve(std::vector<PublicKey> keys) { run(ask(*client_, data_of(++target_), std::move(keys), deadline())); }
    void approve(std::size_t count) { approve(keys_of_slot(count, target_)); }

private:
    boost::asio::io_context io_{1};
    RealClock clock_{io_.get_executor()};
    SystemRandom random_;
    std::unique_ptr<net::HttpClient> http_;
    std::unique_ptr<protection::HttpQuorumClient> client_;
    std::uint64_t target_{0};

    [[nodiscard]] SteadyTime deadline() const { return clock_.steady() + std::chrono::seconds{20}; }

    void run(Task<void> task) {
        TaskGroup group{io_.get_executor()};
        io_.restart();
        group.spawn("benchmark", std::move(task));
        while (group.size() > 0) io_.run_one();
    }
    // `target`: becomes the highest that the protectors know.
    static Task<void> acquire(protection::HttpQuorumClient& client, SteadyTime deadline, std::uint64_t& target) {
        const auto promise = co_await client.acquire(deadline);
        if (promise) {
            target = promise.value().highest_target.value;
            co_return;
        }
        std::fprintf(stderr, "%s\n", promise.error().message.c_str());
        std::exit(kExitFailed);
    }
    static Task<void> ask(protection::HttpQuorumClient& client, ethereum::AttestationData data, std::vector<PublicKey> keys,
                          SteadyTime deadline) {
        const auto decision = co_await client.approve_attestation(data, attester_domain(), std::move(keys), deadline);
        if (decision.denials.empty()) co_return;
        std::fprintf(stderr, "not approved: %s\n", decision.denials.front().reason.c_str());
        std::exit(kExitFailed);
    }
};

void measure(const std::string& only, const char* what, std::uint64_t pass, std::uint64_t times,
             const std::function<void()>& work) {
    if (!only.empty() && only != what) return;
    std::printf(R"({"what": "%s", "pass": %llu, "us": [)", what, static_cast<unsigned long long>(pass));
    for (std::uint64_t i = 0; i < times; ++i) {
        const auto start = std::chrono::steady_clock::now();
        work();
        const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
        std::printf("%s%.1f", i == 0 ? "" : ", ", took.count());
    }
    std::printf("]}\n");
    std::fflush(stdout);
}

void run(const Options& options) {
    const net::TlsFiles server_files = files_of(options.one, "p1");
    const net::TlsFiles client_files = files_of(options.one, "primary");
    RawDatabase database{fresh_directory("raw"), kValidators};
    const TrivialServer plain{nullptr};
    const TrivialServer secure{&server_files};
    RoundTrips plain_trips{plain.url(), nullptr};
    RoundTrips secure_trips{secure.url(), &client_files};
    plain_trips.make_one();
    secure_trips.make_one();
    Asker one{options.one};
    Asker four{options.four};
    for (std::uint64_t pass = 0; pass < options.passes; ++pass) {
        const auto turn = [&](const char* what, std::uint64_t times, const std::function<void()>& work) {
            measure(options.only, what, pass, times, work);
        };
        turn("sqlite_1", options.singles, [&] { database.decide(1); });
        turn("curl_plain", options.singles, [&] { plain_trips.make_one(); });
        turn("curl_tls", options.singles, [&] { secure_trips.make_one(); });
        turn("one_1", options.singles, [&] { one.approve(1); });
        turn("four_1", options.singles, [&] { four.approve(1); });
        turn("sqlite_3000", options.batches, [&] { database.decide(kBatch); });
        turn("one_3000", options.batches, [&] { one.approve(kBatch); });
        turn("four_3000", options.batches, [&] { four.approve(kBatch); });
        turn("sqlite_100000", options.larges, [&] { database.decide(kValidators); });
        turn("one_100000", options.larges, [&] { one.approve(kValidators); });
        turn("four_100000", options.larges, [&] { four.approve(kValidators); });
    }
}

}  // namespace
}  // namespace holdfast::bench

int main(int argc, char** argv) {
    using namespace holdfast;
    bench::Options options;
    OptionSet set{"holdfast_quorum_bench", "measures decisions at running protectors, and the limits of SQLite and libcurl"};
    set.text({.name = "one", .value = "DIR", .help = "cluster of one protector", .required = true}, options.one);
    set.text({.name = "four", .value = "DIR", .help = "cluster of several", .required = true}, options.four);
    set.number({.name = "passes", .help = "how often all take turns"}, options.passes, {1, 1'000'000});
    set.number({.name = "singles", .help = "single decisions in a pass"}, options.singles, {1, 1'000'000});
    set.number({.name = "batches", .help = "batches in a pass"}, options.batches, {1, 1'000'000});
    set.number({.name = "larges", .help = "requests with all keys in a pass"}, options.larges, {1, 1'000'000});
    set.text({.name = "only", .help = "one measurement only, for a profiler"}, options.only);
    const auto outcome = set.parse({argv + 1, argv + argc});
    if (const auto* answer = std::get_if<OptionSet::Answer>(&outcome)) {
        std::fputs(answer->text.c_str(), stdout);
        return 0;
    }
    if (const auto* problems = std::get_if<Problems>(&outcome)) {
        for (const std::string& problem : *problems) std::fprintf(stderr, "holdfast_quorum_bench: %s\n", problem.c_str());
        return kExitUsage;
    }
    bench::run(options);
    return 0;
}
