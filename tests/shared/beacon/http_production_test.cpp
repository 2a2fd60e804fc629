// Goal: blocks, payloads and what belongs to them come whole and as asked for, or not at all; they go out in the form that the
// node takes. Method: a server that answers as nodes do, and as they must not; what was recorded of real nodes.
#include <gmock/gmock.h>

#include "shared/beacon/ssz_json.hpp"
#include "tests/shared/beacon/http_node_fixture.hpp"
#include "tests/shared/ethereum/default_object.hpp"

namespace holdfast::beacon {
namespace {

using ethereum::ForkName;
using ethereum::schema::default_object;
using ethereum::schema::Object;
using ethereum::schema::put_uint;
using ::testing::HasSubstr;

constexpr const char* kOctets = "application/octet-stream";

struct Said {
    std::string fork{"fulu"};
    std::string blinded{"false"};
    std::string included{"false"};
    std::string payload_value{"7"};
    std::string consensus_value{"12"};
};

std::string text_of(const Object& object) { return {object.bytes.begin(), object.bytes.end()}; }

class HttpProductionTest : public HttpBeaconNodeTest {
protected:
    HttpProductionTest() { node->use_types(types); }

    [[nodiscard]] const ethereum::BlockTypes& of(ForkName fork) const { return types->of(fork); }
    static BlockRequest request(ForkName fork = ForkName::kFulu) {
        BlockRequest request;
        request.slot = Slot{9};
        request.fork = fork;
        request.randao_reveal.bytes.fill(0xaa);
        request.graffiti.bytes.fill(0x61);
        return request;
    }
    [[nodiscard]] Object contents(ForkName fork = ForkName::kFulu, std::uint64_t slot = 9) const {
        Object object = default_object(of(fork).block_contents);
        put_uint(object, {"block", "slot"}, slot);
        return object;
    }
    static HttpResponse ssz(const Object& object, const Said& said = {}) {
        HttpResponse response = net::make_response(200, kOctets, text_of(object));
        response.headers.push_back({"Eth-Consensus-Version", said.fork});
        response.headers.push_back({"Eth-Execution-Payload-Blinded", said.blinded});
        response.headers.push_back({"Eth-Execution-Payload-Included", said.included});
        response.headers.push_back({"Eth-Execution-Payload-Value", said.payload_value});
        response.headers.push_back({"Eth-Consensus-Block-Value", said.consensus_value});
        return response;
    }
    static HttpResponse json(const Object& object, const Said& said = {}) {
        Json::Value body;
        body["version"] = said.fork;
        body["execution_payload_blinded"] = said.blinded == "true";
        body["execution_payload_included"] = said.included == "true";
        body["execution_payload_value"] = said.payload_value;
        body["consensus_block_value"] = said.consensus_value;
        body["data"] = decode_to_json(*object.type, object.bytes);
        return net::make_response(200, "application/json", write(body));
    }
    void answer_always(HttpResponse response) {
        answer = [response](const ServerRequest&) { return Reply{response}; };
    }
    Result<ProducedBlock> produce(ForkName fork = ForkName::kFulu) { return run(node->produce_block(request(fork), soon())); }
    Error refused(HttpResponse response, ForkName fork = ForkName::kFulu) {
        answer_always(std::move(response));
        const auto block = produce(fork);
        EXPECT_FALSE(block.has_value());
        return block ? failure(ErrorCode::kInternal, "not refused") : block.error();
    }
    [[nodiscard]] std::shared_ptr<const SignedBlock> signed_block(bool blinded = false) const {
        SignedBlock block;
        block.fork = ForkName::kFulu;
        block.blinded = blinded;
        block.object = default_object(blinded ? of(block.fork).signed_blinded_block : of(block.fork).signed_block_contents);
        return std::make_shared<const SignedBlock>(std::move(block));
    }

    ethereum::TypeTablePtr types = std::make_shared<const ethereum::TypeTable>(testing::chain_spec());
};

// --- blocks to be signed ---

TEST_F(HttpProductionTest, ABlockIsTheSameInBothForms) {
    for (const bool as_json : {false, true}) {
        answer_always(as_json ? json(contents()) : ssz(contents()));
        const auto block = produce();
        ASSERT_TRUE(block.has_value()) << block.error().message;
        EXPECT_EQ(block.value().fork, ForkName::kFulu);
        EXPECT_FALSE(block.value().blinded);
        EXPECT_TRUE(block.value().with_contents);
        EXPECT_EQ(block.value().payload_value, Wei{7});
        EXPECT_EQ(block.value().consensus_value, Wei{12});
        EXPECT_EQ(block.value().object, contents());
        EXPECT_EQ(block.value().object.type, of(ForkName::kFulu).block_contents);
    }
    EXPECT_EQ(requests.back().message.url, "/eth/v3/validator/blocks/9?randao_reveal=" + to_hex(request().randao_reveal) +
                                               "&graffiti=" + to_hex(request().graffiti));
    EXPECT_THAT(last_header("accept"), HasSubstr("application/octet-stream"));
    EXPECT_THAT(last_header("accept"), HasSubstr("application/json"));
}

TEST_F(HttpProductionTest, ABlindedBlockIsOneInBothForms) {
    Object blinded = default_object(of(ForkName::kFulu).blinded_block);
    put_uint(blinded, {"slot"}, 9);
    Said said;
    said.blinded = "true";
    for (const bool as_json : {false, true}) {
        answer_always(as_json ? json(blinded, said) : ssz(blinded, said));
        const auto block = produce();
        ASSERT_TRUE(block.has_value()) << block.error().message;
        EXPECT_TRUE(block.value().blinded);
        EXPECT_FALSE(block.value().with_contents);
        EXPECT_EQ(block.value().object, blinded);
    }
}

TEST_F(HttpProductionTest, FromGloasOnThePayloadIsAskedForAndMayBeMissing) {
    Object bare = default_object(of(ForkName::kGloas).block);
    put_uint(bare, {"slot"}, 9);
    Said said;
    said.fork = "gloas";
    for (const bool included : {true, false}) {
        said.included = included ? "true" : "false";
        const Object object = included ? contents(ForkName::kGloas) : bare;
        for (const bool as_json : {false, true}) {
            answer_always(as_json ? json(object, said) : ssz(object, said));
            const auto block = produce(ForkName::kGloas);
            ASSERT_TRUE(block.has_value()) << block.error().message;
            EXPECT_EQ(block.value().with_contents, included);
            EXPECT_EQ(block.value().payload_value, Wei{0}) << "is not said from Gloas on";
            EXPECT_EQ(block.value().block().bytes.size(), bare.bytes.size());
        }
    }
    EXPECT_THAT(requests.back().message.url, ::testing::StartsWith("/eth/v4/validator/blocks/9?"));
    EXPECT_THAT(requests.back().message.url, HasSubstr("&include_payload=true"));
}

TEST_F(HttpProductionTest, TheBoostFactorIsPassedOn) {
    answer_always(ssz(contents()));
    BlockRequest boosted = request();
    boosted.builder_boost_factor = std::numeric_limits<std::uint64_t>::max();
    EXPECT_TRUE(run(node->produce_block(boosted, soon())).has_value());
    EXPECT_THAT(requests.back().message.url, ::testing::EndsWith("&builder_boost_factor=18446744073709551615"));
}

TEST_F(HttpProductionTest, ValuesMayBeMissingOrEmptyButNotNonsense) {
    Said said;
    said.payload_value = "";
    HttpResponse silent = ssz(contents(), said);
    std::erase_if(silent.headers, [](const net::Header& header) { return header.name == "Eth-Consensus-Block-Value"; });
    answer_always(silent);
    const auto block = produce();
    ASSERT_TRUE(block.has_value()) << block.error().message;
    EXPECT_EQ(block.value().payload_value, Wei{0});
    EXPECT_EQ(block.value().consensus_value, Wei{0});

    said.payload_value = "340282366920938463463374607431768211455";  // 2^128 - 1
    answer_always(ssz(contents(), said));
    const auto rich = produce();
    ASSERT_TRUE(rich.has_value()) << rich.error().message;
    EXPECT_EQ(rich.value().payload_value, ~Wei{0});
    for (const char* value : {"340282366920938463463374607431768211456", "-1", "0x12", "1 2", "1e9"}) {
        said.payload_value = value;
        EXPECT_EQ(refused(ssz(contents(), said)).code, ErrorCode::kMalformed) << value;
        EXPECT_EQ(refused(json(contents(), said)).code, ErrorCode::kMalformed) << value;
    }
}

TEST_F(HttpProductionTest, ABlockThatWasNotAskedForIsMalformed) {
    const Error slot = refused(ssz(contents(ForkName::kFulu, 10)));
    EXPECT_EQ(slot.code, ErrorCode::kMalformed);
    EXPECT_THAT(slot.message, HasSubstr("of slot 10 instead of 9"));
    EXPECT_THAT(slot.message, ::testing::StartsWith(shown + "/eth/v3/validator/blocks/9: "));
    EXPECT_THAT(refused(json(contents(ForkName::kFulu, 8))).message, HasSubstr("of slot 8 instead of 9"));
    for (const char* fork : {"electra", "gloas", "deneb", "FULU", "", "\x01\x02"}) {
        Said said;
        said.fork = fork;
        EXPECT_EQ(refused(json(contents(), said)).code, ErrorCode::kMalformed) << fork;
    }
    Said electra;
    electra.fork = "electra";
    EXPECT_THAT(refused(ssz(contents(), electra)).message, HasSubstr("of fork electra instead of fulu"));
    Said blinded;
    blinded.blinded = "true";
    EXPECT_EQ(refused(ssz(contents(), blinded)).code, ErrorCode::kMalformed);
    blinded.blinded = "yes";
    EXPECT_THAT(refused(ssz(contents(), blinded)).message, HasSubstr("neither true nor false"));
    HttpResponse nameless = net::make_response(200, kOctets, text_of(contents()));
    EXPECT_THAT(refused(nameless).message, HasSubstr("names no fork"));
}

TEST_F(HttpProductionTest, ABrokenBlockIsMalformed) {
    const std::string whole = text_of(contents());
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{12}, whole.size() / 2, whole.size() - 1}) {
        HttpResponse response = ssz(contents());
        response.body = whole.substr(0, size);
        EXPECT_EQ(refused(response).code, ErrorCode::kMalformed) << size;
    }
    HttpResponse longer = ssz(contents());
    longer.body += 'x';
    EXPECT_EQ(refused(longer).code, ErrorCode::kMalformed);
    for (const char* body : {"", "null", "[]", "{", R"({"version":"fulu"})", R"({"version":"fulu","data":7})",
                             R"({"version":7,"data":{}})", R"({"version":"fulu","data":{"block":{}}})"}) {
        EXPECT_EQ(refused(net::make_response(200, "application/json", body)).code, ErrorCode::kMalformed) << body;
    }
}

// What takes a node few bytes to say must not take us much room.
TEST_F(HttpProductionTest, AHugeBlockIsMalformed) {
    Json::Value body = parse(json(contents()).body);
    for (Json::ArrayIndex i = 0; i < 4096; ++i) body["data"]["blobs"][i] = "";
    const Error blobs = refused(net::make_response(200, "application/json", write(body)));
    EXPECT_THAT(blobs.message, HasSubstr("blobs: [0]: "));
    const std::string many = R"({"version":"fulu","data":[0)" + [] {
        std::string zeros;
        for (int i = 0; i < 2'100'000; ++i) zeros += ",0";
        return zeros;
    }() + "]}";
    EXPECT_THAT(refused(net::make_response(200, "application/json", many)).message, HasSubstr("too many values"));
}

TEST_F(HttpProductionTest, ANodeThatTakesNoListOfFormsIsAskedForJson) {
    answer = [this](const ServerRequest& request) {
        const auto accept = net::find_header(request.message.headers, "accept");
        return Reply{accept == "application/json" ? json(contents()) : net::make_error(406, "not acceptable")};
    };
    EXPECT_TRUE(produce().has_value());
    EXPECT_EQ(requests.size(), 2U);
    EXPECT_TRUE(produce().has_value());
    EXPECT_EQ(requests.size(), 3U) << "it is remembered";
    // Other statuses are just failures.
    node = make_http_beacon_node(*client, clock, shown);
    node->use_types(types);
    EXPECT_EQ(refused(net::make_error(503, "syncing")).code, ErrorCode::kUnavailable);
    EXPECT_EQ(requests.size(), 4U);
}

TEST_F(HttpProductionTest, WithoutTypesNothingIsAsked) {
    node = make_http_beacon_node(*client, clock, shown);
    EXPECT_EQ(produce().error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(run(node->block("head", soon())).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(run(node->aggregate(Slot{1}, {}, {}, soon())).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(run(node->sync_contribution(Slot{1}, 0, {}, soon())).error().code, ErrorCode::kInvalidArgument);
    EXPECT_TRUE(requests.empty());
}

class MinimalProductionTest : public HttpProductionTest {
protected:
    MinimalProductionTest() {
        auto values = testing::spec_values();
        values["MAX_COMMITTEES_PER_SLOT"] = "4";
        values["SYNC_COMMITTEE_SIZE"] = "32";
        values["MAX_WITHDRAWALS_PER_PAYLOAD"] = "4";
        types = std::make_shared<const ethereum::TypeTable>(ethereum::ChainSpec::parse(values).value());
        node->use_types(types);
    }
};

TEST_F(MinimalProductionTest, RecordedBlocksInBothForms) {
    SAMPLE_OR_SKIP(octets, "minimal/block_v3_ssz");
    SAMPLE_OR_SKIP(text, "minimal/block_v3_json");
    for (const Json::Value* recorded : {&octets, &text}) {
        answer_recorded(*recorded);
        BlockRequest asked = request();
        asked.slot = Slot{33};
        const auto block = run(node->produce_block(asked, soon()));
        ASSERT_TRUE(block.has_value()) << block.error().message;
        EXPECT_EQ(block.value().payload_value, Wei{0});
        EXPECT_EQ(block.value().consensus_value, Wei{1'431'066'000'000'000});
        EXPECT_EQ(block.value().object.bytes.size(), octets["response"]["body"]["ssz_bytes"].asUInt());
        EXPECT_EQ(block.value().object.find({"block", "proposer_index"}).as_uint(), 33U);
    }
}

TEST_F(MinimalProductionTest, RecordedBlockOfTheChain) {
    SAMPLE_OR_SKIP(recorded, "minimal/block_head_v2");
    answer_recorded(recorded);
    const auto block = run(node->block("head", soon()));
    ASSERT_TRUE(block.has_value()) << block.error().message;
    EXPECT_EQ(block.value().fork, ForkName::kFulu);
    EXPECT_EQ(block.value().object.find({"message", "slot"}).as_uint(), 149U);
    expect_as_recorded(recorded);
}

// --- blocks of the chain ---

TEST_F(HttpProductionTest, BlocksOfTheChainOfEachForkInBothForms) {
    for (const ForkName fork : {ForkName::kElectra, ForkName::kFulu, ForkName::kGloas}) {
        const Object object = default_object(of(fork).signed_block);
        Said said;
        said.fork = to_string(fork);
        for (const bool as_json : {false, true}) {
            answer_always(as_json ? json(object, said) : ssz(object, said));
            const auto block = run(node->block("0x12", soon()));
            ASSERT_TRUE(block.has_value()) << block.error().message;
            EXPECT_EQ(block.value().fork, fork);
            EXPECT_EQ(block.value().object, object);
        }
    }
    EXPECT_EQ(requests.back().message.url, "/eth/v2/beacon/blocks/0x12");
}

TEST_F(HttpProductionTest, ABlockOfAnUnverifiedChainIsUnavailable) {
    Json::Value body = parse(json(default_object(of(ForkName::kFulu).signed_block)).body);
    body["execution_optimistic"] = true;
    answer_json(write(body));
    EXPECT_EQ(run(node->block("head", soon())).error().code, ErrorCode::kUnavailable);
    answer_with(404, "application/json", R"({"code":404,"message":"Block not found"})");
    EXPECT_EQ(run(node->block("7", soon())).error().code, ErrorCode::kNotFound);
}

// --- publishing ---

TEST_F(HttpProductionTest, ABlockGoesOutAsSsz) {
    answer_with(200, "", "");
    for (const bool blinded : {false, true}) {
        const auto block = signed_block(blinded);
        EXPECT_TRUE(run(node->publish_block(block, soon())).has_value());
        EXPECT_EQ(requests.back().message.method, "POST");
        EXPECT_EQ(requests.back().message.url, blinded ? "/eth/v2/beacon/blinded_blocks" : "/eth/v2/beacon/blocks");
        EXPECT_EQ(last_header("content-type"), kOctets);
        EXPECT_EQ(last_header("eth-consensus-version"), "fulu");
        EXPECT_EQ(requests.back().message.body, text_of(block->object));
    }
}

TEST_F(HttpProductionTest, ANodeThatTakesNoSszGetsJson) {
    for (const int status : {415, 406}) {
        node = make_http_beacon_node(*client, clock, shown);
        requests.clear();
        answer = [status](const ServerRequest& request) {
            const auto type = net::find_header(request.message.headers, "content-type");
            return Reply{type == kOctets ? net::make_error(status, "no") : net::make_response(200, "", "")};
        };
        const auto block = signed_block();
        EXPECT_TRUE(run(node->publish_block(block, soon())).has_value());
        EXPECT_EQ(requests.size(), 2U);
        EXPECT_EQ(last_header("content-type"), "application/json");
        EXPECT_EQ(last_header("eth-consensus-version"), "fulu");
        EXPECT_EQ(parse(requests.back().message.body), decode_to_json(*block->object.type, block->object.bytes));
        EXPECT_TRUE(run(node->publish_block(block, soon())).has_value());
        EXPECT_EQ(requests.size(), 3U) << "it is remembered";
    }
}

TEST_F(HttpProductionTest, ABlockThatTheNodeDoesNotTakeIsAFailure) {
    answer_with(202, "", "");
    const auto broadcast = run(node->publish_block(signed_block(), soon()));
    ASSERT_FALSE(broadcast.has_value());
    EXPECT_EQ(broadcast.error().code, ErrorCode::kRefused);
    EXPECT_THAT(broadcast.error().message, HasSubstr("202"));
    answer_with(400, "application/json", R"({"code":400,"message":"Invalid block: missing signature"})");
    const auto refused = run(node->publish_block(signed_block(), soon()));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
    EXPECT_THAT(refused.error().message, HasSubstr("missing signature"));
    answer_with(415, "application/json", "{}");
    EXPECT_FALSE(run(node->publish_block(signed_block(), soon())).has_value()) << "neither form";
}

TEST_F(HttpProductionTest, AnEnvelopeGoesOutWithItsBlobs) {
    answer_with(200, "", "");
    SignedEnvelope envelope;
    envelope.fork = ForkName::kGloas;
    envelope.object = default_object(of(ForkName::kGloas).signed_envelope_contents);
    EXPECT_TRUE(run(node->publish_envelope(std::make_shared<const SignedEnvelope>(envelope), soon())).has_value());
    EXPECT_EQ(requests.back().message.url, "/eth/v1/beacon/execution_payload_envelopes");
    EXPECT_EQ(last_header("eth-consensus-version"), "gloas");
    EXPECT_EQ(last_header("eth-blob-data-included"), "true");
    EXPECT_EQ(last_header("content-type"), kOctets);
    EXPECT_EQ(requests.back().message.body, text_of(envelope.object));
}

}  // namespace
}  // namespace holdfast::beacon
