#include "shared/protection/messages.hpp"

#include <algorithm>

#include "shared/protection/json_forms.hpp"

namespace holdfast::protection {
namespace {

using json::member;
using json::Members;

constexpr unsigned kMessagesBit = 1;
constexpr unsigned kDataBit = 2;
constexpr unsigned kDomainBit = 4;
constexpr unsigned kKeysBit = 8;

template <class Mark>
std::string render_messages(const RequestHead& head, std::span<const PublicKey> keys, std::span<const Mark> marks) {
    std::string text;
    text.reserve(500 + keys.size() * 270);
    text += '{';
    json::append_head(text, head);
    member(text, "messages");
    text += '[';
    for (std::size_t i = 0; i < keys.size(); ++i) {
        text += i == 0 ? "{" : ",{";
        member(text, "pubkey", keys[i]);
        json::append_mark(text, marks[i]);
        text += '}';
    }
    text += "]}";
    return text;
}

template <class Mark>
void append_refusal(std::string& text, const Verdict& verdict, const Mark& asked) {
    member(text, "reason", explain(verdict, asked));
    if (std::holds_alternative<std::monostate>(verdict.record)) return;
    member(text, "record");
    text += '{';
    std::visit([&text](const auto& record) { json::append_mark(text, record); }, verdict.record);
    text += '}';
}

template <class Mark>
std::string render_verdicts(const AnswerHead& head, std::span<const PublicKey> keys, std::span<const Mark> marks,
                            std::span<const Verdict> verdicts) {
    std::string text;
    text.reserve(400 + keys.size() * 145);
    text += '{';
    json::append_head(text, head);
    member(text, "verdicts");
    text += '[';
    for (std::size_t i = 0; i < keys.size(); ++i) {
        text += i == 0 ? "{" : ",{";
        member(text, "pubkey", keys[i]);
        member(text, "verdict", to_string(verdicts[i].outcome));
        if (verdicts[i].outcome == Outcome::kRefused)
            append_refusal(text, verdicts[i], marks.size() == 1 ? marks[0] : marks[i]);
        text += '}';
    }
    text += "]}";
    return text;
}

bool read_mark_member(JsonReader& reader, Members& members, std::string_view name, AttestationMark& mark) {
    if (members.is(name, "signing_root", 2)) {
        mark.signing_root = reader.bytes<Root>();
    } else if (members.is(name, "source_epoch", 4)) {
        mark.source = Epoch{reader.decimal()};
    } else if (members.is(name, "target_epoch", 8)) {
        mark.target = Epoch{reader.decimal()};
    } else {
        return false;
    }
    return true;
}

bool read_mark_member(JsonReader& reader, Members& members, std::string_view name, BlockMark& mark) {
    if (members.is(name, "signing_root", 2)) {
        mark.signing_root = reader.bytes<Root>();
    } else if (members.is(name, "slot", 4)) {
        mark.slot = Slot{reader.decimal()};
    } else {
        return false;
    }
    return true;
}

void need_mark(Members& members, const AttestationMark&) {
    members.need(15, "pubkey, signing_root, source_epoch and target_epoch");
}
void need_mark(Members& members, const BlockMark&) { members.need(7, "pubkey, slot and signing_root"); }

template <class Mark>
void read_messages(JsonReader& reader, std::vector<PublicKey>& keys, std::vector<Mark>& marks) {
    reader.array([&] {
        PublicKey key;
        Mark mark;
        Members members{reader, "a message"};
        reader.object([&](std::string_view name) {
            if (members.is(name, "pubkey", 1)) {
                key = reader.bytes<PublicKey>();
            } else if (!read_mark_member(reader, members, name, mark)) {
                members.unknown(name);
            }
        });
        need_mark(members, mark);
        keys.push_back(key);
        marks.push_back(mark);
        json::check_count(reader, keys.size());
    });
}

void read_attestation_member(JsonReader& reader, Members& members, std::string_view name, AttestationRequest& request) {
    if (members.is(name, "data", kDataBit)) {
        request.data = std::make_shared<const ethereum::AttestationData>(json::read_data(reader));
    } else if (members.is(name, "domain", kDomainBit)) {
        request.domain = reader.bytes<Domain>();
    } else if (members.is(name, "pubkeys", kKeysBit)) {
        if (members.has(kMessagesBit)) return reader.fail("a request has messages or pubkeys, not both");
        json::read_keys(reader, request.keys);
    } else if (members.is(name, "messages", kMessagesBit)) {
        if (members.has(kKeysBit)) return reader.fail("a request has messages or pubkeys, not both");
        read_messages(reader, request.keys, request.marks);
    } else {
        members.unknown(name);
    }
}

}  // namespace

std::string render_attestation_request(const RequestHead& head, const ethereum::AttestationData& data, const Domain& domain,
                                       std::span<const PublicKey> keys) {
    std::string text;
    text.reserve(1000 + keys.size() * 102);
    text += '{';
    json::append_head(text, head);
    member(text, "data");
    json::append_data(text, data);
    member(text, "domain", domain);
    member(text, "pubkeys");
    json::append_keys(text, keys);
    text += '}';
    return text;
}

std::string render_attestation_request(const RequestHead& head, std::span<const PublicKey> keys,
                                       std::span<const AttestationMark> marks) {
    return render_messages(head, keys, marks);
}

std::string render_block_request(const RequestHead& head, std::span<const PublicKey> keys, std::span<const BlockMark> marks) {
    return render_messages(head, keys, marks);
}

Result<AttestationRequest> parse_attestation_request(std::string_view text) {
    AttestationRequest request;
    JsonReader reader{text};
    Members members{reader, "the request"};
    request.keys.reserve(std::min(kRequestKeysMax, text.size() / 101));
    reader.object([&](std::string_view name) {
        if (!json::read_head_member(reader, members, name, request.head))
            read_attestation_member(reader, members, name, request);
    });
    reader.end();
    members.need(json::kRequestHeadBits, json::kRequestHeadNames);
    if (members.has(kMessagesBit)) {
        if (members.has(kDataBit) || members.has(kDomainBit)) reader.fail("a request has messages or data, not both");
    } else {
        members.need(kDataBit | kDomainBit | kKeysBit, "data, domain and pubkeys, or messages");
    }
    HOLDFAST_TRY(reader.result());
    return request;
}

Result<BlockRequest> parse_block_request(std::string_view text) {
    BlockRequest request;
    JsonReader reader{text};
    Members members{reader, "the request"};
    reader.object([&](std::string_view name) {
        if (json::read_head_member(reader, members, name, request.head)) return;
        if (!members.is(name, "messages", kMessagesBit)) return members.unknown(name);
        read_messages(reader, request.keys, request.marks);
    });
    reader.end();
    members.need(json::kRequestHeadBits, json::kRequestHeadNames);
    members.need(kMessagesBit, "messages");
    HOLDFAST_TRY(reader.result());
    return request;
}

std::string render_answer(const AnswerHead& head, std::span<const PublicKey> keys, std::span<const AttestationMark> marks,
                          std::span<const Verdict> verdicts) {
    return render_verdicts(head, keys, marks, verdicts);
}

std::string render_answer(const AnswerHead& head, std::span<const PublicKey> keys, std::span<const BlockMark> marks,
                          std::span<const Verdict> verdicts) {
    return render_verdicts(head, keys, marks, verdicts);
}

}  // namespace holdfast::protection
