#include "shared/signing/local_door.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/task_group.hpp"
#include "shared/ethereum/bls.hpp"
#include "shared/ethereum/signing_root.hpp"

namespace holdfast::signing {

// One approval being signed; shared with the threads, so that it lives as long as any of them works.
struct LocalDoor::Job {
    std::shared_ptr<const KeyVault> vault;
    Root signing_root;
    std::vector<std::size_t> places;
    std::unique_ptr<ethereum::HashedMessage> message;
    std::vector<SignedKey> signatures;
};

LocalDoor::LocalDoor(LoadedKeys keys, WorkerPool& workers)
    : keys_{std::move(keys.keys)}, vault_{std::make_shared<const KeyVault>(std::move(keys.vault))}, workers_{workers} {
    HOLDFAST_ASSERT(keys_.size() == vault_->size());
    places_.reserve(keys_.size());
    for (std::size_t i = 0; i < keys_.size(); ++i) places_.emplace(keys_[i], i);
}

Result<std::vector<std::size_t>> LocalDoor::find(const std::vector<PublicKey>& keys) const {
    std::vector<std::size_t> places;
    places.reserve(keys.size());
    for (const PublicKey& key : keys) {
        const auto found = places_.find(key);
        if (found == places_.end()) return failure(ErrorCode::kNotFound, "no key " + to_hex(key) + " here to sign with");
        places.push_back(found->second);
    }
    return places;
}

void LocalDoor::sign_share(const std::shared_ptr<Job>& job, std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
        job->signatures[i].signature = ethereum::bls_sign(job->vault->at(job->places[i]), *job->message);
    }
}

Task<void> LocalDoor::run_share(WorkerPool& workers, std::shared_ptr<Job> job, std::size_t first, std::size_t last) {
    auto work = [job, first, last] {
        sign_share(job, first, last);
        return true;
    };
    co_await workers.run(std::move(work));
}

Task<Result<std::vector<SignedKey>>> LocalDoor::sign_approved(signing::Approval approval) {
    const Root root = approval.signing_root();
    std::vector<PublicKey> keys = approval.keys();
    co_return co_await sign_root(root, std::move(keys));
}

Task<Result<std::vector<SignedKey>>> LocalDoor::sign(Message message, std::vector<PublicKey> keys, Urgency /*urgency*/) {
    if (ethereum::type_of(message.domain) != domain_type_of(message.kind)) {
        co_return failure(ErrorCode::kRefused,
                          "a message is signed only in the domain of its kind, and a block or an "
                          "attestation only with the quorum's approval");
    }
    const Root root = ethereum::compute_signing_root(message.object_root, message.domain);
    co_return co_await sign_root(root, std::move(keys));
}

Task<Result<std::vector<SignedKey>>> LocalDoor::sign_root(Root root, std::vector<PublicKey> keys) {
    HOLDFAST_CO_TRY(auto places, find(keys));
    auto job = std::make_shared<Job>(Job{vault_, root, std::move(places), nullptr, {}});
    for (const PublicKey& key : keys) job->signatures.push_back({key, {}});
    // Hashed to the curve once: after Electra every validator of a slot signs the same message.
    auto hash = [job] {
        job->message = std::make_unique<ethereum::HashedMessage>(job->signing_root);
        return true;
    };
    co_await workers_.run(std::move(hash));
    const std::size_t count = job->places.size();
    const std::size_t shares = std::max<std::size_t>(1, std::min(count, workers_.threads()));
    const Executor executor = co_await boost::asio::this_coro::executor;
    TaskGroup group{executor};
    for (std::size_t i = 0; i < shares; ++i) {
        group.spawn("sign", run_share(workers_, job, count * i / shares, count * (i + 1) / shares));
    }
    co_await group.join();
    co_return std::move(job->signatures);
}

}  // namespace holdfast::signing
