// For tests only: approvals without a quorum.
#pragma once

#include <utility>
#include <vector>

#include "shared/protection/approval_issuer.hpp"

namespace holdfast::protection {

struct TestApprovals {
    static signing::Approval make(const Root& signing_root, std::vector<PublicKey> keys) {
        return ApprovalIssuer::issue(signing_root, std::move(keys));
    }
};

}  // namespace holdfast::protection
