// A chain in virtual time and beacon nodes that see it: each with its own delay and faults, and a memory of what it was asked
// and sent. Epochs of 8 slots of 12 s; every slot has a block unless a test takes it away.
#pragma once

#include <json/json.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shared/beacon/beacon_node.hpp"

namespace holdfast::validator::testing {

inline PublicKey key_of(std::uint64_t index) {
    PublicKey key;
    key.bytes.fill(static_cast<std::uint8_t>(index + 1));
    return key;
}

struct FakeChain {
    static constexpr std::uint64_t kSlotsPerEpoch = 8;
    ethereum::ChainSpec spec;
    ethereum::Genesis genesis;
    std::uint64_t validators{16};
    std::set<std::uint64_t> missing_blocks;
    std::uint64_t shuffle{0};  // another value: another branch with other duties, from `shuffled_from` on
    Epoch shuffled_from{1'000'000};
    std::map<std::uint64_t, std::uint64_t> proposers;  // by slot; strangers elsewhere
    std::set<std::uint64_t> sync_members;              // of the first period, four epochs long
    std::map<std::uint64_t, std::string> statuses;     // by index; "active_ongoing" if not there

    // As a node gives them; up to Electra.
    static std::map<std::string, std::string> spec_values() {
        return {{"SLOT_DURATION_MS", "12000"},
                {"SLOTS_PER_EPOCH", "8"},
                {"EPOCHS_PER_SYNC_COMMITTEE_PERIOD", "4"},
                {"GENESIS_FORK_VERSION", "0x10000042"},
                {"ALTAIR_FORK_EPOCH", "0"},
                {"ALTAIR_FORK_VERSION", "0x20000042"},
                {"BELLATRIX_FORK_EPOCH", "0"},
                {"BELLATRIX_FORK_VERSION", "0x30000042"},
                {"CAPELLA_FORK_EPOCH", "0"},
                {"CAPELLA_FORK_VERSION", "0x40000042"},
                {"DENEB_FORK_EPOCH", "0"},
                {"DENEB_FORK_VERSION", "0x50000042"},
                {"ELECTRA_FORK_EPOCH", "0"},
                {"ELECTRA_FORK_VERSION", "0x60000042"}};
    }
    // From the beginning.
    void use_fulu() {
        std::map<std::string, std::string> values = spec_values();
        values["FULU_FORK_EPOCH"] = "0";
        values["FULU_FORK_VERSION"] = "0x70000042";
        spec = ethereum::ChainSpec::parse(values).value();
    }

    explicit FakeChain(WallTime genesis_time) {
        spec = ethereum::ChainSpec::parse(spec_values()).value();
        genesis = {genesis_time, root(0x99, 0), {}};
    }

    static Root root(std::uint8_t kind, std::uint64_t number) {
        Root result;
        result.bytes[0] = kind;
        for (std::size_t i = 0; i < 8; ++i) result.bytes[31 - i] = static_cast<std::uint8_t>(number >> (8 * i));
        return result;
    }
    [[nodiscard]] Root block(Slot slot) const { return root(0xB0, slot.value); }
    // The last block at or before `slot`.
    [[nodiscard]] Slot head_at(Slot slot) const {
        while (slot.value > 0 && missing_blocks.contains(slot.value)) slot = slot - 1;
        return slot;
    }
    [[nodiscard]] Root dependent_root(Epoch epoch) const {
        return root(0xD0, epoch.value * 1000 + (epoch >= shuffled_from ? shuffle : 0));
    }
    // Two validators a slot; in the first two epochs all in the first slot, which tests begin after.
    [[nodiscard]] Slot duty_slot(Epoch epoch, std::uint64_t index) const {
        if (epoch < Epoch{2}) return spec.first_slot(epoch);
        const std::uint64_t turn = epoch >= shuffled_from ? shuffle : 0;
        return spec.first_slot(epoch) + (index * 3 + epoch.value + turn) % kSlotsPerEpoch;
    }
    [[nodiscard]] ethereum::AttestationData data(Slot slot, Slot head) const {
        const Epoch epoch = spec.epoch_of(slot);
        ethereum::AttestationData result;
        result.slot = slot;
        result.beacon_block_root = block(head);
        const Slot first = spec.first_slot(epoch);
        result.target = {epoch, block(head < first ? head : head_at(first))};
        const Epoch source{epoch.value > 1 ? epoch.value - 1 : 0};
        if (epoch.value > 1) result.source = {source, block(head_at(spec.first_slot(source)))};
        return result;
    }
};

class FakeNode final : public beacon::BeaconNode {
public:
    struct Sent {
        Slot slot;
        ValidatorIndex validator;
        Root block;
    };
    // What a test looks at and changes; it outlives the node.
    struct Control {
        Duration block_delay{std::chrono::milliseconds{300}};
        bool down{false};
        bool hanging{false};  // data calls never end before their deadline
        bool wrong_head{false};
        bool events{true};
        bool freezes{false};  // the first answer of a slot is the answer for the slot
        std::vector<Sent> sent;
        std::size_t posts{0};
        std::size_t duty_calls{0};
        std::size_t proposer_calls{0};
        bool knows_no_next_proposers{false};
        bool duties_refused{false};
        bool strange_duties{false};  // of attesters and proposers, as nobody else says
        bool validators_refused{false};
        std::size_t validator_calls{0};
        std::vector<std::pair<Slot, Duration>> blocks_asked;  // and how far into their slot; none is given
        std::vector<std::string> sync_messages;               // bodies
        std::vector<std::string> told;                        // "votes", "sync messages", in their order
        std::vector<beacon::ProposerPreparation> prepared;
        std::size_t early_questions{0};  // for data, before the block and the deadline
        std::vector<beacon::CommitteeSubscription> subscriptions;
        std::map<Slot, ethereum::AttestationData> frozen;
    };

    FakeNode(std::string url, const FakeChain& chain, Clock& clock, Control& control)
        : url_{std::move(url)}, chain_{chain}, clock_{clock}, control_{control}, slots_{chain.spec, chain.genesis.time} {}

    [[nodiscard]] const std::string& url() const override { return url_; }
    Task<Result<ethereum::ChainSpec>> spec(SteadyTime deadline) override { return answer(chain_.spec, deadline); }
    Task<Result<ethereum::Genesis>> genesis(SteadyTime deadline) override { return answer(chain_.genesis, deadline); }
    Task<Result<std::string>> version(SteadyTime deadline) override { return answer(std::string{"Fake/1"}, deadline); }
    Task<Result<beacon::SyncStatus>> syncing(SteadyTime deadline) override {
        return answer(beacon::SyncStatus{head(), false, false, false}, deadline);
    }
    Task<Result<Root>> block_root(std::string /*block_id*/, SteadyTime deadline) override {
        return answer(chain_.block(head()), deadline);
    }

    Task<Result<std::vector<beacon::Validator>>> validators(std::vector<PublicKey> keys, SteadyTime deadline) override {
        ++control_.validator_calls;
        if (control_.validators_refused) return refuse<std::vector<beacon::Validator>>();
        std::vector<beacon::Validator> result;
        for (const PublicKey& key : keys) {
            const std::uint64_t index = key.bytes[0] - 1U;
            if (index >= chain_.validators) continue;
            const auto status = chain_.statuses.find(index);
            result.push_back({ValidatorIndex{index}, key, status == chain_.statuses.end() ? "active_ongoing" : status->second});
        }
        return answer(std::move(result), deadline);
    }

    Task<Result<beacon::AttesterDuties>> attester_duties(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                         SteadyTime deadline) override {
        ++control_.duty_calls;
        if (control_.duties_refused) return refuse<beacon::AttesterDuties>();
        beacon::AttesterDuties duties{epoch, chain_.dependent_root(epoch), {}};
        for (const ValidatorIndex index : indices) {
            const std::uint64_t other = index.value + (control_.strange_duties ? 1 : 0);
            duties.duties.push_back({key_of(index.value), index, chain_.duty_slot(epoch, other),
                                     CommitteeIndex{index.value % 2}, 4, 2, index.value % 4});
        }
        return answer(std::move(duties), deadline);
    }

    Task<Result<beacon::ProposerDuties>> proposer_duties(Epoch epoch, SteadyTime deadline) override {
        ++control_.proposer_calls;
        if (control_.duties_refused) co_return not_there();
        if (control_.knows_no_next_proposers && epoch > chain_.spec.epoch_of(slots_.slot_at(clock_.now()))) {
            co_return failure(ErrorCode::kRefused, "not known yet");
        }
        beacon::ProposerDuties duties{epoch, {}};
        const Slot first = chain_.spec.first_slot(epoch);
        for (Slot slot = first; slot < first + FakeChain::kSlotsPerEpoch; slot = slot + 1) {
            const auto ours = chain_.proposers.find(slot.value);
            const bool strange = ours == chain_.proposers.end() || control_.strange_duties;
            const std::uint64_t index = strange ? 100 : ours->second;
            duties.duties.push_back({key_of(index), ValidatorIndex{index}, slot});
        }
        Task<Result<beacon::ProposerDuties>> given = answer(std::move(duties), deadline);
        co_return co_await std::move(given);
    }

    Task<Result<std::vector<beacon::SyncDuty>>> sync_duties(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                            SteadyTime deadline) override {
        std::vector<beacon::SyncDuty> duties;
        for (const ValidatorIndex index : indices) {
            if (epoch.value < 4 && chain_.sync_members.contains(index.value))
                duties.push_back({key_of(index.value), index, {7}});
        }
        return answer(std::move(duties), deadline);
    }

    Task<Result<ethereum::AttestationData>> attestation_data(Slot slot, SteadyTime deadline) override {
        const Duration into = clock_.now() - slots_.start_of(slot);
        if (into < chain_.spec.attestation_due(slot) && !sees(slot)) ++control_.early_questions;
        if (control_.hanging) co_await sleep_until(clock_, deadline);
        Slot seen = head();
        if (control_.wrong_head) seen = chain_.head_at(Slot{seen.value > 2 ? seen.value - 2 : 0});
        ethereum::AttestationData data = chain_.data(slot, seen);
        if (control_.freezes) data = control_.frozen.try_emplace(slot, data).first->second;
        Task<Result<ethereum::AttestationData>> given = answer(data, deadline);
        co_return co_await std::move(given);
    }

    Task<Result<void>> subscribe_committees(std::vector<beacon::CommitteeSubscription> subscriptions,
                                            SteadyTime /*deadline*/) override {
        if (control_.down) co_return refused();
        control_.subscriptions.insert(control_.subscriptions.end(), subscriptions.begin(), subscriptions.end());
        co_return success();
    }

    Task<Result<void>> publish_attestations(std::shared_ptr<const std::string> body, ethereum::ForkName /*fork*/,
                                            SteadyTime /*deadline*/) override {
        if (control_.down) co_return refused();
        ++control_.posts;
        control_.told.emplace_back("votes");
        Json::Value list;
        Json::CharReaderBuilder builder;
        const std::unique_ptr<Json::CharReader> reader{builder.newCharReader()};
        std::string errors;
        if (!reader->parse(body->data(), body->data() + body->size(), &list, &errors))
            co_return failure(ErrorCode::kMalformed, errors);
        for (const Json::Value& item : list) {
            const Json::Value& data = item["data"];
            control_.sent.push_back({Slot{parse_decimal(data["slot"].asString()).value()},
                                     ValidatorIndex{parse_decimal(item["attester_index"].asString()).value()},
                                     parse_hex<Root>(data["beacon_block_root"].asString()).value()});
        }
        co_return success();
    }

    Task<Result<beacon::ProducedBlock>> produce_block(beacon::BlockRequest request, SteadyTime /*deadline*/) override {
        control_.blocks_asked.emplace_back(request.slot, clock_.now() - slots_.start_of(request.slot));
        co_return failure(ErrorCode::kNotFound, "no block in this test");
    }
    Task<Result<void>> publish_sync_messages(std::shared_ptr<const std::string> body, SteadyTime /*deadline*/) override {
        control_.sync_messages.push_back(*body);
        control_.told.emplace_back("sync messages");
        co_return success();
    }
    Task<Result<void>> prepare_proposers(std::vector<beacon::ProposerPreparation> preparations,
                                         SteadyTime /*deadline*/) override {
        control_.prepared = std::move(preparations);
        co_return success();
    }

    Task<Result<void>> follow_events(std::function<void(beacon::NodeEvent)> on_event) override {
        Slot slot = slots_.slot_at(clock_.now());
        for (;;) {
            co_await sleep_until(clock_, slots_.start_of(slot) + control_.block_delay);
            if (control_.down) co_return refused();
            if (control_.events && !chain_.missing_blocks.contains(slot.value)) {
                const Epoch epoch = chain_.spec.epoch_of(slot);
                on_event(beacon::HeadEvent{slot, chain_.block(slot), chain_.dependent_root(epoch),
                                           chain_.dependent_root(epoch + 1), false});
            }
            slot = slot + 1;
        }
    }

private:
    std::string url_;
    const FakeChain& chain_;
    Clock& clock_;
    Control& control_;
    ethereum::SlotClock slots_;

    static Error refused() { return failure(ErrorCode::kUnavailable, "connection refused"); }
    [[nodiscard]] bool sees(Slot slot) const { return clock_.now() >= slots_.start_of(slot) + control_.block_delay; }
    [[nodiscard]] Slot head() const {
        const Slot now = slots_.slot_at(clock_.now());
        return chain_.head_at(sees(now) || now.value == 0 ? now : now - 1);
    }

    // Of a node that doesn't have it yet, and is fit for all else.
    static Error not_there() { return failure(ErrorCode::kNotFound, "not there yet"); }
    template <class T>
    static Task<Result<T>> refuse() {
        co_return not_there();
    }
    template <class T>
    Task<Result<T>> answer(T value, SteadyTime deadline) {
        co_await sleep_for(clock_, std::chrono::milliseconds{4});
        if (control_.down) co_return refused();
        if (clock_.steady() >= deadline) co_return failure(ErrorCode::kTimeout, "no answer in time");
        co_return value;
    }
};

}  // namespace holdfast::validator::testing
