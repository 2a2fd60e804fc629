// The calls of a simulated node: right answers, refusals, and the shapes of a real node's.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/beacon_chain/attestation_json.hpp"
#include "tests/beacon_chain/sim_fixture.hpp"

namespace holdfast::sim {
namespace {

class Api : public SimTest {
protected:
    void SetUp() override { start(); }
    int status(const std::string& method, const std::string& url, const std::string& body = {},
               net::Headers headers = {{"content-type", "application/json"}}) {
        return ask(0, method, url, body, std::move(headers)).status;
    }
};

TEST_F(Api, AttestationDataIsForTheCurrentSlotOnly) {
    const std::string url = "/eth/v1/validator/attestation_data?committee_index=0&slot=";
    EXPECT_EQ(status("GET", url + "0"), 400) << "before genesis";
    go_to(Slot{5}, 400);
    EXPECT_EQ(status("GET", url + "5"), 200);
    EXPECT_EQ(status("GET", url + "4"), 400);
    EXPECT_EQ(status("GET", url + "6"), 400);
    EXPECT_EQ(status("GET", url + "x"), 400);
    EXPECT_EQ(status("GET", "/eth/v1/validator/attestation_data?slot=5"), 400);
}

TEST_F(Api, AttestationDataFollowsTheHeadOfTheMoment) {
    go_to(Slot{5}, 100);
    const Json::Value before = data_of(0, Slot{5});
    go_to(Slot{5}, 400);
    const Json::Value after = data_of(0, Slot{5});
    EXPECT_NE(before["beacon_block_root"], after["beacon_block_root"]);
    EXPECT_EQ(after["beacon_block_root"], get(0, "/eth/v1/beacon/headers/head")["data"]["root"]);
}

TEST_F(Api, AttestationDataInSsz) {
    go_to(Slot{5}, 400);
    const net::HttpResponse response = ask(0, "GET", "/eth/v1/validator/attestation_data?committee_index=0&slot=5", {},
                                           {{"accept", "application/octet-stream"}});
    ASSERT_EQ(response.body.size(), 128U);
    EXPECT_EQ(response.body[0], 5);
    const std::vector<std::uint8_t> bytes(response.body.begin(), response.body.end());
    EXPECT_EQ(to_hex(&bytes[16], 32), data_of(0, Slot{5})["beacon_block_root"].asString());
}

TEST_F(Api, DutiesAreAsStrictAsPrysm) {
    const std::string url = "/eth/v1/validator/duties/attester/";
    EXPECT_EQ(status("POST", url + "0", R"(["1","2"])"), 200);
    EXPECT_EQ(status("POST", url + "1", R"(["1"])"), 200);
    EXPECT_EQ(status("POST", url + "2", R"(["1"])"), 400);
    EXPECT_EQ(status("POST", url + "0", "[1]"), 400);
    EXPECT_EQ(status("POST", url + "0", "[]"), 400);
    EXPECT_EQ(status("POST", url + "0", R"(["1","64"])"), 400);
    EXPECT_EQ(status("POST", url + "0", R"(["1"])", {}), 415);
    EXPECT_EQ(status("POST", url + "0", "{]"), 400);
}

TEST_F(Api, SyncDutiesAreAsStrictAsPrysm) {
    const std::string url = "/eth/v1/validator/duties/sync/";
    EXPECT_EQ(status("POST", url + "15", R"(["1","2"])"), 200) << "this period and the next";
    EXPECT_EQ(status("POST", url + "16", R"(["1"])"), 400);
    EXPECT_EQ(status("POST", url + "0", "[]"), 400);
    EXPECT_EQ(status("POST", url + "0", R"(["64"])"), 400);
    EXPECT_EQ(status("POST", url + "0", R"(["1"])", {}), 415);
}

TEST_F(Api, TheSyncCommitteeOfAPeriodHasAllItsPositions) {
    std::string all = "[";
    for (std::uint64_t index = 0; index < kValidators; ++index)
        all += (index > 0 ? ",\"" : "\"") + std::to_string(index) + "\"";
    const auto positions = [&](const std::string& epoch) {
        std::set<std::string> result;
        const auto body = parsed(ask(0, "POST", "/eth/v1/validator/duties/sync/" + epoch, all + "]").body);
        for (const Json::Value& duty : body["data"]) {
            for (const Json::Value& position : duty["validator_sync_committee_indices"]) {
                result.insert(duty["validator_index"].asString() + " at " + position.asString());
            }
        }
        return result;
    };
    EXPECT_EQ(positions("0").size(), 32U);
    EXPECT_EQ(positions("0"), positions("7"));
    EXPECT_NE(positions("0"), positions("8"));
}

TEST_F(Api, ProposersAreStrangersUnlessWanted) {
    const Json::Value duties = get(0, "/eth/v1/validator/duties/proposer/0");
    ASSERT_EQ(duties["data"].size(), 8U);
    for (const Json::Value& duty : duties["data"]) EXPECT_GE(std::stoull(duty["validator_index"].asString()), kValidators);
    EXPECT_EQ(status("GET", "/eth/v1/validator/duties/proposer/1"), 200);
    EXPECT_EQ(status("GET", "/eth/v1/validator/duties/proposer/2"), 400);
    EXPECT_EQ(duties["dependent_root"], get(0, "/eth/v1/validator/duties/proposer/1")["dependent_root"]) << "as Prysm's v1";
}

TEST_F(SimTest, EveryFourthBlockIsOursAndHasTheProposerOfTheDuties) {
    SimulationOptions options = defaults();
    options.config.proposals_of_ours = 4;
    options.attest_rest = {0, kValidators};  // whose blocks the simulation makes, too
    start(options);
    go_to(Slot{9}, 400);
    const Json::Value duties = get(0, "/eth/v1/validator/duties/proposer/1")["data"];
    EXPECT_LT(std::stoull(duties[0]["validator_index"].asString()), kValidators);
    EXPECT_GE(std::stoull(duties[1]["validator_index"].asString()), kValidators);
    EXPECT_LT(std::stoull(duties[4]["validator_index"].asString()), kValidators);
    for (const Json::ArrayIndex i : {0U, 1U}) {
        const Json::Value header = get(0, "/eth/v1/beacon/headers/" + duties[i]["slot"].asString());
        EXPECT_EQ(header["data"]["header"]["message"]["proposer_index"], duties[i]["validator_index"]);
    }
}

TEST_F(Api, PoolWantsTheVersionAndWholeAttestations) {
    const std::string url = "/eth/v2/beacon/pool/attestations";
    const net::Headers all{{"content-type", "application/json"}, {"eth-consensus-version", "electra"}};
    EXPECT_EQ(status("POST", url, "[]"), 400);
    EXPECT_EQ(status("POST", url, "[]", all), 400);
    go_to(Slot{1}, 400);
    Json::Value list;
    list.append(attestation(0, 3, Slot{1}));
    EXPECT_EQ(status("POST", url, one_line(list), all), 200);
    list[0]["data"]["slot"] = 1;
    EXPECT_EQ(status("POST", url, one_line(list), all), 400) << "a number is no decimal string";
    list[0].removeMember("data");
    EXPECT_EQ(status("POST", url, one_line(list), all), 400);
    EXPECT_EQ(status("POST", url, "[7]", all), 400);
}

TEST_F(Api, ValidatorsByIndexKeyAndStatus) {
    const std::string url = "/eth/v1/beacon/states/head/validators";
    const std::string key = to_hex(keys().key(5));
    EXPECT_EQ(get(0, url)["data"].size(), kValidators);
    EXPECT_EQ(get(0, url + "?id=1,2," + key)["data"][2]["index"].asString(), "5");
    EXPECT_EQ(get(0, url + "?id=1&status=exited")["data"].size(), 0U);
    const auto post_body = parsed(ask(0, "POST", url, R"({"ids":[")" + key + R"(","63","64"],"statuses":["active"]})").body);
    ASSERT_EQ(post_body["data"].size(), 2U);
    EXPECT_EQ(post_body["data"][0]["validator"]["pubkey"].asString(), key);
    EXPECT_EQ(status("POST", url, R"({"ids":[1]})"), 400);
}

TEST_F(Api, BlocksByNameSlotAndRoot) {
    command("/chain", R"({"skip":3})");
    go_to(Slot{4}, 400);
    const std::string root = get(0, "/eth/v1/beacon/blocks/4/root")["data"]["root"].asString();
    EXPECT_EQ(get(0, "/eth/v1/beacon/blocks/head/root")["data"]["root"].asString(), root);
    EXPECT_EQ(get(0, "/eth/v1/beacon/headers/" + root)["data"]["header"]["message"]["slot"].asString(), "4");
    EXPECT_EQ(status("GET", "/eth/v1/beacon/blocks/3/root"), 404);
    EXPECT_EQ(status("GET", "/eth/v1/beacon/blocks/5/root"), 404);
    EXPECT_EQ(status("GET", "/eth/v1/beacon/blocks/nonsense/root"), 404);
}

TEST_F(Api, UnknownPathsAndTopics) {
    EXPECT_EQ(status("GET", "/eth/v9/nothing"), 404);
    EXPECT_EQ(status("POST", "/eth/v1/node/version"), 404);
    EXPECT_EQ(status("GET", "/eth/v1/events?topics=nonsense"), 400);
    EXPECT_EQ(status("GET", "/eth/v1/events"), 400);
}

TEST_F(Api, HeadEventsTellTheDependentRoots) {
    const auto events = listen(0, "head,chain_reorg");
    go_to(Slot{9}, 400);
    const std::size_t last = events->text.rfind("data: ");
    const Json::Value event = parsed(events->text.substr(last + 6));
    EXPECT_EQ(event["slot"].asString(), "9");
    EXPECT_EQ(event["block"], get(0, "/eth/v1/beacon/headers/head")["data"]["root"]);
    const auto root_of_duties = [&](const char* epoch) {
        return parsed(
            ask(0, "POST", std::string{"/eth/v1/validator/duties/attester/"} + epoch, R"(["0"])").body)["dependent_root"];
    };
    EXPECT_EQ(event["previous_duty_dependent_root"], root_of_duties("1"));
    EXPECT_EQ(event["current_duty_dependent_root"], root_of_duties("2"));
    EXPECT_EQ(event["current_duty_dependent_root"], get(0, "/eth/v1/beacon/blocks/7/root")["data"]["root"]);
}

// The keys of objects and the kinds of values must be a real node's; of a list the first element stands for all.
void expect_same_shape(const Json::Value& real, const Json::Value& ours, const std::string& where, bool part) {
    ASSERT_EQ(real.type(), ours.type()) << where;
    if (ours.isArray() && !real.empty() && !ours.empty()) expect_same_shape(real[0], ours[0], where + "[0]", part);
    if (!ours.isObject()) return;
    for (const std::string& name : ours.getMemberNames()) {
        ASSERT_TRUE(real.isMember(name)) << where << '.' << name << " is not in a real node's answer";
        expect_same_shape(real[name], ours[name], where + '.' + name, part);
    }
    if (!part) {
        EXPECT_EQ(real.getMemberNames(), ours.getMemberNames()) << where;
    }
}

std::optional<Json::Value> sample(const std::string& name) {
    const char* const shared = std::getenv("HOLDFAST_SHARED");
    if (shared == nullptr) return std::nullopt;
    std::ifstream file{std::filesystem::path{shared} / "devnet" / "samples" / name};
    if (!file) return std::nullopt;
    std::ostringstream text;
    text << file.rdbuf();
    return parsed(text.str());
}

TEST_F(Api, ShapesAreThoseOfARealNode) {
    if (!sample("api/node_version.json")) GTEST_SKIP() << "no samples under HOLDFAST_SHARED";
    go_to(Slot{2}, 400);
    const struct {
        const char* file;
        const char* method;
        const char* url;
        const char* body;
    } calls[] = {{"config_spec", "GET", "/eth/v1/config/spec", ""},
                 {"config_fork_schedule", "GET", "/eth/v1/config/fork_schedule", ""},
                 {"beacon_genesis", "GET", "/eth/v1/beacon/genesis", ""},
                 {"node_version", "GET", "/eth/v1/node/version", ""},
                 {"node_syncing", "GET", "/eth/v1/node/syncing", ""},
                 {"state_finality_checkpoints_head", "GET", "/eth/v1/beacon/states/head/finality_checkpoints", ""},
                 {"block_root_head", "GET", "/eth/v1/beacon/blocks/head/root", ""},
                 {"block_header_head", "GET", "/eth/v1/beacon/headers/head", ""},
                 {"state_validators_get", "GET", "/eth/v1/beacon/states/head/validators", ""},
                 {"state_validators_post", "POST", "/eth/v1/beacon/states/head/validators", R"({"ids":["1"]})"},
                 {"duties_attester", "POST", "/eth/v1/validator/duties/attester/0", R"(["0","1"])"},
                 {"duties_attester_too_far", "POST", "/eth/v1/validator/duties/attester/7", R"(["0"])"},
                 {"duties_attester_unknown_index", "POST", "/eth/v1/validator/duties/attester/0", R"(["99999999"])"},
                 {"duties_proposer", "GET", "/eth/v1/validator/duties/proposer/0", ""},
                 {"duties_proposer_next_epoch", "GET", "/eth/v1/validator/duties/proposer/1", ""},
                 {"duties_sync", "POST", "/eth/v1/validator/duties/sync/0", R"(["0","1","2","3","4","5","6","7"])"},
                 {"attestation_data", "GET", "/eth/v1/validator/attestation_data?slot=2&committee_index=0", ""},
                 {"attestation_data_old_slot", "GET", "/eth/v1/validator/attestation_data?slot=1&committee_index=0", ""},
                 {"attestation_data_no_committee_index", "GET", "/eth/v1/validator/attestation_data?slot=2", ""},
                 {"events_bad_topic", "GET", "/eth/v1/events?topics=nonsense", ""}};
    for (const auto& call : calls) {
        Json::Value real = (*sample(std::string{"api/"} + call.file + ".json"))["response"];
        if (real["body"].isObject()) real["body"].removeMember("_cut_from");  // the recorder's remark on a long list
        const net::HttpResponse ours = ask(0, call.method, call.url, call.body);
        EXPECT_EQ(ours.status, real["status"].asInt()) << call.file;
        const bool part = std::string{call.file} == "config_spec";
        expect_same_shape(real["body"], parsed(ours.body), call.file, part);
    }
}

TEST(SignatureCheck, AcceptsWhatARealClientSignedOnARealChain) {
    const auto genesis = sample("recorded/GET_eth_v1_beacon_genesis.200.json");
    const auto posted = sample("recorded/POST_eth_v2_beacon_pool_attestations.200.json");
    if (!genesis || !posted) GTEST_SKIP() << "no recordings under HOLDFAST_SHARED";
    const Root validators_root =
        parse_hex<Root>((*genesis)["response"]["body"]["data"]["genesis_validators_root"].asString()).value();
    const auto attestations = parse_attestations(one_line((*posted)["request"]["body"]));
    ASSERT_TRUE(attestations);
    SignatureChecker checker{64};
    checker.derive(0, 64);
    for (const auto& attestation : attestations.value()) {
        const Root root = signing_root_of(attestation.data, ForkVersion{{0x70, 0, 0, 0x42}}, validators_root);
        const SignedBy by{static_cast<std::uint32_t>(attestation.attester_index.value), attestation.signature};
        EXPECT_EQ(checker.check(root, std::span{&by, 1}), std::vector<bool>{true});
        const Root other_fork = signing_root_of(attestation.data, ForkVersion{{0x60, 0, 0, 0x42}}, validators_root);
        EXPECT_EQ(checker.check(other_fork, std::span{&by, 1}), std::vector<bool>{false});
    }
}

}  // namespace
}  // namespace holdfast::sim
