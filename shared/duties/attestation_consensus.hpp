// Which vote: the rules of one slot as a plain state machine (events in, actions out; no clock, no socket, no thread).
//
// With a head event for this slot's block: nodes that announced the block are asked for attestation data, only data that
// carries it is taken, and its source and target must be confirmed by `threshold` nodes (now, or earlier in this epoch:
// CheckpointCache). The others are given a moment to announce the same block, so that one node on a branch of its own does not
// decide for all: the block that most nodes announced wins, as soon as `threshold` did or the moment is over. Without one at
// the deadline, or when that takes too long: all fit nodes are asked, in rounds, until `threshold` of them give the same data.
// A node is never asked before it announced the block or the deadline has come: it may freeze its first answer for the slot.
//
// Every input returns the actions to do now; next_time() says when on_time() must be called if nothing else comes before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/time.hpp"
#include "shared/beacon/api_types.hpp"
#include "shared/duties/checkpoint_cache.hpp"
#include "shared/duties/missed_reasons.hpp"
#include "shared/ethereum/attestation.hpp"

namespace holdfast::duties {

struct ConsensusSettings {
    Slot slot;
    Epoch epoch;
    std::size_t nodes{0};
    std::size_t threshold{1};
    std::uint64_t index_max{0};    // highest AttestationData.index possible: 0 before Gloas, 1 from it on
    SteadyTime due;                // the fork's deadline
    SteadyTime end;                // too late from here on
    Duration agreement_wait{};     // from the first head event to head events of `threshold` nodes for the same block
    Duration data_wait{};          // from the first head event to data that carries its block
    Duration confirmation_wait{};  // from the first head event to confirmed checkpoints
    Duration round_min{std::chrono::milliseconds{30}};   // between two questions to one node, at first ...
    Duration round_max{std::chrono::milliseconds{500}};  // ... and after many
};

// Time limits for a slot length: 0.25 s, 0.5 s and 1 s of a slot of 12 s, but not so short that a loaded machine can't meet
// them.
void set_waits(ConsensusSettings& settings, Duration slot_duration);

struct AskData {
    std::size_t node{0};
};
struct Decided {
    ethereum::AttestationData data;
    bool by_event{false};
    bool from_cache{false};               // checkpoints were confirmed earlier in the epoch
    std::size_t confirmed_by{0};          // nodes whose data has these checkpoints (by event) or is this data (without)
    std::optional<std::size_t> node;      // by event: whose data it is
    std::vector<std::size_t> agreeing{};  // nodes whose data has these checkpoints
};
struct GaveUp {
    MissedReason reason{};
    std::string detail;
};
// An answer that no honest node gives.
struct Discarded {
    std::size_t node{0};
    std::string detail;
};
using Action = std::variant<AskData, Decided, GaveUp, Discarded>;
using Actions = std::vector<Action>;

struct ConsensusCounters {
    std::uint64_t optimistic_events{0};
    std::uint64_t unfit_events{0};
    std::uint64_t late_events{0};        // first seen after the rounds had begun or the decision was made
    std::uint64_t other_blocks_late{0};  // another block for the slot after the decision
};

class AttestationConsensus {
public:
    AttestationConsensus(ConsensusSettings settings, CheckpointCache& cache);

    // All nodes are unfit until told otherwise.
    Actions set_fit(SteadyTime now, const std::vector<bool>& fit);
    Actions on_head(SteadyTime now, std::size_t node, const beacon::HeadEvent& event);
    Actions on_data(SteadyTime now, std::size_t node, const Result<ethereum::AttestationData>& answer);
    Actions on_time(SteadyTime now);

    [[nodiscard]] bool finished() const { return phase_ == Phase::kFinished; }
    [[nodiscard]] std::optional<SteadyTime> next_time() const;
    // The first head event that counted: its node and time.
    [[nodiscard]] const std::optional<std::pair<std::size_t, SteadyTime>>& first_event() const { return first_event_; }
    [[nodiscard]] const ConsensusCounters& counters() const { return counters_; }

private:
    enum class Phase { kWaiting, kEvent, kRounds, kFinished };
    struct Node {
        bool fit{false};
        bool asked{false};  // an answer is under way
        std::vector<Root> announced;
        std::optional<ethereum::AttestationData> data;  // its last answer
        SteadyTime may_ask_at{};
        Duration pause{};
    };

    ConsensusSettings settings_;
    CheckpointCache& cache_;
    Phase phase_{Phase::kWaiting};
    bool event_path_closed_{false};
    bool waited_for_agreement_{false};
    std::vector<Node> nodes_;
    std::vector<Root> candidates_;  // blocks of this slot, in the order of their first events
    std::optional<std::pair<std::size_t, SteadyTime>> first_event_;
    std::optional<ethereum::AttestationData> decided_;
    ConsensusCounters counters_;

    Actions advance(SteadyTime now);
    void change_phase(SteadyTime now);
    void begin_rounds(SteadyTime now);
    [[nodiscard]] std::optional<Decided> decide() const;
    [[nodiscard]] std::optional<Decided> decide_by_event() const;
    [[nodiscard]] std::optional<Decided> decide_by_threshold() const;
    [[nodiscard]] GaveUp give_up() const;
    [[nodiscard]] bool askable(const Node& node) const;
    [[nodiscard]] bool carries_announced(const Node& node) const;
    [[nodiscard]] bool have_event_data() const;
    [[nodiscard]] const Root* announced_by_most() const;
    [[nodiscard]] std::size_t count_announced(const Root& block) const;
    [[nodiscard]] std::vector<std::size_t> with_checkpoints(const ethereum::AttestationData& data) const;
    [[nodiscard]] std::size_t count_checkpoints(const ethereum::AttestationData& data) const;
    [[nodiscard]] std::size_t count_data(const ethereum::AttestationData& data) const;
    [[nodiscard]] std::size_t count_fit() const;
    [[nodiscard]] std::string why_impossible(const ethereum::AttestationData& data) const;
};

}  // namespace holdfast::duties
