#include "shared/base/log.hpp"
#include "shared/beacon/api_decode.hpp"
#include "shared/beacon/http_node.hpp"

namespace holdfast::beacon {

EventStream::EventStream(std::function<void(NodeEvent)> on_event)
    : on_event_{std::move(on_event)}, parser_{[this](std::string_view name, std::string_view data) { take(name, data); }} {}

bool EventStream::feed(std::string_view piece) {
    any_ = true;
    Result<void> fed = parser_.feed(piece);
    if (fed) return true;
    broken_ = std::move(fed).error();
    return false;
}

void EventStream::take(std::string_view name, std::string_view data) {
    Result<NodeEvent> event = decode_event(name, data);
    if (!event) {
        if (event.error().code != ErrorCode::kNotFound && malformed_++ == 0) first_problem_ = event.error().message;
        return;
    }
    if (const auto* head = std::get_if<HeadEvent>(&event.value())) {
        // Of a node that tells each head in both versions, the one that says more.
        if (name == "head" && head->block == last_head_v2_) return;
        if (name == "head_v2") last_head_v2_ = head->block;
    }
    on_event_(std::move(event).value());
}

namespace {

// What we would like to hear, and with how much less we can do; each in both forms of a list.
std::vector<std::string> queries_of_topics(bool gloas) {
    std::vector<std::vector<std::string>> wishes{{"head", "chain_reorg", "proposer_slashing", "attester_slashing"},
                                                 {"head", "chain_reorg"}};
    if (gloas) {
        wishes.insert(wishes.begin(), wishes[0]);
        wishes[0].insert(wishes[0].end(), {"head_v2", "execution_payload_available"});
    }
    std::vector<std::string> queries;
    for (const auto& topics : wishes) {
        std::string comma;
        std::string repeated;
        for (const std::string& topic : topics) {
            comma += (comma.empty() ? "topics=" : ",") + topic;
            repeated += (repeated.empty() ? "topics=" : "&topics=") + topic;
        }
        queries.push_back(comma);
        queries.push_back(repeated);
    }
    return queries;
}

// A status that says that the request is not liked; others are about the node.
bool is_refusal(const Error& error) { return error.message.find("answered with status 4") != std::string::npos; }

}  // namespace

Task<Result<void>> HttpBeaconNode::follow_topics(const std::string& path, EventStream& stream) {
    net::HttpRequest request = get_request(link_.base() + path, "text/event-stream");
    std::function<bool(std::string_view)> on_data = [&stream](std::string_view piece) { return stream.feed(piece); };
    Result<void> ended = co_await client_.stream(std::move(request), options_.events_silence_max, std::move(on_data));
    note_malformed_events(stream);
    if (stream.broken()) co_return with_context(link_.context(path), *stream.broken());
    if (!ended) co_return with_context(link_.context(path), std::move(ended).error());
    co_return success();
}

Task<Result<void>> HttpBeaconNode::follow_events(std::function<void(NodeEvent)> on_event) {
    EventStream stream{std::move(on_event)};
    const std::vector<std::string> queries = queries_of_topics(gloas_scheduled_);
    Result<void> ended = success();
    for (std::size_t tried = 0; tried < queries.size(); ++tried) {
        const std::string path = "/eth/v1/events?" + queries[topics_ % queries.size()];
        ended = co_await follow_topics(path, stream);
        const bool refused = !ended && !stream.any() && is_refusal(ended.error());
        if (!refused) {
            // A node that can't be reached may come back as another version of itself.
            if (!ended && !stream.any()) topics_ = 0;
            break;
        }
        ++topics_;
    }
    co_return ended;
}

void HttpBeaconNode::note_malformed_events(const EventStream& stream) {
    constexpr Duration kQuiet = std::chrono::minutes{1};
    if (stream.malformed() == 0) return;
    const SteadyTime now = clock_.steady();
    if (told_of_malformed_events_ && now < *told_of_malformed_events_ + kQuiet) return;
    told_of_malformed_events_ = now;
    log_warn("{}: {} events made no sense, the first: {}", link_.shown(), stream.malformed(), stream.first_problem());
}

}  // namespace holdfast::beacon
