#include "protector/facts.hpp"

#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include "protector/rows.hpp"
#include "protector/schema.hpp"

namespace holdfast::protector {
namespace {

// By name.
using Texts = std::map<std::string_view, std::string>;

std::string render_seen(const protection::SeenPositions& seen) {
    std::string text;
    for (const auto& [node, position] : seen.all()) {
        text += node + " " + std::to_string(position.incarnation) + " " + std::to_string(position.sequence) + "\n";
    }
    return text;
}

Result<protection::SeenPositions> parse_seen(const std::string& text) {
    protection::SeenPositions seen;
    std::istringstream lines{text};
    std::string node;
    protection::Position position;
    while (lines >> node >> position.incarnation >> position.sequence) seen.note(node, position);
    if (!lines.eof()) return failure(ErrorCode::kMalformed, "what it has seen of others can't be read");
    return seen;
}

std::uint64_t seconds_of(WallTime when) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count());
}

Texts texts_of(const WrittenFacts& written) {
    const Ledger::Facts& facts = written.facts;
    return {{"generation", std::to_string(facts.tenure.generation)},
            {"holder", facts.tenure.holder},
            {"since", std::to_string(seconds_of(facts.tenure.since))},
            {"floor_target", to_string(facts.floor.target)},
            {"floor_slot", to_string(facts.floor.slot)},
            {"incarnation", std::to_string(facts.incarnation)},
            {"seen", render_seen(facts.seen)},
            {"folded_seq", std::to_string(written.folded_seq)},
            {"last_seq", std::to_string(written.last_seq)}};
}

std::string sum_of_texts(const Texts& texts) {
    std::string all;
    for (const auto& [name, text] : texts) all.append(name).append("=").append(text).append("\n");
    return std::to_string(sum_of(all));
}

Result<std::int64_t> parse_sequence(const std::string& text) {
    HOLDFAST_TRY(const std::uint64_t number, parse_decimal(text));
    return static_cast<std::int64_t>(number);
}

Result<WrittenFacts> parse(Texts& texts) {
    WrittenFacts written;
    Ledger::Facts& facts = written.facts;
    HOLDFAST_TRY(facts.tenure.generation, parse_decimal(texts["generation"]));
    facts.tenure.holder = texts["holder"];
    HOLDFAST_TRY(const std::uint64_t since, parse_decimal(texts["since"]));
    facts.tenure.since = WallTime{std::chrono::seconds{since}};
    HOLDFAST_TRY(facts.floor.target.value, parse_decimal(texts["floor_target"]));
    HOLDFAST_TRY(facts.floor.slot.value, parse_decimal(texts["floor_slot"]));
    HOLDFAST_TRY(facts.incarnation, parse_decimal(texts["incarnation"]));
    HOLDFAST_TRY(facts.seen, parse_seen(texts["seen"]));
    HOLDFAST_TRY(written.folded_seq, parse_sequence(texts["folded_seq"]));
    HOLDFAST_TRY(written.last_seq, parse_sequence(texts["last_seq"]));
    return written;
}

}  // namespace

Result<void> write_facts(sqlite3* database, const WrittenFacts& written) {
    const Texts texts = texts_of(written);
    for (const auto& [name, text] : texts) {
        HOLDFAST_TRY(set_meta(database, name, text));
    }
    return set_meta(database, "facts_sum", sum_of_texts(texts));
}

Result<WrittenFacts> read_facts(sqlite3* database) {
    Texts texts = texts_of({});
    for (auto& [name, text] : texts) {
        HOLDFAST_TRY(text, get_meta(database, name));
    }
    HOLDFAST_TRY(const std::string sum, get_meta(database, "facts_sum"));
    if (sum != sum_of_texts(texts)) {
        return failure(ErrorCode::kMalformed, "what it says of itself is not what was written last");
    }
    return parse(texts);
}

}  // namespace holdfast::protector
