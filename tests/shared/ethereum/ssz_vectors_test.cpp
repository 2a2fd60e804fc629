// Goal: our SSZ agrees with the executable consensus-specs on every container we have. Method: the vectors beside the project:
// decode, encode again, compare bytes and roots. Skipped, visibly, where they are not.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "shared/ethereum/containers.hpp"
#include "shared/ethereum/signing_root.hpp"
#include "shared/ethereum/validator_messages.hpp"
#include "tests/shared/ethereum/sample_objects.hpp"
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
        {"SyncAggregatorSelectionData", check<SyncAggregatorSelectionData>},
        {"PayloadAttestationData", check<PayloadAttestationData>},
        {"PayloadAttestationMessage", check<PayloadAttestationMessage>},
        {"ProposerPreferences", check<ProposerPreferences>},
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
        75);
}

TEST(SszVectors, FuluMinimal) {
    run("fulu-minimal.jsonl.gz",
        {{"Attestation", check<MinimalAttestation>},
         {"AggregateAndProof", check<MinimalAggregateAndProof>},
         {"SignedAggregateAndProof", check<MinimalSignedAggregateAndProof>}},
        75);
}

// Gloas merkleises aggregates in another way; what keeps its form is checked.
TEST(SszVectors, GloasMinimal_ContainersThatKeepTheirForm) { run("gloas-minimal.jsonl.gz", {}, 75); }

template <class T>
std::string root_of(const ssz::Bytes& bytes) {
    const auto value = ssz::deserialize<T>(bytes);
    return value ? to_hex(ssz::hash_tree_root(value.value())) : value.error().message;
}

using RootOf = std::function<std::string(const ssz::Bytes&)>;
const std::map<std::string, RootOf>& roots_of_structs() {
    static const std::map<std::string, RootOf> kRoots{
        {"AttestationData", root_of<AttestationData>},
        {"BeaconBlockHeader", root_of<BeaconBlockHeader>},
        {"VoluntaryExit", root_of<VoluntaryExit>},
        {"DepositMessage", root_of<DepositMessage>},
        {"Epoch", root_of<Epoch>},
        {"Slot", root_of<Slot>},
        {"Root", root_of<Root>},
        {"SyncAggregatorSelectionData", root_of<SyncAggregatorSelectionData>},
        {"ValidatorRegistrationV1", root_of<ValidatorRegistration>},
        {"PayloadAttestationData", root_of<PayloadAttestationData>},
        {"ProposerPreferences", root_of<ProposerPreferences>},
    };
    return kRoots;
}

// The roots that our code gives an object: as a struct, as a type of its fork, or both.
std::vector<std::string> roots_of_object(const NamedTypes& types, const std::string& name, const ssz::Bytes& bytes) {
    std::vector<std::string> roots;
    const auto of_struct = roots_of_structs().find(name);
    if (of_struct != roots_of_structs().end()) roots.push_back(of_struct->second(bytes));
    const auto type = types.find(name);
    if (type == types.end()) return roots;
    const auto object = schema::Object::make(type->second, bytes);
    roots.push_back(object ? to_hex(object.value().root()) : object.error().message);
    return roots;
}

// Every line's domain, object root and signing root.
TEST(SszVectors, SigningRoots) {
    const auto folder = shared_folder("vectors/ssz");
    if (!folder) GTEST_SKIP() << "no vectors/ssz beside the project";
    const std::map<std::string, NamedTypes> types{
        {"electra", named_types(make_block_types(ForkName::kElectra, kMinimalPreset))},
        {"fulu", named_types(make_block_types(ForkName::kFulu, kMinimalPreset))},
        {"gloas", named_types(make_block_types(ForkName::kGloas, kMinimalPreset))}};
    std::size_t count = 0;
    for (const auto& vector : read_json_lines(*folder / "signing-roots.jsonl")) {
        SCOPED_TRACE(vector["fork"].asString() + " " + vector["object_type"].asString());
        const auto type = parse_hex<DomainType>(vector["domain_type"].asString()).value();
        const auto version = parse_hex<ForkVersion>(vector["fork_version"].asString()).value();
        const auto genesis = parse_hex<Root>(vector["genesis_validators_root"].asString()).value();
        const Domain domain = compute_domain(type, version, genesis);
        EXPECT_EQ(to_hex(domain), vector["domain"].asString());
        const auto object_root = parse_hex<Root>(vector["object_root"].asString()).value();
        EXPECT_EQ(to_hex(compute_signing_root(object_root, domain)), vector["signing_root"].asString());
        const ssz::Bytes bytes = bytes_from_hex(vector["object_ssz"].asString());
        const auto roots = roots_of_object(types.at(vector["fork"].asString()), vector["object_type"].asString(), bytes);
        EXPECT_FALSE(roots.empty());
        for (const std::string& root : roots) EXPECT_EQ(root, to_hex(object_root));
        if (vector["object_type"].asString() == "AttestationData") {
            const auto data = ssz::deserialize<AttestationData>(bytes).value();
            EXPECT_EQ(to_hex(attestation_signing_root(data, domain)), vector["signing_root"].asString());
        }
        ++count;
    }
    EXPECT_GE(count, 123U);
}

// Which kind of message is signed in which domain, by the vectors' names of duties.
TEST(SszVectors, SigningRoots_DomainsOfTheDuties) {
    const auto folder = shared_folder("vectors/ssz");
    if (!folder) GTEST_SKIP() << "no vectors/ssz beside the project";
    const std::map<std::string, DomainType> domains{{"attester", kDomainBeaconAttester},
                                                    {"proposer", kDomainBeaconProposer},
                                                    {"randao", kDomainRandao},
                                                    {"selection_proof", kDomainSelectionProof},
                                                    {"aggregate_and_proof", kDomainAggregateAndProof},
                                                    {"sync_committee_message", kDomainSyncCommittee},
                                                    {"sync_committee_selection_proof", kDomainSyncCommitteeSelectionProof},
                                                    {"contribution_and_proof", kDomainContributionAndProof},
                                                    {"voluntary_exit", kDomainVoluntaryExit},
                                                    {"deposit", kDomainDeposit},
                                                    {"validator_registration", kDomainApplicationBuilder},
                                                    {"payload_attestation", kDomainPtcAttester},
                                                    {"proposer_preferences", kDomainProposerPreferences},
                                                    {"execution_payload_envelope", kDomainBeaconBuilder}};
    std::set<std::string> seen;
    for (const auto& vector : read_json_lines(*folder / "signing-roots.jsonl")) {
        const std::string duty = vector["duty"].asString();
        ASSERT_TRUE(domains.contains(duty)) << duty;
        EXPECT_EQ(to_hex(domains.at(duty)), vector["domain_type"].asString()) << duty;
        seen.insert(duty);
    }
    EXPECT_EQ(seen.size(), domains.size());
}

}  // namespace
}  // namespace holdfast::ethereum
