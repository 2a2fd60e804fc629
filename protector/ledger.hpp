// The protector's memory: the latest records of all validators, each under a small number. Decides batches and says what
// changed, as the text of one journal row; replays such rows. No disk, no thread: the store's writer owns it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/protection/adoption.hpp"
#include "shared/protection/generation.hpp"
#include "shared/protection/key_index.hpp"
#include "shared/protection/position.hpp"
#include "shared/protection/rejoin.hpp"
#include "shared/protection/verdict.hpp"

namespace holdfast::protector {

using ValidatorId = std::uint32_t;
class BytesReader;

// Who asks, and when: what fence and verdicts look at.
struct Asker {
    std::uint64_t generation{0};
    std::string instance;
    protection::ChainTime now;
    WallTime wall;
};

struct AttestationBatch {
    std::vector<PublicKey> keys;
    std::vector<protection::AttestationMark> marks;  // one for each key, or one for all
    std::shared_ptr<const ethereum::AttestationData> data;
    Asker asker;
};

struct BlockBatch {
    std::vector<PublicKey> keys;
    std::vector<protection::BlockMark> marks;  // one for each key, or one for all
    Asker asker;
};

struct AcquireCommand {
    std::uint64_t generation{0};
    std::string holder;
    WallTime when;
};

struct HaltCommand {
    std::vector<PublicKey> keys;
    bool halt{true};  // false: lift it
};

struct EnrolCommand {
    std::vector<PublicKey> keys;
};

// Merges upwards (protection/rejoin.hpp, merge_upwards) and enrols. All of it, in one commit.
struct ImportCommand {
    std::vector<protection::MemberRecords::Entry> entries;
};

// How far peers have been seen: written with the next commit that has anything else to write, never alone.
struct SeenCommand {
    std::string node;
    protection::Position position;
};

using Command =
    std::variant<AttestationBatch, BlockBatch, AcquireCommand, HaltCommand, EnrolCommand, ImportCommand, SeenCommand>;

// What came of a command, when it is on disk.
struct Applied {
    std::vector<protection::Verdict>
        verdicts;                   // of batches, in order; all kRefused with kFenced or kWrongMode if the fence says so
    bool promised{false};           // of acquire
    std::uint64_t changed{0};       // validators, of halt, enrol and import
    protection::Tenure tenure;      // in force afterwards
    protection::Position position;  // after the commit; filled in by the store
};

// Of the whole cluster; no part of the data.
struct LedgerSettings {
    protection::Mode mode{protection::Mode::kFenced};
    bool refuse_unknown{false};
};

struct Validator {
    PublicKey key;
    protection::ValidatorRecord record;
};

class Ledger {
public:
    explicit Ledger(LedgerSettings settings = {}) : settings_{settings} {}

    // What changed is changed here and appended to `journal`: it counts only once that is on disk. Nothing is appended when
    // nothing changed. A key's second message in a batch is decided after its first.
    Applied apply(const Command& command, std::string& journal);

    // A new member's memory: everything of `plan`, as journal text.
    void rejoin(const protection::RejoinPlan& plan, std::string& journal);

    // Takes over a row of the table of latest records. Rows come with ids 0, 1, 2 ...; kMalformed otherwise, or for a known
    // key.
    Result<void> load(ValidatorId id, Validator validator);
    // Takes over a journal row; what is already newer here stays. kMalformed if it is none.
    Result<void> replay(std::string_view journal);

    // Beside the validators; kept in the table of singular facts when the journal is folded.
    struct Facts {
        protection::Tenure tenure;
        protection::Floor floor;
        std::uint64_t incarnation{1};
        protection::SeenPositions seen;
    };
    [[nodiscard]] const Facts& facts() const { return facts_; }
    void load(Facts facts) { facts_ = std::move(facts); }

    // Validators whose last attestation is for `target`, by message.
    [[nodiscard]] std::vector<protection::RecordGroup> records_for(Epoch target) const;
    [[nodiscard]] const std::vector<Validator>& validators() const { return validators_; }
    // Nothing if that key has no record.
    [[nodiscard]] const Validator* find(const PublicKey& key) const;
    // Do both remember the same? What was seen of others may lag behind on a disk, and doesn't count.
    friend bool operator==(const Ledger& a, const Ledger& b);
    // Ids changed since the last call, ascending.
    [[nodiscard]] std::vector<ValidatorId> take_changed();

private:
    LedgerSettings settings_;
    Facts facts_;
    std::vector<Validator> validators_;
    protection::KeyIndex ids_;
    std::vector<ValidatorId> changed_;  // each once
    std::vector<bool> is_changed_;

    // Not on disk yet.
    std::map<std::string, protection::Position> seen_to_write_;

    // KeyIndex::kNone if it has no number yet.
    [[nodiscard]] ValidatorId known_id(const PublicKey& key) const;
    ValidatorId id_of(const PublicKey& key);
    void add(Validator validator);
    void note_changed(ValidatorId id);
    void prefetch(std::span<const PublicKey> keys) const;

    Applied apply_one(const AttestationBatch& batch, std::string& journal);
    Applied apply_one(const BlockBatch& batch, std::string& journal);
    Applied apply_one(const AcquireCommand& command, std::string& journal);
    Applied apply_one(const HaltCommand& command, std::string& journal);
    Applied apply_one(const EnrolCommand& command, std::string& journal);
    Applied apply_one(const ImportCommand& command, std::string& journal);
    Applied apply_one(const SeenCommand& command, std::string& journal);
    template <class Mark, class BatchOf>
    Applied apply_batch(const BatchOf& batch, std::string& journal);
    template <class Mark, class BatchOf>
    std::vector<protection::Verdict> decide_all(const BatchOf& batch, std::string& journal);
    Applied change_flag(const std::vector<PublicKey>& keys, bool protection::ValidatorRecord::*flag, bool value,
                        std::string_view group, std::string& journal);
    void hold(protection::Tenure tenure, std::string& journal);
    void append_new_validators(std::size_t from, std::string& journal) const;
    static void append_records(std::uint32_t count, const std::string& records, std::string& journal);

    bool replay_group(BytesReader& reader);
    bool replay_new_validators(BytesReader& reader);
    template <class Change>
    bool replay_ids(BytesReader& reader, Change change);
    bool replay_records(BytesReader& reader);
    bool replay_tenure(BytesReader& reader);
    bool replay_seen(BytesReader& reader);
    bool replay_floor(BytesReader& reader);
};

// 128 bytes of SSZ (consensus-specs, phase0/beacon-chain.md, AttestationData).
void append_ssz(std::string& to, const ethereum::AttestationData& data);
[[nodiscard]] ethereum::AttestationData attestation_data_from_ssz(const std::uint8_t* bytes);
inline constexpr std::size_t kAttestationDataSize = 128;

}  // namespace holdfast::protector
