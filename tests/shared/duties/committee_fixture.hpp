// What the committees' duties stand on, in virtual time: three nodes that do what a test says, a gate, and a door that
// remembers what it signed. Slots of 12 s; slot 0 begins at once.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <json/json.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "shared/base/virtual_clock.hpp"
#include "shared/beacon/ssz_json.hpp"
#include "shared/duties/duty_parts.hpp"
#include "shared/duties/duty_report.hpp"
#include "shared/ethereum/signing_root.hpp"
#include "tests/shared/beacon/fake_beacon_node.hpp"
#include "tests/shared/ethereum/default_object.hpp"
#include "tests/shared/validator/fakes.hpp"

namespace holdfast::duties {

using namespace std::chrono_literals;
using ethereum::schema::Object;

inline PublicKey key_of(std::uint64_t index) {
    PublicKey key;
    key.bytes[0] = 0xA0;
    for (std::size_t i = 0; i < 8; ++i) key.bytes[40 + i] = static_cast<std::uint8_t>(index >> (8 * (7 - i)));
    return key;
}
inline Root root_of(std::uint64_t number) {
    Root root;
    root.bytes[0] = 0xB0;
    for (std::size_t i = 0; i < 8; ++i) root.bytes[24 + i] = static_cast<std::uint8_t>(number >> (8 * (7 - i)));
    return root;
}

// Signs as validator::testing::FakeDoor does, and remembers each call.
class RecordingDoor final : public signing::SigningDoor {
public:
    struct Call {
        signing::Message message;
        std::vector<PublicKey> keys;
        signing::Urgency urgency{};
        SteadyTime when;
    };
    explicit RecordingDoor(Clock& clock) : clock_{clock} {}
    std::vector<Call> calls;
    std::set<PublicKey> missing;
    Duration delay{};

    [[nodiscard]] std::vector<PublicKey> keys() const override { return {}; }
    Task<Result<std::vector<signing::SignedKey>>> sign_approved(signing::Approval /*approval*/) override {
        co_return failure(ErrorCode::kRefused, "nothing here can be slashed");
    }
    Task<Result<std::vector<signing::SignedKey>>> sign(signing::Message message, std::vector<PublicKey> keys,
                                                       signing::Urgency urgency) override {
        if (ethereum::type_of(message.domain) != domain_type_of(message.kind))
            co_return failure(ErrorCode::kRefused, "not the domain of its kind");
        calls.push_back({message, keys, urgency, clock_.steady()});
        if (delay > Duration::zero()) co_await sleep_for(clock_, delay);
        std::vector<signing::SignedKey> made;
        const Root root = ethereum::compute_signing_root(message.object_root, message.domain);
        for (const PublicKey& key : keys) {
            if (missing.contains(key)) co_return failure(ErrorCode::kNotFound, "no key " + to_short_hex(key) + " here");
            made.push_back({key, validator::testing::FakeDoor::signature(key, root)});
        }
        co_return made;
    }
    [[nodiscard]] std::vector<Call> of(signing::MessageKind kind) const {
        std::vector<Call> result;
        for (const Call& call : calls) {
            if (call.message.kind == kind) result.push_back(call);
        }
        return result;
    }

private:
    Clock& clock_;
};

class CommitteeFixture : public ::testing::Test {
protected:
    boost::asio::io_context io;
    VirtualTime time{io};
    VirtualClock clock{time};
    TaskGroup group{io.get_executor()};
    std::map<std::string, std::string> spec_values = beacon::testing::spec_values();
    std::vector<beacon::testing::FakeBeaconNode*> fakes;
    std::unique_ptr<beacon::BeaconNodes> nodes;
    std::optional<ethereum::SlotClock> slots;
    Gate gate;
    RecordingDoor door{clock};
    validator::testing::FakeQuorum quorum;
    std::vector<DutyReport> reports;
    std::unordered_map<PublicKey, ValidatorIndex> validators;

    static Task<void> connect(beacon::BeaconNodes& nodes, SteadyTime deadline) {
        const Result<void> connected = co_await nodes.connect(2, deadline);
        EXPECT_TRUE(connected.has_value());
        if (connected) nodes.start();
    }
    // Connected, and the gate open; a moment into slot 0.
    void connect_nodes(std::uint64_t validator_count = 8) {
        std::vector<std::unique_ptr<beacon::BeaconNode>> list;
        for (std::size_t i = 0; i < 3; ++i) {
            auto node = std::make_unique<beacon::testing::FakeBeaconNode>(clock, "http://node" + std::to_string(i + 1));
            node->spec_said = spec_values;
            fakes.push_back(node.get());
            list.push_back(std::move(node));
        }
        nodes = std::make_unique<beacon::BeaconNodes>(io.get_executor(), clock, beacon::BeaconNodesOptions{}, std::move(list));
        group.spawn("connect", connect(*nodes, clock.steady() + 5s));
        time.advance(100ms);
        slots.emplace(nodes->spec(), nodes->genesis().time);
        gate.open();
        for (std::uint64_t i = 0; i < validator_count; ++i) validators.emplace(key_of(i), ValidatorIndex{i});
    }
    [[nodiscard]] DutyParts parts() { return DutyParts{io.get_executor(), clock, *nodes, *slots, gate, door, quorum, 2}; }
    [[nodiscard]] DutyObserver observer() {
        return [this](const DutyReport& report) { reports.push_back(report); };
    }
    void spawn(Task<void> task) { group.spawn("test", std::move(task)); }

    // To `into` that slot; the nodes follow.
    void go_to(std::uint64_t slot, Duration into) {
        const WallTime target = slots->start_of(Slot{slot}) + into;
        ASSERT_GE(target, time.wall());
        while (time.wall() < target) {
            const Slot now = slots->slot_at(time.wall());
            for (auto* fake : fakes) fake->sync.head_slot = now;
            time.advance(std::min<Duration>(target - time.wall(), slots->start_of(now + 1) - time.wall()));
        }
    }
    [[nodiscard]] beacon::NodeEventAt head_event(std::size_t node, std::uint64_t slot, const Root& block,
                                                 bool optimistic = false) const {
        beacon::HeadEvent head;
        head.slot = Slot{slot};
        head.block = block;
        head.execution_optimistic = optimistic;
        return {node, clock.steady(), head};
    }
    [[nodiscard]] Root signing_root(const Root& object, DomainType type, std::uint64_t epoch) const {
        const Domain domain = ethereum::domain_at(nodes->spec(), nodes->genesis().validators_root, type, Epoch{epoch});
        return ethereum::compute_signing_root(object, domain);
    }
    [[nodiscard]] Signature signature(std::uint64_t validator, const Root& object, DomainType type, std::uint64_t epoch) const {
        return validator::testing::FakeDoor::signature(key_of(validator), signing_root(object, type, epoch));
    }

    static Json::Value parse(const std::string& text) {
        Json::Value value;
        Json::CharReaderBuilder builder;
        const std::unique_ptr<Json::CharReader> reader{builder.newCharReader()};
        std::string errors;
        EXPECT_TRUE(reader->parse(text.data(), text.data() + text.size(), &value, &errors)) << errors;
        return value;
    }
    // The objects in a body.
    static std::vector<Object> objects(const std::string& body, const ethereum::schema::TypePtr& type) {
        std::vector<Object> result;
        for (const Json::Value& item : parse(body)) {
            Result<ethereum::ssz::Bytes> bytes = beacon::encode_json(*type, item);
            EXPECT_TRUE(bytes.has_value());
            if (bytes) result.push_back(Object::make(type, std::move(bytes).value()).value());
        }
        return result;
    }
    // A bit list of `size` bits of which the first `set` are set.
    static std::vector<std::uint8_t> bit_list(std::size_t size, std::size_t set) {
        std::vector<std::uint8_t> bytes(size / 8 + 1);
        for (std::size_t i = 0; i < set; ++i) bytes[i / 8] = ethereum::ssz::with_bit(bytes[i / 8], i % 8);
        bytes[size / 8] = ethereum::ssz::with_bit(bytes[size / 8], size % 8);
        return bytes;
    }

    void TearDown() override {
        if (!nodes) return;
        group.spawn("stop", nodes->stop());
        time.advance(1s);
        group.cancel();
        time.advance(30s);
    }
};

}  // namespace holdfast::duties
