// The door over keys in this process. Signatures are made on worker threads, in small pieces, the most urgent message first: a
// block that comes during ten thousand selection proofs waits for the piece that each thread is at, not for all of them.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "shared/base/worker_pool.hpp"
#include "shared/signing/door.hpp"
#include "shared/signing/key_vault.hpp"

namespace holdfast::signing {

// Decrypted keys and where each lies in the vault.
struct LoadedKeys {
    KeyVault vault;
    std::vector<PublicKey> keys;  // keys[i] is derived from vault.at(i)
};

class LocalDoor final : public SigningDoor {
public:
    // `workers` must outlive the door.
    LocalDoor(LoadedKeys keys, WorkerPool& workers);

    [[nodiscard]] std::vector<PublicKey> keys() const override { return keys_; }
    [[nodiscard]] std::size_t key_count() const override { return keys_.size(); }
    Task<Result<std::vector<SignedKey>>> sign_approved(signing::Approval approval) override;
    Task<Result<std::vector<SignedKey>>> sign(Message message, std::vector<PublicKey> keys, Urgency urgency) override;

    // How many signatures of one message a thread makes in one go.
    [[nodiscard]] static std::size_t piece_size(std::size_t signatures, std::size_t threads);

private:
    std::vector<PublicKey> keys_;
    // Shared with what is being signed: a thread may still be at it when a cancelled duty, and then the door, are gone.
    std::shared_ptr<const KeyVault> vault_;
    WorkerPool& workers_;
    std::unordered_map<PublicKey, std::size_t> places_;

    struct Job;
    struct GiveUp;
    Task<Result<std::vector<SignedKey>>> sign_root(Root root, std::vector<PublicKey> keys, Urgency urgency);
    [[nodiscard]] Result<std::vector<std::size_t>> find(const std::vector<PublicKey>& keys) const;
    static void sign_piece(Job& job, std::size_t first, std::size_t last);
    static Task<void> run_piece(WorkerPool& workers, std::shared_ptr<Job> job, std::size_t first, std::size_t last,
                                Urgency urgency);
};

}  // namespace holdfast::signing
