#include "shared/protection/json_forms.hpp"

#include <algorithm>

namespace holdfast::protection::json {
namespace {

constexpr unsigned kClusterBit = 0x10000;
constexpr unsigned kInstanceBit = 0x20000;
constexpr unsigned kGenerationBit = 0x40000;
constexpr unsigned kRootBit = 0x80000;
constexpr unsigned kRequestIdBit = 0x100000;

constexpr unsigned kNodeBit = 0x10000;
constexpr unsigned kIdBit = 0x20000;
constexpr unsigned kTenureBit = 0x40000;
constexpr unsigned kHolderBit = 0x80000;
constexpr unsigned kSinceBit = 0x100000;
constexpr unsigned kPositionBit = 0x200000;

void append_checkpoint(std::string& text, std::string_view name, const ethereum::Checkpoint& checkpoint) {
    member(text, name);
    text += '{';
    member(text, "epoch", checkpoint.epoch.value);
    member(text, "root", checkpoint.root);
    text += '}';
}

ethereum::Checkpoint read_checkpoint(JsonReader& reader) {
    ethereum::Checkpoint checkpoint;
    Members members{reader, "a checkpoint"};
    reader.object([&](std::string_view name) {
        if (members.is(name, "epoch", 1)) {
            checkpoint.epoch = Epoch{reader.decimal()};
        } else if (members.is(name, "root", 2)) {
            checkpoint.root = reader.bytes<Root>();
        } else {
            members.unknown(name);
        }
    });
    members.need(3, "epoch and root");
    return checkpoint;
}

}  // namespace

void member(std::string& text, std::string_view name) {
    if (!text.empty() && text.back() != '{') text += ',';
    text += '"';
    text += name;
    text += "\":";
}

void member(std::string& text, std::string_view name, std::uint64_t number) {
    member(text, name);
    text += '"';
    text += std::to_string(number);
    text += '"';
}

void member(std::string& text, std::string_view name, std::string_view words) {
    member(text, name);
    append_quoted(text, words);
}

void member(std::string& text, std::string_view name, const char* words) { member(text, name, std::string_view{words}); }

void member(std::string& text, std::string_view name, bool flag) {
    member(text, name);
    text += flag ? "true" : "false";
}

void member(std::string& text, std::string_view name, Position position) {
    member(text, name);
    text += '"';
    text += to_string(position);
    text += '"';
}

void append_head(std::string& text, const RequestHead& head) {
    member(text, "cluster", head.cluster);
    member(text, "instance", head.instance);
    member(text, "generation", head.generation);
    member(text, "request_id", head.request_id);
    member(text, "genesis_validators_root", head.genesis_validators_root);
}

void append_head(std::string& text, const AnswerHead& head) {
    member(text, "node", head.node);
    member(text, "request_id", head.request_id);
    append_tenure(text, head.tenure);
    member(text, "position", head.position);
}

void append_tenure(std::string& text, const Tenure& tenure) {
    const auto since = std::chrono::duration_cast<std::chrono::seconds>(tenure.since.time_since_epoch()).count();
    member(text, "generation", tenure.generation);
    member(text, "holder", tenure.holder);
    member(text, "since", static_cast<std::uint64_t>(std::max<std::int64_t>(since, 0)));
}

void append_mark(std::string& text, const AttestationMark& mark) {
    member(text, "signing_root", mark.signing_root);
    member(text, "source_epoch", mark.source.value);
    member(text, "target_epoch", mark.target.value);
}

void append_mark(std::string& text, const BlockMark& mark) {
    member(text, "slot", mark.slot.value);
    member(text, "signing_root", mark.signing_root);
}

void append_mark(std::string&, std::monostate) {}

void append_data(std::string& text, const ethereum::AttestationData& data) {
    text += '{';
    member(text, "slot", data.slot.value);
    member(text, "index", data.index.value);
    member(text, "beacon_block_root", data.beacon_block_root);
    append_checkpoint(text, "source", data.source);
    append_checkpoint(text, "target", data.target);
    text += '}';
}

void append_keys(std::string& text, std::span<const PublicKey> keys) {
    text += '[';
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (i > 0) text += ',';
        append(text, keys[i]);
    }
    text += ']';
}

void Members::unknown(std::string_view name) { reader_.fail("unknown member \"" + std::string{name} + "\" in " + what_); }

bool Members::is(std::string_view name, std::string_view expected, unsigned bit) {
    if (name != expected) return false;
    if ((seen_ & bit) != 0) reader_.fail("member \"" + std::string{name} + "\" twice in " + what_);
    seen_ |= bit;
    return true;
}

void Members::need(unsigned bits, const char* names) {
    if ((seen_ & bits) != bits) reader_.fail(std::string{what_} + " needs " + names);
}

bool read_head_member(JsonReader& reader, Members& members, std::string_view name, RequestHead& head) {
    if (members.is(name, "cluster", kClusterBit)) {
        head.cluster = reader.bytes<ClusterId>();
    } else if (members.is(name, "instance", kInstanceBit)) {
        head.instance = read_name(reader);
    } else if (members.is(name, "generation", kGenerationBit)) {
        head.generation = reader.decimal();
    } else if (members.is(name, "genesis_validators_root", kRootBit)) {
        head.genesis_validators_root = reader.bytes<Root>();
    } else if (members.is(name, "request_id", kRequestIdBit)) {
        head.request_id = reader.decimal();
    } else {
        return false;
    }
    return true;
}

bool read_head_member(JsonReader& reader, Members& members, std::string_view name, AnswerHead& head) {
    if (members.is(name, "node", kNodeBit)) {
        head.node = read_name(reader);
    } else if (members.is(name, "request_id", kIdBit)) {
        head.request_id = reader.decimal();
    } else if (members.is(name, "generation", kTenureBit)) {
        head.tenure.generation = reader.decimal();
    } else if (members.is(name, "holder", kHolderBit)) {
        head.tenure.holder = read_name(reader);
    } else if (members.is(name, "since", kSinceBit)) {
        head.tenure.since = read_time(reader);
    } else if (members.is(name, "position", kPositionBit)) {
        head.position = read_position(reader);
    } else {
        return false;
    }
    return true;
}

void check_count(JsonReader& reader, std::size_t count) {
    if (count > kRequestKeysMax) reader.fail("more than " + std::to_string(kRequestKeysMax) + " keys in one request");
}

void read_keys(JsonReader& reader, std::vector<PublicKey>& keys) {
    reader.array([&] {
        keys.push_back(reader.bytes<PublicKey>());
        check_count(reader, keys.size());
    });
}

ethereum::AttestationData read_data(JsonReader& reader) {
    ethereum::AttestationData data;
    Members members{reader, "data"};
    reader.object([&](std::string_view name) {
        if (members.is(name, "slot", 1)) {
            data.slot = Slot{reader.decimal()};
        } else if (members.is(name, "index", 2)) {
            data.index = CommitteeIndex{reader.decimal()};
        } else if (members.is(name, "beacon_block_root", 4)) {
            data.beacon_block_root = reader.bytes<Root>();
        } else if (members.is(name, "source", 8)) {
            data.source = read_checkpoint(reader);
        } else if (members.is(name, "target", 16)) {
            data.target = read_checkpoint(reader);
        } else {
            members.unknown(name);
        }
    });
    members.need(31, "slot, index, beacon_block_root, source and target");
    return data;
}

std::string read_name(JsonReader& reader) {
    std::string name{reader.plain_string()};
    if (!name.empty() && !good_name(name)) reader.fail("expected a name of 1 to 48 letters, digits, '-', '_' or '.'");
    return name;
}

Position read_position(JsonReader& reader) {
    const std::string_view text = reader.plain_string();
    if (reader.failed()) return {};
    const auto position = parse_position(text);
    if (!position) reader.fail(position.error().message);
    return position ? position.value() : Position{};
}

WallTime read_time(JsonReader& reader) {
    const std::uint64_t since = reader.decimal();
    if (since <= kWireTimeMax) return WallTime{std::chrono::seconds{since}};
    reader.fail("a time beyond all calendars");
    return {};
}

}  // namespace holdfast::protection::json
