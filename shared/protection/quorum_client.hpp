// The validator's side of the quorum: asks all protectors at once with one request for a slot's keys, goes on for each key as
// soon as Q have said yes, and never waits for the slow one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/task.hpp"
#include "shared/base/time.hpp"
#include "shared/base/types.hpp"
#include "shared/ethereum/attestation.hpp"
#include "shared/signing/approval.hpp"

namespace holdfast::protection {

struct MemberStatus {
    std::string url;
    bool reachable{false};
    std::string detail;  // version and node id, or why it can't be reached
    Duration last_latency{};
    std::string node_id;  // as it last said; empty until then
    // Verdicts counted by key, and requests that brought no usable answer, since the start.
    std::uint64_t approved{0};
    std::uint64_t refused{0};
    std::uint64_t failed_requests{0};
};

struct Denial {
    PublicKey key;
    enum class Kind { kRefused, kNoQuorum } kind{Kind::kNoQuorum};
    std::string reason;  // a sentence: who said what
};

struct Decision {
    // Keys that got their quorum, in the order in which it was reached; one Approval per group that became ready together.
    std::vector<signing::Approval> approvals;
    std::vector<Denial> denials;
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

    [[nodiscard]] virtual std::vector<MemberStatus> members() const = 0;
    [[nodiscard]] virtual std::size_t quorum() const = 0;
    // Asks every member for its status now (start, --check, health).
    virtual Task<void> refresh(SteadyTime deadline) = 0;
};

}  // namespace holdfast::protection
