#include "shared/protection/interchange.hpp"

#include <unordered_map>
#include <utility>

#include "shared/protection/json_reader.hpp"

namespace holdfast::protection {

namespace {

constexpr std::string_view kFormatVersion = "5";

// What the file says of itself, and what it says of validators, in whatever order.
class Reader {
public:
    Reader(std::string_view text, const Progress& progress) : json_{text}, size_{text.size()}, progress_{progress} {}

    Result<std::vector<MemberRecords::Entry>> read(const Root& genesis_validators_root) {
        json_.object([this](std::string_view name) {
            if (name == "metadata") {
                read_metadata();
            } else if (name == "data") {
                has_data_ = true;
                json_.array([this] {
                    read_validator();
                    tell();
                });
            } else {
                json_.skip();
            }
        });
        json_.end();
        if (!json_.failed() && !version_) json_.fail("metadata.interchange_format_version is missing");
        if (!json_.failed() && !root_) json_.fail("metadata.genesis_validators_root is missing");
        if (!json_.failed() && !has_data_) json_.fail("data is missing");
        HOLDFAST_TRY(json_.result());
        HOLDFAST_TRY(check_metadata(genesis_validators_root));
        return std::move(entries_);
    }

private:
    static constexpr std::size_t kSteps = 100;

    JsonReader json_;
    std::size_t size_;
    const Progress& progress_;
    std::size_t told_{0};
    std::optional<std::string> version_;
    std::optional<Root> root_;
    bool has_data_{false};
    std::vector<MemberRecords::Entry> entries_;
    std::unordered_map<PublicKey, std::size_t> places_;

    void tell() {
        if (!progress_ || json_.at() < told_ + size_ / kSteps) return;
        told_ = json_.at();
        progress_(told_, size_);
    }

    void read_metadata() {
        json_.object([this](std::string_view name) {
            if (name == "interchange_format_version") {
                version_ = json_.string();
            } else if (name == "genesis_validators_root") {
                root_ = json_.bytes<Root>();
            } else {
                json_.skip();
            }
        });
    }

    Result<void> check_metadata(const Root& genesis_validators_root) const {
        if (*version_ != kFormatVersion) {
            return failure(ErrorCode::kRefused, "the file has interchange format version '" + *version_ +
                                                    "', this program knows version " + std::string{kFormatVersion});
        }
        if (*root_ == genesis_validators_root) return success();
        return failure(ErrorCode::kRefused, "the file is of another chain: its genesis_validators_root is " + to_hex(*root_) +
                                                ", not " + to_hex(genesis_validators_root));
    }

    // One validator may come several times, and its pubkey after its messages.
    void read_validator() {
        std::optional<PublicKey> key;
        ValidatorRecord record;
        record.enrolled = true;
        json_.object([&](std::string_view name) {
            if (name == "pubkey") {
                key = json_.bytes<PublicKey>();
            } else if (name == "signed_blocks") {
                json_.array([&] { read_block(record); });
            } else if (name == "signed_attestations") {
                json_.array([&] { read_attestation(record); });
            } else {
                json_.skip();
            }
        });
        if (json_.failed()) return;
        if (!key) return json_.fail("a validator without pubkey");
        const auto [place, is_new] = places_.try_emplace(*key, entries_.size());
        if (is_new) {
            entries_.push_back({*key, std::move(record)});
        } else {
            merge_upwards(entries_[place->second].record, record);
        }
    }

    void read_block(ValidatorRecord& into) {
        std::optional<Slot> slot;
        Root root;
        json_.object([&](std::string_view name) {
            if (name == "slot") {
                slot = Slot{json_.decimal()};
            } else if (name == "signing_root") {
                root = json_.bytes<Root>();
            } else {
                json_.skip();
            }
        });
        if (json_.failed()) return;
        if (!slot) return json_.fail("a signed block without slot");
        merge_upwards(into, {{}, nullptr, BlockMark{*slot, root}, false, false});
    }

    void read_attestation(ValidatorRecord& into) {
        std::optional<Epoch> source;
        std::optional<Epoch> target;
        Root root;
        json_.object([&](std::string_view name) {
            if (name == "source_epoch") {
                source = Epoch{json_.decimal()};
            } else if (name == "target_epoch") {
                target = Epoch{json_.decimal()};
            } else if (name == "signing_root") {
                root = json_.bytes<Root>();
            } else {
                json_.skip();
            }
        });
        if (json_.failed()) return;
        if (!source || !target) return json_.fail("a signed attestation without source_epoch or target_epoch");
        merge_upwards(into, {AttestationMark{*source, *target, root}, nullptr, {}, false, false});
    }
};

void append_root(std::string& text, const Root& root) {
    if (root.is_zero()) return;
    text += R"(,"signing_root":")";
    append_hex(text, root.data(), Root::kSize);
    text += '"';
}

void append_entry(std::string& text, const MemberRecords::Entry& entry) {
    text += R"({"pubkey":")";
    append_hex(text, entry.key.data(), PublicKey::kSize);
    text += R"(","signed_blocks":[)";
    if (entry.record.block) {
        text += R"({"slot":")" + to_string(entry.record.block->slot) + '"';
        append_root(text, entry.record.block->signing_root);
        text += '}';
    }
    text += R"(],"signed_attestations":[)";
    if (const auto& mark = entry.record.attestation) {
        text += R"({"source_epoch":")" + to_string(mark->source) + R"(","target_epoch":")" + to_string(mark->target) + '"';
        append_root(text, mark->signing_root);
        text += '}';
    }
    text += "]}";
}

}  // namespace

Result<std::vector<MemberRecords::Entry>> parse_interchange(std::string_view json, const Root& genesis_validators_root,
                                                            const Progress& progress) {
    return Reader{json, progress}.read(genesis_validators_root);
}

std::string render_interchange(std::span<const MemberRecords::Entry> entries, const Root& genesis_validators_root) {
    std::string text = R"({"metadata":{"interchange_format_version":")" + std::string{kFormatVersion} +
                       R"(","genesis_validators_root":")" + to_hex(genesis_validators_root) + R"("},"data":[)";
    constexpr std::size_t kEntryBytes = 420;
    text.reserve(text.size() + entries.size() * kEntryBytes + 2);
    for (const MemberRecords::Entry& entry : entries) {
        if (&entry != &entries.front()) text += ',';
        append_entry(text, entry);
    }
    return text + "]}";
}

}  // namespace holdfast::protection
