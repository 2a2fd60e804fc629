// What an instance says of itself: the body of /healthz, which the secondary polls, and of /status, which people and tools
// read. docs/health.md lists every field.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "healthcheck/check.hpp"
#include "healthcheck/drift.hpp"
#include "healthcheck/failover.hpp"
#include "healthcheck/restart_advice.hpp"
#include "healthcheck/secondary_rules.hpp"
#include "shared/base/result.hpp"
#include "shared/beacon/beacon_nodes.hpp"
#include "shared/duties/duty_report.hpp"
#include "shared/protection/quorum_client.hpp"

namespace holdfast::healthcheck {

// /healthz. Healthy: every check that stands for this state is good, and it is on duty, or on standby and ready for duty.
struct HealthDocument {
    std::string role;         // "primary", "secondary"
    std::string instance;     // its name in the cluster
    std::string state;        // "starting", "standby", "on_duty", "draining", "fenced": the same words for both roles
    std::string rules_state;  // the state by the role's own rules: "armed", "suspecting", ...
    std::string reason;       // why it is in this state
    WallTime since;           // in this state
    bool healthy{false};
    bool on_duty{false};
    bool ready{false};  // on duty, or could be this second
    std::string why_not_ready;
    bool drained{false};
    bool wants_duty{false};
    bool asks_for_duty{false};
    bool paused{false};
    std::uint64_t generation{0};  // ours; 0: none
    Configuration configuration;
    std::vector<CheckState> checks;
};

// What the poller found out of the other instance.
struct PeerDocument {
    std::string url;
    std::optional<WallTime> last_answer;
    Duration round_trip{};
    Poll last_poll;
    std::optional<HealthDocument> health;  // of its last answer
    std::vector<std::string> differences;
};

struct ChangeAt {
    WallTime when;
    Change change;
};

// /status: /healthz, and everything else that helps somebody who looks after the pair.
struct StatusDocument {
    HealthDocument health;
    std::optional<PeerDocument> peer;  // of a secondary: the primary
    std::string seen;                  // what the protectors have heard of the other instance (Sight::sentence)
    WallTime now;
    std::optional<Slot> slot;
    std::optional<Epoch> epoch;  // of that slot
    std::vector<protection::MemberStatus> protectors;
    std::size_t quorum{0};
    std::vector<beacon::NodeState> beacon_nodes;
    std::size_t threshold{0};
    std::size_t validators{0};
    std::size_t active_validators{0};
    std::size_t held_back{0};                      // of the active ones: they sign nothing
    std::vector<duties::SlotReport> recent;        // attestations of the last slots with duties, newest first
    std::vector<duties::DutyReport> other_duties;  // the last of all other kinds, newest first
    RestartAdvice restart;
    std::vector<ChangeAt> changes;  // newest first
    std::optional<WallTime> failback_at;
    std::uint64_t takeovers{0};
    SteadyTime steady_now{};  // what MemberStatus::last_answer is relative to
};

[[nodiscard]] std::string render(const HealthDocument& document);
[[nodiscard]] std::string render(const StatusDocument& document);
// Of an instance of this or a later version: unknown fields are ignored, so that a status can be read, too. kMalformed with a
// sentence, also for what is larger than any such document.
inline constexpr std::size_t kHealthBytesMax = 1U << 20U;
[[nodiscard]] Result<HealthDocument> parse_health(std::string_view json);
// What the rules need of it.
[[nodiscard]] Poll poll_of(const HealthDocument& document);

}  // namespace holdfast::healthcheck
