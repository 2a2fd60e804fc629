// The JSON form of a protector's status.
#include <algorithm>
#include <utility>

#include "shared/protection/json_forms.hpp"
#include "shared/protection/messages.hpp"

namespace holdfast::protection {
namespace {

using json::member;
using json::Members;

template <class T>
void append_optional(std::string& text, std::string_view name, const std::optional<T>& value) {
    if (value) member(text, name, static_cast<std::uint64_t>(std::max<T>(*value, 0)));
}

void read_seconds(JsonReader& reader, std::optional<std::int64_t>& seconds) {
    const std::uint64_t value = reader.decimal();
    if (value > kWireTimeMax) return reader.fail("a time beyond all calendars");
    seconds = static_cast<std::int64_t>(value);
}

Mode read_mode(JsonReader& reader) {
    const std::string_view word = reader.plain_string();
    if (!reader.failed() && word != "fenced" && word != "shared") reader.fail("expected \"fenced\" or \"shared\"");
    return word == "shared" ? Mode::kShared : Mode::kFenced;
}

// Who it is and what it does; needed of every status.
bool read_status_state(JsonReader& reader, Members& members, std::string_view name, StatusAnswer& answer) {
    if (members.is(name, "node", 1)) {
        answer.node = json::read_name(reader);
    } else if (members.is(name, "cluster", 2)) {
        answer.cluster = reader.bytes<ClusterId>();
    } else if (members.is(name, "genesis_validators_root", 4)) {
        answer.genesis_validators_root = reader.bytes<Root>();
    } else if (members.is(name, "mode", 8)) {
        answer.mode = read_mode(reader);
    } else if (members.is(name, "state", 16)) {
        answer.state = reader.string();
    } else if (members.is(name, "generation", 32)) {
        answer.tenure.generation = reader.decimal();
    } else if (members.is(name, "holder", 64)) {
        answer.tenure.holder = json::read_name(reader);
    } else if (members.is(name, "since", 128)) {
        answer.tenure.since = json::read_time(reader);
    } else if (members.is(name, "position", 256)) {
        answer.position = json::read_position(reader);
    } else {
        return false;
    }
    return true;
}
constexpr unsigned kStatusBits = 511;
constexpr const char* kStatusNames =
    "node, cluster, genesis_validators_root, mode, state, generation, holder, since and position";

// What it has counted.
bool read_status_number(JsonReader& reader, std::string_view name, StatusAnswer& answer) {
    const std::pair<std::string_view, std::uint64_t&> numbers[] = {
        {"slot", answer.slot.value},
        {"validators", answer.validators},
        {"halted", answer.halted},
        {"approved", answer.approved},
        {"repeated", answer.repeated},
        {"refused", answer.refused},
        {"highest_target_epoch", answer.highest_target.value},
        {"highest_block_slot", answer.highest_slot.value},
        {"floor_target_epoch", answer.floor.target.value},
        {"floor_slot", answer.floor.slot.value},
        {"uptime_seconds", answer.uptime_seconds},
    };
    const auto* found = std::ranges::find_if(numbers, [name](const auto& number) { return number.first == name; });
    if (found == std::end(numbers)) return false;
    found->second = reader.decimal();
    return true;
}

bool read_status_rest(JsonReader& reader, std::string_view name, StatusAnswer& answer) {
    if (name == "version") {
        answer.version = reader.string();
    } else if (name == "detail") {
        answer.detail = reader.string();
    } else if (name == "certificate_expires") {
        read_seconds(reader, answer.certificate_expires);
    } else if (name == "ca_expires") {
        read_seconds(reader, answer.ca_expires);
    } else {
        return read_status_number(reader, name, answer);
    }
    return true;
}

}  // namespace

std::string render(const StatusAnswer& answer) {
    std::string text = "{";
    member(text, "node", answer.node);
    member(text, "version", answer.version);
    member(text, "cluster", answer.cluster);
    member(text, "genesis_validators_root", answer.genesis_validators_root);
    member(text, "mode", answer.mode == Mode::kShared ? "shared" : "fenced");
    json::append_tenure(text, answer.tenure);
    member(text, "state", answer.state);
    member(text, "detail", answer.detail);
    member(text, "slot", answer.slot.value);
    member(text, "position", answer.position);
    member(text, "validators", answer.validators);
    member(text, "halted", answer.halted);
    member(text, "approved", answer.approved);
    member(text, "repeated", answer.repeated);
    member(text, "refused", answer.refused);
    member(text, "highest_target_epoch", answer.highest_target.value);
    member(text, "highest_block_slot", answer.highest_slot.value);
    member(text, "floor_target_epoch", answer.floor.target.value);
    member(text, "floor_slot", answer.floor.slot.value);
    member(text, "uptime_seconds", answer.uptime_seconds);
    append_optional(text, "certificate_expires", answer.certificate_expires);
    append_optional(text, "ca_expires", answer.ca_expires);
    return text + "}";
}

Result<StatusAnswer> parse_status_answer(std::string_view text) {
    StatusAnswer answer;
    const auto read_own = [&answer](JsonReader& reader, Members& members, std::string_view name) {
        return read_status_state(reader, members, name, answer) || read_status_rest(reader, name, answer);
    };
    HOLDFAST_TRY(json::read_answer(text, kStatusBits, kStatusNames, read_own));
    return answer;
}

}  // namespace holdfast::protection
