// The only maker of signing::Approval. Its one function is private: the quorum client calls it after Q durable yeses, and
// nobody else.
#pragma once

#include <utility>
#include <vector>

#include "shared/signing/approval.hpp"

namespace holdfast::protection {

class ApprovalIssuer {
    friend class HttpQuorumClient;
    friend struct TestApprovals;  // defined in tests only: tests/shared/protection/test_approvals.hpp

    static signing::Approval issue(const Root& signing_root, std::vector<PublicKey> keys) {
        return signing::Approval{signing_root, std::move(keys)};
    }
};

}  // namespace holdfast::protection
