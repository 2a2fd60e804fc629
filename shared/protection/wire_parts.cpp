#include "shared/protection/wire_parts.hpp"

#include <algorithm>

#include "shared/ethereum/containers.hpp"
#include "shared/ethereum/ssz.hpp"

namespace holdfast::protection::wire {
namespace {

constexpr std::size_t kMagicSize = 4;
constexpr std::size_t kHeadReserve = 512;
constexpr std::size_t kNameSizeMax = 255;
static_assert(kDataSize == ethereum::ssz::Codec<ethereum::AttestationData>::kFixedSize);

}  // namespace

std::string begin(std::string_view magic, std::size_t size) {
    std::string bytes;
    bytes.reserve(kHeadReserve + size);
    bytes += magic;
    return bytes;
}

void append_flag(std::string& to, bool flag) { append_number(to, static_cast<std::uint8_t>(flag ? 1 : 0)); }

void append_name(std::string& to, std::string_view name) {
    name = name.substr(0, kNameSizeMax);
    append_number(to, static_cast<std::uint8_t>(name.size()));
    to += name;
}

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

void append_data(std::string& to, const ethereum::AttestationData& data) {
    const auto bytes = ethereum::ssz::serialize(data);
    to.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void read_magic(OctetReader& reader, std::string_view magic) {
    const std::uint8_t* bytes = reader.take(kMagicSize);
    if (bytes == nullptr || std::equal(magic.begin(), magic.end(), bytes)) return;
    reader.fail("expected a message that begins with " + std::string{magic});
}

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

SharedData read_data(OctetReader& reader) {
    const std::uint8_t* bytes = reader.take(kDataSize);
    if (bytes == nullptr) return nullptr;
    auto data = ethereum::ssz::deserialize<ethereum::AttestationData>({bytes, kDataSize});
    if (data) return std::make_shared<const ethereum::AttestationData>(data.value());
    reader.fail(data.error().message);
    return nullptr;
}

}  // namespace holdfast::protection::wire
