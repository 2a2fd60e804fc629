// The simulation as a whole: clients' attestations through the nodes into blocks and the score; orders to the chain; every
// fault.
#include "tests/beacon_chain/sim_fixture.hpp"

namespace holdfast::sim {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
    return found;
}

class Run : public SimTest {
protected:
    std::string head_root(std::size_t node) { return get(node, "/eth/v1/beacon/headers/head")["data"]["root"].asString(); }
    Json::Value score_of(Slot slot) { return admin_get("/score?slot=" + to_string(slot)); }
};

TEST_F(Run, AClientThatDoesItsDutiesHasAPerfectScore) {
    SimulationOptions options = defaults();
    options.config.fulu_epoch = Epoch{1};  // the signatures cross a fork
    start(options);
    for (Slot slot{0}; slot < Slot{16}; ++slot) {
        go_to(slot, 400);
        attest(slot.value % 3, slot);
    }
    go_to(Slot{17}, 400);
    const Json::Value score = admin_get("/score?final");
    ASSERT_EQ(score["epochs"].size(), 2U);
    for (const char* figure : {"duties", "included", "right_source", "right_target", "right_head"}) {
        EXPECT_EQ(score["total"][figure].asUInt(), 2 * kValidators) << figure;
    }
    EXPECT_EQ(score["total"]["distance_max"].asUInt(), 1U);
    EXPECT_EQ(score["slashable_pairs"].asUInt(), 0U);
    EXPECT_TRUE(score["dropped"].empty());
}

TEST_F(Run, AWrongSignatureIsRefusedAndSaidSo) {
    start();
    go_to(Slot{2}, 400);
    const std::uint32_t who = 7;
    Json::Value list;
    list.append(attestation(0, who, Slot{2}));
    list[0]["signature"] = attestation(0, who + 1, Slot{2})["signature"];
    EXPECT_EQ(post(0, list).status, 200) << "a real node says 200 too";
    EXPECT_EQ(admin_get("/score")["dropped"]["invalid signature"].asUInt(), 1U);
}

TEST_F(Run, ArrivalsAreKeptForLatencyFigures) {
    start();
    const auto events = listen(0, "head");
    go_to(Slot{2}, 450);
    attest(1, Slot{2});
    attest(0, Slot{2});
    const Json::Value received = admin_get("/received?slot=2");
    EXPECT_EQ(received["head_event_sent_us"].asInt(), 300'000);
    EXPECT_EQ(received["last_attestation_us"].asInt(), 450'000);
    ASSERT_EQ(received["received"].size(), 8U) << "each once, by its first arrival";
    EXPECT_EQ(received["received"][0]["node"].asUInt(), 1U);
    EXPECT_EQ(received["received"][0]["after_head_event_us"].asInt(), 150'000);
    EXPECT_EQ(admin_get("/status")["duplicates"].asUInt(), 8U);
}

TEST_F(Run, TheSimulationAttestsForTheRestAndTheChainFinalises) {
    SimulationOptions options = defaults();
    options.attest_rest = {8, 56};
    start(options);
    go_to(Slot{33}, 400);
    const Json::Value status = admin_get("/status");
    EXPECT_EQ(status["justified"]["epoch"].asUInt(), 3U);
    EXPECT_EQ(status["finalised"]["epoch"].asUInt(), 2U);
    EXPECT_EQ(get(0, "/eth/v1/beacon/states/head/finality_checkpoints")["data"]["current_justified"]["epoch"].asString(), "3");
    EXPECT_EQ(data_of(0, Slot{33})["source"]["epoch"].asString(), "3");
    EXPECT_EQ(admin_get("/score?final")["epochs"][0]["duties"].asUInt(), 8U);
}

TEST_F(Run, EndsByItselfWhenTheEpochsAreScored) {
    SimulationOptions options = defaults();
    options.epochs = 2;
    start(options);
    go_to(Slot{17}, 200);
    EXPECT_EQ(tasks.size(), 1U);
    go_to(Slot{18}, 100);
    EXPECT_EQ(tasks.size(), 0U);
    EXPECT_EQ(simulation->ledger().score(true)["epochs"].size(), 2U);
}

TEST_F(Run, SkippedAndLateBlocks) {
    start();
    command("/chain", R"({"skip":3})");
    command("/chain", R"({"late":5,"ms":1500})");
    go_to(Slot{3}, 1900);
    EXPECT_EQ(get(0, "/eth/v1/node/syncing")["data"]["head_slot"].asString(), "2");
    go_to(Slot{5}, 1400);
    EXPECT_EQ(get(0, "/eth/v1/node/syncing")["data"]["head_slot"].asString(), "4");
    go_to(Slot{5}, 1600);
    EXPECT_EQ(get(0, "/eth/v1/node/syncing")["data"]["head_slot"].asString(), "5");
    EXPECT_EQ(ask_any(*admin, "POST", "/chain", R"({"skip":5})").status, 400) << "it has begun";
    EXPECT_EQ(ask_any(*admin, "POST", "/chain", R"({"jump":9})").status, 400);
}

TEST_F(Run, ABlockLaterThanItsSlotIsLeftBehind) {
    start();
    command("/chain", R"({"late":5,"ms":2500})");
    go_to(Slot{7}, 400);
    EXPECT_EQ(ask(0, "GET", "/eth/v1/beacon/blocks/5/root").status, 404);
    EXPECT_EQ(ask(0, "GET", "/eth/v1/beacon/blocks/6/root").status, 200);
}

TEST_F(Run, AReorganisationIsToldAndChangesTheDutiesOfTheNextEpoch) {
    start();
    const auto events = listen(0, "head,chain_reorg");
    command("/chain", R"({"reorg":17,"depth":3})");
    go_to(Slot{16}, 400);
    const auto duties = [&] {
        return ask(0, "POST", "/eth/v1/validator/duties/attester/3", R"(["0","1","2","3","4","5","6","7"])").body;
    };
    const std::string before = duties();
    go_to(Slot{17}, 400);
    EXPECT_NE(parsed(before)["dependent_root"], parsed(duties())["dependent_root"]);
    EXPECT_NE(parsed(before)["data"], parsed(duties())["data"]);
    ASSERT_EQ(count(events->text, "event: chain_reorg"), 1U);
    const std::size_t reorg = events->text.find("event: chain_reorg\ndata: ");
    const Json::Value event = parsed(events->text.substr(reorg + 25, events->text.find('\n', reorg + 25) - reorg - 25));
    EXPECT_EQ(event["slot"].asString(), "17");
    EXPECT_EQ(event["depth"].asString(), "3");
    EXPECT_EQ(event["new_head_block"].asString(), head_root(0));
}

TEST_F(Run, NodesThatLagSeeTheBlockLater) {
    SimulationOptions options = defaults();
    options.node_lag_ms = 60;
    start(options);
    go_to(Slot{2}, 330);
    EXPECT_NE(head_root(0), head_root(1));
    go_to(Slot{2}, 400);
    EXPECT_EQ(head_root(0), head_root(1));
    EXPECT_NE(head_root(0), head_root(2));
    faults(1, R"({"lag_ms":500})");
    go_to(Slot{3}, 430);
    EXPECT_EQ(head_root(0), head_root(2));
    EXPECT_NE(head_root(0), head_root(1));
}

class Fault : public Run {
protected:
    void SetUp() override {
        start();
        go_to(Slot{4}, 400);
    }
};

TEST_F(Fault, LatencyDelaysTheAnswer) {
    faults(1, R"({"latency_ms":500})");
    const Replies reply = ask_later(simulation->node(1), "GET", "/eth/v1/node/syncing");
    time.advance(std::chrono::milliseconds{499});
    EXPECT_FALSE(reply->has_value());
    time.advance(std::chrono::milliseconds{1});
    EXPECT_TRUE(reply->has_value());
}

TEST_F(Fault, AHangingNodeAnswersNothingUntilItIsHealedAndThenDropsTheConnection) {
    faults(1, R"({"hang":true})");
    const Replies reply = ask_later(simulation->node(1), "GET", "/eth/v1/node/syncing");
    time.advance(std::chrono::seconds{100});
    EXPECT_FALSE(reply->has_value());
    faults(1, "{}");
    ASSERT_TRUE(reply->has_value());
    EXPECT_TRUE(std::holds_alternative<net::DropConnection>(**reply));
    EXPECT_EQ(ask(1, "GET", "/eth/v1/node/syncing").status, 200);
}

TEST_F(Fault, Errors) {
    faults(1, R"({"error_percent":100})");
    EXPECT_EQ(ask(1, "GET", "/eth/v1/node/syncing").status, 500);
    EXPECT_EQ(ask(0, "GET", "/eth/v1/node/syncing").status, 200);
}

TEST_F(Fault, Garbage) {
    const std::string sane = ask(1, "GET", "/eth/v1/config/spec").body;
    faults(1, R"({"garbage":true})");
    for (int i = 0; i < 10; ++i) {
        const net::HttpResponse response = ask(1, "GET", "/eth/v1/config/spec");
        EXPECT_EQ(response.status, 200);
        EXPECT_NE(response.body, sane);
    }
}

TEST_F(Fault, AWrongHeadIsNobodyElses) {
    faults(1, R"({"wrong_head":true})");
    const auto events = listen(1, "head");
    EXPECT_NE(data_of(1, Slot{4})["beacon_block_root"], data_of(0, Slot{4})["beacon_block_root"]);
    EXPECT_EQ(data_of(1, Slot{4})["target"], data_of(0, Slot{4})["target"]);
    go_to(Slot{5}, 400);
    EXPECT_NE(events->text.find(data_of(1, Slot{5})["beacon_block_root"].asString()), std::string::npos)
        << "its events agree with it";
}

TEST_F(Fault, WrongCheckpoints) {
    faults(1, R"({"wrong_checkpoints":true})");
    const Json::Value wrong = data_of(1, Slot{4});
    const Json::Value right = data_of(0, Slot{4});
    EXPECT_EQ(wrong["beacon_block_root"], right["beacon_block_root"]);
    EXPECT_NE(wrong["target"]["root"], right["target"]["root"]);
    EXPECT_NE(wrong["source"]["root"], right["source"]["root"]);
    EXPECT_EQ(wrong["source"]["epoch"], right["source"]["epoch"]);
    EXPECT_NE(get(1, "/eth/v1/beacon/states/head/finality_checkpoints")["data"],
              get(0, "/eth/v1/beacon/states/head/finality_checkpoints")["data"]);
}

TEST_F(Fault, AStaleHeadClaimsToBeSyncedAndCatchesUpWhenHealed) {
    faults(1, R"({"stale_head":true})");
    go_to(Slot{8}, 400);
    EXPECT_EQ(get(1, "/eth/v1/node/syncing")["data"]["head_slot"].asString(), "4");
    EXPECT_FALSE(get(1, "/eth/v1/node/syncing")["data"]["is_syncing"].asBool());
    EXPECT_EQ(data_of(1, Slot{8})["beacon_block_root"], get(0, "/eth/v1/beacon/blocks/4/root")["data"]["root"]);
    faults(1, "{}");
    EXPECT_EQ(head_root(1), head_root(0));
}

TEST_F(Fault, AHeadMayBeStaleForManyEpochs) {
    const std::string stale = head_root(1);
    faults(1, R"({"stale_head":true})");
    go_to(Slot{70}, 400);
    EXPECT_EQ(data_of(1, Slot{70})["beacon_block_root"].asString(), stale);
    EXPECT_EQ(data_of(1, Slot{70})["target"]["root"].asString(), stale);
}

TEST_F(Fault, TheFirstAnswerOfASlotIsFrozen) {
    faults(1, R"({"freeze_attestation_data":true})");
    go_to(Slot{5}, 100);
    const Json::Value early = data_of(1, Slot{5});
    go_to(Slot{5}, 400);
    EXPECT_EQ(data_of(1, Slot{5}), early);
    EXPECT_NE(data_of(0, Slot{5}), early);
    go_to(Slot{6}, 400);
    EXPECT_EQ(data_of(1, Slot{6}), data_of(0, Slot{6}));
}

TEST_F(Fault, WhatIsDroppedIsNotReceived) {
    faults(1, R"({"drop_posts":true})");
    attest(1, Slot{4});
    EXPECT_TRUE(admin_get("/received?slot=4")["received"].empty());
    go_to(Slot{5}, 400);
    const Json::Value score = score_of(Slot{4});
    EXPECT_EQ(score["duties"].asUInt(), 8U);
    EXPECT_EQ(score["included"].asUInt(), 0U);
    EXPECT_EQ(score["missed"][0]["why"].asString(), "never received");
}

TEST_F(Fault, NoEvents) {
    faults(1, R"({"no_events":true})");
    const auto events = listen(1, "head");
    go_to(Slot{6}, 400);
    EXPECT_EQ(count(events->text, "event: head"), 0U);
}

TEST_F(Fault, EventsTwice) {
    faults(1, R"({"duplicate_events":true})");
    const auto events = listen(1, "head");
    go_to(Slot{5}, 400);
    EXPECT_EQ(count(events->text, "event: head"), 2U);
}

TEST_F(Fault, LateEvents) {
    faults(1, R"({"late_events_ms":400})");
    const auto events = listen(1, "head");
    go_to(Slot{5}, 690);
    EXPECT_EQ(count(events->text, "event: head"), 0U);
    EXPECT_EQ(get(1, "/eth/v1/node/syncing")["data"]["head_slot"].asString(), "5");
    go_to(Slot{5}, 710);
    EXPECT_EQ(count(events->text, "event: head"), 1U);
}

TEST_F(Fault, AnOptimisticNodeSaysSoAndGivesNoData) {
    faults(1, R"({"optimistic":true})");
    EXPECT_TRUE(get(1, "/eth/v1/node/syncing")["data"]["is_optimistic"].asBool());
    EXPECT_EQ(ask(1, "GET", "/eth/v1/validator/attestation_data?committee_index=0&slot=4").status, 503);
}

TEST_F(Fault, AForeignGenesis) {
    faults(1, R"({"foreign_genesis":true})");
    EXPECT_NE(get(1, "/eth/v1/beacon/genesis")["data"]["genesis_validators_root"],
              get(0, "/eth/v1/beacon/genesis")["data"]["genesis_validators_root"]);
}

TEST_F(Fault, TheAdminSaysWhatItDoesNotUnderstand) {
    for (const char* body :
         {R"({"node":3,"faults":{}})", R"({"faults":{}})", R"({"node":0,"faults":{"hangs":true}})",
          R"({"node":0,"faults":{"hang":1}})", R"({"node":0,"faults":{"latency_ms":-1}})", R"({"node":0,"faults":[]})", "x"}) {
        EXPECT_EQ(ask_any(*admin, "POST", "/faults", body).status, 400) << body;
    }
    EXPECT_EQ(ask_any(*admin, "GET", "/received?slot=x").status, 400);
    EXPECT_EQ(ask_any(*admin, "GET", "/nothing").status, 404);
    faults(1, R"({"hang":true,"latency_ms":5})");
    EXPECT_EQ(one_line(admin_get("/status")["nodes"][1]["faults"]), R"({"hang":true,"latency_ms":5})");
}

}  // namespace
}  // namespace holdfast::sim
