#include "shared/validator/cluster_chain.hpp"

#include <string>

namespace holdfast::validator {

namespace {

Error differs(const std::string& what, const std::string& cluster, const std::string& chain) {
    return failure(ErrorCode::kInvalidArgument, "the cluster protects another chain than the beacon nodes follow: its " + what +
                                                    " is " + cluster + ", theirs is " + chain);
}

std::string seconds(WallTime time) { return std::to_string(time.time_since_epoch() / std::chrono::seconds{1}); }

std::string milliseconds(Duration duration) { return std::to_string(duration / std::chrono::milliseconds{1}) + " ms"; }

}  // namespace

Result<void> check_same_chain(const protection::ChainIdentity& cluster, const ethereum::Genesis& genesis,
                              const ethereum::ChainSpec& spec) {
    if (cluster.genesis_validators_root != genesis.validators_root) {
        return differs("genesis validators root", to_hex(cluster.genesis_validators_root), to_hex(genesis.validators_root));
    }
    if (cluster.genesis_time != genesis.time) {
        return differs("genesis time", seconds(cluster.genesis_time), seconds(genesis.time));
    }
    if (cluster.slot_duration != spec.slot_duration()) {
        return differs("slot duration", milliseconds(cluster.slot_duration), milliseconds(spec.slot_duration()));
    }
    if (cluster.slots_per_epoch != spec.slots_per_epoch()) {
        return differs("number of slots in an epoch", std::to_string(cluster.slots_per_epoch),
                       std::to_string(spec.slots_per_epoch()));
    }
    return success();
}

}  // namespace holdfast::validator
