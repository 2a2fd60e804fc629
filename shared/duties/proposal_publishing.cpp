// What follows the signature of a block: its publication, and from Gloas on its payload.
#include <algorithm>
#include <utility>

#include "shared/base/log.hpp"
#include "shared/duties/performing.hpp"
#include "shared/duties/proposal_duty.hpp"
#include "shared/duties/signed_block.hpp"
#include "shared/ethereum/signing_root.hpp"

// GCC 12 mistakes the frames of some coroutines for memory of another allocator.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace holdfast::duties {

using beacon::ProducedBlock;

// What is signed is published, whoever is on duty by now; once more after a while if no node takes it.
Task<void> ProposalDuty::publish(Work& work, Signature signature) {
    const Duration pause = std::max<Duration>(options_.retry, parts_.nodes.spec().slot_duration() / 12);
    const ethereum::BlockTypes& types = parts_.nodes.types()->of(work.best->block.fork);
    for (;;) {
        beacon::SignedBlock block = signed_block(work.best->block, signature, types);
        const SteadyTime deadline = parts_.clock.steady() + options_.publish_timeout;
        const Result<void> sent = co_await parts_.nodes.publish_block(std::move(block), deadline);
        if (sent) break;
        if (parts_.clock.steady() + pause >= work.end) {
            work.report.miss(MissedReason::kPublishFailed, 1, sent.error().message);
            co_return;
        }
        co_await sleep_for(parts_.clock, pause);
    }
    published_ = work.duty.slot;
    work.report.posted = since_start_of(parts_, work.duty.slot);
    work.report.done = 1;
    work.report.block = work.root;
}

// The block is out and nobody else has its payload, which can't be slashed: the gate is not asked again.
Task<void> ProposalDuty::deliver_payload(const Work& work) {
    const ProducedBlock& block = work.best->block;
    if (block.fork < ethereum::ForkName::kGloas || is_from_builder(block)) co_return;
    const Counted performing{performing_};
    const Slot slot = work.duty.slot;
    DutyReport report = begin_report(parts_, DutyKind::kEnvelope, slot, parts_.nodes.spec().payload_due(slot));
    report.due = 1;
    report.what = "payload of block " + to_short_hex(work.root);
    const Result<Signature> signature = co_await sign_payload(work);
    if (signature) {
        co_await publish_payload(work, signature.value(), report);
    } else {
        const MissedReason reason = block.with_contents ? MissedReason::kSigningFailed : MissedReason::kNoPayload;
        report.miss(reason, 1, signature.error().message);
    }
    finish_report(report, observer_);
}

// A node may not have taken in the block yet; and one that takes anything must not be the only one that has the payload.
Task<void> ProposalDuty::publish_payload(const Work& work, Signature signature, DutyReport& report) {
    const ProducedBlock& block = work.best->block;
    const Duration pause = std::max<Duration>(options_.retry, parts_.nodes.spec().slot_duration() / 24);
    const beacon::Resending again{options_.retry, pause, options_.payload_to_rest, work.end};
    beacon::SignedEnvelope envelope = signed_envelope(block, signature, parts_.nodes.types()->of(block.fork));
    const beacon::Delivery sent = co_await parts_.nodes.publish_envelope(std::move(envelope), again, options_.publish_timeout);
    if (!sent.first) {
        report.miss(MissedReason::kPublishFailed, 1, sent.why);
        co_return;
    }
    report.posted = *sent.first - work.start;
    report.done = 1;
    report.what += ", taken by " + std::to_string(sent.taken) + " of " + std::to_string(sent.nodes) + " nodes";
    if (sent.taken >= sent.nodes) co_return;
    log_warn("slot {}: only {} of {} nodes took the payload: {}", work.duty.slot.value, sent.taken, sent.nodes, sent.why);
}

Task<Result<Signature>> ProposalDuty::sign_payload(const Work& work) {
    if (!work.best->block.with_contents) {
        co_return failure(ErrorCode::kNotFound, "node " + std::to_string(work.best->node + 1) + " kept it");
    }
    const ethereum::schema::Part envelope = payload_envelope(work.best->block);
    signing::Message message;
    message.kind = signing::MessageKind::kExecutionPayloadEnvelope;
    message.object_root = hash_tree_root(*envelope.type, envelope.bytes);
    message.domain = parts_.domain_at(ethereum::kDomainBeaconBuilder, work.report.epoch);
    message.object.assign(envelope.bytes.begin(), envelope.bytes.end());
    std::vector<PublicKey> keys{work.duty.key};
    const SignedAll all = co_await sign_with_all(parts_.door, std::move(message), std::move(keys), signing::Urgency::kBlock);
    if (all.made.empty()) co_return failure(ErrorCode::kUnavailable, all.why_not);
    co_return all.made.front().signature;
}

}  // namespace holdfast::duties
