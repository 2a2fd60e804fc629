#include <algorithm>
#include <utility>

#include "protector/journal.hpp"
#include "protector/ledger.hpp"

// The other half of the journal: what ledger.cpp has written is read again, in order. A row may have been folded into the table
// already: then nothing here changes what is newer.
namespace holdfast::protector {

using protection::AttestationMark;
using protection::BlockMark;
using protection::ValidatorRecord;

namespace {

using DataPointer = std::shared_ptr<const ethereum::AttestationData>;

void set(ValidatorRecord& record, const AttestationMark& mark, const DataPointer& data) {
    record.attestation = mark;
    record.data = data;
}
void set(ValidatorRecord& record, const BlockMark& mark, const DataPointer&) { record.block = mark; }

bool newer(const ValidatorRecord& record, const AttestationMark& mark) {
    return !record.attestation || mark.target > record.attestation->target;
}
bool newer(const ValidatorRecord& record, const BlockMark& mark) { return !record.block || mark.slot > record.block->slot; }

AttestationMark read_attestation(BytesReader& reader) {
    AttestationMark mark;
    mark.source = Epoch{reader.number<std::uint64_t>()};
    mark.target = Epoch{reader.number<std::uint64_t>()};
    mark.signing_root = reader.bytes<Root>();
    return mark;
}

BlockMark read_block(BytesReader& reader) {
    BlockMark mark;
    mark.slot = Slot{reader.number<std::uint64_t>()};
    mark.signing_root = reader.bytes<Root>();
    return mark;
}

DataPointer read_data(BytesReader& reader) {
    const std::uint8_t* bytes = reader.take(kAttestationDataSize);
    if (bytes == nullptr) return nullptr;
    return std::make_shared<const ethereum::AttestationData>(attestation_data_from_ssz(bytes));
}

std::string read_short_text(BytesReader& reader) {
    const auto size = reader.number<std::uint8_t>();
    const std::uint8_t* bytes = reader.take(size);
    return bytes == nullptr ? std::string{} : std::string{reinterpret_cast<const char*>(bytes), size};
}

ValidatorRecord read_record(BytesReader& reader) {
    const auto flags = reader.number<std::uint8_t>();
    ValidatorRecord record;
    if ((flags & kHasAttestation) != 0) record.attestation = read_attestation(reader);
    if ((flags & kHasData) != 0) record.data = read_data(reader);
    if ((flags & kHasBlock) != 0) record.block = read_block(reader);
    record.halted = (flags & kIsHalted) != 0;
    record.enrolled = (flags & kIsEnrolled) != 0;
    return record;
}

}  // namespace

Result<void> Ledger::replay(std::string_view journal) {
    BytesReader reader{journal};
    while (reader.left() > 0) {
        if (!replay_group(reader)) return failure(ErrorCode::kMalformed, "a journal row is broken");
    }
    return success();
}

bool Ledger::replay_group(BytesReader& reader) {
    switch (reader.number<std::uint8_t>()) {
        case 'v': return replay_new_validators(reader);
        case 'a': {
            const AttestationMark mark = read_attestation(reader);
            const bool has_data = reader.number<std::uint8_t>() != 0;
            const DataPointer data = has_data ? read_data(reader) : nullptr;
            return replay_ids(reader, [&](ValidatorRecord& record) {
                if (newer(record, mark)) set(record, mark, data);
            });
        }
        case 'b': {
            const BlockMark mark = read_block(reader);
            return replay_ids(reader, [&](ValidatorRecord& record) {
                if (newer(record, mark)) set(record, mark, nullptr);
            });
        }
        case 'h': {
            const bool halted = reader.number<std::uint8_t>() != 0;
            return replay_ids(reader, [halted](ValidatorRecord& record) { record.halted = halted; });
        }
        case 'e': return replay_ids(reader, [](ValidatorRecord& record) { record.enrolled = true; });
        case 'i': return replay_records(reader);
        case 'g': return replay_tenure(reader);
        case 's': return replay_seen(reader);
        case 'f': return replay_floor(reader);
        default: return false;
    }
}

// Known already, if the row was folded before the last stop and not yet deleted.
bool Ledger::replay_new_validators(BytesReader& reader) {
    const auto first = reader.number<std::uint32_t>();
    const auto count = reader.number<std::uint32_t>();
    for (std::uint32_t i = 0; i < count && !reader.failed(); ++i) {
        const auto key = reader.bytes<PublicKey>();
        if (reader.failed() || id_of(key) != first + i) return false;
    }
    return !reader.failed();
}

template <class Change>
bool Ledger::replay_ids(BytesReader& reader, Change change) {
    const auto count = reader.number<std::uint32_t>();
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto id = reader.number<std::uint32_t>();
        if (reader.failed() || id >= validators_.size()) return false;
        change(validators_[id].record);
        note_changed(id);
    }
    return !reader.failed();
}

bool Ledger::replay_records(BytesReader& reader) {
    const auto count = reader.number<std::uint32_t>();
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto id = reader.number<std::uint32_t>();
        const ValidatorRecord record = read_record(reader);
        if (reader.failed() || id >= validators_.size()) return false;
        merge_upwards(validators_[id].record, record);
        note_changed(id);
    }
    return !reader.failed();
}

bool Ledger::replay_tenure(BytesReader& reader) {
    protection::Tenure tenure;
    tenure.generation = reader.number<std::uint64_t>();
    tenure.since = WallTime{std::chrono::seconds{reader.number<std::uint64_t>()}};
    tenure.holder = read_short_text(reader);
    if (!reader.failed() && tenure.generation >= facts_.tenure.generation) facts_.tenure = std::move(tenure);
    return !reader.failed();
}

bool Ledger::replay_seen(BytesReader& reader) {
    protection::Position position;
    position.incarnation = reader.number<std::uint64_t>();
    position.sequence = reader.number<std::uint64_t>();
    const std::string node = read_short_text(reader);
    if (!reader.failed()) facts_.seen.note(node, position);
    return !reader.failed();
}

bool Ledger::replay_floor(BytesReader& reader) {
    facts_.floor.target = Epoch{reader.number<std::uint64_t>()};
    facts_.floor.slot = Slot{reader.number<std::uint64_t>()};
    facts_.incarnation = reader.number<std::uint64_t>();
    return !reader.failed();
}

}  // namespace holdfast::protector
