// Goal: our SSZ agrees with the executable consensus-specs on every container we have. Method: the vectors beside the project:
// decode, encode again, compare bytes and roots. Skipped, visibly, where they are not.
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "shared/ethereum/containers.hpp"
#include "shared/ethereum/signing_root.hpp"
#include "tests/shared/ethereum/vectors.hpp"

namespace holdfast::ethereum {
namespace {

using Check = std::function<void(const ssz::Bytes&, const std::string& root)>;

template <class T>
void check(const ssz::Bytes& bytes, const std::string& root) {
    const auto value = ssz::deserialize<T>(bytes);
    ASSERT_TRUE(value) << value.error().message;
    EXPECT_EQ(ssz::serialize(value.value()), bytes);
    EXPECT_EQ(to_hex(ssz::hash_tree_root(value.value())), root);
}

const std::map<std::string, Check>& common_checks() {
    static const std::map<std::string, Check> kChecks{
        {"Checkpoint", check<Checkpoint>},
        {"AttestationData", check<AttestationData>},
        {"SingleAttestation", check<SingleAttestation>},
        {"BeaconBlockHeader", check<BeaconBlockHeader>},
        {"ForkData", check<ForkData>},
        {"SigningData", check<SigningData>},
        {"SyncCommitteeMessage", check<SyncCommitteeMessage>},
        {"VoluntaryExit", check<VoluntaryExit>},
        {"SignedVoluntaryExit", check<SignedVoluntaryExit>},
        {"DepositMessage", check<DepositMessage>},
        {"Eth1Data", check<Eth1Data>},
    };
    return kChecks;
}

void run(const std::string& file, std::map<std::string, Check> checks, std::size_t at_least) {
    const auto folder = shared_folder("vectors/ssz");
    if (!folder) GTEST_SKIP() << "no vectors/ssz beside the project";
    checks.insert(common_checks().begin(), common_checks().end());
    std::size_t count = 0;
    for (const auto& vector : read_json_lines(*folder / file)) {
        const auto found = checks.find(vector["type"].asString());
        if (found == checks.end()) continue;
        SCOPED_TRACE(vector["type"].asString() + " " + vector["ssz"].asString().substr(0, 60));
        found->second(bytes_from_hex(vector["ssz"].asString()), vector["root"].asString());
        ++count;
    }
    EXPECT_GE(count, at_least);
}

TEST(SszVectors, ElectraMainnet) {
    run("electra-mainnet.jsonl.gz",
        {{"Attestation", check<Attestation>},
         {"AggregateAndProof", check<AggregateAndProof>},
         {"SignedAggregateAndProof", check<SignedAggregateAndProof>}},
        70);
}

TEST(SszVectors, FuluMinimal) {
    run("fulu-minimal.jsonl.gz",
        {{"Attestation", check<MinimalAttestation>},
         {"AggregateAndProof", check<MinimalAggregateAndProof>},
         {"SignedAggregateAndProof", check<MinimalSignedAggregateAndProof>}},
        70);
}

// Gloas merkleises aggregates in another way; what keeps its form is checked.
TEST(SszVectors, GloasMinimal_ContainersThatKeepTheirForm) { run("gloas-minimal.jsonl.gz", {}, 55); }

template <class T>
void check_object(const ssz::Bytes& bytes, const std::string& root) {
    const auto value = ssz::deserialize<T>(bytes);
    ASSERT_TRUE(value) << value.error().message;
    EXPECT_EQ(to_hex(ssz::hash_tree_root(value.value())), root);
}

const std::map<std::string, Check>& object_checks() {
    static const std::map<std::string, Check> kChecks{
        {"AttestationData", check_object<AttestationData>},
        {"BeaconBlockHeader", check_object<BeaconBlockHeader>},
        {"AggregateAndProof", check_object<MinimalAggregateAndProof>},
        {"VoluntaryExit", check_object<VoluntaryExit>},
        {"DepositMessage", check_object<DepositMessage>},
        {"Epoch", check_object<Epoch>},
        {"Slot", check_object<Slot>},
        {"Root", check_object<Root>},
    };
    return kChecks;
}

TEST(SszVectors, SigningRoots) {
    const auto folder = shared_folder("vectors/ssz");
    if (!folder) GTEST_SKIP() << "no vectors/ssz beside the project";
    std::size_t attester = 0;
    std::size_t objects = 0;
    for (const auto& vector : read_json_lines(*folder / "signing-roots.jsonl")) {
        const auto type = parse_hex<DomainType>(vector["domain_type"].asString()).value();
        const auto version = parse_hex<ForkVersion>(vector["fork_version"].asString()).value();
        const auto genesis = parse_hex<Root>(vector["genesis_validators_root"].asString()).value();
        const Domain domain = compute_domain(type, version, genesis);
        EXPECT_EQ(to_hex(domain), vector["domain"].asString());
        const auto object_root = parse_hex<Root>(vector["object_root"].asString()).value();
        EXPECT_EQ(to_hex(compute_signing_root(object_root, domain)), vector["signing_root"].asString());
        const auto found = object_checks().find(vector["object_type"].asString());
        // Gloas merkleises aggregates in another way.
        const bool other_form = vector["fork"] == "gloas" && vector["object_type"] == "AggregateAndProof";
        if (found != object_checks().end() && !other_form) {
            SCOPED_TRACE(vector["fork"].asString() + " " + found->first);
            found->second(bytes_from_hex(vector["object_ssz"].asString()), vector["object_root"].asString());
            ++objects;
        }
        if (vector["object_type"].asString() != "AttestationData") continue;
        const auto data = ssz::deserialize<AttestationData>(bytes_from_hex(vector["object_ssz"].asString()));
        ASSERT_TRUE(data);
        EXPECT_EQ(to_hex(attestation_signing_root(data.value(), domain)), vector["signing_root"].asString());
        ++attester;
    }
    EXPECT_GE(attester, 2U);
    EXPECT_GE(objects, 60U);
}

}  // namespace
}  // namespace holdfast::ethereum
