// SSZ roots, BLS and keystores: holdfast_ethereum_bench. Performance goals and the peers' figures: docs/benchmarks.md.
#include <benchmark/benchmark.h>

#include <vector>

#include "shared/ethereum/bls.hpp"
#include "shared/ethereum/containers.hpp"
#include "shared/ethereum/interop_keys.hpp"
#include "shared/ethereum/signing_root.hpp"
#include "shared/signing/keystore.hpp"

namespace holdfast::ethereum {
namespace {

AttestationData sample_data() {
    AttestationData data;
    data.slot = Slot{123};
    data.beacon_block_root.bytes.fill(7);
    data.target.epoch = Epoch{3};
    return data;
}

void hash_tree_root_of_attestation_data(benchmark::State& state) {
    AttestationData data = sample_data();
    for (auto _ : state) {
        ++data.slot;
        benchmark::DoNotOptimize(ssz::hash_tree_root(data));
    }
}
BENCHMARK(hash_tree_root_of_attestation_data);

void sign_different_messages(benchmark::State& state) {
    const auto secret = interop_secret(1);
    Root root;
    for (auto _ : state) {
        ++root.bytes[0];
        benchmark::DoNotOptimize(bls_sign(secret, HashedMessage{root}));
    }
}
BENCHMARK(sign_different_messages)->Unit(benchmark::kMicrosecond);

void sign_same_message(benchmark::State& state) {
    const auto secret = interop_secret(1);
    const HashedMessage message{Root{{1}}};
    for (auto _ : state) benchmark::DoNotOptimize(bls_sign(secret, message));
}
BENCHMARK(sign_same_message)->Unit(benchmark::kMicrosecond);

void verify(benchmark::State& state) {
    const auto key = DecodedPublicKey::decode(derive_public_key(interop_secret(1))).value();
    const HashedMessage message{Root{{1}}};
    const Signature signature = bls_sign(interop_secret(1), message);
    for (auto _ : state) benchmark::DoNotOptimize(bls_verify(key, message, signature));
}
BENCHMARK(verify)->Unit(benchmark::kMicrosecond);

void aggregate_128(benchmark::State& state) {
    std::vector<Signature> signatures;
    const HashedMessage message{Root{{1}}};
    for (std::uint64_t i = 0; i < 128; ++i) signatures.push_back(bls_sign(interop_secret(i), message));
    for (auto _ : state) benchmark::DoNotOptimize(bls_aggregate(signatures));
}
BENCHMARK(aggregate_128)->Unit(benchmark::kMicrosecond);

void fast_aggregate_verify_512(benchmark::State& state) {
    std::vector<DecodedPublicKey> keys;
    std::vector<Signature> signatures;
    const HashedMessage message{Root{{1}}};
    for (std::uint64_t i = 0; i < 512; ++i) {
        keys.push_back(DecodedPublicKey::decode(derive_public_key(interop_secret(i))).value());
        signatures.push_back(bls_sign(interop_secret(i), message));
    }
    const Signature sum = bls_aggregate(signatures).value();
    for (auto _ : state) benchmark::DoNotOptimize(bls_fast_aggregate_verify(keys, Root{{1}}, sum));
}
BENCHMARK(fast_aggregate_verify_512)->Unit(benchmark::kMicrosecond);

void decrypt_keystore_pbkdf2(benchmark::State& state) {
    const std::string json = signing::encrypt_keystore(interop_secret(1), "password", signing::KeyDerivation::kPbkdf2, false);
    for (auto _ : state) benchmark::DoNotOptimize(signing::decrypt_keystore(json, "password").has_value());
}
BENCHMARK(decrypt_keystore_pbkdf2)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace holdfast::ethereum

BENCHMARK_MAIN();
