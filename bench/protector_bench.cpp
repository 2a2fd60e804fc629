// The parts of a verdict, each by itself: the raw limit of SQLite, the ledger in memory, the store (decide, journal row,
// commit), and the forms of request and answer; for batches out of 100,000 validators. Over the wire: scripts/prove
// quorum-speed. Databases are made in HOLDFAST_BENCH_DIR, else in the working directory: it must be on a disk.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <memory>

#include "bench/raw_limits.hpp"
#include "bench/validators.hpp"
#include "protector/ledger.hpp"
#include "protector/store.hpp"
#include "shared/base/task_group.hpp"
#include "shared/ethereum/signing_root.hpp"
#include "shared/protection/wire.hpp"

namespace holdfast::bench {
namespace {

using namespace protection;
using protector::AttestationBatch;
using protector::Command;
using protector::Ledger;
using protector::Store;
using protector::StoreOptions;

AttestationBatch batch_of(std::vector<PublicKey> keys, std::uint64_t target) {
    auto data = std::make_shared<const ethereum::AttestationData>(data_of(target));
    const AttestationMark mark{data->source.epoch, data->target.epoch,
                               ethereum::attestation_signing_root(*data, attester_domain())};
    protector::Asker asker;
    asker.generation = 1;
    asker.instance = "primary";
    asker.now = {Epoch{1'000'000'000}, Slot{32'000'000'000}};
    return {std::move(keys), {mark}, std::move(data), std::move(asker)};
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
    void begin() { start_ = std::chrono::steady_clock::now(); }
    void end() { all_.push_back(std::chrono::steady_clock::now() - start_); }

private:
    benchmark::State& state_;
    std::chrono::steady_clock::time_point start_;
    std::vector<Duration> all_;
};

void decisions(benchmark::State& state, std::size_t keys) {
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(keys));
}

void raw_sqlite_upserts(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    RawDatabase database{fresh_directory("raw"), kValidators};
    Latencies latencies{state};
    for (auto _ : state) {
        latencies.begin();
        database.decide(count);
        latencies.end();
    }
    decisions(state, count);
}
BENCHMARK(raw_sqlite_upserts)->Arg(1)->Arg(100)->Arg(3'000)->Arg(100'000)->UseRealTime()->Unit(benchmark::kMillisecond);

void ledger_apply(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    Ledger ledger;
    std::string journal;
    ledger.apply(batch_of(all_keys(), 1), journal);
    std::uint64_t target = 1;
    for (auto _ : state) {
        state.PauseTiming();
        ++target;
        const Command command = batch_of(keys_of_slot(count, target), target);
        journal.clear();
        if (target % 64 == 0) benchmark::DoNotOptimize(ledger.take_changed());
        state.ResumeTiming();
        benchmark::DoNotOptimize(ledger.apply(command, journal));
    }
    decisions(state, count);
}
BENCHMARK(ledger_apply)->Arg(100)->Arg(3'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);

// A store with all validators, and a loop that runs while it decides.
class OpenStore {
public:
    explicit OpenStore(const std::string& name) {
        StoreOptions options;
        options.directory = fresh_directory(name);
        options.identity.node_id = "p1";
        options.identity.cluster.quorum = 1;
        options.identity.cluster.members = {{"p1", "http://127.0.0.1:7701"}};
        options.start = StoreOptions::Start::kInit;
        store_ = Store::open(std::move(options), io_.get_executor()).value();
    }
    void decide(AttestationBatch batch) {
        TaskGroup group{io_.get_executor()};
        io_.restart();
        group.spawn("benchmark", decide_with(*store_, std::move(batch)));
        while (group.size() > 0) io_.run_one();
    }
    void maintain() { store_->maintain(); }

private:
    boost::asio::io_context io_{1};
    std::unique_ptr<Store> store_;

    static Task<void> decide_with(Store& store, AttestationBatch batch) {
        Command command{std::move(batch)};
        const auto applied = co_await store.apply(std::move(command));
        if (!applied.verdicts.back().yes()) std::abort();
    }
};

void store_decide(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    OpenStore store{"store"};
    store.decide(batch_of(all_keys(), 1));
    Latencies latencies{state};
    std::uint64_t target = 1;
    for (auto _ : state) {
        ++target;
        state.PauseTiming();
        if (target % 32 == 0) store.maintain();
        auto batch = batch_of(keys_of_slot(count, target), target);
        state.ResumeTiming();
        latencies.begin();
        store.decide(std::move(batch));
        latencies.end();
    }
    decisions(state, count);
}
BENCHMARK(store_decide)->Arg(1)->Arg(100)->Arg(3'000)->Arg(100'000)->UseRealTime()->Unit(benchmark::kMillisecond);

void store_first_sight_of_100000(benchmark::State& state) {
    for (auto _ : state) {
        state.PauseTiming();
        auto store = std::make_unique<OpenStore>("first");
        auto batch = batch_of(all_keys(), 1);
        state.ResumeTiming();
        store->decide(std::move(batch));
        state.PauseTiming();
        store.reset();
        state.ResumeTiming();
    }
    decisions(state, kValidators);
}
BENCHMARK(store_first_sight_of_100000)->UseRealTime()->Unit(benchmark::kMillisecond);

// --- the two forms ---

std::vector<Verdict> approvals(std::size_t count) { return {count, Verdict{Outcome::kApproved, Reason::kNone, {}}}; }

void octets_encode_request(benchmark::State& state) {
    const auto keys = keys_of_slot(static_cast<std::size_t>(state.range(0)), 0);
    for (auto _ : state) {
        benchmark::DoNotOptimize(wire::encode_attestation_request({}, data_of(5), attester_domain(), keys));
    }
    decisions(state, keys.size());
}
void octets_decode_request(benchmark::State& state) {
    const auto keys = keys_of_slot(static_cast<std::size_t>(state.range(0)), 0);
    const std::string bytes = wire::encode_attestation_request({}, data_of(5), attester_domain(), keys);
    for (auto _ : state) benchmark::DoNotOptimize(wire::decode_attestation_request(bytes).value());
    decisions(state, keys.size());
}
void octets_encode_answer(benchmark::State& state) {
    const auto verdicts = approvals(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(wire::encode_answer({}, verdicts));
    decisions(state, verdicts.size());
}
void octets_decode_answer(benchmark::State& state) {
    const std::string bytes = wire::encode_answer({}, approvals(static_cast<std::size_t>(state.range(0))));
    for (auto _ : state) benchmark::DoNotOptimize(wire::decode_answer(bytes).value());
    decisions(state, static_cast<std::size_t>(state.range(0)));
}
void json_parse_request(benchmark::State& state) {
    const auto keys = keys_of_slot(static_cast<std::size_t>(state.range(0)), 0);
    const std::string text = render_attestation_request({}, data_of(5), attester_domain(), keys);
    for (auto _ : state) benchmark::DoNotOptimize(parse_attestation_request(text).value());
    decisions(state, keys.size());
}
void json_render_answer(benchmark::State& state) {
    const auto keys = keys_of_slot(static_cast<std::size_t>(state.range(0)), 0);
    const auto verdicts = approvals(keys.size());
    for (auto _ : state) {
        benchmark::DoNotOptimize(render_answer(AnswerHead{}, keys, std::vector{AttestationMark{}}, verdicts));
    }
    decisions(state, keys.size());
}
BENCHMARK(octets_encode_request)->Arg(100)->Arg(3'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(octets_decode_request)->Arg(100)->Arg(3'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(octets_encode_answer)->Arg(100)->Arg(3'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(octets_decode_answer)->Arg(100)->Arg(3'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(json_parse_request)->Arg(100)->Arg(3'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(json_render_answer)->Arg(100)->Arg(3'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace holdfast::bench

BENCHMARK_MAIN();
