// Stops a validator of ours that is being slashed. The first sign of it (an event of one node, a status) stops it here at once;
// once confirmed, it is halted at the protectors, for every instance and over restarts, until an operator lifts it. Confirmed:
// events of two nodes, or the status "slashed" at `threshold` nodes. What is not confirmed within two epochs goes on again: one
// node alone must not take a validator off duty for good. See docs/slashing-detection.md.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shared/base/notifier.hpp"
#include "shared/beacon/beacon_nodes.hpp"
#include "shared/protection/quorum_client.hpp"
#include "shared/validator/health.hpp"

namespace holdfast::validator {

enum class OnSlashing {
    kHaltValidator,  // "halt-validator"
    kHaltAll,        // "halt-all": all keys of this cluster
};
// kInvalidArgument with a sentence for any other word.
[[nodiscard]] Result<OnSlashing> parse_on_slashing(std::string_view word);
[[nodiscard]] bool is_slashed(const beacon::Validator& validator);

// The rule. Pure.
class SlashingRule {
public:
    struct Change {
        std::vector<PublicKey> suspected;  // stopped here
        std::vector<PublicKey> confirmed;  // to be halted
        std::vector<PublicKey> resumed;
    };

    // `nodes`: how many there are; `threshold` of them must agree on a status.
    SlashingRule(std::size_t nodes, std::size_t threshold);

    // One sign of it, from whoever; already suspected or confirmed ones stay as they are.
    Change suspect(const std::vector<PublicKey>& keys, Epoch now);
    Change on_event(std::size_t node, const std::vector<PublicKey>& keys, Epoch now);
    // What one node says of ours (all of them, or only those that are suspected).
    Change on_status(std::size_t node, const std::vector<beacon::Validator>& validators, Epoch now);
    // Suspicions that are old and that `threshold` nodes don't share are dropped.
    Change on_epoch(Epoch now);

    [[nodiscard]] std::vector<PublicKey> suspected() const;  // not confirmed
    [[nodiscard]] const std::set<PublicKey>& confirmed() const { return confirmed_; }

private:
    struct Suspicion {
        Epoch since;
        std::set<std::size_t> events;   // nodes
        std::set<std::size_t> slashed;  // nodes whose status says so
        std::set<std::size_t> not_slashed;
    };
    std::size_t nodes_;
    std::size_t threshold_;
    std::map<PublicKey, Suspicion> suspected_;
    std::set<PublicKey> confirmed_;

    void conclude(const PublicKey& key, Change& change);
};

struct SlashingOptions {
    OnSlashing on_slashing{OnSlashing::kHaltValidator};
    std::size_t threshold{1};
    Duration retry{std::chrono::seconds{2}};
    Duration call_timeout{std::chrono::seconds{5}};
};

class SlashingDetection {
public:
    // `keys`: all of this cluster that are here. `on_change`: allows() says something else than before. Everything passed must
    // outlive the object.
    SlashingDetection(Clock& clock, beacon::BeaconNodes& nodes, protection::QuorumClient& quorum,
                      const ethereum::SlotClock& slots, std::function<std::vector<PublicKey>()> keys,
                      std::function<void()> on_change, SlashingOptions options);

    // A slashing event of any node, as it comes.
    void on_event(std::size_t node, const beacon::SlashingEvent& event);
    // What a lookup of our validators has brought, at the start and each epoch.
    void on_validators(const std::vector<beacon::Validator>& validators);
    // Confirms and halts, for ever; ends by cancellation.
    Task<void> run();

    // May anything be signed with this key?
    [[nodiscard]] bool allows(const PublicKey& key) const { return !all_stopped() && !stopped_.contains(key); }
    [[nodiscard]] const std::set<PublicKey>& slashed() const { return rule_.confirmed(); }  // metric slashing_detected
    // "slashing": not ok as long as a validator of ours is stopped for what was seen since the start. Moves no duty.
    [[nodiscard]] HealthCheck check() const;

private:
    Clock& clock_;
    beacon::BeaconNodes& nodes_;
    protection::QuorumClient& quorum_;
    const ethereum::SlotClock& slots_;
    std::function<std::vector<PublicKey>()> keys_;
    std::function<void()> on_change_;
    SlashingOptions options_;
    SlashingRule rule_;
    std::unordered_map<ValidatorIndex, PublicKey> known_;
    std::set<PublicKey> stopped_;
    std::set<PublicKey> slashed_before_;  // were so at the first look
    std::set<PublicKey> to_halt_;
    std::string halt_failure_;  // as it was last said
    bool first_look_{true};
    bool all_confirmed_{false};
    Notifier wake_;

    [[nodiscard]] bool all_stopped() const;
    [[nodiscard]] Epoch current_epoch() const;
    void apply(const SlashingRule::Change& change, const std::string& sign);
    Task<void> confirm();
    Task<void> halt();
};

}  // namespace holdfast::validator
