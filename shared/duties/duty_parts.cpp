#include "shared/duties/duty_parts.hpp"

#include "shared/ethereum/signing_root.hpp"

namespace holdfast::duties {

Domain DutyParts::domain_at(DomainType type, Epoch epoch) const {
    return ethereum::domain_at(nodes.spec(), nodes.genesis().validators_root, type, epoch);
}

}  // namespace holdfast::duties
