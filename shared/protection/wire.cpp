#include "shared/protection/wire.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <unordered_map>
#include <utility>

#include "shared/ethereum/containers.hpp"
#include "shared/ethereum/ssz.hpp"
#include "shared/protection/octets.hpp"

namespace holdfast::protection::wire {
namespace {

using ethereum::AttestationData;
using Data = std::shared_ptr<const AttestationData>;

constexpr std::size_t kMagicSize = 4;
constexpr std::string_view kAttestationRequest = "HFA1";
constexpr std::string_view kBlockRequest = "HFB1";
constexpr std::string_view kAnswer = "HFV1";
constexpr std::string_view kRecords = "HFR1";
constexpr std::string_view kAllRecords = "HFM1";

constexpr std::uint8_t kFormData = 1;
constexpr std::uint8_t kFormMarks = 2;

// Codes of verdicts. A refusal is one of the three kinds plus its reason.
constexpr unsigned kCodeUnknown = 0;
constexpr unsigned kCodeApproved = 1;
constexpr unsigned kCodeRepeated = 2;
constexpr unsigned kCodeRefused = 0x40;
constexpr unsigned kCodeRefusedForVote = 0x80;
constexpr unsigned kCodeRefusedForBlock = 0xC0;
constexpr unsigned kCodeReasonMask = 0x3F;
constexpr auto kReasonLast = static_cast<unsigned>(Reason::kNotVoting);

// Parts of one validator's entry in all records.
constexpr unsigned kHasVote = 1;
constexpr unsigned kHasData = 2;
constexpr unsigned kHasBlock = 4;
constexpr unsigned kIsHalted = 8;
constexpr unsigned kIsEnrolled = 16;

constexpr std::size_t kDataSize = ethereum::ssz::Codec<AttestationData>::kFixedSize;
constexpr std::size_t kVoteSize = 8 + 8 + Root::kSize;
constexpr std::size_t kBlockSize = 8 + Root::kSize;
constexpr std::size_t kEntrySizeMin = PublicKey::kSize + 1;
constexpr std::size_t kGroupSizeMin = kVoteSize + 1 + 4;
constexpr std::size_t kHeadReserve = 512;
constexpr std::size_t kNoLimit = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kNameSizeMax = 255;

std::string begin(std::string_view magic, std::size_t size) {
    std::string bytes;
    bytes.reserve(kHeadReserve + size);
    bytes += magic;
    return bytes;
}

void append_name(std::string& to, std::string_view name) {
    name = name.substr(0, kNameSizeMax);
    append_number(to, static_cast<std::uint8_t>(name.size()));
    to += name;
}

void append_count(std::string& to, std::size_t count) { append_number(to, static_cast<std::uint32_t>(count)); }

void append_position(std::string& to, Position position) {
    append_number(to, position.incarnation);
    append_number(to, position.sequence);
}

void append_tenure(std::string& to, const Tenure& tenure) {
    const auto since = std::chrono::duration_cast<std::chrono::seconds>(tenure.since.time_since_epoch()).count();
    append_number(to, tenure.generation);
    append_number(to, static_cast<std::uint64_t>(std::max<std::int64_t>(since, 0)));
    append_name(to, tenure.holder);
}

void append_head(std::string& to, const RequestHead& head) {
    append_bytes(to, head.cluster);
    append_bytes(to, head.genesis_validators_root);
    append_number(to, head.generation);
    append_number(to, head.request_id);
    append_name(to, head.instance);
}

void append_head(std::string& to, const AnswerHead& head) {
    append_number(to, head.request_id);
    append_name(to, head.node);
    append_position(to, head.position);
    append_tenure(to, head.tenure);
}

void append_mark(std::string& to, const AttestationMark& mark) {
    append_number(to, mark.source.value);
    append_number(to, mark.target.value);
    append_bytes(to, mark.signing_root);
}

void append_mark(std::string& to, const BlockMark& mark) {
    append_number(to, mark.slot.value);
    append_bytes(to, mark.signing_root);
}

void append_mark(std::string&, std::monostate) {}

void append_data(std::string& to, const AttestationData& data) {
    const auto bytes = ethereum::ssz::serialize(data);
    to.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

unsigned code_of(const Verdict& verdict) {
    switch (verdict.outcome) {
        case Outcome::kApproved: return kCodeApproved;
        case Outcome::kRepeated: return kCodeRepeated;
        case Outcome::kRefused: break;
        default: return kCodeUnknown;
    }
    const auto reason = static_cast<unsigned>(verdict.reason);
    if (std::holds_alternative<AttestationMark>(verdict.record)) return kCodeRefusedForVote + reason;
    return (std::holds_alternative<BlockMark>(verdict.record) ? kCodeRefusedForBlock : kCodeRefused) + reason;
}

void read_magic(OctetReader& reader, std::string_view magic) {
    const std::uint8_t* bytes = reader.take(kMagicSize);
    if (bytes == nullptr || std::equal(magic.begin(), magic.end(), bytes)) return;
    reader.fail("expected a message that begins with " + std::string{magic});
}

// Empty, or a name as in the cluster file.
std::string read_name(OctetReader& reader) {
    const std::size_t size = reader.number<std::uint8_t>();
    const std::uint8_t* bytes = reader.take(size);
    if (bytes == nullptr || size == 0) return {};
    std::string name{reinterpret_cast<const char*>(bytes), size};
    if (!good_name(name)) reader.fail("expected a name of 1 to 48 letters, digits, '-', '_' or '.'");
    return name;
}

bool read_flag(OctetReader& reader) {
    const auto value = reader.number<std::uint8_t>();
    if (value > 1) reader.fail("expected 0 or 1");
    return value == 1;
}

Position read_position(OctetReader& reader) {
    const auto incarnation = reader.number<std::uint64_t>();
    return {incarnation, reader.number<std::uint64_t>()};
}

Tenure read_tenure(OctetReader& reader) {
    Tenure tenure;
    tenure.generation = reader.number<std::uint64_t>();
    const auto since = reader.number<std::uint64_t>();
    if (since > kWireTimeMax) reader.fail("a time beyond all calendars");
    if (!reader.failed()) tenure.since = WallTime{std::chrono::seconds{since}};
    tenure.holder = read_name(reader);
    return tenure;
}

void read_head(OctetReader& reader, RequestHead& head) {
    head.cluster = reader.bytes<ClusterId>();
    head.genesis_validators_root = reader.bytes<Root>();
    head.generation = reader.number<std::uint64_t>();
    head.request_id = reader.number<std::uint64_t>();
    head.instance = read_name(reader);
}

void read_head(OctetReader& reader, AnswerHead& head) {
    head.request_id = reader.number<std::uint64_t>();
    head.node = read_name(reader);
    head.position = read_position(reader);
    head.tenure = read_tenure(reader);
}

void read_mark(OctetReader& reader, AttestationMark& mark) {
    mark.source = Epoch{reader.number<std::uint64_t>()};
    mark.target = Epoch{reader.number<std::uint64_t>()};
    mark.signing_root = reader.bytes<Root>();
}

void read_mark(OctetReader& reader, BlockMark& mark) {
    mark.slot = Slot{reader.number<std::uint64_t>()};
    mark.signing_root = reader.bytes<Root>();
}

Data read_data(OctetReader& reader) {
    const std::uint8_t* bytes = reader.take(kDataSize);
    if (bytes == nullptr) return nullptr;
    auto data = ethereum::ssz::deserialize<AttestationData>({bytes, kDataSize});
    if (data) return std::make_shared<const AttestationData>(data.value());
    reader.fail(data.error().message);
    return nullptr;
}

template <class Mark>
std::string encode_messages(std::string bytes, std::span<const PublicKey> keys, std::span<const Mark> marks) {
    append_count(bytes, keys.size());
    append_bytes(bytes, keys);
    for (const Mark& mark : marks) append_mark(bytes, mark);
    return bytes;
}

template <class Mark>
void read_messages(OctetReader& reader, std::size_t mark_size, std::vector<PublicKey>& keys, std::vector<Mark>& marks) {
    const std::size_t count = reader.count(PublicKey::kSize + mark_size, kRequestKeysMax);
    keys = reader.list<PublicKey>(count);
    marks.resize(count);
    for (Mark& mark : marks) read_mark(reader, mark);
}

Verdict read_verdict(OctetReader& reader, OctetReader& records) {
    const unsigned code = reader.number<std::uint8_t>();
    if (code == kCodeUnknown) return {};
    if (code == kCodeApproved) return {Outcome::kApproved, Reason::kNone, {}};
    if (code == kCodeRepeated) return {Outcome::kRepeated, Reason::kNone, {}};
    const unsigned reason = code & kCodeReasonMask;
    if (code < kCodeRefused || reason > kReasonLast) reader.fail("unknown code " + std::to_string(code) + " of a verdict");
    Verdict verdict{Outcome::kRefused, static_cast<Reason>(reason), {}};
    const unsigned kind = code - reason;
    if (kind == kCodeRefusedForVote) read_mark(records, verdict.record.emplace<AttestationMark>());
    if (kind == kCodeRefusedForBlock) read_mark(records, verdict.record.emplace<BlockMark>());
    return verdict;
}

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

MemberRecords::Entry read_entry(OctetReader& reader, const std::vector<Data>& table) {
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

std::string encode_attestation_request(const RequestHead& head, const AttestationData& data, const Domain& domain,
                                       std::span<const PublicKey> keys) {
    std::string bytes = begin(kAttestationRequest, keys.size_bytes());
    append_head(bytes, head);
    append_number(bytes, kFormData);
    append_data(bytes, data);
    append_bytes(bytes, domain);
    append_count(bytes, keys.size());
    append_bytes(bytes, keys);
    return bytes;
}

std::string encode_attestation_request(const RequestHead& head, std::span<const PublicKey> keys,
                                       std::span<const AttestationMark> marks) {
    std::string bytes = begin(kAttestationRequest, keys.size_bytes() + marks.size() * kVoteSize);
    append_head(bytes, head);
    append_number(bytes, kFormMarks);
    return encode_messages(std::move(bytes), keys, marks);
}

std::string encode_block_request(const RequestHead& head, std::span<const PublicKey> keys, std::span<const BlockMark> marks) {
    std::string bytes = begin(kBlockRequest, keys.size_bytes() + marks.size() * kBlockSize);
    append_head(bytes, head);
    return encode_messages(std::move(bytes), keys, marks);
}

Result<AttestationRequest> decode_attestation_request(std::string_view bytes) {
    AttestationRequest request;
    OctetReader reader{bytes};
    read_magic(reader, kAttestationRequest);
    read_head(reader, request.head);
    const auto form = reader.number<std::uint8_t>();
    if (form == kFormMarks) {
        read_messages(reader, kVoteSize, request.keys, request.marks);
    } else if (form == kFormData) {
        request.data = read_data(reader);
        request.domain = reader.bytes<Domain>();
        request.keys = reader.list<PublicKey>(reader.count(PublicKey::kSize, kRequestKeysMax));
    } else {
        reader.fail("unknown form " + std::to_string(form) + " of a request");
    }
    HOLDFAST_TRY(reader.end());
    return request;
}

Result<BlockRequest> decode_block_request(std::string_view bytes) {
    BlockRequest request;
    OctetReader reader{bytes};
    read_magic(reader, kBlockRequest);
    read_head(reader, request.head);
    read_messages(reader, kBlockSize, request.keys, request.marks);
    HOLDFAST_TRY(reader.end());
    return request;
}

std::string encode_answer(const AnswerHead& head, std::span<const Verdict> verdicts) {
    const auto records = std::ranges::count_if(verdicts, [](const Verdict& verdict) { return verdict.record.index() != 0; });
    std::string bytes = begin(kAnswer, verdicts.size() + static_cast<std::size_t>(records) * kVoteSize);
    append_head(bytes, head);
    append_count(bytes, verdicts.size());
    for (const Verdict& verdict : verdicts) bytes += static_cast<char>(static_cast<std::uint8_t>(code_of(verdict)));
    for (const Verdict& verdict : verdicts) {
        if (verdict.outcome != Outcome::kRefused) continue;
        std::visit([&bytes](const auto& record) { append_mark(bytes, record); }, verdict.record);
    }
    return bytes;
}

Result<VerdictAnswer> decode_answer(std::string_view bytes) {
    VerdictAnswer answer;
    OctetReader reader{bytes};
    read_magic(reader, kAnswer);
    read_head(reader, answer.head);
    const std::size_t count = reader.count(1, kRequestKeysMax);
    OctetReader codes{bytes.substr(bytes.size() - reader.left(), count)};
    reader.take(count);
    answer.verdicts.reserve(count);
    while (answer.verdicts.size() < count) answer.verdicts.push_back(read_verdict(codes, reader));
    HOLDFAST_TRY(codes.end());
    HOLDFAST_TRY(reader.end());
    return answer;
}

std::string encode_records(const RecordsAnswer& answer) {
    std::size_t size = 0;
    for (const RecordGroup& group : answer.groups) size += kGroupSizeMin + kDataSize + group.keys.size() * PublicKey::kSize;
    std::string bytes = begin(kRecords, size);
    append_head(bytes, answer.head);
    append_count(bytes, answer.groups.size());
    for (const RecordGroup& group : answer.groups) {
        append_mark(bytes, group.mark);
        append_number(bytes, static_cast<std::uint8_t>(group.data ? 1 : 0));
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
    append_number(bytes, static_cast<std::uint8_t>(records.rejoining ? 1 : 0));
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
    std::vector<Data> table(reader.count(kDataSize, kNoLimit));
    for (Data& data : table) data = read_data(reader);
    const std::size_t count = reader.count(kEntrySizeMin, kNoLimit);
    records.entries.reserve(count);
    for (std::size_t i = 0; i < count && !reader.failed(); ++i) records.entries.push_back(read_entry(reader, table));
    HOLDFAST_TRY(reader.end());
    return records;
}

}  // namespace holdfast::protection::wire
