// Gloas: blocks with bids, envelopes, the payload timeliness committee and preferences, as a node verifies them.
#include "tests/beacon_chain/client.hpp"

namespace holdfast::sim {
namespace {

class Payloads : public ClientTest {
protected:
    static SimulationOptions gloas() {
        SimulationOptions options = proposing();
        options.config.fulu_epoch = Epoch{0};
        options.config.gloas_epoch = Epoch{0};
        return options;
    }
    // The block with its envelope that node 0 makes; the block is signed and posted.
    void propose_v4() {
        const net::HttpResponse response =
            ask(0, "GET", block_url(Slot{1}, "v4"), {}, {{"accept", "application/octet-stream"}});
        ASSERT_EQ(response.status, 200) << response.body;
        EXPECT_EQ(net::find_header(response.headers, "eth-execution-payload-included"), "true");
        const ethereum::BlockTypes& all = types(Slot{1});
        const Object object = Object::make(all.block_contents, Bytes(response.body.begin(), response.body.end())).value();
        block = {all.block, copy(object.find({"block"}))};
        envelope = {all.execution_payload_envelope, copy(object.find({"execution_payload_envelope"}))};
        const Signature signature = sign_as(proposer(Slot{1}), block.root(), Purpose::kProposer, Slot{1});
        const Object signed_block{all.signed_block,
                                  container(*all.signed_block, {{"message", block.bytes}, {"signature", bytes_of(signature)}})};
        ASSERT_EQ(post_ssz(0, "/eth/v2/beacon/blocks", signed_block, Slot{1}), 200);
    }
    int post_envelope(Purpose purpose = Purpose::kEnvelope) {
        const ethereum::BlockTypes& all = types(Slot{1});
        const Signature signature = sign_as(proposer(Slot{1}), envelope.root(), purpose, Slot{1});
        const Bytes signed_envelope = container(*all.signed_execution_payload_envelope,
                                                {{"message", envelope.bytes}, {"signature", bytes_of(signature)}});
        const Bytes body = container(*all.signed_envelope_contents, {{"signed_execution_payload_envelope", signed_envelope}});
        return ask(0, "POST", "/eth/v1/beacon/execution_payload_envelopes", std::string(body.begin(), body.end()),
                   {{"content-type", "application/octet-stream"},
                    {"eth-consensus-version", "gloas"},
                    {"eth-blob-data-included", "true"}})
            .status;
    }
    std::vector<std::uint64_t> committee() { return simulation->desk().payloads().committee(simulation->head(), Slot{1}); }
    Json::Value payload_attestation(std::uint64_t validator, bool present) {
        const ethereum::PayloadAttestationData data{block.root(), Slot{1}, present, present};
        Json::Value json;
        json["validator_index"] = std::to_string(validator);
        json["data"]["beacon_block_root"] = to_hex(data.beacon_block_root);
        json["data"]["slot"] = "1";
        json["data"]["payload_present"] = present;
        json["data"]["blob_data_available"] = present;
        json["signature"] = to_hex(sign_as(validator, root_of(data), Purpose::kPayloadAttestation, Slot{1}));
        return json;
    }

    Object block;
    Object envelope;
};

TEST_F(Payloads, AnEnvelopeRevealsThePayload) {
    start(gloas());
    go_to(Slot{1}, 50);
    const auto events = listen(0, "head,head_v2,execution_payload_available");
    propose_v4();
    time.advance(Duration{0});
    EXPECT_NE(events->text.find(R"("payload_status":"empty")"), std::string::npos) << events->text;
    EXPECT_EQ(post_envelope(Purpose::kProposer), 400) << "another domain";
    EXPECT_EQ(post_envelope(), 200);
    time.advance(Duration{0});
    EXPECT_NE(events->text.find(R"("payload_status":"full")"), std::string::npos) << events->text;
    EXPECT_NE(events->text.find("event: execution_payload_available"), std::string::npos);
    EXPECT_TRUE(simulation->head().payload);
    go_to(Slot{3}, 0);
    EXPECT_EQ(kinds(Slot{1})["envelope"]["accepted"], 1);
    EXPECT_EQ(kinds(Slot{1})["envelope"]["right"], 1);
}

TEST_F(Payloads, WithoutItsEnvelopeABlockIsEmptyAndTheIndexSaysSo) {
    start(gloas());
    go_to(Slot{1}, 50);
    propose_v4();
    EXPECT_EQ(data_of(0, Slot{1})["index"], "0");
    go_to(Slot{2}, 400);
    EXPECT_EQ(data_of(0, Slot{2})["index"], "0");
    go_to(Slot{3}, 0);
    EXPECT_EQ(kinds(Slot{1})["envelope"]["accepted"], 0);
    EXPECT_EQ(kinds(Slot{1})["envelope"]["missed"][0]["why"], "never received");
}

TEST_F(Payloads, AfterTheBlocksSlotTheIndexIsOneForAFullBlock) {
    start(gloas());
    go_to(Slot{1}, 50);
    propose_v4();
    EXPECT_EQ(post_envelope(), 200);
    EXPECT_EQ(data_of(0, Slot{1})["index"], "0");
    go_to(Slot{2}, 400);
    EXPECT_EQ(data_of(0, Slot{2})["index"], "1");
    faults(1, R"({"wrong_payload":true})");
    EXPECT_EQ(data_of(1, Slot{2})["index"], "0");
}

TEST_F(Payloads, AnEnvelopeThatComesTooLateRevealsNothing) {
    start(gloas());
    go_to(Slot{1}, 50);
    propose_v4();
    go_to(Slot{1}, 1100);
    EXPECT_EQ(post_envelope(), 200);
    EXPECT_FALSE(simulation->head().payload);
    go_to(Slot{3}, 0);
    EXPECT_EQ(kinds(Slot{1})["envelope"]["right"], 0);
}

TEST_F(Payloads, TheCommitteeSaysWhatItSaw) {
    start(gloas());
    go_to(Slot{1}, 50);
    const std::string url = "/eth/v1/validator/payload_attestation_data?slot=1";
    EXPECT_EQ(ask(0, "GET", url).status, 204) << "no block yet";
    propose_v4();
    EXPECT_EQ(post_envelope(), 200);
    EXPECT_EQ(get(0, url)["data"]["payload_present"], true);
    EXPECT_EQ(get(0, url)["data"]["beacon_block_root"], to_hex(block.root()));
    const std::vector<std::uint64_t> members = committee();
    ASSERT_GT(members.size(), 3U);
    Json::Value list;
    list.append(payload_attestation(members[0], true));
    list.append(payload_attestation(members[1], false));
    list.append(payload_attestation(members[2], true));
    list[2]["signature"] = list[0]["signature"];
    EXPECT_EQ(post_json(0, "/eth/v1/beacon/pool/payload_attestations", list, Slot{1}), 200);
    go_to(Slot{3}, 0);
    const Json::Value score = kinds(Slot{1})["payload_attestation"];
    EXPECT_EQ(score["expected"].asUInt(), members.size());
    EXPECT_EQ(score["accepted"], 2);
    EXPECT_EQ(score["right"], 1);
}

TEST_F(Payloads, DutiesOfTheCommitteeAreTold) {
    start(gloas());
    go_to(Slot{1}, 50);
    const std::uint64_t member = committee()[0];
    const net::HttpResponse response = ask(0, "POST", "/eth/v1/validator/duties/ptc/0", "[\"" + std::to_string(member) + "\"]");
    const Json::Value duties = parsed(response.body);
    ASSERT_EQ(duties["data"].size(), 1U);
    EXPECT_EQ(duties["data"][0]["slot"], "1");
    EXPECT_EQ(duties["data"][0]["validator_index"], std::to_string(member));
}

TEST_F(Payloads, PreferencesAreVerifiedAndSayWhoIsPaid) {
    start(gloas());
    go_to(Slot{1}, 50);
    const Slot slot{2};
    const Root dependent = simulation->chain().dependent_root(simulation->head(), Epoch{0});
    const auto preferences = [&](const Root& root, std::uint64_t signer) {
        const ethereum::ProposerPreferences message{root, slot, ValidatorIndex{proposer(slot)}, Address{{6}}, 50'000'000};
        Json::Value json;
        json["message"]["dependent_root"] = to_hex(root);
        json["message"]["proposal_slot"] = to_string(slot);
        json["message"]["validator_index"] = std::to_string(proposer(slot));
        json["message"]["fee_recipient"] = to_hex(message.fee_recipient);
        json["message"]["target_gas_limit"] = "50000000";
        json["signature"] = to_hex(sign_as(signer, root_of(message), Purpose::kPreferences, slot));
        Json::Value list;
        list.append(json);
        return list;
    };
    const std::string url = "/eth/v1/validator/proposer_preferences";
    EXPECT_EQ(post_json(0, url, preferences(Root{{1}}, proposer(slot)), Slot{1}), 200);
    EXPECT_EQ(post_json(0, url, preferences(dependent, proposer(slot) + 1), Slot{1}), 200);
    EXPECT_EQ(admin_get("/score")["counts"]["preferences with another dependent root"], 1);
    EXPECT_EQ(admin_get("/score")["counts"]["preferences with an invalid signature"], 1);
    EXPECT_FALSE(simulation->desk().preparation().preferred_payee(slot, ValidatorIndex{proposer(slot)}));
    EXPECT_EQ(post_json(0, url, preferences(dependent, proposer(slot)), Slot{1}), 200);
    EXPECT_EQ(simulation->desk().preparation().preferred_payee(slot, ValidatorIndex{proposer(slot)}), (Address{{6}}));
}

TEST_F(Payloads, BuildersRevealTheirPayloadsUnlessTheyWithhold) {
    SimulationOptions options = gloas();
    options.config.proposals_of_ours = 0;
    start(options);
    command("/chain", R"({"withhold":2})");
    go_to(Slot{1}, 900);
    EXPECT_TRUE(simulation->head().payload);
    go_to(Slot{2}, 900);
    EXPECT_EQ(simulation->head().slot, Slot{2});
    EXPECT_FALSE(simulation->head().payload);
}

TEST_F(Payloads, ABuildersBidComesWithoutAnEnvelope) {
    SimulationOptions options = gloas();
    options.builder_every = 1;
    start(options);
    go_to(Slot{1}, 50);
    const Json::Value answer = get(0, block_url(Slot{1}, "v4"));
    EXPECT_EQ(answer["execution_payload_included"], false);
    EXPECT_NE(answer["data"]["body"]["signed_execution_payload_bid"]["message"]["builder_index"], "18446744073709551615");
}

TEST_F(Payloads, TheForkComesInTheMiddleOfTheRun) {
    SimulationOptions options = gloas();
    options.config.gloas_epoch = Epoch{1};
    options.config.proposals_of_ours = 0;
    start(options);
    for (Slot slot{1}; slot < Slot{16}; ++slot) {
        go_to(slot, 700);
        attest(0, slot);
    }
    go_to(Slot{18}, 400);
    const Json::Value score = admin_get("/score");
    EXPECT_EQ(score["epochs"][1]["included"].asUInt64(), kValidators);
    EXPECT_EQ(score["epochs"][1]["right_head"].asUInt64(), kValidators);
    EXPECT_EQ(get(0, "/eth/v2/beacon/blocks/7")["version"], "fulu");
    EXPECT_EQ(get(0, "/eth/v2/beacon/blocks/8")["version"], "gloas");
}

}  // namespace
}  // namespace holdfast::sim
