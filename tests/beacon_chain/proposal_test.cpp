// Blocks of clients: made by nodes, verified, and then the chain's.
#include "tests/beacon_chain/client.hpp"

namespace holdfast::sim {
namespace {

using Proposals = ClientTest;

TEST_F(Proposals, APostedBlockIsTheChains) {
    start(proposing());
    go_to(Slot{1}, 50);
    const Object block = produced(0, Slot{1});
    EXPECT_EQ(block.find({"parent_root"}).as_bytes<Root>(), simulation->chain().genesis().root);
    EXPECT_EQ(block.find({"body", "graffiti"}).as_bytes<Root>(), (Root{{'h', 'i'}}));
    EXPECT_EQ(simulation->head().slot, Slot{0});
    EXPECT_EQ(propose(0, Slot{1}), 200);
    EXPECT_EQ(simulation->head().root, block.root());
    EXPECT_EQ(get(0, "/eth/v1/beacon/blocks/head/root")["data"]["root"], to_hex(block.root()));
    EXPECT_EQ(get(0, "/eth/v1/beacon/headers/head")["data"]["header"]["message"]["proposer_index"],
              std::to_string(proposer(Slot{1})));
    go_to(Slot{1}, 400);
    EXPECT_EQ(get(2, "/eth/v1/beacon/blocks/head/root")["data"]["root"], to_hex(block.root())) << "the others have it, too";
    go_to(Slot{3}, 0);
    EXPECT_EQ(kinds(Slot{1})["proposal"]["accepted"], 1);
    EXPECT_EQ(kinds(Slot{1})["proposal"]["expected"], 1);
}

TEST_F(Proposals, WithoutABlockItIsMissed) {
    start(proposing());
    go_to(Slot{3}, 0);
    EXPECT_EQ(simulation->head().slot, Slot{0});
    EXPECT_EQ(kinds(Slot{1})["proposal"]["accepted"], 0);
    EXPECT_EQ(kinds(Slot{1})["proposal"]["missed"][0]["why"], "never received");
}

TEST_F(Proposals, WhatIsWrongIsRefused) {
    start(proposing());
    go_to(Slot{1}, 50);
    const Object block = produced(0, Slot{1});
    const std::string url = "/eth/v2/beacon/blocks";
    const Signature right = sign_as(proposer(Slot{1}), block.root(), Purpose::kProposer, Slot{1});
    const Signature other = sign_as(proposer(Slot{1}) + 1, block.root(), Purpose::kProposer, Slot{1});
    EXPECT_EQ(post_ssz(0, url, signed_contents(block, other), Slot{1}), 400) << "another one's signature";
    EXPECT_EQ(
        post_ssz(0, url, signed_contents(block, sign_as(proposer(Slot{1}), block.root(), Purpose::kRandao, Slot{1})), Slot{1}),
        400)
        << "another domain";
    Object changed = block;
    changed.bytes[48] ^= 1U;  // in its state root
    const Signature of_changed = sign_as(proposer(Slot{1}), changed.root(), Purpose::kProposer, Slot{1});
    EXPECT_EQ(post_ssz(0, url, signed_contents(changed, of_changed), Slot{1}), 400) << "no node has made it";
    EXPECT_EQ(simulation->head().slot, Slot{0});
    EXPECT_EQ(post_ssz(0, url, signed_contents(block, right), Slot{1}), 200);
    EXPECT_EQ(post_ssz(1, url, signed_contents(block, right), Slot{1}), 200) << "the same to another node";
}

TEST_F(Proposals, AWrongRandaoRevealIsRefused) {
    start(proposing());
    go_to(Slot{1}, 50);
    const std::string url = "/eth/v3/validator/blocks/1?randao_reveal=" + to_hex(sign_as(0, Root{}, Purpose::kRandao, Slot{1}));
    const net::HttpResponse response = ask(0, "GET", url, {}, {{"accept", "application/octet-stream"}});
    const Object contents{types(Slot{1}).block_contents, Bytes(response.body.begin(), response.body.end())};
    const Object block{types(Slot{1}).block, copy(contents.find({"block"}))};
    const Signature signature = sign_as(proposer(Slot{1}), block.root(), Purpose::kProposer, Slot{1});
    EXPECT_EQ(post_ssz(0, "/eth/v2/beacon/blocks", signed_contents(block, signature), Slot{1}), 400);
}

TEST_F(Proposals, TwoSignedBlocksOfASlotAreSlashable) {
    start(proposing());
    go_to(Slot{1}, 50);
    EXPECT_EQ(propose(0, Slot{1}), 200);
    // Node 2 has not seen it yet and would make another.
    EXPECT_EQ(propose(2, Slot{1}), 400);
    EXPECT_EQ(admin_get("/score")["slashable_pairs"], 1);
    EXPECT_EQ(admin_get("/score")["slashable"][0]["kind"], "double proposal");
}

TEST_F(Proposals, ALateBlockIsNotTheChains) {
    start(proposing());
    go_to(Slot{1}, 50);
    const Object block = produced(0, Slot{1});
    go_to(Slot{2}, 10);
    const Signature signature = sign_as(proposer(Slot{1}), block.root(), Purpose::kProposer, Slot{1});
    EXPECT_EQ(post_ssz(0, "/eth/v2/beacon/blocks", signed_contents(block, signature), Slot{1}), 202);
    EXPECT_EQ(simulation->head().slot, Slot{0});
}

TEST_F(Proposals, NodesMakeDifferentBlocksWithTheirValues) {
    start(proposing());
    go_to(Slot{1}, 50);
    EXPECT_NE(produced(0, Slot{1}).root(), produced(1, Slot{1}).root());
    const Json::Value one = get(0, block_url(Slot{1}));
    const Json::Value other = get(1, block_url(Slot{1}));
    EXPECT_EQ(one["version"], "electra");
    EXPECT_EQ(one["execution_payload_blinded"], false);
    EXPECT_NE(one["consensus_block_value"], other["consensus_block_value"]);
    EXPECT_EQ(one["data"]["block"]["slot"], "1");
    const auto back = from_json(types(Slot{1}).block_contents, one["data"]);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(copy(back.value().find({"block"})), produced(0, Slot{1}).bytes);
}

TEST_F(Proposals, ABuildersBlockIsBlindedAndHasTheSameRoot) {
    SimulationOptions options = proposing();
    options.builder_every = 1;
    start(options);
    go_to(Slot{1}, 50);
    const net::HttpResponse response = ask(0, "GET", block_url(Slot{1}), {}, {{"accept", "application/octet-stream"}});
    EXPECT_EQ(net::find_header(response.headers, "eth-execution-payload-blinded"), "true");
    const auto block = Object::make(types(Slot{1}).blinded_block, Bytes(response.body.begin(), response.body.end()));
    ASSERT_TRUE(block) << block.error().message;
    const Signature signature = sign_as(proposer(Slot{1}), block.value().root(), Purpose::kProposer, Slot{1});
    const Object signed_block{types(Slot{1}).signed_blinded_block,
                              container(*types(Slot{1}).signed_blinded_block,
                                        {{"message", block.value().bytes}, {"signature", bytes_of(signature)}})};
    EXPECT_EQ(post_ssz(0, "/eth/v2/beacon/blinded_blocks", signed_block, Slot{1}), 200);
    EXPECT_EQ(simulation->head().root, block.value().root());
    const net::HttpResponse full = ask(0, "GET", "/eth/v2/beacon/blocks/1", {}, {{"accept", "application/octet-stream"}});
    const auto whole = Object::make(types(Slot{1}).signed_block, Bytes(full.body.begin(), full.body.end()));
    ASSERT_TRUE(whole) << whole.error().message;
    const Part message = whole.value().find({"message"});
    EXPECT_EQ(hash_tree_root(*message.type, message.bytes), block.value().root());
}

TEST_F(Proposals, PayeesAreThoseThatTheNodeWasTold) {
    start(proposing());
    go_to(Slot{1}, 50);
    const auto payee = [&](std::size_t node) {
        return to_hex(produced(node, Slot{1}).find({"body", "execution_payload", "fee_recipient"}).as_bytes<Address>());
    };
    EXPECT_EQ(payee(0), to_hex(Address{}));
    Json::Value list;
    list[0]["validator_index"] = std::to_string(proposer(Slot{1}));
    list[0]["fee_recipient"] = to_hex(Address{{7}});
    EXPECT_EQ(post_json(0, "/eth/v1/validator/prepare_beacon_proposer", list, Slot{1}), 200);
    EXPECT_EQ(payee(0), to_hex(Address{{7}}));
    faults(0, R"({"foreign_payee":true})");
    EXPECT_NE(payee(0), to_hex(Address{{7}}));
    faults(0, R"({"wrong_block":true})");
    EXPECT_NE(produced(0, Slot{1}).find({"proposer_index"}).as_uint(), proposer(Slot{1}));
}

TEST_F(Proposals, AttestationsAreReallyInTheBlocks) {
    start();
    go_to(Slot{1}, 400);
    attest(0, Slot{1});
    go_to(Slot{2}, 400);
    const Json::Value block = get(0, "/eth/v2/beacon/blocks/2")["data"]["message"];
    ASSERT_EQ(block["body"]["attestations"].size(), 1U);
    const Json::Value& included = block["body"]["attestations"][0];
    EXPECT_EQ(included["data"]["slot"], "1");
    EXPECT_EQ(included["committee_bits"], "0x03");
    EXPECT_EQ(included["aggregation_bits"], "0xff01") << "eight votes in two committees of four";
}

}  // namespace
}  // namespace holdfast::sim
