// The octet-stream forms of what is recorded: of an epoch, for adoption, and everything, for a rejoin.
#include <unordered_map>
#include <utility>
#include <vector>

#include "shared/protection/wire.hpp"
#include "shared/protection/wire_parts.hpp"

namespace holdfast::protection::wire {
namespace {

constexpr std::string_view kRecords = "HFR1";
constexpr std::string_view kAllRecords = "HFM1";

// Parts of one validator's entry in all records.
constexpr unsigned kHasVote = 1;
constexpr unsigned kHasData = 2;
constexpr unsigned kHasBlock = 4;
constexpr unsigned kIsHalted = 8;
constexpr unsigned kIsEnrolled = 16;

constexpr std::size_t kEntrySizeMin = PublicKey::kSize + 1;
constexpr std::size_t kGroupSizeMin = kVoteSize + 1 + 4;

// The different AttestationData of all entries, each once, and for each entry the number of its own.
struct DataTable {
    std::vector<std::string> list;  // SSZ
    std::vector<std::uint32_t> number_of;

    explicit DataTable(const std::vector<MemberRecords::Entry>& entries) : number_of(entries.size()) {
        std::unordered_map<std::string, std::uint32_t> numbers;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const ValidatorRecord& record = entries[i].record;
            if (!record.attestation || !record.data) continue;
            std::string bytes;
            append_data(bytes, *record.data);
            const auto [found, is_new] = numbers.try_emplace(bytes, static_cast<std::uint32_t>(list.size()));
            if (is_new) list.push_back(std::move(bytes));
            number_of[i] = found->second;
        }
    }
};

void append_entry(std::string& to, const MemberRecords::Entry& entry, std::uint32_t data_number) {
    const ValidatorRecord& record = entry.record;
    const bool has_data = record.attestation && record.data;
    append_bytes(to, entry.key);
    append_number(to, static_cast<std::uint8_t>((record.attestation ? kHasVote : 0) | (has_data ? kHasData : 0) |
                                                (record.block ? kHasBlock : 0) | (record.halted ? kIsHalted : 0) |
                                                (record.enrolled ? kIsEnrolled : 0)));
    if (record.attestation) append_mark(to, *record.attestation);
    if (has_data) append_number(to, data_number);
    if (record.block) append_mark(to, *record.block);
}

MemberRecords::Entry read_entry(OctetReader& reader, const std::vector<SharedData>& table) {
    MemberRecords::Entry entry;
    entry.key = reader.bytes<PublicKey>();
    const unsigned parts = reader.number<std::uint8_t>();
    const bool lone_data = (parts & kHasData) != 0 && (parts & kHasVote) == 0;
    if (parts >= 2 * kIsEnrolled || lone_data) reader.fail("unknown parts of a record");
    if ((parts & kHasVote) != 0) read_mark(reader, entry.record.attestation.emplace());
    if ((parts & kHasData) != 0) {
        const std::size_t number = reader.number<std::uint32_t>();
        if (number >= table.size()) reader.fail("a number that is in no table");
        if (!reader.failed()) entry.record.data = table[number];
    }
    if ((parts & kHasBlock) != 0) read_mark(reader, entry.record.block.emplace());
    entry.record.halted = (parts & kIsHalted) != 0;
    entry.record.enrolled = (parts & kIsEnrolled) != 0;
    return entry;
}

RecordGroup read_group(OctetReader& reader) {
    RecordGroup group;
    read_mark(reader, group.mark);
    if (read_flag(reader)) group.data = read_data(reader);
    group.keys = reader.list<PublicKey>(reader.count(PublicKey::kSize, kNoLimit));
    return group;
}

void read_facts(OctetReader& reader, MemberRecords& records) {
    records.node = read_name(reader);
    records.rejoining = read_flag(reader);
    records.now.epoch = Epoch{reader.number<std::uint64_t>()};
    records.now.slot = Slot{reader.number<std::uint64_t>()};
    records.tenure = read_tenure(reader);
    records.seen_of_asker = read_position(reader);
    records.highest_target = reader.number<std::uint64_t>();
    records.highest_slot = reader.number<std::uint64_t>();
}

}  // namespace

std::string encode_records(const RecordsAnswer& answer) {
    std::size_t size = 0;
    for (const RecordGroup& group : answer.groups) size += kGroupSizeMin + kDataSize + group.keys.size() * PublicKey::kSize;
    std::string bytes = begin(kRecords, size);
    append_head(bytes, answer.head);
    append_count(bytes, answer.groups.size());
    for (const RecordGroup& group : answer.groups) {
        append_mark(bytes, group.mark);
        append_flag(bytes, group.data != nullptr);
        if (group.data) append_data(bytes, *group.data);
        append_count(bytes, group.keys.size());
        append_bytes(bytes, std::span<const PublicKey>{group.keys});
    }
    return bytes;
}

Result<RecordsAnswer> decode_records(std::string_view bytes) {
    RecordsAnswer answer;
    OctetReader reader{bytes};
    read_magic(reader, kRecords);
    read_head(reader, answer.head);
    const std::size_t count = reader.count(kGroupSizeMin, kNoLimit);
    for (std::size_t i = 0; i < count && !reader.failed(); ++i) answer.groups.push_back(read_group(reader));
    HOLDFAST_TRY(reader.end());
    return answer;
}

std::string encode_all_records(const MemberRecords& records) {
    const DataTable table{records.entries};
    std::string bytes = begin(
        kAllRecords, table.list.size() * kDataSize + records.entries.size() * (kEntrySizeMin + kVoteSize + 4 + kBlockSize));
    append_name(bytes, records.node);
    append_flag(bytes, records.rejoining);
    append_number(bytes, records.now.epoch.value);
    append_number(bytes, records.now.slot.value);
    append_tenure(bytes, records.tenure);
    append_position(bytes, records.seen_of_asker);
    append_number(bytes, records.highest_target);
    append_number(bytes, records.highest_slot);
    append_count(bytes, table.list.size());
    for (const std::string& data : table.list) bytes += data;
    append_count(bytes, records.entries.size());
    for (std::size_t i = 0; i < records.entries.size(); ++i) append_entry(bytes, records.entries[i], table.number_of[i]);
    return bytes;
}

Result<MemberRecords> decode_all_records(std::string_view bytes) {
    MemberRecords records;
    OctetReader reader{bytes};
    read_magic(reader, kAllRecords);
    read_facts(reader, records);
    std::vector<SharedData> table(reader.count(kDataSize, kNoLimit));
    for (SharedData& data : table) data = read_data(reader);
    const std::size_t count = reader.count(kEntrySizeMin, kNoLimit);
    records.entries.reserve(count);
    for (std::size_t i = 0; i < count && !reader.failed(); ++i) records.entries.push_back(read_entry(reader, table));
    HOLDFAST_TRY(reader.end());
    return records;
}

}  // namespace holdfast::protection::wire
