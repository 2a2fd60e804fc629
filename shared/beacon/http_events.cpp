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
    if (event) {
        on_event_(std::move(event).value());
    } else if (event.error().code != ErrorCode::kNotFound) {
        if (malformed_++ == 0) first_problem_ = event.error().message;
    }
}

Task<Result<void>> HttpBeaconNode::follow_events(std::function<void(NodeEvent)> on_event) {
    const std::string path =
        repeated_topics_ ? "/eth/v1/events?topics=head&topics=chain_reorg" : "/eth/v1/events?topics=head,chain_reorg";
    net::HttpRequest request = get_request(link_.base() + path, "text/event-stream");
    EventStream stream{std::move(on_event)};
    std::function<bool(std::string_view)> on_data = [&stream](std::string_view piece) { return stream.feed(piece); };
    Result<void> ended = co_await client_.stream(std::move(request), options_.events_silence_max, std::move(on_data));
    note_malformed_events(stream);
    if (stream.broken()) co_return with_context(link_.context(path), *stream.broken());
    if (ended) co_return success();
    // A refusal before the first byte may mean that the node reads the list of topics in the other form: that is tried next.
    if (!stream.any() && ended.error().code == ErrorCode::kUnavailable) repeated_topics_ = !repeated_topics_;
    co_return with_context(link_.context(path), std::move(ended).error());
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
