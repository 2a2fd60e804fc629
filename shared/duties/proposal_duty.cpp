#include "shared/duties/proposal_duty.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/log.hpp"
#include "shared/duties/performing.hpp"
#include "shared/ethereum/signing_root.hpp"
#include "shared/ethereum/ssz.hpp"

// GCC 12 mistakes the frames of some coroutines for memory of another allocator.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace holdfast::duties {

using beacon::NodeAnswer;
using beacon::ProducedBlock;
using protection::Denial;

namespace {

constexpr std::uint64_t kBasisPoints = 10'000;

std::string in_ether(beacon::Wei value) {
    char text[64];
    (void)std::snprintf(text, sizeof text, "%.6f ETH", static_cast<double>(value) / 1e18);
    return text;
}

std::string what_block(const BlockChoice::Best& best, const Root& root) {
    std::string what = "block " + to_short_hex(root) + " from node " + std::to_string(best.node + 1) + " worth " +
                       in_ether(value_of(best.block));
    if (is_from_builder(best.block)) what += " (a builder's)";
    if (best.verdict.fault != BlockFault::kNone) what += ", though " + best.verdict.detail;
    return what;
}

MissedReason reason_of(const Denial& denial, Slot slot) {
    if (denial.kind == Denial::Kind::kFenced) return MissedReason::kFenced;
    const auto* record = std::get_if<protection::BlockMark>(&denial.record);
    return record != nullptr && record->slot == slot ? MissedReason::kAlreadyRecorded : MissedReason::kRefused;
}

Result<Signature> signature_of(const Result<std::vector<signing::SignedKey>>& made, const PublicKey& key) {
    if (!made) return made.error();
    const auto found = std::ranges::find(made.value(), key, &signing::SignedKey::key);
    if (found == made.value().end()) return failure(ErrorCode::kNotFound, "the key is not loaded");
    return found->signature;
}

}  // namespace

ProposalDuty::ProposalDuty(DutyParts parts, const ProposerSettings& settings, ProposalOptions options, ProposerAt proposer_at,
                           KnownHead known_head, DutyObserver observer)
    : parts_{std::move(parts)},
      settings_{settings},
      options_{options},
      proposer_at_{std::move(proposer_at)},
      known_head_{std::move(known_head)},
      observer_{std::move(observer)} {}

Task<void> ProposalDuty::prepare(Slot slot) {
    randaos_.erase(randaos_.begin(), randaos_.lower_bound(Slot{slot.value > 1 ? slot.value - 1 : 0}));
    const std::optional<beacon::ProposerDuty> duty = proposer_at_(slot);
    if (!duty) co_return;
    const Result<Signature> made = co_await reveal(*duty);
    if (!made) log_warn("slot {}: no RANDAO reveal ahead of time: {}", slot.value, made.error().message);
}

Task<Result<Signature>> ProposalDuty::reveal(beacon::ProposerDuty duty) {
    const auto known = randaos_.find(duty.slot);
    if (known != randaos_.end() && known->second.key == duty.key) co_return known->second.reveal;
    const Epoch epoch = parts_.epoch_of(duty.slot);
    signing::Message message;
    message.kind = signing::MessageKind::kRandaoReveal;
    message.object_root = ethereum::ssz::hash_tree_root(epoch);
    message.domain = parts_.domain_at(ethereum::kDomainRandao, epoch);
    message.object = ethereum::ssz::serialize(epoch);
    std::vector<PublicKey> keys{duty.key};
    const Result<std::vector<signing::SignedKey>> made =
        co_await parts_.door.sign(std::move(message), std::move(keys), signing::Urgency::kBlock);
    const Result<Signature> signature = signature_of(made, duty.key);
    if (signature) randaos_[duty.slot] = {duty.key, signature.value()};
    co_return signature;
}

Task<void> ProposalDuty::perform(Slot slot) {
    if (last_slot_ && slot <= *last_slot_) co_return;
    const std::optional<beacon::ProposerDuty> duty = proposer_at_(slot);
    if (!duty) co_return;
    last_slot_ = slot;
    const ethereum::ChainSpec& spec = parts_.nodes.spec();
    Work work;
    work.duty = *duty;
    work.start = parts_.start_of(slot);
    work.end = work.start + spec.slot_duration();
    work.report = begin_report(parts_, DutyKind::kProposal, slot, spec.attestation_due(slot));
    work.report.due = 1;
    if (*work.report.started >= spec.slot_duration()) {
        work.report.miss(MissedReason::kTooLate, 1,
                         "begun " + std::to_string(to_ms(*work.report.started)) + " ms into the slot");
    } else {
        const bool may = co_await wait_to_perform(parts_, slot, work.end);
        // Not if the instance before us has made it meanwhile.
        if (may && proposer_at_(slot)) co_await propose(work);
    }
    if (work.report.done + work.report.missed_count() == 0) leave_to_others(work.report, 1);
    finish_report(work.report, observer_);
    if (work.report.done > 0) co_await deliver_payload(work);
}

Task<void> ProposalDuty::propose(Work& work) {
    const Counted performing{performing_};
    const Result<Signature> randao = co_await reveal(work.duty);
    if (!randao) {
        work.report.miss(MissedReason::kNoRandao, 1, randao.error().message);
        co_return;
    }
    work.randao = randao.value();
    co_await choose(work);
    if (!work.best) co_return;
    const std::optional<Signature> signature = co_await sign(work);
    if (signature) co_await publish(work, *signature);
}

BlockExpectation ProposalDuty::expectation(const Work& work) const {
    BlockExpectation expected;
    expected.slot = work.duty.slot;
    expected.fork = parts_.fork_of(work.duty.slot);
    expected.proposer = work.duty.validator_index;
    expected.randao_reveal = work.randao;
    expected.fee_recipient = settings_.fee_recipient(work.duty.key);
    expected.builder_boost_factor = settings_.builder_boost_factor;
    expected.use_builder = settings_.use_builder;
    expected.known_head = known_head_;
    return expected;
}

beacon::BlockRequest ProposalDuty::request(const Work& work) const {
    beacon::BlockRequest request;
    request.slot = work.duty.slot;
    request.fork = parts_.fork_of(work.duty.slot);
    request.randao_reveal = work.randao;
    request.graffiti = settings_.graffiti(work.duty.key);
    request.builder_boost_factor = settings_.use_builder ? settings_.builder_boost_factor : 0;
    request.again = work.again;
    return request;
}

// Asks until there is a block: a node may have been busy, or not reachable yet.
Task<void> ProposalDuty::choose(Work& work) {
    BlockChoice choice{expectation(work)};
    for (;;) {
        co_await ask(work, choice);
        if (!parts_.may_perform(work.duty.slot)) co_return;
        if (choice.any_usable() || parts_.clock.steady() + options_.retry >= work.end) break;
        co_await sleep_for(parts_.clock, options_.retry);
        if (!parts_.may_perform(work.duty.slot) || !proposer_at_(work.duty.slot)) co_return;
    }
    work.best = choice.take_best();
    work.report.decided = since_start_of(parts_, work.duty.slot);
    if (!work.best) {
        const std::string why = choice.why_not();
        work.report.miss(MissedReason::kNoBlock, 1, why.empty() ? "no beacon node is fit, or none answered" : why);
        co_return;
    }
    const ethereum::schema::Part block = work.best->block.block();
    work.root = hash_tree_root(*block.type, block.bytes);
    work.report.what = what_block(*work.best, work.root);
}

Task<void> ProposalDuty::ask(Work& work, BlockChoice& choice) {
    const Duration decide = parts_.nodes.spec().slot_duration() * static_cast<std::int64_t>(options_.decide_bps) /
                            static_cast<std::int64_t>(kBasisPoints);
    const SteadyTime decide_at = work.start + decide;
    const beacon::AskingPtr<ProducedBlock> asking = parts_.nodes.produce_blocks(request(work), work.end);
    work.again = true;
    choice.on_asked(asking->asked());
    for (;;) {
        const bool late = parts_.clock.steady() >= decide_at;
        if (choice.decided(late)) co_return;
        std::optional<NodeAnswer<ProducedBlock>> answer = co_await asking->next(late ? work.end : decide_at);
        if (answer) {
            take(work, choice, std::move(*answer));
        } else if (late || asking->open() == 0) {
            co_return;
        }
    }
}

void ProposalDuty::take(Work& work, BlockChoice& choice, NodeAnswer<ProducedBlock> answer) {
    const std::size_t node = answer.node;
    if (!answer.result) {
        choice.on_failure(node, answer.result.error());
        return;
    }
    ProducedBlock block = std::move(answer.result).value();
    const auto values = std::pair{static_cast<double>(block.consensus_value), static_cast<double>(block.payload_value)};
    work.report.of_nodes.emplace_back(node, values);
    const BlockVerdict verdict = choice.on_block(node, std::move(block));
    if (verdict.fault == BlockFault::kNone) return;
    // Once: the same question brings the same answer.
    if (!work.blamed.insert(node).second) return;
    log_warn("slot {}: the block of node {}: {}", work.duty.slot.value, node + 1, verdict.detail);
    if (verdict.fault == BlockFault::kForeignPayee || verdict.fault == BlockFault::kWrong) {
        parts_.nodes.report(node, failure(ErrorCode::kMalformed, "its block: " + verdict.detail));
    }
}

Task<std::optional<Signature>> ProposalDuty::sign(Work& work) {
    const Domain domain = parts_.domain_at(ethereum::kDomainBeaconProposer, work.report.epoch);
    const Root signing_root = ethereum::compute_signing_root(work.root, domain);
    std::optional<signing::Approval> approval = co_await approve(work, signing_root);
    if (!approval || !parts_.may_perform(work.duty.slot)) co_return std::nullopt;
    HOLDFAST_ASSERT(approval->signing_root() == signing_root);
    work.report.approved = since_start_of(parts_, work.duty.slot);
    const Result<std::vector<signing::SignedKey>> made = co_await parts_.door.sign_approved(std::move(*approval));
    const Result<Signature> signature = signature_of(made, work.duty.key);
    if (signature) co_return signature.value();
    work.report.miss(MissedReason::kSigningFailed, 1, signature.error().message);
    co_return std::nullopt;
}

Task<std::optional<signing::Approval>> ProposalDuty::approve(Work& work, Root signing_root) {
    const Slot slot = work.duty.slot;
    const Duration timeout = std::max<Duration>(parts_.nodes.spec().slot_duration() / 6, options_.quorum_timeout_min);
    for (;;) {
        const SteadyTime deadline = std::min(work.end, parts_.clock.steady() + timeout);
        protection::Decision decision = co_await parts_.quorum.approve_block(slot, signing_root, work.duty.key, deadline);
        if (!decision.approvals.empty()) co_return std::move(decision.approvals.front());
        const Denial denial = decision.denials.empty() ? Denial{} : decision.denials.front();
        if (denial.kind != Denial::Kind::kNoQuorum) {
            work.report.miss(reason_of(denial, slot), 1, denial.reason);
            co_return std::nullopt;
        }
        // No quorum yet: the same question again is harmless, and a protector may come back.
        if (parts_.clock.steady() + options_.retry >= work.end) {
            work.report.miss(MissedReason::kNoQuorum, 1, denial.reason);
            co_return std::nullopt;
        }
        co_await sleep_for(parts_.clock, options_.retry);
        if (!parts_.may_perform(slot)) co_return std::nullopt;
    }
}

bool ProposalDuty::due_at(Slot slot) const { return published_ != slot && proposer_at_(slot).has_value(); }

}  // namespace holdfast::duties
