// What a validator client would say, made by hand with the interop keys: for the tests of what a node verifies.
#pragma once

#include <string>
#include <utility>

#include "tests/beacon_chain/domains.hpp"
#include "tests/beacon_chain/forms.hpp"
#include "tests/beacon_chain/signature_check.hpp"
#include "tests/beacon_chain/sim_fixture.hpp"

namespace holdfast::sim {

class ClientTest : public SimTest {
protected:
    static SimulationOptions proposing() {
        SimulationOptions options = defaults();
        options.config.proposals_of_ours = 1;
        return options;
    }

    [[nodiscard]] const ChainConfig& config() const { return simulation->options().config; }
    [[nodiscard]] const ethereum::BlockTypes& types(Slot slot) const {
        return simulation->desk().types().at(config().epoch_of(slot));
    }
    [[nodiscard]] std::string fork(Slot slot) const { return fork_at(config(), config().epoch_of(slot)).name; }

    [[nodiscard]] Signature sign_as(std::uint64_t validator, const Root& root, Purpose purpose, Slot slot) const {
        const Domains domains{config()};
        return sign(interop_secret(validator), domains.signing_root(root, purpose, config().epoch_of(slot)));
    }
    [[nodiscard]] std::uint64_t proposer(Slot slot) const {
        return simulation->desk().proposer(simulation->head(), slot).value;
    }
    [[nodiscard]] std::string block_url(Slot slot, const std::string& version = "v3") const {
        const Root root = root_of(config().epoch_of(slot).value);
        return "/eth/" + version + "/validator/blocks/" + to_string(slot) +
               "?include_payload=true&randao_reveal=" + to_hex(sign_as(proposer(slot), root, Purpose::kRandao, slot)) +
               "&graffiti=" + to_hex(Root{{'h', 'i'}});
    }
    // The block (without its contents) that a node makes for a slot.
    Object produced(std::size_t node, Slot slot) {
        const net::HttpResponse response = ask(node, "GET", block_url(slot), {}, {{"accept", "application/octet-stream"}});
        EXPECT_EQ(response.status, 200) << response.body;
        const Object object{types(slot).block_contents, Bytes(response.body.begin(), response.body.end())};
        return {types(slot).block, copy(object.find({"block"}))};
    }
    Object signed_contents(const Object& block, const Signature& signature) {
        const ethereum::BlockTypes& all = types(Slot{block.find({"slot"}).as_uint()});
        const Bytes signed_block = container(*all.signed_block, {{"message", block.bytes}, {"signature", bytes_of(signature)}});
        return {all.signed_block_contents, container(*all.signed_block_contents, {{"signed_block", signed_block}})};
    }
    int post_ssz(std::size_t node, const std::string& url, const Object& object, Slot slot) {
        const net::HttpResponse response =
            ask(node, "POST", url, std::string(object.bytes.begin(), object.bytes.end()),
                {{"content-type", "application/octet-stream"}, {"eth-consensus-version", fork(slot)}});
        return response.status;
    }
    int post_json(std::size_t node, const std::string& url, const Json::Value& json, Slot slot) {
        const net::HttpResponse response = ask(node, "POST", url, one_line(json),
                                               {{"content-type", "application/json"}, {"eth-consensus-version", fork(slot)}});
        time.advance(simulation->time().slot() / 32);
        return response.status;
    }
    // A block of the slot, signed as it should be and posted.
    int propose(std::size_t node, Slot slot) {
        const Object block = produced(node, slot);
        const Signature signature = sign_as(proposer(slot), block.root(), Purpose::kProposer, slot);
        return post_ssz(node, "/eth/v2/beacon/blocks", signed_contents(block, signature), slot);
    }
    Json::Value kinds(Slot slot) { return admin_get("/score?slot=" + to_string(slot))["kinds"]; }
};

}  // namespace holdfast::sim
