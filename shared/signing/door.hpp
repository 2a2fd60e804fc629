// The one door to the keys. A slashable message (block, attestation) passes only with the quorum's Approval in hand; any other
// message passes by its kind, each of which has one domain that is not a slashable one's. No option changes that.
#pragma once

#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/task.hpp"
#include "shared/base/types.hpp"
#include "shared/signing/approval.hpp"
#include "shared/signing/message.hpp"

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
    [[nodiscard]] virtual std::size_t key_count() const { return keys().size(); }

    // Signs the approved signing root with each approved key that is here; the message is hashed to the curve once, the keys
    // are shared out over the worker threads. Goes before all that is not slashable.
    virtual Task<Result<std::vector<SignedKey>>> sign_approved(signing::Approval approval) = 0;

    // The same message, which can't be slashed, with each of `keys`. kRefused if its domain is not its kind's; kNotFound for a
    // key that is not here.
    virtual Task<Result<std::vector<SignedKey>>> sign(Message message, std::vector<PublicKey> keys, Urgency urgency) = 0;
};

}  // namespace holdfast::signing
