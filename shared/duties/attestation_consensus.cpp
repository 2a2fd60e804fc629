#include "shared/duties/attestation_consensus.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::duties {

using ethereum::AttestationData;

namespace {

bool contains(const std::vector<Root>& roots, const Root& root) { return std::ranges::find(roots, root) != roots.end(); }

// A node that announces block after block for one slot is broken; memory for it stays bounded.
constexpr std::size_t kBlocksPerSlotMax = 16;

}  // namespace

void set_waits(ConsensusSettings& settings, Duration slot_duration) {
    constexpr Duration kAgreementWaitMin = std::chrono::milliseconds{100};
    constexpr Duration kDataWaitMin = std::chrono::milliseconds{250};
    settings.agreement_wait = std::max<Duration>(slot_duration / 48, kAgreementWaitMin);
    settings.data_wait = std::max<Duration>(slot_duration / 24, kDataWaitMin);
    settings.confirmation_wait = std::max<Duration>(slot_duration / 12, 2 * kDataWaitMin);
}

AttestationConsensus::AttestationConsensus(ConsensusSettings settings, CheckpointCache& cache)
    : settings_{std::move(settings)}, cache_{cache}, nodes_(settings_.nodes) {
    for (Node& node : nodes_) node.pause = settings_.round_min;
}

Actions AttestationConsensus::set_fit(SteadyTime now, const std::vector<bool>& fit) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) nodes_[i].fit = i < fit.size() && fit[i];
    return advance(now);
}

Actions AttestationConsensus::on_head(SteadyTime now, std::size_t node, const beacon::HeadEvent& event) {
    if (event.slot != settings_.slot || node >= nodes_.size()) return {};
    if (event.execution_optimistic) {
        ++counters_.optimistic_events;
        return {};
    }
    if (!nodes_[node].fit) {
        ++counters_.unfit_events;
        return {};
    }
    Node& from = nodes_[node];
    if (contains(from.announced, event.block) || from.announced.size() >= kBlocksPerSlotMax) return {};
    from.announced.push_back(event.block);
    const bool is_new = !contains(candidates_, event.block);
    if (is_new) candidates_.push_back(event.block);
    if (is_new && (phase_ == Phase::kRounds || finished())) ++counters_.late_events;
    if (finished()) {
        if (is_new && decided_ && decided_->beacon_block_root != event.block) ++counters_.other_blocks_late;
        return {};
    }
    if (!first_event_) first_event_ = {node, now};
    from.may_ask_at = now;
    if (phase_ == Phase::kWaiting && !event_path_closed_ && now < settings_.due) phase_ = Phase::kEvent;
    return advance(now);
}

Actions AttestationConsensus::on_data(SteadyTime now, std::size_t node, const Result<AttestationData>& answer) {
    if (node >= nodes_.size() || finished()) return {};
    Node& from = nodes_[node];
    from.asked = false;
    from.may_ask_at = now + from.pause;
    from.pause = std::min<Duration>(from.pause * 3 / 2, settings_.round_max);
    Actions actions;
    if (answer) {
        const std::string impossible = why_impossible(answer.value());
        if (impossible.empty()) {
            from.data = answer.value();
        } else {
            from.data.reset();
            actions.emplace_back(Discarded{node, impossible});
        }
    }
    Actions more = advance(now);
    actions.insert(actions.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    return actions;
}

Actions AttestationConsensus::on_time(SteadyTime now) { return advance(now); }

std::optional<SteadyTime> AttestationConsensus::next_time() const {
    if (finished()) return std::nullopt;
    SteadyTime next = settings_.end;
    if (phase_ == Phase::kWaiting) next = std::min(next, settings_.due);
    if (phase_ == Phase::kEvent) {
        const Duration wait = have_event_data() ? settings_.confirmation_wait : settings_.data_wait;
        next = std::min(next, first_event_->second + wait);
        if (!waited_for_agreement_) next = std::min(next, first_event_->second + settings_.agreement_wait);
    }
    for (const Node& node : nodes_) {
        if (askable(node)) next = std::min(next, node.may_ask_at);
    }
    return next;
}

Actions AttestationConsensus::advance(SteadyTime now) {
    if (finished()) return {};
    if (phase_ == Phase::kEvent && now - first_event_->second >= settings_.agreement_wait) waited_for_agreement_ = true;
    if (auto decided = decide()) {
        cache_.confirm(decided->data);
        decided->agreeing = with_checkpoints(decided->data);
        decided_ = decided->data;
        phase_ = Phase::kFinished;
        return {std::move(*decided)};
    }
    if (now >= settings_.end) {
        phase_ = Phase::kFinished;
        return {give_up()};
    }
    const Phase before = phase_;
    change_phase(now);
    if (phase_ != before) {
        // Answers that came on the way may already agree.
        if (decide()) return advance(now);
    }
    Actions actions;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        Node& node = nodes_[i];
        if (!askable(node) || now < node.may_ask_at) continue;
        node.asked = true;
        actions.emplace_back(AskData{i});
    }
    return actions;
}

void AttestationConsensus::change_phase(SteadyTime now) {
    if (phase_ == Phase::kEvent) {
        const Duration since = now - first_event_->second;
        const bool no_data = since >= settings_.data_wait && !have_event_data();
        if (!no_data && since < settings_.confirmation_wait) return;
        event_path_closed_ = true;
        phase_ = Phase::kWaiting;
    }
    if (phase_ == Phase::kWaiting && now >= settings_.due) begin_rounds(now);
}

void AttestationConsensus::begin_rounds(SteadyTime now) {
    phase_ = Phase::kRounds;
    for (Node& node : nodes_) {
        node.may_ask_at = now;
        node.pause = settings_.round_min;
    }
}

std::optional<Decided> AttestationConsensus::decide() const {
    if (phase_ == Phase::kEvent) return decide_by_event();
    if (phase_ == Phase::kRounds) return decide_by_threshold();
    return std::nullopt;
}

std::optional<Decided> AttestationConsensus::decide_by_event() const {
    const Root* block = announced_by_most();
    if (block == nullptr) return std::nullopt;
    if (!waited_for_agreement_ && count_announced(*block) < std::min(settings_.threshold, count_fit())) return std::nullopt;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        const Node& node = nodes_[i];
        if (!node.fit || !carries_announced(node) || node.data->beacon_block_root != *block) continue;
        const std::size_t count = count_checkpoints(*node.data);
        const bool cached = cache_.confirms(*node.data);
        if (cached || count >= settings_.threshold) return Decided{*node.data, true, cached, count, i};
    }
    return std::nullopt;
}

std::optional<Decided> AttestationConsensus::decide_by_threshold() const {
    for (const Node& node : nodes_) {
        if (!node.fit || !node.data) continue;
        const std::size_t count = count_data(*node.data);
        if (count >= settings_.threshold) return Decided{*node.data, false, false, count, std::nullopt};
    }
    return std::nullopt;
}

GaveUp AttestationConsensus::give_up() const {
    const std::string threshold = std::to_string(settings_.threshold);
    const std::size_t fit = count_fit();
    if (fit < settings_.threshold) {
        return {MissedReason::kTooFewNodes, std::to_string(fit) + " of " + std::to_string(nodes_.size()) +
                                                " beacon nodes are fit, the threshold is " + threshold};
    }
    std::size_t answers = 0;
    std::size_t best = 0;
    for (const Node& node : nodes_) {
        if (!node.fit || !node.data) continue;
        ++answers;
        best = std::max(best, count_data(*node.data));
    }
    if (answers < settings_.threshold) {
        return {MissedReason::kNoData, std::to_string(answers) + " of " + std::to_string(fit) +
                                           " fit nodes gave attestation data, the threshold is " + threshold};
    }
    return {MissedReason::kNoAgreement, "at most " + std::to_string(best) + " of " + std::to_string(answers) +
                                            " nodes agreed, the threshold is " + threshold};
}

bool AttestationConsensus::askable(const Node& node) const {
    if (!node.fit || node.asked) return false;
    if (phase_ == Phase::kRounds) return true;
    return phase_ == Phase::kEvent && !node.announced.empty() && !carries_announced(node);
}

bool AttestationConsensus::carries_announced(const Node& node) const {
    return node.data && contains(node.announced, node.data->beacon_block_root);
}

bool AttestationConsensus::have_event_data() const {
    return std::ranges::any_of(nodes_, [this](const Node& node) { return node.fit && carries_announced(node); });
}

// The earlier one of two that as many announced; null if nobody did.
const Root* AttestationConsensus::announced_by_most() const {
    const Root* found = nullptr;
    std::size_t most = 0;
    for (const Root& block : candidates_) {
        const std::size_t count = count_announced(block);
        if (count > most) {
            most = count;
            found = &block;
        }
    }
    return found;
}

std::size_t AttestationConsensus::count_announced(const Root& block) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(nodes_, [&block](const Node& node) { return node.fit && contains(node.announced, block); }));
}

std::vector<std::size_t> AttestationConsensus::with_checkpoints(const AttestationData& data) const {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        const Node& node = nodes_[i];
        const bool same = node.fit && node.data && node.data->source == data.source && node.data->target == data.target;
        if (same) found.push_back(i);
    }
    return found;
}

std::size_t AttestationConsensus::count_checkpoints(const AttestationData& data) const { return with_checkpoints(data).size(); }

std::size_t AttestationConsensus::count_data(const AttestationData& data) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(nodes_, [&data](const Node& node) { return node.fit && node.data == data; }));
}

std::size_t AttestationConsensus::count_fit() const {
    return static_cast<std::size_t>(std::ranges::count_if(nodes_, &Node::fit));
}

std::string AttestationConsensus::why_impossible(const AttestationData& data) const {
    if (data.slot != settings_.slot) {
        return "attestation data for slot " + to_string(data.slot) + " instead of " + to_string(settings_.slot);
    }
    if (data.target.epoch != settings_.epoch) {
        return "attestation data with target epoch " + to_string(data.target.epoch) + " in epoch " + to_string(settings_.epoch);
    }
    const bool genesis = data.target.epoch == Epoch{0} && data.source.epoch == Epoch{0};
    if (data.source.epoch >= data.target.epoch && !genesis) {
        return "attestation data with source epoch " + to_string(data.source.epoch) + " for target epoch " +
               to_string(data.target.epoch);
    }
    if (data.index.value > settings_.index_max) return "attestation data with index " + to_string(data.index);
    if (data.beacon_block_root.is_zero()) return "attestation data without a block";
    return {};
}

}  // namespace holdfast::duties
