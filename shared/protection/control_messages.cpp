// The JSON forms of generations, heartbeats, keys, records and peers.
#include <algorithm>
#include <utility>

#include "shared/protection/json_forms.hpp"
#include "shared/protection/messages.hpp"

namespace holdfast::protection {
namespace {

using json::member;
using json::Members;

template <class Head>
std::string begin(const Head& head) {
    std::string text = "{";
    json::append_head(text, head);
    return text;
}

// Reads a whole request: its head, and what `read_own(members, name)` knows. Unknown members are refused.
template <class Request, class ReadOwn>
Result<Request> read_request(std::string_view text, Request& request, unsigned bits, const char* names, ReadOwn read_own) {
    JsonReader reader{text};
    Members members{reader, "the request"};
    reader.object([&](std::string_view name) {
        if (json::read_head_member(reader, members, name, request.head)) return;
        if (!read_own(reader, members, name)) members.unknown(name);
    });
    reader.end();
    members.need(json::kRequestHeadBits, json::kRequestHeadNames);
    members.need(bits, names);
    HOLDFAST_TRY(reader.result());
    return std::move(request);
}

void append_heard(std::string& text, const Heard& heard) {
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(heard.age).count();
    text += '{';
    member(text, "instance", heard.beat.instance);
    member(text, "generation", heard.beat.generation);
    member(text, "on_duty", heard.beat.on_duty);
    member(text, "well", heard.beat.well);
    member(text, "age_ms", static_cast<std::uint64_t>(std::max<std::int64_t>(age, 0)));
    text += '}';
}

Duration read_age(JsonReader& reader) {
    const std::uint64_t age = reader.decimal();
    if (age / 1000 < kWireTimeMax) return std::chrono::milliseconds{age};
    reader.fail("an age beyond all calendars");
    return {};
}

Heard read_heard(JsonReader& reader) {
    Heard heard;
    Members members{reader, "a heartbeat"};
    reader.object([&](std::string_view name) {
        if (members.is(name, "instance", 1)) {
            heard.beat.instance = json::read_name(reader);
        } else if (members.is(name, "generation", 2)) {
            heard.beat.generation = reader.decimal();
        } else if (members.is(name, "on_duty", 4)) {
            heard.beat.on_duty = reader.boolean();
        } else if (members.is(name, "well", 8)) {
            heard.beat.well = reader.boolean();
        } else if (members.is(name, "age_ms", 16)) {
            heard.age = read_age(reader);
        } else {
            reader.skip();
        }
    });
    members.need(31, "instance, generation, on_duty, well and age_ms");
    return heard;
}

void append_group(std::string& text, const RecordGroup& group) {
    text += '{';
    json::append_mark(text, group.mark);
    if (group.data) {
        member(text, "data");
        json::append_data(text, *group.data);
    }
    member(text, "pubkeys");
    json::append_keys(text, group.keys);
    text += '}';
}

}  // namespace

std::string render(const AcquireRequest& request) { return begin(request.head) + "}"; }

std::string render(const AcquireAnswer& answer) {
    std::string text = begin(answer.head);
    member(text, "promised", answer.promised);
    member(text, "highest_target_epoch", answer.highest_target.value);
    member(text, "highest_block_slot", answer.highest_slot.value);
    return text + "}";
}

std::string render(const HeartbeatRequest& request) {
    std::string text = begin(request.head);
    member(text, "on_duty", request.on_duty);
    member(text, "well", request.well);
    return text + "}";
}

std::string render(const HeartbeatAnswer& answer) {
    std::string text = begin(answer.head);
    member(text, "heard");
    text += '[';
    for (const Heard& heard : answer.heard) {
        if (&heard != &answer.heard.front()) text += ',';
        append_heard(text, heard);
    }
    return text + "]}";
}

std::string render(const KeysRequest& request) {
    std::string text = begin(request.head);
    text.reserve(text.size() + 20 + request.keys.size() * 101);
    member(text, "pubkeys");
    json::append_keys(text, request.keys);
    return text + "}";
}

std::string render(const KeysAnswer& answer) {
    std::string text = "{";
    member(text, "node", answer.node);
    member(text, "changed", answer.changed);
    return text + "}";
}

std::string render(const RecordsAnswer& answer) {
    std::string text = begin(answer.head);
    member(text, "groups");
    text += '[';
    for (const RecordGroup& group : answer.groups) {
        if (&group != &answer.groups.front()) text += ',';
        append_group(text, group);
    }
    return text + "]}";
}

std::string render(const PeerRequest& request) {
    std::string text = begin(request.head);
    member(text, "position", request.position);
    return text + "}";
}

std::string render(const PeerAnswer& answer) {
    std::string text = "{";
    member(text, "node", answer.node);
    member(text, "position", answer.position);
    member(text, "seen_of_you", answer.seen_of_you);
    member(text, "rejoining", answer.rejoining);
    return text + "}";
}

std::string render_record(std::string_view node, const PublicKey& key, const ValidatorRecord& record) {
    std::string text = "{";
    member(text, "node", node);
    member(text, "pubkey", key);
    if (record.attestation) {
        member(text, "attestation");
        text += '{';
        json::append_mark(text, *record.attestation);
        if (record.data) {
            member(text, "data");
            json::append_data(text, *record.data);
        }
        text += '}';
    }
    if (record.block) {
        member(text, "block");
        text += '{';
        json::append_mark(text, *record.block);
        text += '}';
    }
    member(text, "halted", record.halted);
    member(text, "enrolled", record.enrolled);
    return text + "}";
}

Result<AcquireRequest> parse_acquire_request(std::string_view text) {
    AcquireRequest request;
    return read_request(text, request, 0, "", [](JsonReader&, Members&, std::string_view) { return false; });
}

Result<AcquireAnswer> parse_acquire_answer(std::string_view text) {
    AcquireAnswer answer;
    const auto read_own = [&answer](JsonReader& reader, Members& members, std::string_view name) {
        if (members.is(name, "promised", 1)) {
            answer.promised = reader.boolean();
        } else if (members.is(name, "highest_target_epoch", 2)) {
            answer.highest_target = Epoch{reader.decimal()};
        } else if (members.is(name, "highest_block_slot", 4)) {
            answer.highest_slot = Slot{reader.decimal()};
        } else {
            return json::read_head_member(reader, members, name, answer.head);
        }
        return true;
    };
    HOLDFAST_TRY(json::read_answer(text, json::kAnswerHeadBits | 7,
                                   "its head, promised, highest_target_epoch and highest_block_slot", read_own));
    return answer;
}

Result<HeartbeatRequest> parse_heartbeat_request(std::string_view text) {
    HeartbeatRequest request;
    const auto read_own = [&request](JsonReader& reader, Members& members, std::string_view name) {
        if (members.is(name, "on_duty", 1)) {
            request.on_duty = reader.boolean();
        } else if (members.is(name, "well", 2)) {
            request.well = reader.boolean();
        } else {
            return false;
        }
        return true;
    };
    return read_request(text, request, 3, "on_duty and well", read_own);
}

Result<HeartbeatAnswer> parse_heartbeat_answer(std::string_view text) {
    HeartbeatAnswer answer;
    const auto read_own = [&answer](JsonReader& reader, Members& members, std::string_view name) {
        if (!members.is(name, "heard", 1)) return json::read_head_member(reader, members, name, answer.head);
        reader.array([&] {
            answer.heard.push_back(read_heard(reader));
            if (answer.heard.size() > Heartbeats::kInstancesMax) reader.fail("too many heartbeats");
        });
        return true;
    };
    HOLDFAST_TRY(json::read_answer(text, json::kAnswerHeadBits | 1, "its head and heard", read_own));
    return answer;
}

Result<KeysRequest> parse_keys_request(std::string_view text) {
    KeysRequest request;
    request.keys.reserve(std::min(kRequestKeysMax, text.size() / 101));
    const auto read_own = [&request](JsonReader& reader, Members& members, std::string_view name) {
        if (!members.is(name, "pubkeys", 1)) return false;
        json::read_keys(reader, request.keys);
        return true;
    };
    return read_request(text, request, 1, "pubkeys", read_own);
}

Result<KeysAnswer> parse_keys_answer(std::string_view text) {
    KeysAnswer answer;
    const auto read_own = [&answer](JsonReader& reader, Members& members, std::string_view name) {
        if (members.is(name, "node", 1)) {
            answer.node = json::read_name(reader);
        } else if (members.is(name, "changed", 2)) {
            answer.changed = reader.decimal();
        } else {
            return false;
        }
        return true;
    };
    HOLDFAST_TRY(json::read_answer(text, 3, "node and changed", read_own));
    return answer;
}

Result<PeerRequest> parse_peer_request(std::string_view text) {
    PeerRequest request;
    const auto read_own = [&request](JsonReader& reader, Members& members, std::string_view name) {
        if (!members.is(name, "position", 1)) return false;
        request.position = json::read_position(reader);
        return true;
    };
    return read_request(text, request, 1, "position", read_own);
}

Result<PeerAnswer> parse_peer_answer(std::string_view text) {
    PeerAnswer answer;
    const auto read_own = [&answer](JsonReader& reader, Members& members, std::string_view name) {
        if (members.is(name, "node", 1)) {
            answer.node = json::read_name(reader);
        } else if (members.is(name, "position", 2)) {
            answer.position = json::read_position(reader);
        } else if (members.is(name, "seen_of_you", 4)) {
            answer.seen_of_you = json::read_position(reader);
        } else if (members.is(name, "rejoining", 8)) {
            answer.rejoining = reader.boolean();
        } else {
            return false;
        }
        return true;
    };
    HOLDFAST_TRY(json::read_answer(text, 15, "node, position, seen_of_you and rejoining", read_own));
    return answer;
}

}  // namespace holdfast::protection
