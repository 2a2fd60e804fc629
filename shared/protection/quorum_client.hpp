// The validator's side of the quorum: asks all protectors at once with one request for a slot's keys, goes on for each key as
// soon as Q have said yes, and never waits for the slow one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/task.hpp"
#include "shared/base/time.hpp"
#include "shared/base/types.hpp"
#include "shared/ethereum/attestation.hpp"
#include "shared/protection/acquisition.hpp"
#include "shared/protection/adoption.hpp"
#include "shared/protection/generation.hpp"
#include "shared/protection/verdict.hpp"
#include "shared/protection/witness.hpp"
#include "shared/signing/approval.hpp"

namespace holdfast::protection {

struct MemberStatus {
    std::string name;  // as in the cluster file
    std::string url;
    bool reachable{false};
    // Says that it belongs to another chain or cluster, or has another name than the cluster file gives it: a mistake that
    // stays.
    bool foreign{false};
    std::string state;   // as it last said (StatusAnswer::state); empty: not asked yet
    Tenure tenure;       // in force there, as it last said
    std::string detail;  // version and state, or why it can't be reached
    Duration last_latency{};
    std::optional<SteadyTime> last_answer;
    // Verdicts counted by key, and requests that brought no usable answer, since the start. `fenced` are not in `refused`.
    std::uint64_t approved{0};
    std::uint64_t refused{0};
    std::uint64_t fenced{0};
    std::uint64_t failed_requests{0};

    [[nodiscard]] bool votes() const { return reachable && !foreign && state != "starting" && state != "stale"; }
};

struct Denial {
    PublicKey key;
    // kRefused: so many members have refused that no quorum is possible. kFenced: the same, because a higher generation is in
    // force. kNoQuorum: anything else; asking again may help.
    enum class Kind { kRefused, kFenced, kNoQuorum } kind{Kind::kNoQuorum};
    std::string reason;  // a sentence: who said what
    // The record that stands in the way, of the first member that named one.
    std::variant<std::monostate, AttestationMark, BlockMark> record;
};

struct Decision {
    // Keys that got their quorum, in the order in which it was reached; one Approval per group that became ready together.
    std::vector<signing::Approval> approvals;
    std::vector<Denial> denials;
};

// What an instance says of itself in a heartbeat.
struct Beat {
    bool on_duty{false};
    bool well{false};
};

class QuorumClient {
public:
    QuorumClient() = default;
    QuorumClient(const QuorumClient&) = delete;
    QuorumClient& operator=(const QuorumClient&) = delete;
    virtual ~QuorumClient() = default;

    // May `keys` sign this attestation? Returns when every key is decided, or at `deadline` (what is open then is kNoQuorum).
    // When some keys have their quorum, others (refused by one protector, say) hold them up only for a short grace: then they
    // are kNoQuorum.
    virtual Task<Decision> approve_attestation(ethereum::AttestationData data, Domain domain, std::vector<PublicKey> keys,
                                               SteadyTime deadline) = 0;

    // One block for one key (a slot has one proposer).
    virtual Task<Decision> approve_block(Slot slot, Root signing_root, PublicKey key, SteadyTime deadline) = 0;

    // Goes on duty: asks for a generation above all that members know until Q have promised it, or the deadline. From then on
    // every request carries it. kRefused: another instance won; kUnavailable: no quorum promised. Shared mode: nothing to do.
    virtual Task<Result<Promise>> acquire(SteadyTime deadline) = 0;
    // What the predecessor may have signed for `target`, from at least Q members (adoption.hpp). Only members that have
    // promised our generation count: any other could still say yes to the predecessor after it was read.
    virtual Task<Result<AdoptionPlan>> adoption(Epoch target, SteadyTime deadline) = 0;
    // Keys of which Q members have recorded an attestation with the target `first` or the next epoch, asked for by an instance
    // of this cluster (not imported): proof that we ourselves were at work with them. kUnavailable with fewer than Q answers.
    virtual Task<Result<std::vector<PublicKey>>> used_since(Epoch /*first*/, SteadyTime /*deadline*/) {
        co_return failure(ErrorCode::kUnavailable, "records can't be read here");
    }
    // Halts `keys` at all members; ok when Q have it on disk.
    virtual Task<Result<void>> halt(std::vector<PublicKey> keys, SteadyTime deadline) = 0;
    // While on, every member is told twice a second what `beat` says then.
    virtual void start_heartbeats(std::function<Beat()> beat) = 0;
    // What `beat` says has changed: every member is told at once. Nothing while heartbeats are off.
    virtual void beat_now() = 0;
    virtual void stop_heartbeats() = 0;
    // Which instances the members have heard lately, one list for each that answered (witness.hpp). kUnavailable with fewer
    // than Q.
    virtual Task<Result<std::vector<std::vector<Heard>>>> heard(SteadyTime deadline) = 0;
    // The generation that is ours, 0 in shared mode and before acquire().
    [[nodiscard]] virtual std::uint64_t generation() const = 0;
    // Set once a quorum is impossible because a higher generation is in force (generation.hpp): we are off duty. Cleared by
    // acquire().
    [[nodiscard]] virtual std::optional<Tenure> fenced_by() const = 0;

    [[nodiscard]] virtual std::vector<MemberStatus> members() const = 0;
    [[nodiscard]] virtual std::size_t quorum() const = 0;
    // Asks every member for its status now (start, --check, health).
    virtual Task<void> refresh(SteadyTime deadline) = 0;
    // Uses the connection to each member that has not answered for two seconds, so that it is open when a verdict is urgent.
    virtual Task<void> warm(SteadyTime deadline) = 0;
};

}  // namespace holdfast::protection
