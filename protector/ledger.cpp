#include "protector/ledger.hpp"

#include <algorithm>
#include <utility>

#include "protector/journal.hpp"

namespace holdfast::protector {

using protection::AttestationMark;
using protection::BlockMark;
using protection::ChainTime;
using protection::Outcome;
using protection::ValidatorRecord;
using protection::Verdict;

namespace {

using DataPointer = std::shared_ptr<const ethereum::AttestationData>;

Verdict decide_one(const ValidatorRecord& record, const AttestationMark& mark, ChainTime now) {
    return decide_attestation(record, mark, now);
}
Verdict decide_one(const ValidatorRecord& record, const BlockMark& mark, ChainTime now) {
    return decide_block(record, mark, now);
}

void set(ValidatorRecord& record, const AttestationMark& mark, const DataPointer& data) {
    record.attestation = mark;
    record.data = data;
}
void set(ValidatorRecord& record, const BlockMark& mark, const DataPointer&) { record.block = mark; }

const DataPointer& data_of(const AttestationBatch& batch) { return batch.data; }
DataPointer data_of(const BlockBatch&) { return nullptr; }

void append_group_head(std::string& to, const AttestationMark& mark, const DataPointer& data) {
    to += 'a';
    append_number(to, mark.source.value);
    append_number(to, mark.target.value);
    append_bytes(to, mark.signing_root);
    to += data ? '\1' : '\0';
    if (data) append_ssz(to, *data);
}

void append_group_head(std::string& to, const BlockMark& mark, const DataPointer&) {
    to += 'b';
    append_number(to, mark.slot.value);
    append_bytes(to, mark.signing_root);
}

// Writes groups: consecutive approvals of the same message become one.
template <class Mark>
class GroupWriter {
public:
    GroupWriter(std::string& to, DataPointer data) : to_{to}, data_{std::move(data)} {}
    GroupWriter(const GroupWriter&) = delete;
    GroupWriter& operator=(const GroupWriter&) = delete;
    ~GroupWriter() { flush(); }

    void add(const Mark& mark, ValidatorId id) {
        if (!ids_.empty() && mark != mark_) flush();
        mark_ = mark;
        ids_.push_back(id);
    }

private:
    std::string& to_;
    DataPointer data_;
    Mark mark_;
    std::vector<ValidatorId> ids_;

    void flush() {
        if (ids_.empty()) return;
        append_group_head(to_, mark_, data_);
        append_number(to_, static_cast<std::uint32_t>(ids_.size()));
        for (const ValidatorId id : ids_) append_number(to_, id);
        ids_.clear();
    }
};

bool newer(const ValidatorRecord& record, const AttestationMark& mark) {
    return !record.attestation || mark.target > record.attestation->target;
}
bool newer(const ValidatorRecord& record, const BlockMark& mark) { return !record.block || mark.slot > record.block->slot; }

template <class Mark>
bool replay_group(BytesReader& reader, const Mark& mark, const DataPointer& data, std::vector<Validator>& validators,
                  std::vector<ValidatorId>& changed) {
    const auto count = reader.number<std::uint32_t>();
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto id = reader.number<std::uint32_t>();
        if (reader.failed() || id >= validators.size()) return false;
        if (newer(validators[id].record, mark)) set(validators[id].record, mark, data);
        changed.push_back(id);
    }
    return !reader.failed();
}

}  // namespace

void append_ssz(std::string& to, const ethereum::AttestationData& data) {
    append_number(to, data.slot.value);
    append_number(to, data.index.value);
    append_bytes(to, data.beacon_block_root);
    append_number(to, data.source.epoch.value);
    append_bytes(to, data.source.root);
    append_number(to, data.target.epoch.value);
    append_bytes(to, data.target.root);
}

ethereum::AttestationData attestation_data_from_ssz(const std::uint8_t* bytes) {
    BytesReader reader{{reinterpret_cast<const char*>(bytes), kAttestationDataSize}};
    ethereum::AttestationData data;
    data.slot = Slot{reader.number<std::uint64_t>()};
    data.index = CommitteeIndex{reader.number<std::uint64_t>()};
    data.beacon_block_root = reader.bytes<Root>();
    data.source.epoch = Epoch{reader.number<std::uint64_t>()};
    data.source.root = reader.bytes<Root>();
    data.target.epoch = Epoch{reader.number<std::uint64_t>()};
    data.target.root = reader.bytes<Root>();
    return data;
}

ValidatorId Ledger::id_of(const PublicKey& key) {
    const auto [place, is_new] = ids_.try_emplace(key, static_cast<ValidatorId>(validators_.size()));
    if (is_new) validators_.push_back(Validator{key, {}});
    return place->second;
}

template <class Mark, class BatchOf>
std::vector<Verdict> Ledger::decide_all(const BatchOf& batch, std::string& journal) {
    const DataPointer data = data_of(batch);
    const std::size_t known = validators_.size();
    std::vector<Verdict> verdicts;
    verdicts.reserve(batch.keys.size());
    std::string groups;
    {
        GroupWriter<Mark> writer{groups, data};
        for (std::size_t i = 0; i < batch.keys.size(); ++i) {
            const Mark& mark = batch.marks.size() == 1 ? batch.marks.front() : batch.marks[i];
            const auto found = ids_.find(batch.keys[i]);
            static const ValidatorRecord kNothing;
            verdicts.push_back(decide_one(found == ids_.end() ? kNothing : validators_[found->second].record, mark, batch.now));
            if (verdicts.back().outcome != Outcome::kApproved) continue;
            const ValidatorId id = found == ids_.end() ? id_of(batch.keys[i]) : found->second;
            set(validators_[id].record, mark, data);
            changed_.push_back(id);
            writer.add(mark, id);
        }
    }
    append_new_validators(known, journal);
    journal += groups;
    return verdicts;
}

std::vector<Verdict> Ledger::decide(const Batch& batch, std::string& journal) {
    if (const auto* attestations = std::get_if<AttestationBatch>(&batch)) {
        return decide_all<AttestationMark>(*attestations, journal);
    }
    return decide_all<BlockMark>(std::get<BlockBatch>(batch), journal);
}

void Ledger::append_new_validators(std::size_t from, std::string& journal) const {
    if (from == validators_.size()) return;
    journal += 'v';
    append_number(journal, static_cast<std::uint32_t>(from));
    append_number(journal, static_cast<std::uint32_t>(validators_.size() - from));
    for (std::size_t i = from; i < validators_.size(); ++i) append_bytes(journal, validators_[i].key);
}

Result<void> Ledger::load(ValidatorId id, Validator validator) {
    if (id != validators_.size())
        return failure(ErrorCode::kMalformed, "validator number " + std::to_string(id) + " is out of order");
    if (!ids_.emplace(validator.key, id).second) {
        return failure(ErrorCode::kMalformed, "validator " + to_hex(validator.key) + " is there twice");
    }
    validators_.push_back(std::move(validator));
    return success();
}

Result<void> Ledger::replay(std::string_view journal) {
    const Error broken = failure(ErrorCode::kMalformed, "a journal row is broken");
    BytesReader reader{journal};
    while (reader.left() > 0) {
        const auto kind = reader.number<std::uint8_t>();
        if (kind == 'v') {
            const auto first = reader.number<std::uint32_t>();
            const auto count = reader.number<std::uint32_t>();
            for (std::uint32_t i = 0; i < count && !reader.failed(); ++i) {
                const auto key = reader.bytes<PublicKey>();
                // Known already, if the row was folded before the last stop and not yet deleted.
                if (reader.failed() || id_of(key) != first + i) return broken;
            }
        } else if (kind == 'a') {
            AttestationMark mark;
            mark.source = Epoch{reader.number<std::uint64_t>()};
            mark.target = Epoch{reader.number<std::uint64_t>()};
            mark.signing_root = reader.bytes<Root>();
            const bool has_data = reader.number<std::uint8_t>() != 0;
            const std::uint8_t* bytes = has_data ? reader.take(kAttestationDataSize) : nullptr;
            DataPointer data;
            if (bytes != nullptr) data = std::make_shared<const ethereum::AttestationData>(attestation_data_from_ssz(bytes));
            if (!replay_group(reader, mark, data, validators_, changed_)) return broken;
        } else if (kind == 'b') {
            BlockMark mark;
            mark.slot = Slot{reader.number<std::uint64_t>()};
            mark.signing_root = reader.bytes<Root>();
            if (!replay_group(reader, mark, nullptr, validators_, changed_)) return broken;
        } else {
            return broken;
        }
    }
    if (reader.failed()) return broken;
    return success();
}

const Validator* Ledger::find(const PublicKey& key) const {
    const auto found = ids_.find(key);
    return found == ids_.end() ? nullptr : &validators_[found->second];
}

std::vector<ValidatorId> Ledger::take_changed() {
    std::sort(changed_.begin(), changed_.end());
    changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
    return std::exchange(changed_, {});
}

}  // namespace holdfast::protector
