#include "instance/duty.hpp"

#include <algorithm>

namespace holdfast::instance {

healthcheck::DrainView EngineDuty::drain_view() const {
    healthcheck::DrainView view;
    view.slot = engine_.slots()->slot_at(clock_.now());
    view.duties_under_way = !engine_.idle();
    view.next_proposal = engine_.upcoming().next_proposal;
    return view;
}

std::optional<std::string> EngineDuty::fenced_by() const {
    const std::optional<protection::Tenure> higher = quorum_.fenced_by();
    if (!higher) return std::nullopt;
    return "fenced by " + protection::describe(*higher);
}

Task<healthcheck::Sight> EngineDuty::look(SteadyTime deadline) {
    const Result<std::vector<std::vector<protection::Heard>>> heard = co_await quorum_.heard(deadline);
    healthcheck::Sight sight;
    if (!heard) {
        sight.sentence = heard.error().message;
        co_return sight;
    }
    protection::Tenure highest;
    for (const protection::MemberStatus& member : quorum_.members()) {
        if (member.tenure.generation > highest.generation) highest = member.tenure;
    }
    co_return healthcheck::look(heard.value(), highest, self_, quorum_.quorum(), times_);
}

}  // namespace holdfast::instance
