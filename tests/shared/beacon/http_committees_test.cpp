// Goal: aggregates, contributions and what a payload committee says are of what was asked for; what is sent has the API's form.
#include <gmock/gmock.h>

#include "shared/beacon/production_encode.hpp"
#include "shared/beacon/ssz_json.hpp"
#include "tests/shared/beacon/http_node_fixture.hpp"
#include "tests/shared/ethereum/default_object.hpp"

namespace holdfast::beacon {
namespace {

using ethereum::ForkName;
using ethereum::schema::default_object;
using ethereum::schema::Object;
using ethereum::schema::put_bytes;
using ethereum::schema::put_uint;
using ::testing::HasSubstr;

constexpr const char* kOctets = "application/octet-stream";

class HttpCommitteesTest : public HttpBeaconNodeTest {
protected:
    HttpCommitteesTest() { node->use_types(types); }

    // Of slot 3, by the committees whose bits are set.
    [[nodiscard]] Object attestation(std::uint8_t committees = 0b100) const {
        Object object = default_object(types->of(ForkName::kFulu).attestation);
        put_uint(object, {"data", "slot"}, 3);
        const std::array<std::uint8_t, 8> bits{committees};
        put_bytes(object, {"committee_bits"}, bits);
        return object;
    }
    [[nodiscard]] static Root data_root(const Object& object) {
        const auto data = object.find({"data"});
        return hash_tree_root(*data.type, data.bytes);
    }
    void answer_object(const Object& object, bool as_json, const std::string& fork = "fulu") {
        HttpResponse response = net::make_response(200, kOctets, {object.bytes.begin(), object.bytes.end()});
        if (as_json) {
            Json::Value body;
            body["version"] = fork;
            body["data"] = decode_to_json(*object.type, object.bytes);
            response = net::make_response(200, "application/json", write(body));
        }
        response.headers.push_back({"Eth-Consensus-Version", fork});
        answer = [response](const ServerRequest&) { return Reply{response}; };
    }
    Result<Aggregate> ask_for(const Object& object, std::uint64_t committee = 2) {
        return run(node->aggregate(Slot{3}, CommitteeIndex{committee}, data_root(object), soon()));
    }
    void expect_posted(const std::string& path, const std::string& body, const std::string& fork = "") {
        EXPECT_EQ(requests.back().message.method, "POST");
        EXPECT_EQ(requests.back().message.url, path);
        EXPECT_EQ(parse("{\"list\":" + requests.back().message.body + "}"), parse("{\"list\":" + body + "}"));
        EXPECT_EQ(last_header("content-type"), "application/json");
        EXPECT_EQ(last_header("eth-consensus-version"), fork);
    }
    static std::shared_ptr<const std::string> shared(std::string text) {
        return std::make_shared<const std::string>(std::move(text));
    }

    ethereum::TypeTablePtr types = std::make_shared<const ethereum::TypeTable>(testing::chain_spec());
};

// --- aggregates ---

TEST_F(HttpCommitteesTest, AnAggregateInBothForms) {
    // Three votes of a committee of six, and the mark of the list's end.
    Object object = attestation();
    object.bytes.back() = 0b1010110;
    ASSERT_EQ(object.find({"aggregation_bits"}).bytes.size(), 1U);
    for (const bool as_json : {false, true}) {
        answer_object(object, as_json);
        const auto aggregate = ask_for(object);
        ASSERT_TRUE(aggregate.has_value()) << aggregate.error().message;
        EXPECT_EQ(aggregate.value().object, object);
        EXPECT_EQ(aggregate.value().fork, ForkName::kFulu);
        EXPECT_EQ(aggregate.value().votes, 3U);
    }
    EXPECT_EQ(requests.back().message.url, "/eth/v2/validator/aggregate_attestation?attestation_data_root=" +
                                               to_hex(data_root(object)) + "&slot=3&committee_index=2");
}

TEST_F(HttpCommitteesTest, AnAggregateOfGloasHasItsOwnRoot) {
    const Object object = attestation();
    answer_object(object, false, "gloas");
    const auto aggregate = ask_for(object);
    ASSERT_TRUE(aggregate.has_value()) << aggregate.error().message;
    EXPECT_EQ(aggregate.value().fork, ForkName::kGloas);
    EXPECT_NE(aggregate.value().object.root(), object.root());
}

TEST_F(HttpCommitteesTest, AnAggregateOfSomethingElseIsMalformed) {
    const Object object = attestation();
    Object other = object;
    put_uint(other, {"data", "slot"}, 4);
    answer_object(other, false);
    EXPECT_EQ(ask_for(object).error().code, ErrorCode::kMalformed);
    answer_object(object, false);
    EXPECT_EQ(ask_for(object, 3).error().code, ErrorCode::kMalformed);
    EXPECT_EQ(ask_for(object, 64).error().code, ErrorCode::kMalformed);
    EXPECT_EQ(ask_for(object, std::numeric_limits<std::uint64_t>::max()).error().code, ErrorCode::kMalformed);
    const Object two = attestation(0b1100);
    answer_object(two, false);
    EXPECT_THAT(ask_for(two).error().message, HasSubstr("committee"));
    answer_object(object, false, "deneb");
    EXPECT_EQ(ask_for(object).error().code, ErrorCode::kMalformed);
    answer_with(200, kOctets, "short");
    EXPECT_EQ(ask_for(object).error().code, ErrorCode::kMalformed);
}

TEST_F(HttpCommitteesTest, NoAggregateIsNotFound) {
    answer_with(404, "application/json", R"({"code":404,"message":"No matching attestations found"})");
    EXPECT_EQ(ask_for(attestation()).error().code, ErrorCode::kNotFound);
}

TEST_F(HttpCommitteesTest, RecordedAggregate) {
    SAMPLE_OR_SKIP(recorded, "recorded/GET_eth_v2_validator_aggregate_attestation.200");
    answer_recorded(recorded);
    const std::string path = recorded["request"]["path"].asString();
    const auto root = parse_hex<Root>(path.substr(path.find("0x"), 66));
    const auto aggregate = run(node->aggregate(Slot{2}, CommitteeIndex{0}, root.value(), soon()));
    ASSERT_TRUE(aggregate.has_value()) << aggregate.error().message;
    EXPECT_EQ(aggregate.value().votes, 2U);
    EXPECT_EQ(aggregate.value().fork, ForkName::kFulu);
}

// --- sync committees ---

TEST_F(HttpCommitteesTest, RecordedContribution) {
    SAMPLE_OR_SKIP(recorded, "recorded/GET_eth_v1_validator_sync_committee_contribution.200");
    answer_recorded(recorded);
    const std::string path = recorded["request"]["path"].asString();
    const auto root = parse_hex<Root>(path.substr(path.find("0x"), 66));
    const auto contribution = run(node->sync_contribution(Slot{0}, 3, root.value(), soon()));
    ASSERT_TRUE(contribution.has_value()) << contribution.error().message;
    EXPECT_EQ(contribution.value().votes, 128U);
    for (const auto& other : {run(node->sync_contribution(Slot{1}, 3, root.value(), soon())),
                              run(node->sync_contribution(Slot{0}, 2, root.value(), soon())),
                              run(node->sync_contribution(Slot{0}, 3, Root{}, soon()))}) {
        ASSERT_FALSE(other.has_value());
        EXPECT_EQ(other.error().code, ErrorCode::kMalformed);
    }
}

TEST_F(HttpCommitteesTest, AContributionIsOfWhatWasAskedFor) {
    Object object = default_object(types->of(ForkName::kFulu).sync_contribution);
    put_uint(object, {"slot"}, 3);
    put_uint(object, {"subcommittee_index"}, 1);
    answer_object(object, true);
    const auto contribution = run(node->sync_contribution(Slot{3}, 1, Root{}, soon()));
    ASSERT_TRUE(contribution.has_value()) << contribution.error().message;
    EXPECT_EQ(contribution.value().votes, 0U);
    EXPECT_EQ(requests.back().message.url,
              "/eth/v1/validator/sync_committee_contribution?slot=3&subcommittee_index=1&beacon_block_root=" + to_hex(Root{}));
    EXPECT_EQ(run(node->sync_contribution(Slot{3}, 2, Root{}, soon())).error().code, ErrorCode::kMalformed);
    EXPECT_EQ(run(node->sync_contribution(Slot{4}, 1, Root{}, soon())).error().code, ErrorCode::kMalformed);
    Root other;
    other.bytes[0] = 1;
    EXPECT_EQ(run(node->sync_contribution(Slot{3}, 1, other, soon())).error().code, ErrorCode::kMalformed);
}

TEST_F(HttpCommitteesTest, RecordedPublications) {
    SAMPLE_OR_SKIP(aggregates, "recorded/POST_eth_v2_validator_aggregate_and_proofs.200");
    SAMPLE_OR_SKIP(contributions, "recorded/POST_eth_v1_validator_contribution_and_proofs.200");
    answer_with(200, "", "");
    const auto objects = [](const ethereum::schema::TypePtr& type, const Json::Value& list) {
        std::vector<Object> result;
        for (const Json::Value& one : list) result.push_back(Object::make(type, encode_json(*type, one).value()).value());
        return shared(encode_objects(result));
    };
    const auto& fulu = types->of(ForkName::kFulu);
    const auto first = objects(fulu.signed_aggregate_and_proof, aggregates["request"]["body"]);
    EXPECT_TRUE(run(node->publish_aggregates(first, ForkName::kFulu, soon())).has_value());
    expect_posted("/eth/v2/validator/aggregate_and_proofs", write(aggregates["request"]["body"]), "fulu");
    const auto second = objects(fulu.signed_contribution_and_proof, contributions["request"]["body"]);
    EXPECT_TRUE(run(node->publish_contributions(second, soon())).has_value());
    expect_posted("/eth/v1/validator/contribution_and_proofs", write(contributions["request"]["body"]));
}

TEST_F(HttpCommitteesTest, SyncMessagesAndSubscriptions) {
    answer_with(200, "", "");
    ethereum::SyncCommitteeMessage message;
    message.slot = Slot{5};
    message.validator_index = ValidatorIndex{7};
    EXPECT_TRUE(run(node->publish_sync_messages(shared(encode_sync_messages({message, message})), soon())).has_value());
    const std::string one = R"({"slot":"5","beacon_block_root":")" + to_hex(Root{}) +
                            R"(","validator_index":"7","signature":")" + to_hex(Signature{}) + "\"}";
    expect_posted("/eth/v1/beacon/pool/sync_committees", "[" + one + "," + one + "]");
    SyncSubscription subscription;
    subscription.validator_index = ValidatorIndex{7};
    subscription.positions = {1, 500};
    subscription.until = Epoch{12};
    EXPECT_TRUE(run(node->subscribe_sync_committees({subscription}, soon())).has_value());
    expect_posted("/eth/v1/validator/sync_committee_subscriptions",
                  R"([{"validator_index":"7","sync_committee_indices":["1","500"],"until_epoch":"12"}])");
}

// --- proposers ---

TEST_F(HttpCommitteesTest, WhatNodesAreToldAboutProposers) {
    answer_with(200, "", "");
    const std::string address = "0x" + std::string(40, '0');
    const std::string signature = R"("signature":")" + to_hex(Signature{}) + "\"";
    EXPECT_TRUE(run(node->prepare_proposers({{ValidatorIndex{7}, Address{}}}, soon())).has_value());
    expect_posted("/eth/v1/validator/prepare_beacon_proposer",
                  R"([{"validator_index":"7","fee_recipient":")" + address + "\"}]");
    SignedRegistration registration;
    registration.message.gas_limit = 45;
    registration.message.timestamp = 99;
    EXPECT_TRUE(run(node->register_validators(shared(encode_registrations({registration})), soon())).has_value());
    expect_posted("/eth/v1/validator/register_validator", R"([{"message":{"fee_recipient":")" + address +
                                                              R"(","gas_limit":"45","timestamp":"99","pubkey":")" +
                                                              to_hex(PublicKey{}) + "\"}," + signature + "}]");
    SignedPreferences preferences;
    preferences.message.proposal_slot = Slot{32};
    preferences.message.validator_index = ValidatorIndex{7};
    preferences.message.target_gas_limit = 60;
    const auto body = shared(encode_preferences({preferences}));
    EXPECT_TRUE(run(node->publish_preferences(body, ForkName::kGloas, soon())).has_value());
    expect_posted("/eth/v1/validator/proposer_preferences",
                  R"([{"message":{"dependent_root":")" + to_hex(Root{}) +
                      R"(","proposal_slot":"32","validator_index":"7","fee_recipient":")" + address +
                      R"(","target_gas_limit":"60"},)" + signature + "}]",
                  "gloas");
}

TEST_F(HttpCommitteesTest, RecordedPreparationAndRefusedRegistration) {
    SAMPLE_OR_SKIP(preparation, "api/prepare_beacon_proposer");
    SAMPLE_OR_SKIP(registration, "api/register_validator_no_builder");
    answer_recorded(preparation);
    const Json::Value& asked = preparation["request"]["body"][0];
    const auto address = parse_hex<Address>(asked["fee_recipient"].asString());
    EXPECT_TRUE(run(node->prepare_proposers({{ValidatorIndex{1}, address.value()}}, soon())).has_value());
    expect_posted(preparation["request"]["path"].asString(), write(preparation["request"]["body"]));
    answer_recorded(registration);
    const auto refused = run(node->register_validators(shared(write(registration["request"]["body"])), soon()));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
    EXPECT_THAT(refused.error().message, HasSubstr("builder endpoint not configured"));
}

// --- liveness ---

TEST_F(HttpCommitteesTest, RecordedLiveness) {
    SAMPLE_OR_SKIP(recorded, "api/liveness");
    answer_recorded(recorded);
    const auto live = run(node->liveness(Epoch{4}, {ValidatorIndex{0}, ValidatorIndex{1}, ValidatorIndex{2}}, soon()));
    ASSERT_TRUE(live.has_value()) << live.error().message;
    ASSERT_EQ(live.value().size(), 3U);
    EXPECT_FALSE(live.value()[0].is_live);
    EXPECT_TRUE(live.value()[1].is_live);
    EXPECT_EQ(run(node->liveness(Epoch{4}, {ValidatorIndex{0}, ValidatorIndex{1}}, soon())).error().code, ErrorCode::kMalformed)
        << "about somebody else";
    expect_posted("/eth/v1/validator/liveness/4", R"(["0","1"])");
}

// --- the payload committee ---

TEST_F(HttpCommitteesTest, DutiesOfThePayloadCommittee) {
    const std::string one = R"({"pubkey":")" + to_hex(PublicKey{}) + R"(","validator_index":"7","slot":"33"})";
    const std::string root = to_hex(Root{});
    const auto ask = [&] { return run(node->ptc_duties(Epoch{1}, {ValidatorIndex{7}}, soon())); };
    answer_json(R"({"dependent_root":")" + root + R"(","execution_optimistic":false,"data":[)" + one + "]}");
    const auto duties = ask();
    ASSERT_TRUE(duties.has_value()) << duties.error().message;
    ASSERT_EQ(duties.value().duties.size(), 1U);
    EXPECT_EQ(duties.value().duties[0].slot, Slot{33});
    expect_posted("/eth/v1/validator/duties/ptc/1", R"(["7"])");
    answer_json(R"({"dependent_root":")" + root + R"(","execution_optimistic":true,"data":[]})");
    EXPECT_EQ(ask().error().code, ErrorCode::kUnavailable);
    answer_json(R"({"dependent_root":")" + root + R"(","execution_optimistic":false,"data":[)" + one + "," + one + "]}");
    EXPECT_EQ(ask().error().code, ErrorCode::kMalformed);
    answer_json(R"({"execution_optimistic":false,"data":[]})");
    EXPECT_EQ(ask().error().code, ErrorCode::kMalformed);
}

TEST_F(HttpCommitteesTest, WhatIsKnownOfAPayloadInBothForms) {
    ethereum::PayloadAttestationData expected;
    expected.slot = Slot{3};
    expected.payload_present = true;
    const ethereum::ssz::Bytes bytes = ethereum::ssz::serialize(expected);
    const auto ask = [&] { return run(node->payload_attestation_data(Slot{3}, soon())); };
    answer_with(200, kOctets, {bytes.begin(), bytes.end()});
    EXPECT_EQ(ask().value(), expected);
    EXPECT_EQ(requests.back().message.url, "/eth/v1/validator/payload_attestation_data?slot=3");
    const std::string begin = R"({"version":"gloas","data":{"beacon_block_root":")" + to_hex(Root{}) + R"(","slot":")";
    answer_json(begin + R"(3","payload_present":true,"blob_data_available":false}})");
    EXPECT_EQ(ask().value(), expected);
    answer_json(begin + R"(4","payload_present":true,"blob_data_available":false}})");
    EXPECT_THAT(ask().error().message, HasSubstr("of slot 4 instead of 3"));
    answer_with(200, kOctets, {bytes.begin(), bytes.end() - 1});
    EXPECT_EQ(ask().error().code, ErrorCode::kMalformed);
    answer_with(204, "", "");
    EXPECT_EQ(ask().error().code, ErrorCode::kNotFound) << "no block was seen: nobody attests";
}

TEST_F(HttpCommitteesTest, PayloadAttestationsGoOut) {
    answer_with(200, "", "");
    ethereum::PayloadAttestationMessage message;
    message.validator_index = ValidatorIndex{7};
    message.data.slot = Slot{3};
    message.data.blob_data_available = true;
    const auto body = shared(encode_payload_attestations({message}));
    EXPECT_TRUE(run(node->publish_payload_attestations(body, ForkName::kGloas, soon())).has_value());
    expect_posted("/eth/v1/beacon/pool/payload_attestations",
                  R"([{"validator_index":"7","data":{"beacon_block_root":")" + to_hex(Root{}) +
                      R"(","slot":"3","payload_present":false,"blob_data_available":true},"signature":")" +
                      to_hex(Signature{}) + "\"}]",
                  "gloas");
}

TEST_F(HttpCommitteesTest, NothingIsSaidAboutNobody) {
    EXPECT_TRUE(run(node->subscribe_sync_committees({}, soon())).has_value());
    EXPECT_TRUE(run(node->prepare_proposers({}, soon())).has_value());
    EXPECT_EQ(run(node->liveness(Epoch{1}, {}, soon())).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(run(node->ptc_duties(Epoch{1}, {}, soon())).error().code, ErrorCode::kInvalidArgument);
    EXPECT_TRUE(requests.empty());
}

}  // namespace
}  // namespace holdfast::beacon
