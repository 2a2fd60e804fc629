#include "shared/signing/local_door.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/this_coro.hpp>
#include <mutex>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/task_group.hpp"
#include "shared/ethereum/bls.hpp"
#include "shared/ethereum/signing_root.hpp"

namespace holdfast::signing {

namespace {

// Signatures made in one go. Small, because what is urgent waits until a thread has finished its piece: some ten milliseconds.
constexpr std::size_t kPieceMax = 16;
// Each thread's share comes in so many pieces: what a thread that is held up (the machine has other work) leaves undone is
// little.
constexpr std::size_t kPiecesPerThread = 4;

}  // namespace

// One message being signed; shared with the threads, so that it lives as long as any of them works.
struct LocalDoor::Job {
    std::shared_ptr<const KeyVault> vault;
    Root signing_root;
    std::vector<std::size_t> places;
    std::vector<SignedKey> signatures;
    std::once_flag hashed{};
    std::unique_ptr<ethereum::HashedMessage> message{};
    std::atomic<bool> given_up{false};

    Job(std::shared_ptr<const KeyVault> from, const Root& root, std::vector<std::size_t> which)
        : vault{std::move(from)}, signing_root{root}, places{std::move(which)} {}

    // To the curve once: after Electra every validator of a slot signs the same message.
    const ethereum::HashedMessage& hashed_message() {
        std::call_once(hashed, [this] { message = std::make_unique<ethereum::HashedMessage>(signing_root); });
        return *message;
    }
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

// Whoever asked is done, or gone: what has not been begun is not needed.
struct LocalDoor::GiveUp {
    std::shared_ptr<Job> job;
    explicit GiveUp(std::shared_ptr<Job> of) : job{std::move(of)} {}
    GiveUp(const GiveUp&) = delete;
    GiveUp& operator=(const GiveUp&) = delete;
    ~GiveUp() { job->given_up = true; }
};

void LocalDoor::sign_piece(Job& job, std::size_t first, std::size_t last) {
    if (job.given_up) return;
    const ethereum::HashedMessage& message = job.hashed_message();
    for (std::size_t i = first; i < last; ++i) {
        job.signatures[i].signature = ethereum::bls_sign(job.vault->at(job.places[i]), message);
    }
}

std::size_t LocalDoor::piece_size(std::size_t signatures, std::size_t threads) {
    const std::size_t shares = std::max<std::size_t>(1, threads) * kPiecesPerThread;
    return std::clamp<std::size_t>((signatures + shares - 1) / shares, 1, kPieceMax);
}

Task<void> LocalDoor::run_piece(WorkerPool& workers, std::shared_ptr<Job> job, std::size_t first, std::size_t last,
                                Urgency urgency) {
    auto work = [job, first, last] {
        sign_piece(*job, first, last);
        return true;
    };
    co_await workers.run(std::move(work), static_cast<std::size_t>(urgency));
}

Task<Result<std::vector<SignedKey>>> LocalDoor::sign_approved(signing::Approval approval) {
    const Root root = approval.signing_root();
    std::vector<PublicKey> keys = approval.keys();
    // Whatever is approved, block or attestation, is due now and comes before what isn't slashable.
    co_return co_await sign_root(root, std::move(keys), Urgency::kBlock);
}

Task<Result<std::vector<SignedKey>>> LocalDoor::sign(Message message, std::vector<PublicKey> keys, Urgency urgency) {
    if (ethereum::type_of(message.domain) != domain_type_of(message.kind)) {
        co_return failure(ErrorCode::kRefused,
                          "a message is signed only in the domain of its kind, and a block or an "
                          "attestation only with the quorum's approval");
    }
    const Root root = ethereum::compute_signing_root(message.object_root, message.domain);
    co_return co_await sign_root(root, std::move(keys), urgency);
}

Task<Result<std::vector<SignedKey>>> LocalDoor::sign_root(Root root, std::vector<PublicKey> keys, Urgency urgency) {
    HOLDFAST_CO_TRY(auto places, find(keys));
    const auto job = std::make_shared<Job>(vault_, root, std::move(places));
    for (const PublicKey& key : keys) job->signatures.push_back({key, {}});
    const GiveUp at_the_end{job};
    const std::size_t count = keys.size();
    const std::size_t piece = piece_size(count, workers_.threads());
    const Executor executor = co_await boost::asio::this_coro::executor;
    TaskGroup group{executor};
    for (std::size_t first = 0; first < count; first += piece) {
        group.spawn("sign", run_piece(workers_, job, first, std::min(first + piece, count), urgency));
    }
    co_await group.join();
    co_return std::move(job->signatures);
}

}  // namespace holdfast::signing
