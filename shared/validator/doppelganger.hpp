// Is another client at work with our keys? Each key is kept silent after a cold start (and when it is added at run time) until
// two whole epochs have passed in which the chain shows nothing of it: then it is cleared for this run. Where the quorum's
// records prove that this cluster itself signed last, in this epoch or one of the two before, it is cleared at once: restarts
// and takeovers never wait. A key that is live meanwhile, without us, is found: silent until a restart. See
// docs/doppelganger.md.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shared/base/notifier.hpp"
#include "shared/beacon/beacon_nodes.hpp"
#include "shared/protection/quorum_client.hpp"
#include "shared/validator/health.hpp"

namespace holdfast::validator {

// The rule. Pure.
class Doppelganger {
public:
    // What was seen late in an epoch, when its last votes are known to the nodes.
    struct Round {
        Epoch epoch;                                  // that epoch; what is seen is of it and of the one before
        bool enough_answers{false};                   // `threshold` nodes answered for both epochs
        std::map<Epoch, std::set<PublicKey>> live{};  // by any node
    };
    struct Change {
        std::vector<PublicKey> cleared;
        std::map<PublicKey, Epoch> found;  // live in that epoch
    };

    // Watched from `now` on; in the chain's first two epochs there is nothing to see, and they are cleared. Keys that are here
    // already stay as they are.
    void add(const std::vector<PublicKey>& keys, Epoch now);
    // A quorum's records prove that this cluster was at work with `keys` in the epoch `since` or later. Those that are watched
    // are cleared if that was no earlier than the one before `now`.
    Change on_proof(const std::vector<PublicKey>& keys, Epoch since, Epoch now);
    // The same with what nodes see now. An older record proves enough for those that nobody saw live since: two epochs ago, for
    // nodes know no more than this epoch and the last.
    Change on_pause(const std::vector<PublicKey>& keys, Epoch since, const Round& seen);
    Change on_round(const Round& round);

    // Not of keys that were never added.
    [[nodiscard]] bool allows(const PublicKey& key) const { return cleared_.contains(key); }
    // Keys that are kept silent, with the epoch since which they are watched. They are cleared at the end of the second after.
    [[nodiscard]] const std::map<PublicKey, Epoch>& watched() const { return watched_; }
    [[nodiscard]] const std::map<PublicKey, Epoch>& found() const { return found_; }

private:
    std::map<PublicKey, Epoch> watched_;
    std::map<PublicKey, Epoch> found_;
    std::set<PublicKey> cleared_;

    Change clear(const std::vector<PublicKey>& keys);
};

struct DoppelgangerOptions {
    bool enabled{true};  // else every key is allowed
    std::size_t threshold{1};
    Duration retry{std::chrono::seconds{2}};  // of reading the records after a start
    Duration call_timeout{std::chrono::seconds{5}};
};

// Asks nodes and protectors, and applies the rule.
class DoppelgangerWatch {
public:
    using Validators = std::unordered_map<PublicKey, ValidatorIndex>;

    // `active`: those of ours that may attest now; others can't be live. `on_change`: allows() says something else than before,
    // of some key. Everything passed must outlive the object.
    DoppelgangerWatch(Clock& clock, beacon::BeaconNodes& nodes, protection::QuorumClient& quorum,
                      const ethereum::SlotClock& slots, std::function<const Validators&()> active,
                      std::function<void()> on_change, DoppelgangerOptions options);

    // Keys to watch, at the start and whenever some are added; cleared at once if detection is off.
    void add(const std::vector<PublicKey>& keys);
    // Reads the quorum's records once, so that after a restart no key waits for run(); returns at `deadline` at the latest.
    Task<void> begin(SteadyTime deadline);
    // For ever; ends by cancellation.
    Task<void> run();

    // May anything be signed with this key? Also before run().
    [[nodiscard]] bool allows(const PublicKey& key) const { return !options_.enabled || rule_.allows(key); }
    [[nodiscard]] const Doppelganger& rule() const { return rule_; }
    // "doppelganger": not ok once one is found, which moves no duty: the other instance would find the same.
    [[nodiscard]] HealthCheck check() const;

private:
    Clock& clock_;
    beacon::BeaconNodes& nodes_;
    protection::QuorumClient& quorum_;
    const ethereum::SlotClock& slots_;
    std::function<const Validators&()> active_;
    std::function<void()> on_change_;
    DoppelgangerOptions options_;
    Doppelganger rule_;
    Notifier added_;
    bool settled_{false};  // records were read since the last add(), and what they leave open was judged

    [[nodiscard]] Epoch current_epoch() const;
    [[nodiscard]] WallTime late_in(Epoch epoch) const;
    Task<bool> read_records(SteadyTime deadline);
    Task<bool> judge_pause(SteadyTime deadline);
    Task<bool> look(Epoch epoch);
    Task<Doppelganger::Round> ask_round(Epoch epoch, std::set<PublicKey> keys, SteadyTime deadline);
    Task<bool> ask_liveness(Epoch epoch, const std::set<PublicKey>& keys, std::set<PublicKey>& live, SteadyTime deadline);
    void apply(const Doppelganger::Change& change, std::string_view why);
};

}  // namespace holdfast::validator
