#include "shared/net/server_connection.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "shared/net/url.hpp"

namespace holdfast::net {
namespace asio = boost::asio;

namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";
// How long a connection that we have ended may take to go, for its last answer to arrive.
constexpr Duration kFinishMax = std::chrono::seconds{2};
constexpr std::size_t kRestBytes = 16U << 10U;
// A pause is not worth its alarm for less.
constexpr std::size_t kPacedBytes = 64U << 10U;
// Bodies up to this size don't count as unfinished: those who send verdicts' requests don't suffer for those who send files.
constexpr std::size_t kUncountedMax = 1U << 20U;

asio::const_buffer bytes(std::string_view text) { return {text.data(), text.size()}; }

// "http://host/path" is allowed to servers as well (RFC 9112, section 3.2.2): the path alone.
std::string_view origin_form(std::string_view target) {
    const auto scheme = target.find("://");
    if (target.starts_with('/') || scheme == std::string_view::npos) return target;
    const auto path = target.find('/', scheme + 3);
    return path == std::string_view::npos ? std::string_view{"/"} : target.substr(path);
}

// Nothing when the target is not a path.
std::optional<ServerRequest> to_server_request(HttpRequest message) {
    ServerRequest request;
    message.url = std::string{origin_form(message.url)};
    const std::string_view target = message.url;
    const auto question = std::min(target.find('?'), target.size());
    auto path = percent_decode(target.substr(0, question));
    if (!path || (!path->starts_with('/') && *path != "*")) return std::nullopt;
    request.path = std::move(*path);
    request.query = target.substr(std::min(question + 1, target.size()));
    request.message = std::move(message);
    return request;
}

}  // namespace

// Chunks (RFC 9112, section 7.1), or plain bytes for a peer of HTTP/1.0.
class ChunkWriter final : public StreamWriter {
public:
    ChunkWriter(ServerConnection& connection, bool chunked) : connection_{connection}, chunked_{chunked} {}

    Task<bool> write(std::string data) override {
        if (!alive_ || data.empty()) co_return alive_;
        std::array<char, 20> head{};
        char* end = std::to_chars(head.data(), head.data() + 16, data.size(), 16).ptr;
        *end++ = '\r';
        *end++ = '\n';
        ServerTransport::Pieces pieces{bytes({head.data(), end}), bytes(data), bytes("\r\n")};
        if (!chunked_) pieces = {bytes(data)};
        alive_ = co_await connection_.write(pieces);
        co_return alive_;
    }

    [[nodiscard]] bool alive() const { return alive_; }

private:
    ServerConnection& connection_;
    bool chunked_;
    bool alive_{true};
};

void Watchdog::set_in(Duration duration) {
    if (clock_ == nullptr) return;
    late_at_ = clock_->steady() + duration;
    if (late_at_ < alarm_at_) arm();
}

void Watchdog::release() {
    if (clock_ != nullptr && alarm_ != 0) clock_->cancel(alarm_);
    clock_ = nullptr;
}

void Watchdog::arm() {
    if (alarm_ != 0) clock_->cancel(alarm_);
    alarm_at_ = late_at_;
    alarm_ = clock_->call_at(alarm_at_, [this] { ring(); });
}

void Watchdog::ring() {
    alarm_ = 0;
    alarm_at_ = SteadyTime::max();
    if (late_at_ == SteadyTime::max()) return;
    if (clock_->steady() < late_at_) {
        arm();
    } else {
        off();
        on_late_();
    }
}

ServerConnection::ServerConnection(std::shared_ptr<ServerState> state, std::unique_ptr<ServerTransport> transport,
                                   std::string peer)
    : state_{std::move(state)},
      transport_{std::move(transport)},
      peer_{std::move(peer)},
      reader_{state_->options.header_bytes_max, [this](std::string_view target) { return body_bytes_max(target); },
              state_->options.unsized_body_bytes_max},
      watchdog_{state_->clock, [this] { drop(); }},
      pause_{state_->clock, [this] { pause_over_.notify_all(); }},
      idle_since_{state_->clock.steady()} {
    state_->connections.insert(this);
}

ServerConnection::~ServerConnection() {
    hold(0);
    state_->connections.erase(this);
    if (leaving_) --state_->leaving;
    state_->changed.notify_all();
}

void ServerConnection::cut_if_idle() {
    if (idle_) transport_->cut();
}

void ServerConnection::cut() {
    watchdog_.release();
    pause_.release();
    drop();
}

void ServerConnection::leave() {
    leaving_ = true;
    ++state_->leaving;
    drop();
}

void ServerConnection::drop() {
    dropped_ = true;
    transport_->cut();
    pause_over_.notify_all();
}

// Holds up a peer that sends much, if all that do so send too much together.
Task<void> ServerConnection::pace(std::size_t bytes) {
    unpaced_bytes_ += bytes;
    if (unpaced_bytes_ < kPacedBytes) co_return;
    const Duration pause = state_->pause_after(std::exchange(unpaced_bytes_, 0));
    if (pause == Duration::zero() || dropped_) co_return;
    pause_.set_in(pause);
    co_await pause_over_.wait();
}

Task<void> ServerConnection::run() {
    bool is_open = co_await open();
    while (is_open) {
        const bool got = co_await read_request();
        if (!got) co_return;
        working_ = true;
        is_open = co_await answer_request();
        working_ = false;
        served_ = true;
    }
}

Task<bool> ServerConnection::open() {
    watchdog_.set_in(state_->options.header_timeout);
    const bool opened = co_await transport_->open();
    if (opened) co_return true;
    const std::string why = transport_->refusal();
    if (why.empty()) co_return false;
    if (state_->options.on_refused) state_->options.on_refused(peer_, why);
    // It should learn the reason: an alert is on its way.
    co_await finish();
    co_return false;
}

std::size_t ServerConnection::body_bytes_max(std::string_view target) const {
    const HttpServerOptions& options = state_->options;
    target = origin_form(target);
    const auto path = percent_decode(target.substr(0, target.find('?')));
    return options.body_bytes_max_of && path ? options.body_bytes_max_of(*path) : options.body_bytes_max;
}

// False when all unfinished bodies together have become too much.
bool ServerConnection::hold(std::size_t body_bytes) {
    const std::size_t counted = body_bytes > kUncountedMax ? body_bytes : 0;
    state_->unfinished_bytes += counted - held_bytes_;
    held_bytes_ = counted;
    return counted == 0 || state_->unfinished_bytes <= state_->options.unfinished_bodies_bytes_max;
}

Task<bool> ServerConnection::reject(HttpResponse rejection) {
    hold(0);
    co_await answer(std::move(rejection), false, false);
    co_return false;
}

// False when there is no further request, or an answer to it was sent here.
Task<bool> ServerConnection::read_request() {
    using Stage = RequestReader::Stage;
    Stage before = Stage::kIdle;
    idle_ = true;
    idle_since_ = state_->clock.steady();
    watchdog_.set_in(state_->options.idle_timeout);
    while (true) {
        const Stage stage = reader_.advance();
        idle_ = stage == Stage::kIdle;
        if (idle_ && state_->stopping) co_return false;
        if (stage == Stage::kComplete) {
            hold(0);
            co_return true;
        }
        if (stage == Stage::kRejected) {
            HttpResponse rejection = reader_.rejection();
            const bool open = co_await reject(std::move(rejection));
            co_return open;
        }
        if (stage == Stage::kBody && !hold(reader_.body_bytes())) {
            HttpResponse rejection = make_error(503, "too many large requests are being sent at once: send it again later");
            const bool open = co_await reject(std::move(rejection));
            co_return open;
        }
        if (stage == Stage::kHeader && before == Stage::kIdle) watchdog_.set_in(state_->options.header_timeout);
        if (stage == Stage::kBody && before != Stage::kBody) {
            watchdog_.set_in(state_->options.body_timeout);
            const ServerTransport::Pieces go_on{bytes(kContinue)};
            if (reader_.expects_continue()) co_await transport_->write(go_on);
        }
        before = stage;
        const bool large = stage == Stage::kBody && reader_.body_bytes() > kUncountedMax;
        const bool more = co_await read_more(large);
        if (!more) co_return false;
    }
}

Task<bool> ServerConnection::read_more(bool paced) {
    const auto space = reader_.space();
    const ReadResult result = co_await transport_->read_some(asio::mutable_buffer{space.data, space.size});
    if (result.error || result.size == 0) co_return false;
    reader_.commit(result.size);
    if (paced) co_await pace(result.size);
    co_return true;
}

// False when the connection has ended with it.
Task<bool> ServerConnection::answer_request() {
    watchdog_.off();
    const bool peer_keeps = reader_.keep_alive();
    const bool is_http_1_0 = reader_.is_http_1_0();
    auto request = to_server_request(reader_.take());
    if (!request) {
        HttpResponse refusal = make_error(400, "the request's target is not a path");
        co_await answer(std::move(refusal), false, false);
        co_return false;
    }
    request->peer = peer_;
    request->common_name = transport_->common_name();
    const bool is_head = request->message.method == "HEAD";
    Task<Reply> work = state_->handler(std::move(*request));
    Reply reply = co_await std::move(work);
    const bool keep_alive = peer_keeps && !state_->stopping;
    if (auto* response = std::get_if<HttpResponse>(&reply)) {
        const bool open = co_await answer(std::move(*response), is_head, keep_alive);
        co_return open;
    }
    if (auto* stream = std::get_if<StreamResponse>(&reply)) {
        const bool open = co_await answer_stream(*stream, is_head, is_http_1_0, keep_alive);
        co_return open;
    }
    transport_->cut();
    co_return false;
}

Task<bool> ServerConnection::answer(HttpResponse response, bool is_head, bool keep_alive) {
    const std::string head = format_head(response, BodyFraming::kLength, keep_alive);
    const bool no_body = is_head || has_no_body(response.status);
    const std::string_view body = no_body ? std::string_view{} : std::string_view{response.body};
    const ServerTransport::Pieces pieces{bytes(head), bytes(body)};
    const bool written = co_await write(pieces);
    if (!written) co_return false;
    if (!keep_alive) co_await finish();
    co_return keep_alive;
}

Task<bool> ServerConnection::answer_stream(StreamResponse& response, bool is_head, bool is_http_1_0, bool keep_alive) {
    keep_alive = keep_alive && !is_http_1_0;
    const BodyFraming framing = is_http_1_0 ? BodyFraming::kUntilClose : BodyFraming::kChunked;
    const std::string head = format_head(response.head, framing, keep_alive);
    const ServerTransport::Pieces pieces{bytes(head)};
    const bool started = co_await write(pieces);
    if (!started) co_return false;
    if (!is_head) {
        ChunkWriter writer{*this, !is_http_1_0};
        Task<void> work = response.body(writer);
        co_await std::move(work);
        if (!writer.alive()) co_return false;
        const ServerTransport::Pieces last{is_http_1_0 ? asio::const_buffer{} : bytes(kLastChunk)};
        const bool ended = co_await write(last);
        if (!ended) co_return false;
    }
    if (!keep_alive) co_await finish();
    co_return keep_alive;
}

Task<bool> ServerConnection::write(ServerTransport::Pieces pieces) {
    watchdog_.set_in(state_->options.write_timeout);
    const bool written = co_await transport_->write(pieces);
    watchdog_.off();
    co_return written;
}

// The peer gets a moment to read the last answer.
Task<void> ServerConnection::finish() {
    working_ = false;
    idle_ = true;
    watchdog_.set_in(std::min(state_->options.write_timeout, kFinishMax));
    transport_->shut();
    std::string rest(kRestBytes, '\0');
    while (true) {
        const ReadResult result = co_await transport_->read_rest(asio::buffer(rest));
        if (result.error) break;
        co_await pace(result.size);
    }
    transport_->cut();
    watchdog_.off();
}

}  // namespace holdfast::net
