// The one door to the keys. A slashable message (block, attestation) passes only with the quorum's Approval in hand; any other
// message passes by its domain, and the domains of the slashable two are refused there. No option changes that.
#pragma once

#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/task.hpp"
#include "shared/base/types.hpp"
#include "shared/signing/approval.hpp"

namespace holdfast::signing {

struct SignedKey {
    PublicKey key;
    Signature signature;
};

class SigningDoor {
public:
    SigningDoor() = default;
    SigningDoor(const SigningDoor&) = delete;
    SigningDoor& operator=(const SigningDoor&) = delete;
    virtual ~SigningDoor() = default;

    [[nodiscard]] virtual std::vector<PublicKey> keys() const = 0;

    // Signs the approved signing root with each approved key that is here; the message is hashed to the curve once, the keys
    // are shared out over the worker threads.
    virtual Task<Result<std::vector<SignedKey>>> sign_approved(signing::Approval approval) = 0;

    // Any message that can't be slashed. kRefused if `domain` is a proposer's or an attester's; kNotFound for a key not here.
    virtual Task<Result<Signature>> sign_unslashable(PublicKey key, Root object_root, Domain domain) = 0;
};

}  // namespace holdfast::signing
