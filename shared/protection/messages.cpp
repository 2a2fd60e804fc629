#include "shared/protection/messages.hpp"

#include <algorithm>
#include <utility>

#include "shared/protection/json_reader.hpp"

namespace holdfast::protection {
namespace {

template <std::size_t N, class Tag>
void append(std::string& to, const FixedBytes<N, Tag>& bytes) {
    to += '"';
    append_hex(to, bytes.data(), N);
    to += '"';
}

template <class Tag>
void append(std::string& to, Number<Tag> number) {
    to += '"';
    to += to_string(number);
    to += '"';
}

void append(std::string& to, const ethereum::Checkpoint& checkpoint) {
    to += "{\"epoch\":";
    append(to, checkpoint.epoch);
    to += ",\"root\":";
    append(to, checkpoint.root);
    to += '}';
}

void append(std::string& to, const ethereum::AttestationData& data) {
    to += "{\"slot\":";
    append(to, data.slot);
    to += ",\"index\":";
    append(to, data.index);
    to += ",\"beacon_block_root\":";
    append(to, data.beacon_block_root);
    to += ",\"source\":";
    append(to, data.source);
    to += ",\"target\":";
    append(to, data.target);
    to += '}';
}

void append_head(std::string& to, const RequestHead& head) {
    to += '{';
    if (!head.cluster.empty()) {
        to += "\"cluster\":";
        append_quoted(to, head.cluster);
        to += ',';
    }
    to += "\"generation\":\"" + std::to_string(head.generation) + "\",\"genesis_validators_root\":";
    append(to, head.genesis_validators_root);
}

void append_members(std::string& to, const AttestationMark& mark) {
    to += "\"signing_root\":";
    append(to, mark.signing_root);
    to += ",\"source_epoch\":";
    append(to, mark.source);
    to += ",\"target_epoch\":";
    append(to, mark.target);
}

void append_members(std::string& to, const BlockMark& mark) {
    to += "\"slot\":";
    append(to, mark.slot);
    to += ",\"signing_root\":";
    append(to, mark.signing_root);
}

void append_members(std::string&, std::monostate) {}

template <class Mark>
std::string render_messages(const RequestHead& head, std::span<const PublicKey> keys, std::span<const Mark> marks) {
    std::string text;
    text.reserve(200 + keys.size() * 270);
    append_head(text, head);
    text += ",\"messages\":[";
    for (std::size_t i = 0; i < keys.size(); ++i) {
        text += i == 0 ? "{\"pubkey\":" : ",{\"pubkey\":";
        append(text, keys[i]);
        text += ',';
        append_members(text, marks[i]);
        text += '}';
    }
    text += "]}";
    return text;
}

template <class Mark>
void append_refusal(std::string& text, const Verdict& verdict, const Mark& asked) {
    text += ",\"reason\":";
    append_quoted(text, explain(verdict, asked));
    if (std::holds_alternative<std::monostate>(verdict.record)) return;
    text += ",\"record\":{";
    std::visit([&text](const auto& record) { append_members(text, record); }, verdict.record);
    text += '}';
}

template <class Mark>
std::string render_verdicts(std::string_view node, std::span<const PublicKey> keys, std::span<const Mark> marks,
                            std::span<const Verdict> verdicts) {
    std::string text;
    text.reserve(100 + keys.size() * 145);
    text += "{\"node\":";
    append_quoted(text, node);
    text += ",\"verdicts\":[";
    for (std::size_t i = 0; i < keys.size(); ++i) {
        text += i == 0 ? "{\"pubkey\":" : ",{\"pubkey\":";
        append(text, keys[i]);
        text += ",\"verdict\":\"";
        text += to_string(verdicts[i].outcome);
        text += '"';
        if (verdicts[i].outcome == Outcome::kRefused)
            append_refusal(text, verdicts[i], marks.size() == 1 ? marks[0] : marks[i]);
        text += '}';
    }
    text += "]}";
    return text;
}

// Which members of an object have been read: each at most once, and at the end all that must be there.
class Members {
public:
    Members(JsonReader& reader, const char* what) : reader_{reader}, what_{what} {}

    void unknown(std::string_view name) { reader_.fail("unknown member \"" + std::string{name} + "\" in " + what_); }
    // The first time true; fails the reading the second time.
    void once(unsigned bit, std::string_view name) {
        if ((seen_ & bit) != 0) reader_.fail("member \"" + std::string{name} + "\" twice in " + what_);
        seen_ |= bit;
    }
    void need(unsigned bits, const char* names) {
        if ((seen_ & bits) != bits) reader_.fail(std::string{what_} + " needs " + names);
    }
    [[nodiscard]] bool has(unsigned bits) const { return (seen_ & bits) == bits; }

private:
    JsonReader& reader_;
    const char* what_;
    unsigned seen_{0};
};

ethereum::Checkpoint read_checkpoint(JsonReader& reader) {
    ethereum::Checkpoint checkpoint;
    Members members{reader, "a checkpoint"};
    reader.object([&](std::string_view name) {
        if (name == "epoch") {
            members.once(1, name);
            checkpoint.epoch = Epoch{reader.decimal()};
        } else if (name == "root") {
            members.once(2, name);
            checkpoint.root = reader.bytes<Root>();
        } else {
            members.unknown(name);
        }
    });
    members.need(3, "epoch and root");
    return checkpoint;
}

ethereum::AttestationData read_data(JsonReader& reader) {
    ethereum::AttestationData data;
    Members members{reader, "data"};
    reader.object([&](std::string_view name) {
        if (name == "slot") {
            members.once(1, name);
            data.slot = Slot{reader.decimal()};
        } else if (name == "index") {
            members.once(2, name);
            data.index = CommitteeIndex{reader.decimal()};
        } else if (name == "beacon_block_root") {
            members.once(4, name);
            data.beacon_block_root = reader.bytes<Root>();
        } else if (name == "source") {
            members.once(8, name);
            data.source = read_checkpoint(reader);
        } else if (name == "target") {
            members.once(16, name);
            data.target = read_checkpoint(reader);
        } else {
            members.unknown(name);
        }
    });
    members.need(31, "slot, index, beacon_block_root, source and target");
    return data;
}

void read_mark_member(JsonReader& reader, Members& members, std::string_view name, AttestationMark& mark) {
    if (name == "signing_root") {
        members.once(2, name);
        mark.signing_root = reader.bytes<Root>();
    } else if (name == "source_epoch") {
        members.once(4, name);
        mark.source = Epoch{reader.decimal()};
    } else if (name == "target_epoch") {
        members.once(8, name);
        mark.target = Epoch{reader.decimal()};
    } else {
        members.unknown(name);
    }
}

void read_mark_member(JsonReader& reader, Members& members, std::string_view name, BlockMark& mark) {
    if (name == "signing_root") {
        members.once(2, name);
        mark.signing_root = reader.bytes<Root>();
    } else if (name == "slot") {
        members.once(4, name);
        mark.slot = Slot{reader.decimal()};
    } else {
        members.unknown(name);
    }
}

void need_mark(Members& members, const AttestationMark&) {
    members.need(15, "pubkey, signing_root, source_epoch and target_epoch");
}
void need_mark(Members& members, const BlockMark&) { members.need(7, "pubkey, slot and signing_root"); }

void check_count(JsonReader& reader, std::size_t count) {
    if (count > kRequestKeysMax) reader.fail("more than " + std::to_string(kRequestKeysMax) + " keys in one request");
}

template <class Mark>
void read_messages(JsonReader& reader, std::vector<PublicKey>& keys, std::vector<Mark>& marks) {
    reader.array([&] {
        PublicKey key;
        Mark mark;
        Members members{reader, "a message"};
        reader.object([&](std::string_view name) {
            if (name == "pubkey") {
                members.once(1, name);
                key = reader.bytes<PublicKey>();
            } else {
                read_mark_member(reader, members, name, mark);
            }
        });
        need_mark(members, mark);
        keys.push_back(key);
        marks.push_back(mark);
        check_count(reader, keys.size());
    });
}

void read_keys(JsonReader& reader, std::vector<PublicKey>& keys) {
    reader.array([&] {
        keys.push_back(reader.bytes<PublicKey>());
        check_count(reader, keys.size());
    });
}

constexpr unsigned kGenerationBit = 1;
constexpr unsigned kRootBit = 2;
constexpr unsigned kClusterBit = 4;
constexpr unsigned kMessagesBit = 8;
constexpr unsigned kDataBit = 16;
constexpr unsigned kDomainBit = 32;
constexpr unsigned kKeysBit = 64;

bool read_head_member(JsonReader& reader, Members& members, std::string_view name, RequestHead& head) {
    if (name == "generation") {
        members.once(kGenerationBit, name);
        head.generation = reader.decimal();
    } else if (name == "genesis_validators_root") {
        members.once(kRootBit, name);
        head.genesis_validators_root = reader.bytes<Root>();
    } else if (name == "cluster") {
        members.once(kClusterBit, name);
        head.cluster = reader.string();
    } else {
        return false;
    }
    return true;
}

void read_attestation_member(JsonReader& reader, Members& members, std::string_view name, AttestationRequest& request) {
    if (name == "data") {
        members.once(kDataBit, name);
        request.data = std::make_shared<const ethereum::AttestationData>(read_data(reader));
    } else if (name == "domain") {
        members.once(kDomainBit, name);
        request.domain = reader.bytes<Domain>();
    } else if (name == "pubkeys") {
        members.once(kKeysBit, name);
        if (members.has(kMessagesBit)) return reader.fail("a request has messages or pubkeys, not both");
        read_keys(reader, request.keys);
    } else if (name == "messages") {
        members.once(kMessagesBit, name);
        if (members.has(kKeysBit)) return reader.fail("a request has messages or pubkeys, not both");
        read_messages(reader, request.keys, request.marks);
    } else {
        members.unknown(name);
    }
}

KeyAnswer read_key_answer(JsonReader& reader) {
    KeyAnswer answer;
    Members members{reader, "a verdict"};
    reader.object([&](std::string_view name) {
        if (name == "pubkey") {
            members.once(1, name);
            answer.key = reader.bytes<PublicKey>();
        } else if (name == "verdict") {
            members.once(2, name);
            answer.outcome = parse_outcome(reader.plain_string());
        } else if (name == "reason") {
            answer.reason = reader.string();
        } else {
            reader.skip();
        }
    });
    members.need(3, "pubkey and verdict");
    return answer;
}

}  // namespace

std::string render_attestation_request(const RequestHead& head, const ethereum::AttestationData& data, const Domain& domain,
                                       std::span<const PublicKey> keys) {
    std::string text;
    text.reserve(900 + keys.size() * 102);
    append_head(text, head);
    text += ",\"data\":";
    append(text, data);
    text += ",\"domain\":";
    append(text, domain);
    text += ",\"pubkeys\":[";
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (i > 0) text += ',';
        append(text, keys[i]);
    }
    text += "]}";
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
        if (!read_head_member(reader, members, name, request.head)) read_attestation_member(reader, members, name, request);
    });
    reader.end();
    members.need(kGenerationBit | kRootBit, "generation and genesis_validators_root");
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
        if (read_head_member(reader, members, name, request.head)) return;
        if (name != "messages") return members.unknown(name);
        members.once(kMessagesBit, name);
        read_messages(reader, request.keys, request.marks);
    });
    reader.end();
    members.need(kGenerationBit | kRootBit | kMessagesBit, "generation, genesis_validators_root and messages");
    HOLDFAST_TRY(reader.result());
    return request;
}

std::string render_answer(std::string_view node, std::span<const PublicKey> keys, std::span<const AttestationMark> marks,
                          std::span<const Verdict> verdicts) {
    return render_verdicts(node, keys, marks, verdicts);
}

std::string render_answer(std::string_view node, std::span<const PublicKey> keys, std::span<const BlockMark> marks,
                          std::span<const Verdict> verdicts) {
    return render_verdicts(node, keys, marks, verdicts);
}

Result<VerdictAnswer> parse_verdict_answer(std::string_view text, std::size_t keys_expected) {
    VerdictAnswer answer;
    JsonReader reader{text};
    Members members{reader, "the answer"};
    answer.verdicts.reserve(keys_expected);
    reader.object([&](std::string_view name) {
        if (name == "node") {
            members.once(1, name);
            answer.node = reader.string();
        } else if (name == "verdicts") {
            members.once(2, name);
            reader.array([&] { answer.verdicts.push_back(read_key_answer(reader)); });
        } else {
            reader.skip();
        }
    });
    reader.end();
    members.need(3, "node and verdicts");
    HOLDFAST_TRY(reader.result());
    return answer;
}

Result<StatusAnswer> parse_status_answer(std::string_view text) {
    StatusAnswer answer;
    JsonReader reader{text};
    Members members{reader, "the status"};
    reader.object([&](std::string_view name) {
        if (name == "node") {
            members.once(1, name);
            answer.node = reader.string();
        } else if (name == "genesis_validators_root") {
            members.once(2, name);
            answer.genesis_validators_root = reader.bytes<Root>();
        } else if (name == "version") {
            answer.version = reader.string();
        } else {
            reader.skip();
        }
    });
    reader.end();
    members.need(3, "node and genesis_validators_root");
    HOLDFAST_TRY(reader.result());
    return answer;
}

}  // namespace holdfast::protection
