// Aggregates, sync committees and what is told ahead, as a node verifies them.
#include "tests/beacon_chain/client.hpp"
#include "tests/beacon_chain/proposers.hpp"

namespace holdfast::sim {
namespace {

class CommitteeDuties : public ClientTest {
protected:
    void SetUp() override {
        start();
        go_to(Slot{1}, 400);
        head = simulation->head().root;
    }

    // Somebody who attests in slot 1.
    std::uint32_t attester() {
        for (std::uint32_t validator = 0;; ++validator) {
            if (duty(0, validator, Epoch{0})["slot"] == "1") return validator;
        }
    }
    Object signed_by(const ethereum::schema::TypePtr& type, const Object& message, std::uint64_t validator, Purpose purpose) {
        const Signature signature = sign_as(validator, message.root(), purpose, Slot{1});
        return {type, container(*type, {{"message", message.bytes}, {"signature", bytes_of(signature)}})};
    }
    Object aggregate(std::uint32_t aggregator) {
        const Root data_root = root_of(simulation->chain().attestation_data(simulation->head(), Slot{1}));
        const Json::Value given = get(0, "/eth/v2/validator/aggregate_attestation?slot=1&committee_index=" +
                                             duty(0, aggregator, Epoch{0})["committee_index"].asString() +
                                             "&attestation_data_root=" + to_hex(data_root));
        return from_json(types(Slot{1}).attestation, given["data"]).value();
    }
    int post_aggregate(const Object& aggregate, std::uint32_t aggregator, const Signature& proof,
                       Purpose purpose = Purpose::kAggregate) {
        const ethereum::BlockTypes& all = types(Slot{1});
        const Object message{all.aggregate_and_proof,
                             container(*all.aggregate_and_proof, {{"aggregator_index", number(aggregator)},
                                                                  {"aggregate", aggregate.bytes},
                                                                  {"selection_proof", bytes_of(proof)}})};
        const Object signed_message = signed_by(all.signed_aggregate_and_proof, message, aggregator, purpose);
        Json::Value list;
        list.append(to_json(*signed_message.type, signed_message.bytes));
        return post_json(0, "/eth/v2/validator/aggregate_and_proofs", list, Slot{1});
    }
    Json::Value aggregation_of(Slot slot) {
        go_to(slot + 2, 0);
        return kinds(slot)["aggregation"];
    }

    void post_sync_messages(const Root& block) {
        Json::Value list;
        for (std::uint32_t validator = 0; validator < kValidators; ++validator) {
            Json::Value message;
            message["slot"] = "1";
            message["beacon_block_root"] = to_hex(block);
            message["validator_index"] = std::to_string(validator);
            message["signature"] = to_hex(sign_as(validator, block, Purpose::kSyncMessage, Slot{1}));
            list.append(message);
        }
        EXPECT_EQ(post_json(0, "/eth/v1/beacon/pool/sync_committees", list, Slot{1}), 200);
    }
    Json::Value contribution_of(std::uint64_t subcommittee) {
        return get(0, "/eth/v1/validator/sync_committee_contribution?slot=1&subcommittee_index=" +
                          std::to_string(subcommittee) + "&beacon_block_root=" + to_hex(head))["data"];
    }
    int post_contribution(std::uint64_t aggregator, std::uint64_t subcommittee, std::uint64_t proof_of) {
        const ethereum::BlockTypes& all = types(Slot{1});
        const Object contribution = from_json(all.sync_contribution, contribution_of(subcommittee)).value();
        const Root selection = root_of(ethereum::SyncAggregatorSelectionData{Slot{1}, subcommittee});
        const Signature proof = sign_as(proof_of, selection, Purpose::kSyncSelection, Slot{1});
        const Object message{all.contribution_and_proof,
                             container(*all.contribution_and_proof, {{"aggregator_index", number(aggregator)},
                                                                     {"contribution", contribution.bytes},
                                                                     {"selection_proof", bytes_of(proof)}})};
        const Object signed_message = signed_by(all.signed_contribution_and_proof, message, aggregator, Purpose::kContribution);
        Json::Value list;
        list.append(to_json(*signed_message.type, signed_message.bytes));
        return post_json(0, "/eth/v1/validator/contribution_and_proofs", list, Slot{1});
    }

    Root head;
};

TEST_F(CommitteeDuties, AnAggregateOfAllVotesIsAccepted) {
    attest(0, Slot{1});
    const std::uint32_t aggregator = attester();
    const Object votes = aggregate(aggregator);
    EXPECT_EQ(copy(votes.find({"aggregation_bits"})), (Bytes{0x1F})) << "four votes";
    const Signature proof = sign_as(aggregator, root_of(1), Purpose::kSelection, Slot{1});
    EXPECT_EQ(post_aggregate(votes, aggregator, proof), 200);
    const Json::Value score = aggregation_of(Slot{1});
    EXPECT_EQ(score["expected"], 8) << "in committees of four all are aggregators";
    EXPECT_EQ(score["accepted"], 1);
}

TEST_F(CommitteeDuties, AggregatesThatAreWrongAreNot) {
    attest(0, Slot{1});
    const std::uint32_t aggregator = attester();
    const Object votes = aggregate(aggregator);
    const auto why = [&](const Object& what, const Signature& proof, Purpose purpose = Purpose::kAggregate) {
        EXPECT_EQ(post_aggregate(what, aggregator, proof, purpose), 200);
    };
    const Signature proof = sign_as(aggregator, root_of(1), Purpose::kSelection, Slot{1});
    why(votes, sign_as(aggregator, root_of(2), Purpose::kSelection, Slot{1}));
    why(votes, proof, Purpose::kAttester);
    Object fewer = votes;
    fewer.bytes.back() = 0x17;
    why(fewer, proof);
    EXPECT_EQ(aggregation_of(Slot{1})["accepted"], 0);
}

TEST_F(CommitteeDuties, TheAggregatedSignatureIsRight) {
    attest(0, Slot{1});
    const std::uint32_t validator = attester();
    const auto sum = aggregate(validator).find({"signature"}).as_bytes<Signature>();
    EXPECT_NE(sum, sum_of(std::vector<Signature>{})) << "not empty";
    std::vector<Signature> all;
    const ethereum::AttestationData data = simulation->chain().attestation_data(simulation->head(), Slot{1});
    const Root root = signing_root_of(data, fork_at(config(), Epoch{0}).version, genesis_validators_root_of(config()));
    const std::string committee = duty(0, validator, Epoch{0})["committee_index"].asString();
    for (std::uint32_t other = 0; other < kValidators; ++other) {
        const Json::Value its = duty(0, other, Epoch{0});
        if (its["slot"] == "1" && its["committee_index"] == committee) all.push_back(sign(interop_secret(other), root));
    }
    EXPECT_EQ(all.size(), 4U);
    EXPECT_EQ(sum, sum_of(all));
}

TEST_F(CommitteeDuties, SyncMessagesCountByTheirHead) {
    post_sync_messages(head);
    go_to(Slot{3}, 0);
    const Json::Value score = kinds(Slot{1})["sync_message"];
    EXPECT_EQ(score["accepted"], score["expected"]);
    EXPECT_EQ(score["right"], score["expected"]);
    EXPECT_GT(score["expected"].asUInt(), 10U);
}

TEST_F(CommitteeDuties, SyncMessagesForAnotherHeadAreNotRight) {
    post_sync_messages(Root{{9}});
    go_to(Slot{3}, 0);
    EXPECT_EQ(kinds(Slot{1})["sync_message"]["accepted"], kinds(Slot{1})["sync_message"]["expected"]);
    EXPECT_EQ(kinds(Slot{1})["sync_message"]["right"], 0);
}

TEST_F(CommitteeDuties, AContributionOfAllIsAccepted) {
    post_sync_messages(head);
    EXPECT_EQ(contribution_of(0)["aggregation_bits"], "0xff");
    const std::vector<ValidatorIndex> members = sync_committee(config(), Epoch{0});
    EXPECT_EQ(post_contribution(members[0].value, 0, members[0].value), 200);
    EXPECT_EQ(post_contribution(members[1].value, 0, members[0].value), 200) << "with another one's selection proof";
    go_to(Slot{3}, 0);
    const Json::Value score = kinds(Slot{1})["sync_contribution"];
    EXPECT_EQ(score["accepted"], 1);
    EXPECT_GT(score["expected"].asUInt(), 10U);
}

TEST_F(CommitteeDuties, RegistrationsAreVerified) {
    const auto registration = [&](std::uint64_t validator, std::uint64_t signer) {
        ethereum::ValidatorRegistration message{Address{{5}}, 30'000'000, 0, keys().key(validator)};
        Json::Value json;
        json["message"]["fee_recipient"] = to_hex(message.fee_recipient);
        json["message"]["gas_limit"] = std::to_string(message.gas_limit);
        json["message"]["timestamp"] = "0";
        json["message"]["pubkey"] = to_hex(message.pubkey);
        const Domains domains{config()};
        json["signature"] = to_hex(sign(interop_secret(signer), domains.builder_signing_root(root_of(message))));
        return json;
    };
    Json::Value list;
    list.append(registration(1, 1));
    list.append(registration(2, 1));
    EXPECT_EQ(post_json(0, "/eth/v1/validator/register_validator", list, Slot{1}), 200);
    const Json::Value score = admin_get("/score");
    EXPECT_EQ(score["registered"], 1);
    EXPECT_EQ(score["counts"]["registrations"], 1);
    EXPECT_EQ(score["counts"]["registration with an invalid signature"], 1);
}

TEST_F(CommitteeDuties, WhoAttestsIsLive) {
    attest(0, Slot{1});
    const std::uint32_t validator = attester();
    const auto live = [&](std::uint32_t index) {
        const net::HttpResponse response =
            ask(1, "POST", "/eth/v1/validator/liveness/0", "[\"" + std::to_string(index) + "\"]");
        return parsed(response.body)["data"][0]["is_live"].asBool();
    };
    EXPECT_TRUE(live(validator));
    std::uint32_t other = 0;
    while (duty(0, other, Epoch{0})["slot"] == "1") ++other;
    EXPECT_FALSE(live(other));
    command("/live", R"({"validator":)" + std::to_string(other) + "}");
    EXPECT_TRUE(live(other));
}

TEST_F(CommitteeDuties, ASlashedValidatorIsToldOf) {
    const auto events = listen(1, "attester_slashing,proposer_slashing");
    command("/slash", R"({"validator":3,"by":"blocks"})");
    command("/slash", R"({"validator":4})");
    time.advance(Duration{0});
    EXPECT_NE(events->text.find(R"(event: proposer_slashing
data: {"signed_header_1":{"message":{"slot":"1","proposer_index":"3")"),
              std::string::npos)
        << events->text;
    EXPECT_NE(events->text.find(R"("attesting_indices":["4"])"), std::string::npos);
    const Json::Value validators = get(0, "/eth/v1/beacon/states/head/validators?id=3,5")["data"];
    EXPECT_EQ(validators[0]["status"], "active_slashed");
    EXPECT_EQ(validators[1]["status"], "active_ongoing");
}

}  // namespace
}  // namespace holdfast::sim
