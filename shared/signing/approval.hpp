// Leave to sign one slashable message with certain keys. Only the quorum makes one (protection::QuorumClient, after Q
// protectors have durably recorded the message), and the door signs nothing slashable without one.
#pragma once

#include <utility>
#include <vector>

#include "shared/base/types.hpp"

namespace holdfast::protection {
class ApprovalIssuer;
}

namespace holdfast::signing {

class Approval {
public:
    [[nodiscard]] const Root& signing_root() const { return signing_root_; }
    [[nodiscard]] const std::vector<PublicKey>& keys() const { return keys_; }

private:
    friend class protection::ApprovalIssuer;
    Approval(const Root& signing_root, std::vector<PublicKey> keys) : signing_root_{signing_root}, keys_{std::move(keys)} {}

    Root signing_root_;
    std::vector<PublicKey> keys_;
};

}  // namespace holdfast::signing
