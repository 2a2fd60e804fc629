// Verdicts on disk: the store alone, one daemon over the wire, and a quorum of 3 of 4, each for batches out of 100,000
// validators; the JSON by itself; and in the same run the raw limits to compare with (a SQLite commit, a libcurl round trip,
// 100,000 upserts). Databases are made in HOLDFAST_BENCH_DIR, else in the working directory: it must be on a disk.
#include <benchmark/benchmark.h>
#include <sqlite3.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <numeric>
#include <thread>

#include "protector/service.hpp"
#include "protector/sqlite.hpp"
#include "shared/base/random.hpp"
#include "shared/base/real_clock.hpp"
#include "shared/base/task_group.hpp"
#include "shared/ethereum/signing_root.hpp"
#include "shared/net/http_client.hpp"
#include "shared/protection/http_quorum_client.hpp"

namespace holdfast::protector {
namespace {

using namespace protection;

constexpr std::size_t kValidators = 100'000;
constexpr ChainTime kNow{Epoch{1'000'000'000}, Slot{32'000'000'000}};

std::filesystem::path fresh_directory(const std::string& name) {
    const char* base = std::getenv("HOLDFAST_BENCH_DIR");  // NOLINT(concurrency-mt-unsafe)
    const auto path = (base == nullptr ? std::filesystem::current_path() : std::filesystem::path{base}) / ("bench-" + name);
    std::filesystem::remove_all(path);
    return path;
}

// In random order, as the keys of one operator are.
const std::vector<PublicKey>& all_keys() {
    static const std::vector<PublicKey> keys = [] {
        SeededRandom random{1};
        std::vector<PublicKey> result(kValidators);
        for (PublicKey& key : result) {
            for (auto& byte : key.bytes) byte = static_cast<std::uint8_t>(random.next());
        }
        return result;
    }();
    return keys;
}

// `count` keys spread over all, other ones for each slot.
std::vector<PublicKey> keys_of_slot(std::size_t count, std::uint64_t slot) {
    if (count == kValidators) return all_keys();
    std::vector<PublicKey> keys;
    const std::size_t step = kValidators / count;
    for (std::size_t i = 0; i < count; ++i) keys.push_back(all_keys()[(i * step + slot) % kValidators]);
    return keys;
}

ethereum::AttestationData data_of(std::uint64_t target) {
    ethereum::AttestationData data;
    data.target.epoch = Epoch{target};
    return data;
}

Domain attester_domain() {
    Domain domain;
    domain.bytes[0] = 1;
    return domain;
}

AttestationBatch batch_of(std::vector<PublicKey> keys, std::uint64_t target) {
    auto data = std::make_shared<const ethereum::AttestationData>(data_of(target));
    const AttestationMark mark{data->source.epoch, data->target.epoch, attestation_signing_root(*data, attester_domain())};
    return {std::move(keys), {mark}, std::move(data), kNow};
}

// Latencies of single operations, for percentiles that the mean hides.
class Latencies {
public:
    explicit Latencies(benchmark::State& state) : state_{state} {}
    Latencies(const Latencies&) = delete;
    Latencies& operator=(const Latencies&) = delete;
    ~Latencies() {
        if (all_.empty()) return;
        std::sort(all_.begin(), all_.end());
        state_.counters["p50_ms"] = to_ms(all_[all_.size() / 2]);
        state_.counters["p99_ms"] = to_ms(all_[all_.size() * 99 / 100]);
    }
    void add(Duration duration) { all_.push_back(duration); }

private:
    benchmark::State& state_;
    std::vector<Duration> all_;
};

// Runs `task` on `io` to its end.
void run_task(boost::asio::io_context& io, Task<void> task) {
    TaskGroup group{io.get_executor()};
    io.restart();
    group.spawn("bench", std::move(task));
    while (group.size() > 0) io.run_one();
}

void decisions(benchmark::State& state, std::size_t keys) {
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(keys));
}

// --- the raw limits ---

struct RawDatabase {
    DatabaseHandle handle;
    explicit RawDatabase(const std::string& name) {
        const auto directory = fresh_directory(name);
        std::filesystem::create_directory(directory);
        sqlite3* raw = nullptr;
        sqlite3_open((directory / "raw.sqlite").c_str(), &raw);
        handle.reset(raw);
        must(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE r(id INTEGER PRIMARY KEY, source, target, root "
            "BLOB)");
    }
    void must(const char* sql) const {
        if (const auto done = execute(handle.get(), sql); !done) std::abort();
    }
    void upsert(const std::vector<std::int64_t>& ids, std::int64_t target) const {
        auto select = Statement::prepare(handle.get(), "SELECT target FROM r WHERE id = ?1").value();
        auto write = Statement::prepare(handle.get(), "REPLACE INTO r VALUES(?1, ?2, ?3, ?4)").value();
        static const Root kRoot;
        must("BEGIN IMMEDIATE");
        for (const std::int64_t id : ids) {
            select.bind(1, id);
            if (!select.run()) std::abort();
            write.bind(1, id);
            write.bind(2, target - 1);
            write.bind(3, target);
            write.bind_blob(4, kRoot.data(), Root::kSize);
            if (!write.run()) std::abort();
        }
        must("COMMIT");
    }
};

void raw_sqlite_upserts(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    const RawDatabase database{"raw"};
    std::vector<std::int64_t> ids(kValidators);
    std::iota(ids.begin(), ids.end(), 0);
    SeededRandom random{2};
    for (std::size_t i = ids.size() - 1; i > 0; --i) std::swap(ids[i], ids[random.below(i + 1)]);
    database.upsert(ids, 1);
    boost::asio::io_context io;
    const RealClock clock{io.get_executor()};
    Latencies latencies{state};
    std::int64_t target = 1;
    std::size_t at = 0;
    for (auto _ : state) {
        const std::vector<std::int64_t> some(ids.begin() + static_cast<std::ptrdiff_t>(at),
                                             ids.begin() + static_cast<std::ptrdiff_t>(at + count));
        const SteadyTime start = clock.steady();
        database.upsert(some, ++target);
        latencies.add(clock.steady() - start);
        at = at + 2 * count <= ids.size() ? at + count : 0;
    }
    decisions(state, count);
}
BENCHMARK(raw_sqlite_upserts)->Arg(1)->Arg(100)->Arg(3'000)->Arg(100'000)->UseRealTime()->Unit(benchmark::kMillisecond);

// --- the store ---

Task<void> decide(Store& store, AttestationBatch batch) {
    const auto verdicts = co_await store.decide(std::move(batch));
    if (!verdicts.back().yes()) std::abort();
}

void store_decide(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    boost::asio::io_context io;
    const RealClock clock{io.get_executor()};
    const auto store = Store::open({fresh_directory("store"), {"p1", "", {}}, true}, io.get_executor()).value();
    run_task(io, decide(*store, batch_of(all_keys(), 1)));
    Latencies latencies{state};
    std::uint64_t target = 1;
    for (auto _ : state) {
        ++target;
        state.PauseTiming();
        if (target % 32 == 0) store->maintain();
        auto batch = batch_of(keys_of_slot(count, target), target);
        state.ResumeTiming();
        const SteadyTime start = clock.steady();
        run_task(io, decide(*store, std::move(batch)));
        latencies.add(clock.steady() - start);
    }
    decisions(state, count);
}
BENCHMARK(store_decide)->Arg(1)->Arg(100)->Arg(3'000)->Arg(100'000)->UseRealTime()->Unit(benchmark::kMillisecond);

void store_first_sight_of_100000(benchmark::State& state) {
    for (auto _ : state) {
        state.PauseTiming();
        boost::asio::io_context io;
        auto store = Store::open({fresh_directory("first"), {"p1", "", {}}, true}, io.get_executor()).value();
        auto batch = batch_of(all_keys(), 1);
        state.ResumeTiming();
        run_task(io, decide(*store, std::move(batch)));
        state.PauseTiming();
        store.reset();
        state.ResumeTiming();
    }
    decisions(state, kValidators);
}
BENCHMARK(store_first_sight_of_100000)->UseRealTime()->Unit(benchmark::kMillisecond);

// --- the JSON ---

void json_render_request(benchmark::State& state) {
    const auto keys = keys_of_slot(static_cast<std::size_t>(state.range(0)), 0);
    for (auto _ : state) benchmark::DoNotOptimize(render_attestation_request({}, data_of(5), attester_domain(), keys));
    decisions(state, keys.size());
}
void json_parse_request(benchmark::State& state) {
    const auto keys = keys_of_slot(static_cast<std::size_t>(state.range(0)), 0);
    const std::string text = render_attestation_request({}, data_of(5), attester_domain(), keys);
    for (auto _ : state) benchmark::DoNotOptimize(parse_attestation_request(text).value());
    decisions(state, keys.size());
}
std::string answer_for(const std::vector<PublicKey>& keys) {
    const std::vector<Verdict> verdicts(keys.size(), Verdict{Outcome::kApproved, Reason::kNone, {}});
    return render_answer("p1", keys, std::vector{AttestationMark{}}, verdicts);
}
void json_render_answer(benchmark::State& state) {
    const auto keys = keys_of_slot(static_cast<std::size_t>(state.range(0)), 0);
    for (auto _ : state) benchmark::DoNotOptimize(answer_for(keys));
    decisions(state, keys.size());
}
void json_parse_answer(benchmark::State& state) {
    const auto keys = keys_of_slot(static_cast<std::size_t>(state.range(0)), 0);
    const std::string text = answer_for(keys);
    for (auto _ : state) benchmark::DoNotOptimize(parse_verdict_answer(text, keys.size()).value());
    decisions(state, keys.size());
}
BENCHMARK(json_render_request)->Arg(100)->Arg(3'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(json_parse_request)->Arg(100)->Arg(3'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(json_render_answer)->Arg(100)->Arg(3'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(json_parse_answer)->Arg(100)->Arg(3'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);

// --- over the wire ---

// A protector as the daemon has it, on a thread of its own.
class Protector {
public:
    explicit Protector(const std::string& name) {
        const Identity identity{name, "", {}};
        store_ = Store::open({fresh_directory(name), identity, true}, io_.get_executor()).value();
        service_ = std::make_unique<Service>(*store_, clock_, chain_, identity);
        auto handler = [this](net::ServerRequest request) { return service_->answer(std::move(request)); };
        server_ = std::make_unique<net::HttpServer>(io_.get_executor(), clock_, net::HttpServerOptions{}, handler);
        if (!server_->listen("127.0.0.1", 0)) std::abort();
        thread_ = std::thread{[this] { io_.run(); }};
    }
    Protector(const Protector&) = delete;
    Protector& operator=(const Protector&) = delete;
    ~Protector() {
        io_.stop();
        thread_.join();
    }
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

private:
    boost::asio::io_context io_{1};
    RealClock clock_{io_.get_executor()};
    // A chain so old that every target of a run is in the past.
    ChainClock chain_{WallTime{}, std::chrono::milliseconds{1}, 1};
    std::unique_ptr<Store> store_;
    std::unique_ptr<Service> service_;
    std::unique_ptr<net::HttpServer> server_;
    std::thread thread_;
};

struct Wire {
    boost::asio::io_context io{1};
    RealClock clock{io.get_executor()};
    std::unique_ptr<net::HttpClient> http = net::make_http_client(io.get_executor(), clock, {});
    std::vector<std::unique_ptr<Protector>> protectors;
    std::unique_ptr<HttpQuorumClient> client;

    Wire(std::size_t members, std::size_t quorum) {
        HttpQuorumOptions options;
        options.quorum = quorum;
        for (std::size_t i = 0; i < members; ++i) {
            protectors.push_back(std::make_unique<Protector>("p" + std::to_string(i)));
            options.urls.push_back(protectors.back()->url());
        }
        client = HttpQuorumClient::create(io.get_executor(), clock, *http, options).value();
        approve(all_keys(), 1);
    }
    ~Wire() { run_task(io, client->stop()); }

    static Task<void> ask(HttpQuorumClient& client, ethereum::AttestationData data, std::vector<PublicKey> keys,
                          SteadyTime deadline) {
        const auto decision = co_await client.approve_attestation(data, attester_domain(), std::move(keys), deadline);
        if (!decision.denials.empty()) std::abort();
    }
    void approve(std::vector<PublicKey> keys, std::uint64_t target) {
        run_task(io, ask(*client, data_of(target), std::move(keys), clock.steady() + std::chrono::seconds{20}));
    }
    static Task<void> get(net::HttpClient& client_of, std::string url, SteadyTime deadline) {
        net::HttpRequest request;
        request.url = std::move(url);
        const auto response = co_await client_of.send(std::move(request), deadline);
        if (!response) std::abort();
    }
};

void raw_loopback_round_trip(benchmark::State& state) {
    Wire wire{1, 1};
    const std::string url = wire.protectors[0]->url() + "/healthz";
    Latencies latencies{state};
    for (auto _ : state) {
        const SteadyTime start = wire.clock.steady();
        run_task(wire.io, Wire::get(*wire.http, url, start + std::chrono::seconds{5}));
        latencies.add(wire.clock.steady() - start);
    }
}
BENCHMARK(raw_loopback_round_trip)->UseRealTime()->Unit(benchmark::kMillisecond);

void approve_over_wire(benchmark::State& state, std::size_t members, std::size_t quorum) {
    const auto count = static_cast<std::size_t>(state.range(0));
    Wire wire{members, quorum};
    Latencies latencies{state};
    std::uint64_t target = 1;
    for (auto _ : state) {
        ++target;
        state.PauseTiming();
        auto keys = keys_of_slot(count, target);
        state.ResumeTiming();
        const SteadyTime start = wire.clock.steady();
        wire.approve(std::move(keys), target);
        latencies.add(wire.clock.steady() - start);
    }
    decisions(state, count);
}
void one_daemon(benchmark::State& state) { approve_over_wire(state, 1, 1); }
void quorum_3_of_4(benchmark::State& state) { approve_over_wire(state, 4, 3); }
BENCHMARK(one_daemon)->Arg(1)->Arg(100)->Arg(3'000)->Arg(100'000)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(quorum_3_of_4)->Arg(1)->Arg(100)->Arg(3'000)->Arg(100'000)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace holdfast::protector

BENCHMARK_MAIN();
