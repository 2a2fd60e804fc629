#include "shared/validator/engine_safety.hpp"

#include <utility>

namespace holdfast::validator {

EngineSafety::EngineSafety(const duties::DutyParts& parts, const ValidatorSet& validators, std::function<void()> on_change,
                           const EngineSafetyOptions& options, InclusionHooks inclusion)
    : nodes_{parts.nodes},
      doppelganger_{parts.clock,
                    parts.nodes,
                    parts.quorum,
                    parts.slots,
                    [&validators]() -> const ValidatorSet::Indices& { return validators.active_on_chain(); },
                    on_change,
                    options.doppelganger},
      slashing_{parts.clock, parts.nodes,     parts.quorum, parts.slots, [&validators] { return validators.keys(); },
                on_change,   options.slashing},
      inclusion_{parts.clock, parts.nodes, parts.slots, std::move(inclusion)} {
    doppelganger_.add(validators.keys());
}

void EngineSafety::follow(TaskGroup& background) {
    background.spawn("doppelganger detection", doppelganger_.run());
    background.spawn("slashing detection", slashing_.run());
    background.spawn("inclusion of what was published", inclusion_.run());
}

void EngineSafety::on_event(const beacon::NodeEventAt& at) {
    if (const auto* slashing = std::get_if<beacon::SlashingEvent>(&at.event)) slashing_.on_event(at.node, *slashing);
    const auto* head = std::get_if<beacon::HeadEvent>(&at.event);
    if (head != nullptr && nodes_.fit(at.node)) inclusion_.on_head(at.node, *head);
}

}  // namespace holdfast::validator
