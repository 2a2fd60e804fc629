// Do the nodes agree on our duties? Attester and proposer duties come from one node; all are asked for them once more, where
// nothing else is waiting for the nodes, and what most of them say is used; of proposers with the dependent root, if one of
// these nodes names it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/duties/attester_duties.hpp"
#include "shared/duties/duty_outlook.hpp"
#include "shared/duties/duty_parts.hpp"

namespace holdfast::duties {

// A node's answer, as far as it is compared.
struct GivenDuties {
    std::size_t node{0};
    Root fingerprint;  // of the duties, in a fixed order
    std::optional<Root> dependent_root;
};
struct DutyVerdict {
    bool differ{false};
    // Into the answers: one of those that most nodes gave, one with a dependent root if there is one. With as many on each
    // side, of those that stand on the block that head events name. Nothing if that doesn't decide either.
    std::optional<std::size_t> use;
};
// Pure.
[[nodiscard]] DutyVerdict judge_duties(const std::vector<GivenDuties>& given, const std::optional<Root>& named_by_heads);
[[nodiscard]] Root fingerprint(const beacon::AttesterDuties& duties);
[[nodiscard]] Root fingerprint(const beacon::ProposerDuties& duties);

struct CrossCheckCounters {
    std::uint64_t same{0};
    std::uint64_t different{0};
    std::uint64_t replaced{0};  // of those that differ: not what was in use
};

class DutyCrossCheck {
public:
    // Everything passed must outlive the object.
    DutyCrossCheck(const DutyParts& parts, AttesterDutiesService& attesters, DutyOutlook& proposers,
                   std::function<const AttesterDutiesService::Validators&()> validators, Duration call_timeout);

    // One question in a slot at most, near its end; for ever, ends by cancellation.
    Task<void> run();
    // Of fit nodes that are not optimistic.
    void on_head(const beacon::HeadEvent& event);
    [[nodiscard]] const CrossCheckCounters& attesters() const { return attester_counters_; }
    [[nodiscard]] const CrossCheckCounters& proposers() const { return proposer_counters_; }

private:
    DutyParts parts_;
    AttesterDutiesService& attester_duties_;
    DutyOutlook& outlook_;
    std::function<const AttesterDutiesService::Validators&()> validators_;
    Duration call_timeout_;
    CrossCheckCounters attester_counters_;
    CrossCheckCounters proposer_counters_;
    std::map<Epoch, std::uint64_t> attesters_checked_;  // versions
    std::map<Epoch, std::uint64_t> proposers_checked_;
    std::map<Epoch, Root> named_;

    Task<void> check_next();
    Task<void> check_attesters(Epoch epoch);
    Task<void> check_proposers(Epoch epoch);
    template <class Duties>
    Task<std::optional<Duties>> compare(beacon::AskingPtr<Duties> asking, Duties held, std::string what,
                                        CrossCheckCounters& counters);
    void say(const std::string& what, const std::vector<GivenDuties>& given, const DutyVerdict& verdict) const;
};

}  // namespace holdfast::duties
