// A quorum and a door that do what a test says and remember what they were asked.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "shared/ethereum/signing_root.hpp"
#include "shared/protection/approval_issuer.hpp"
#include "shared/protection/quorum_client.hpp"
#include "shared/signing/door.hpp"
#include "tests/shared/protection/test_approvals.hpp"

namespace holdfast::validator::testing {

class FakeQuorum final : public protection::QuorumClient {
public:
    struct Request {
        ethereum::AttestationData data;
        Domain domain;
        std::vector<PublicKey> keys;
    };
    std::vector<Request> requests;
    struct BlockRequest {
        Slot slot;
        Root signing_root;
        PublicKey key;
    };
    std::vector<BlockRequest> block_requests;
    std::optional<protection::BlockMark> recorded_block;  // of every key: another root for its slot is refused
    std::function<void()> on_request;                     // while an approval is under way
    bool available{true};
    std::set<PublicKey> refused;  // for good
    std::set<PublicKey> late;     // no quorum at the first request that names them
    std::size_t refreshes{0};
    std::size_t warmed{0};
    std::optional<protection::Tenure> fence;
    std::optional<protection::Tenure> fence_at_next_request;  // nothing says so before
    Result<protection::Promise> promise{protection::Promise{1, Epoch{0}, Slot{0}}};
    std::size_t acquires{0};
    std::map<Epoch, protection::AdoptionPlan> recorded;
    std::vector<Epoch> adoptions;  // targets that were read
    std::map<Epoch, std::vector<PublicKey>> proved;
    std::set<PublicKey> halted;
    std::size_t halt_requests{0};
    std::function<protection::Beat()> beat;
    std::size_t beats_now{0};

    Task<protection::Decision> approve_attestation(ethereum::AttestationData data, Domain domain, std::vector<PublicKey> keys,
                                                   SteadyTime /*deadline*/) override {
        using Kind = protection::Denial::Kind;
        requests.push_back({data, domain, keys});
        if (on_request) on_request();
        if (fence_at_next_request) fence = std::exchange(fence_at_next_request, std::nullopt);
        protection::Decision decision;
        std::vector<PublicKey> approved;
        for (const PublicKey& key : keys) {
            if (!available) {
                decision.denials.push_back({key, Kind::kNoQuorum, "protector 2: connection refused", {}});
            } else if (fence) {
                decision.denials.push_back({key, Kind::kFenced, "fenced by " + describe(*fence), {}});
            } else if (refused.contains(key)) {
                decision.denials.push_back({key, Kind::kRefused, "protector 1: conflicts with a recorded vote", {}});
            } else if (late.erase(key) > 0) {
                decision.denials.push_back({key, Kind::kNoQuorum, "protector 3: no answer yet", {}});
            } else {
                approved.push_back(key);
            }
        }
        if (!approved.empty()) {
            const Root signing_root = ethereum::attestation_signing_root(data, domain);
            decision.approvals.push_back(protection::TestApprovals::make(signing_root, std::move(approved)));
        }
        co_return decision;
    }

    Task<protection::Decision> approve_block(Slot slot, Root root, PublicKey key, SteadyTime /*deadline*/) override {
        using Kind = protection::Denial::Kind;
        block_requests.push_back({slot, root, key});
        if (on_request) on_request();
        if (fence_at_next_request) fence = std::exchange(fence_at_next_request, std::nullopt);
        const protection::BlockMark asked{slot, root};
        protection::Decision decision;
        if (!available) {
            decision.denials.push_back({key, Kind::kNoQuorum, "protector 2: connection refused", {}});
        } else if (fence) {
            decision.denials.push_back({key, Kind::kFenced, "fenced by " + describe(*fence), {}});
        } else if (refused.contains(key)) {
            decision.denials.push_back({key, Kind::kRefused, "protector 1: the validator is halted", {}});
        } else if (late.erase(key) > 0) {
            decision.denials.push_back({key, Kind::kNoQuorum, "protector 3: no answer yet", {}});
        } else if (recorded_block && recorded_block->slot >= slot && *recorded_block != asked) {
            decision.denials.push_back({key, Kind::kRefused, "protector 1: conflicts with a recorded block", *recorded_block});
        } else {
            decision.approvals.push_back(protection::TestApprovals::make(root, {key}));
        }
        co_return decision;
    }
    Task<Result<protection::Promise>> acquire(SteadyTime /*deadline*/) override {
        ++acquires;
        if (promise) fence.reset();
        co_return promise;
    }
    Task<Result<protection::AdoptionPlan>> adoption(Epoch target, SteadyTime /*deadline*/) override {
        adoptions.push_back(target);
        if (!available) co_return failure(ErrorCode::kUnavailable, "protector 2: connection refused");
        co_return recorded[target];
    }
    Task<Result<std::vector<PublicKey>>> used_since(Epoch first, SteadyTime /*deadline*/) override {
        if (!available) co_return failure(ErrorCode::kUnavailable, "protector 2: connection refused");
        std::vector<PublicKey> keys = proved[first];
        keys.insert(keys.end(), proved[first + 1].begin(), proved[first + 1].end());
        co_return keys;
    }
    Task<Result<void>> halt(std::vector<PublicKey> keys, SteadyTime /*deadline*/) override {
        ++halt_requests;
        if (!available) co_return failure(ErrorCode::kUnavailable, "protector 2: connection refused");
        halted.insert(keys.begin(), keys.end());
        co_return success();
    }
    void start_heartbeats(std::function<protection::Beat()> says) override { beat = std::move(says); }
    void beat_now() override { ++beats_now; }
    void stop_heartbeats() override { beat = nullptr; }
    Task<Result<std::vector<std::vector<protection::Heard>>>> heard(SteadyTime /*deadline*/) override {
        co_return std::vector<std::vector<protection::Heard>>{};
    }
    [[nodiscard]] std::uint64_t generation() const override { return promise && acquires > 0 ? promise.value().generation : 0; }
    [[nodiscard]] std::optional<protection::Tenure> fenced_by() const override { return fence; }

    [[nodiscard]] std::vector<protection::MemberStatus> members() const override {
        std::vector<protection::MemberStatus> result(4);
        for (std::size_t i = 0; i < result.size(); ++i) {
            result[i].url = "http://127.0.0.1:770" + std::to_string(i + 1);
            result[i].reachable = available || i < 2;
            result[i].detail = result[i].reachable ? "protector" : "connection refused";
        }
        return result;
    }
    [[nodiscard]] std::size_t quorum() const override { return 3; }
    Task<void> refresh(SteadyTime /*deadline*/) override {
        ++refreshes;
        co_return;
    }
    Task<void> warm(SteadyTime /*deadline*/) override {
        ++warmed;
        co_return;
    }
};

// The "signature" holds the first bytes of the key and the message, so that a test sees what was signed by whom.
class FakeDoor final : public signing::SigningDoor {
public:
    explicit FakeDoor(std::vector<PublicKey> keys) : keys_{std::move(keys)} {}
    std::vector<std::pair<PublicKey, Root>> made;
    std::vector<signing::Message> signed_messages;
    std::set<PublicKey> missing;  // not signed, as if not loaded

    [[nodiscard]] static Signature signature(const PublicKey& key, const Root& root) {
        Signature result;
        std::copy_n(key.bytes.begin(), 48, result.bytes.begin());
        std::copy_n(root.bytes.begin(), 32, result.bytes.begin() + 48);
        return result;
    }
    [[nodiscard]] std::vector<PublicKey> keys() const override { return keys_; }

    Task<Result<std::vector<signing::SignedKey>>> sign_approved(signing::Approval approval) override {
        std::vector<signing::SignedKey> result;
        for (const PublicKey& key : approval.keys()) {
            if (missing.contains(key)) continue;
            made.emplace_back(key, approval.signing_root());
            result.push_back({key, signature(key, approval.signing_root())});
        }
        co_return result;
    }
    Task<Result<std::vector<signing::SignedKey>>> sign(signing::Message message, std::vector<PublicKey> keys,
                                                       signing::Urgency /*urgency*/) override {
        const Root root = ethereum::compute_signing_root(message.object_root, message.domain);
        std::vector<signing::SignedKey> result;
        for (const PublicKey& key : keys) {
            if (missing.contains(key)) co_return failure(ErrorCode::kNotFound, "no such key in this test");
            result.push_back({key, signature(key, root)});
        }
        signed_messages.push_back(std::move(message));
        co_return result;
    }

private:
    std::vector<PublicKey> keys_;
};

}  // namespace holdfast::validator::testing
