#include "shared/ethereum/signing_root.hpp"

#include <algorithm>

#include "shared/ethereum/containers.hpp"

namespace holdfast::ethereum {

Domain compute_domain(DomainType type, ForkVersion version, const Root& genesis_validators_root) {
    const Root fork_data_root = ssz::hash_tree_root(ForkData{version, genesis_validators_root});
    Domain domain;
    std::copy_n(type.bytes.begin(), 4, domain.bytes.begin());
    std::copy_n(fork_data_root.bytes.begin(), 28, domain.bytes.begin() + 4);
    return domain;
}

Domain domain_at(const ChainSpec& spec, const Root& genesis_validators_root, DomainType type, Epoch epoch) {
    return compute_domain(type, spec.fork_at(epoch).version, genesis_validators_root);
}

DomainType type_of(const Domain& domain) {
    DomainType type;
    std::copy_n(domain.bytes.begin(), 4, type.bytes.begin());
    return type;
}

Root compute_signing_root(const Root& object_root, const Domain& domain) {
    return ssz::hash_tree_root(SigningData{object_root, domain});
}

Root attestation_signing_root(const AttestationData& data, const Domain& domain) {
    return compute_signing_root(ssz::hash_tree_root(data), domain);
}

}  // namespace holdfast::ethereum
