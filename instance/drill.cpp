#include "instance/drill.hpp"

#include <json/json.h>

#include <memory>
#include <utility>

namespace holdfast::instance {

namespace {

// After a slot's end, so that what was done in its last moment is in the primary's status.
constexpr Duration kAfterSlot = std::chrono::milliseconds{200};

std::string text_of(const ethereum::Checkpoint& checkpoint) {
    return to_string(checkpoint.epoch) + ":" + to_hex(checkpoint.root);
}

std::string text_of(const Json::Value& checkpoint) {
    return checkpoint["epoch"].asString() + ":" + checkpoint["root"].asString();
}

Json::Value json_of(const DrillVote& vote) {
    Json::Value value;
    if (!vote.head.empty()) {
        value["head"] = vote.head;
        value["source"] = vote.source;
        value["target"] = vote.target;
    }
    if (vote.decided_ms) value["decided_ms"] = *vote.decided_ms;
    value["due"] = static_cast<Json::UInt64>(vote.due);
    return value;
}

std::string line(const Json::Value& value) {
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "";
    builder["precision"] = 6;
    return Json::writeString(builder, value) + "\n";
}

std::optional<DrillVote> read_vote(const Json::Value& document, Slot slot) {
    for (const Json::Value& report : document["recent"]) {
        if (report["slot"].asString() != to_string(slot) || report["adopted"].asBool()) continue;
        DrillVote vote;
        vote.due = report["due"].asUInt();
        vote.attested = report["attested"].asUInt();
        if (report["decided_ms"].isNumeric()) vote.decided_ms = report["decided_ms"].asDouble();
        const Json::Value& data = report["vote"];
        if (data.isObject()) {
            vote.head = data["head"].asString();
            vote.source = text_of(data["source"]);
            vote.target = text_of(data["target"]);
        }
        return vote;
    }
    return std::nullopt;
}

std::string note_on(const std::optional<DrillVote>& ours, const std::optional<DrillVote>& primary) {
    if (!ours && !primary) return "no duty in this slot";
    if (!ours) return "nothing was decided here";
    if (!primary) return "the primary did nothing in this slot";
    if (ours->head.empty()) return "no vote was decided here";
    if (primary->head.empty()) return "the primary decided no vote";
    if (!ours->same_vote(*primary)) return "another vote than the primary's";
    return ours->due == primary->due ? "" : "another number of duties than the primary's";
}

// One slot's line; true if both have done the same.
bool compare(Json::Value& value, const std::optional<DrillVote>& ours, const Result<std::string>& status, Slot slot) {
    value["slot"] = to_string(slot);
    if (ours) value["ours"] = json_of(*ours);
    std::string note;
    if (!status) {
        note = "the primary could not be asked: " + status.error().message;
    } else if (const auto primary = vote_in(status.value(), slot); !primary) {
        note = primary.error().message;
    } else {
        if (primary.value()) {
            value["primary"] = json_of(*primary.value());
            value["primary"]["attested"] = static_cast<Json::UInt64>(primary.value()->attested);
        }
        note = note_on(ours, primary.value());
    }
    const bool same = note.empty() || (!ours && note == "no duty in this slot");
    value["same"] = same;
    value["note"] = note;
    return same;
}

}  // namespace

std::optional<DrillVote> vote_of(const std::deque<duties::SlotReport>& recent, Slot slot) {
    for (const duties::SlotReport& report : recent) {
        if (report.slot != slot || report.adopted) continue;
        DrillVote vote;
        vote.due = report.due;
        vote.attested = report.attested;
        if (report.decided) vote.decided_ms = to_ms(*report.decided);
        if (report.vote) {
            vote.head = to_hex(report.vote->data.beacon_block_root);
            vote.source = text_of(report.vote->data.source);
            vote.target = text_of(report.vote->data.target);
        }
        return vote;
    }
    return std::nullopt;
}

Result<std::optional<DrillVote>> vote_in(const std::string& status, Slot slot) {
    Json::Value document;
    std::string errors;
    Json::CharReaderBuilder builder;
    builder["stackLimit"] = 32;
    const std::unique_ptr<Json::CharReader> reader{builder.newCharReader()};
    try {
        if (reader->parse(status.data(), status.data() + status.size(), &document, &errors) && document.isObject()) {
            return read_vote(document, slot);
        }
    } catch (const Json::Exception& exception) {
        errors = exception.what();
    }
    return failure(ErrorCode::kMalformed, "the primary's status can't be read");
}

Task<void> run_drill(DrillSources sources, std::uint64_t slots, net::StreamWriter& writer) {
    Slot slot = sources.slots.slot_at(sources.clock.now());
    std::uint64_t same = 0;
    for (std::uint64_t i = 0; i < slots; ++i, slot = slot + 1) {
        co_await sleep_until(sources.clock, sources.slots.start_of(slot + 1) + kAfterSlot);
        const Result<std::string> status = co_await sources.peer.status();
        Json::Value value;
        if (compare(value, vote_of(sources.recent, slot), status, slot)) ++same;
        const bool there = co_await writer.write(line(value));
        if (!there) co_return;
    }
    Json::Value end;
    end["done"] = true;
    end["slots"] = static_cast<Json::UInt64>(slots);
    end["same"] = static_cast<Json::UInt64>(same);
    co_await writer.write(line(end));
}

}  // namespace holdfast::instance
