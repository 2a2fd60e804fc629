#include "shared/duties/consensus_run.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/log.hpp"

namespace holdfast::duties {

ConsensusRun::ConsensusRun(Executor executor, Clock& clock, beacon::BeaconNodes& nodes, const ConsensusSettings& settings,
                           CheckpointCache& cache, Duration call_timeout)
    : clock_{clock},
      nodes_{nodes},
      slot_{settings.slot},
      call_timeout_{call_timeout},
      end_{settings.end},
      machine_{settings, cache},
      askers_{std::move(executor)} {}

Task<ConsensusOutcome> ConsensusRun::run() {
    refresh_fitness();
    while (!outcome_) {
        const SteadyTime next = machine_.next_time().value_or(end_);
        if (next > clock_.steady()) co_await changed_.wait_until(clock_, next);
        if (outcome_) break;
        refresh_fitness();
        if (!outcome_) act(machine_.on_time(clock_.steady()));
    }
    co_return *outcome_;
}

void ConsensusRun::on_head(std::size_t node, const beacon::HeadEvent& event) {
    if (closed_ && !machine_.finished()) return;
    if (!machine_.finished()) refresh_fitness();
    act(machine_.on_head(clock_.steady(), node, event));
}

void ConsensusRun::close() {
    closed_ = true;
    askers_.cancel();
}

void ConsensusRun::act(const Actions& actions) {
    if (closed_) return;
    for (const Action& action : actions) {
        if (const auto* question = std::get_if<AskData>(&action)) {
            askers_.spawn("attestation data", ask(shared_from_this(), question->node));
        } else if (const auto* discarded = std::get_if<Discarded>(&action)) {
            log_warn("slot {}: node {} gave {}; discarded", slot_.value, discarded->node + 1, discarded->detail);
            const Result<void> outcome = failure(ErrorCode::kMalformed, discarded->detail);
            nodes_.report(discarded->node, outcome);
        } else if (const auto* decided = std::get_if<Decided>(&action)) {
            outcome_ = *decided;
        } else if (const auto* gave_up = std::get_if<GaveUp>(&action)) {
            outcome_ = *gave_up;
        }
    }
    changed_.notify_all();
}

void ConsensusRun::refresh_fitness() {
    std::vector<bool> fit(nodes_.size());
    for (std::size_t i = 0; i < fit.size(); ++i) fit[i] = nodes_.fit(i);
    const Actions actions = machine_.set_fit(clock_.steady(), fit);
    if (!actions.empty()) act(actions);
}

Task<void> ConsensusRun::ask(std::shared_ptr<ConsensusRun> self, std::size_t node) {
    const SteadyTime deadline = std::min(self->end_, self->clock_.steady() + self->call_timeout_);
    const Result<ethereum::AttestationData> answer = co_await self->nodes_.node(node).attestation_data(self->slot_, deadline);
    if (self->closed_) co_return;
    const Result<void> outcome = answer ? Result<void>{success()} : Result<void>{answer.error()};
    if (!answer) log_debug("slot {}: {}", self->slot_.value, answer.error().message);
    self->nodes_.report(node, outcome);
    self->act(self->machine_.on_data(self->clock_.steady(), node, answer));
}

}  // namespace holdfast::duties
