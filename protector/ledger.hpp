// The protector's memory: the latest records of all validators, each under a small number. Decides batches and says what
// changed, as the text of one journal row; replays such rows. No disk, no thread: the store's writer owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/protection/verdict.hpp"

namespace holdfast::protector {

using ValidatorId = std::uint32_t;

struct AttestationBatch {
    std::vector<PublicKey> keys;
    std::vector<protection::AttestationMark> marks;  // one for each key, or one for all
    std::shared_ptr<const ethereum::AttestationData> data;
    protection::ChainTime now;
};

struct BlockBatch {
    std::vector<PublicKey> keys;
    std::vector<protection::BlockMark> marks;  // one for each key, or one for all
    protection::ChainTime now;
};

using Batch = std::variant<AttestationBatch, BlockBatch>;

struct Validator {
    PublicKey key;
    protection::ValidatorRecord record;
};

class Ledger {
public:
    // A verdict for each key, in order; a key's second message in a batch is decided after its first. What was approved is
    // changed here and appended to `journal`: it counts only once that is on disk.
    std::vector<protection::Verdict> decide(const Batch& batch, std::string& journal);

    // Takes over a row of the table of latest records. Rows come with ids 0, 1, 2 ...; kMalformed otherwise, or for a known
    // key.
    Result<void> load(ValidatorId id, Validator validator);
    // Takes over a journal row; what is already newer here stays. kMalformed if it is none.
    Result<void> replay(std::string_view journal);

    [[nodiscard]] const std::vector<Validator>& validators() const { return validators_; }
    // Nothing if that key has no record.
    [[nodiscard]] const Validator* find(const PublicKey& key) const;
    // Ids changed since the last call, ascending.
    [[nodiscard]] std::vector<ValidatorId> take_changed();

private:
    std::vector<Validator> validators_;
    std::unordered_map<PublicKey, ValidatorId> ids_;
    std::vector<ValidatorId> changed_;

    ValidatorId id_of(const PublicKey& key);
    template <class Mark, class BatchOf>
    std::vector<protection::Verdict> decide_all(const BatchOf& batch, std::string& journal);
    void append_new_validators(std::size_t from, std::string& journal) const;
};

// 128 bytes of SSZ (consensus-specs, phase0/beacon-chain.md, AttestationData).
void append_ssz(std::string& to, const ethereum::AttestationData& data);
[[nodiscard]] ethereum::AttestationData attestation_data_from_ssz(const std::uint8_t* bytes);
inline constexpr std::size_t kAttestationDataSize = 128;

}  // namespace holdfast::protector
