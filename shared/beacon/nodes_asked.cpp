#include <algorithm>
#include <iterator>

#include "shared/beacon/beacon_nodes_impl.hpp"

namespace holdfast::beacon {

namespace {

Task<Result<std::vector<Validator>>> validators_in_parts(std::shared_ptr<NodeSet> set, std::vector<PublicKey> keys,
                                                         Duration timeout) {
    std::vector<Validator> all;
    for (std::size_t from = 0; from < keys.size(); from += set->options.validators_per_part) {
        const std::size_t to = std::min(keys.size(), from + set->options.validators_per_part);
        const SteadyTime deadline = set->clock.steady() + timeout;
        std::vector<PublicKey> part{keys.begin() + static_cast<std::ptrdiff_t>(from),
                                    keys.begin() + static_cast<std::ptrdiff_t>(to)};
        NodeCall<std::vector<Validator>> call = [part = std::move(part), deadline](BeaconNode& node) {
            return node.validators(part, deadline);
        };
        Result<std::vector<Validator>> found = co_await first_success<std::vector<Validator>>(set, std::move(call), deadline);
        if (!found) co_return std::move(found).error();
        std::ranges::move(found.value(), std::back_inserter(all));
    }
    co_return all;
}

}  // namespace

Task<Result<std::vector<Validator>>> BeaconNodes::validators(std::vector<PublicKey> keys, Duration timeout) {
    return validators_in_parts(impl_->set, std::move(keys), timeout);
}

Task<Result<AttesterDuties>> BeaconNodes::attester_duties(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                          SteadyTime deadline) {
    NodeCall<AttesterDuties> call = [epoch, indices = std::move(indices), deadline](BeaconNode& node) {
        return node.attester_duties(epoch, indices, deadline);
    };
    return first_success<AttesterDuties>(impl_->set, std::move(call), deadline);
}

Task<Result<ProposerDuties>> BeaconNodes::proposer_duties(Epoch epoch, SteadyTime deadline) {
    NodeCall<ProposerDuties> call = [epoch, deadline](BeaconNode& node) { return node.proposer_duties(epoch, deadline); };
    std::function<bool(const ProposerDuties&)> whole = [](const ProposerDuties& duties) {
        return duties.dependent_root.has_value();
    };
    return first_success<ProposerDuties>(impl_->set, std::move(call), deadline, std::move(whole));
}

Task<Result<std::vector<SyncDuty>>> BeaconNodes::sync_duties(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                             SteadyTime deadline) {
    NodeCall<std::vector<SyncDuty>> call = [epoch, indices = std::move(indices), deadline](BeaconNode& node) {
        return node.sync_duties(epoch, indices, deadline);
    };
    return first_success<std::vector<SyncDuty>>(impl_->set, std::move(call), deadline);
}

Task<Result<PtcDuties>> BeaconNodes::ptc_duties(Epoch epoch, std::vector<ValidatorIndex> indices, SteadyTime deadline) {
    NodeCall<PtcDuties> call = [epoch, indices = std::move(indices), deadline](BeaconNode& node) {
        return node.ptc_duties(epoch, indices, deadline);
    };
    return first_success<PtcDuties>(impl_->set, std::move(call), deadline);
}

Task<Result<ChainBlock>> BeaconNodes::block(std::string block_id, SteadyTime deadline) {
    NodeCall<ChainBlock> call = [block_id = std::move(block_id), deadline](BeaconNode& node) {
        return node.block(block_id, deadline);
    };
    return first_success<ChainBlock>(impl_->set, std::move(call), deadline);
}

AskingPtr<ProducedBlock> BeaconNodes::produce_blocks(BlockRequest request, SteadyTime deadline) {
    NodeCall<ProducedBlock> call = [request, deadline](BeaconNode& node) { return node.produce_block(request, deadline); };
    const Judged judged = request.again ? Judged::kNoFailures : Judged::kAll;
    return ask_each(impl_->set, fit_nodes_of(*impl_->set, impl_->set->options.proposal_nodes), std::move(call), judged);
}

AskingPtr<Aggregate> BeaconNodes::aggregates(Slot slot, CommitteeIndex committee, Root data_root, SteadyTime deadline) {
    NodeCall<Aggregate> call = [slot, committee, data_root, deadline](BeaconNode& node) {
        return node.aggregate(slot, committee, data_root, deadline);
    };
    return ask_each(impl_->set, fit_nodes_of(*impl_->set, {}), std::move(call));
}

AskingPtr<SyncContribution> BeaconNodes::contributions(Slot slot, std::uint64_t subcommittee, Root block, SteadyTime deadline) {
    NodeCall<SyncContribution> call = [slot, subcommittee, block, deadline](BeaconNode& node) {
        return node.sync_contribution(slot, subcommittee, block, deadline);
    };
    return ask_each(impl_->set, fit_nodes_of(*impl_->set, {}), std::move(call));
}

AskingPtr<Root> BeaconNodes::head_roots(SteadyTime deadline) {
    NodeCall<Root> call = [deadline](BeaconNode& node) { return node.block_root("head", deadline); };
    return ask_each(impl_->set, fit_nodes_of(*impl_->set, {}), std::move(call));
}

AskingPtr<std::vector<Liveness>> BeaconNodes::liveness(Epoch epoch, std::vector<ValidatorIndex> indices, SteadyTime deadline) {
    NodeCall<std::vector<Liveness>> call = [epoch, indices = std::move(indices), deadline](BeaconNode& node) {
        return node.liveness(epoch, indices, deadline);
    };
    return ask_each(impl_->set, fit_nodes_of(*impl_->set, {}), std::move(call));
}

AskingPtr<ethereum::PayloadAttestationData> BeaconNodes::payload_attestation_data(Slot slot, SteadyTime deadline) {
    NodeCall<ethereum::PayloadAttestationData> call = [slot, deadline](BeaconNode& node) {
        return node.payload_attestation_data(slot, deadline);
    };
    return ask_each(impl_->set, fit_nodes_of(*impl_->set, {}), std::move(call));
}

AskingPtr<AttesterDuties> BeaconNodes::all_attester_duties(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                           SteadyTime deadline) {
    NodeCall<AttesterDuties> call = [epoch, indices = std::move(indices), deadline](BeaconNode& node) {
        return node.attester_duties(epoch, indices, deadline);
    };
    return ask_each(impl_->set, fit_nodes_of(*impl_->set, {}), std::move(call));
}

AskingPtr<ProposerDuties> BeaconNodes::all_proposer_duties(Epoch epoch, SteadyTime deadline) {
    NodeCall<ProposerDuties> call = [epoch, deadline](BeaconNode& node) { return node.proposer_duties(epoch, deadline); };
    return ask_each(impl_->set, fit_nodes_of(*impl_->set, {}), std::move(call));
}

}  // namespace holdfast::beacon
