#include "cli/instance_client.hpp"

#include <optional>

#include "cli/ask.hpp"
#include "healthcheck/endpoint.hpp"
#include "shared/base/task_group.hpp"
#include "shared/protection/json_reader.hpp"

namespace holdfast::cli {

namespace {

constexpr std::size_t kAnswerBytesMax = 16U << 20U;
constexpr int kOk = 200;
constexpr int kUnhealthy = 503;
constexpr int kNotFoundStatus = 404;
constexpr Duration kRefusalLimit = std::chrono::seconds{2};

template <class T>
Task<void> store(Task<T> task, std::optional<T>& into) {
    into = co_await std::move(task);
}

template <class T>
T run(boost::asio::io_context& io, Task<T> task) {
    std::optional<T> result;
    TaskGroup group{io.get_executor()};
    group.spawn("command", store(std::move(task), result));
    while (group.size() > 0) {
        if (io.stopped()) io.restart();
        io.run_one();
    }
    return std::move(*result);
}

Task<bool> sleep_and_wake(Clock& clock, Duration duration) {
    co_await sleep_for(clock, duration);
    co_return true;
}

// The end of a line may come with the next piece.
bool split(std::string& rest, std::string_view data, const std::function<bool(std::string_view)>& on_line) {
    rest += data;
    std::size_t from = 0;
    for (std::size_t to = rest.find('\n'); to != std::string::npos; to = rest.find('\n', from)) {
        if (!on_line(std::string_view{rest}.substr(from, to - from))) return false;
        from = to + 1;
    }
    rest.erase(0, from);
    return rest.size() <= kAnswerBytesMax;
}

Result<std::string> body_of(Result<net::HttpResponse> response) {
    HOLDFAST_TRY(net::HttpResponse answer, std::move(response));
    if (answer.status == kOk) return std::move(answer.body);
    return failure(answer.status == kNotFoundStatus ? ErrorCode::kNotFound : ErrorCode::kRefused, sentence_of(answer));
}

}  // namespace

InstanceClient::InstanceClient(InstanceAddress address) : address_{std::move(address)}, clock_{io_.get_executor()} {
    net::HttpClientOptions options;
    options.tls = address_.tls;
    options.unix_socket = address_.socket;
    options.response_bytes_max = kAnswerBytesMax;
    http_ = net::make_http_client(io_.get_executor(), clock_, std::move(options));
}

InstanceClient::~InstanceClient() = default;

net::HttpRequest InstanceClient::request(const std::string& method, const std::string& path) const {
    net::HttpRequest request;
    request.method = method;
    request.url = address_.url + path;
    return request;
}

Error InstanceClient::explain(const Error& error) const {
    if (address_.socket.empty()) return error;
    if (net::connection_refused(error)) {
        return failure(error.code, "nobody listens on " + address_.socket + ": the instance is not running");
    }
    const std::string tail = error.message.substr(std::min(error.message.find(": "), error.message.size()));
    return failure(error.code, address_.socket + tail);
}

Result<net::HttpResponse> InstanceClient::send(net::HttpRequest request, Duration limit) {
    auto response = run(io_, http_->send(std::move(request), clock_.steady() + limit));
    if (!response) return explain(response.error());
    return response;
}

Result<std::string> InstanceClient::get(const std::string& path, Duration limit) {
    return body_of(send(request("GET", path), limit));
}

Result<healthcheck::HealthDocument> InstanceClient::health(Duration limit) {
    HOLDFAST_TRY(const net::HttpResponse response, send(request("GET", "/healthz"), limit));
    if (response.status == kOk || response.status == kUnhealthy) return healthcheck::parse_health(response.body);
    return failure(ErrorCode::kRefused, sentence_of(response));
}

Result<std::string> InstanceClient::command(healthcheck::Command command, Duration limit) {
    net::HttpRequest asked = request("POST", "/v1/commands");
    asked.headers.push_back({"content-type", "application/json"});
    asked.body = healthcheck::render_command(command);
    auto answer = body_of(send(std::move(asked), limit));
    if (!answer && answer.error().code == ErrorCode::kNotFound) {
        return failure(ErrorCode::kRefused,
                       name() + " takes no commands; use the instance's --control-listen address or --socket");
    }
    HOLDFAST_TRY(const std::string body, std::move(answer));
    std::string message;
    protection::JsonReader json{body};
    json.object([&](std::string_view member) {
        if (member == "message") {
            message = json.string();
        } else {
            json.skip();
        }
    });
    HOLDFAST_TRY(json.result());
    return message;
}

Result<void> InstanceClient::lines(const std::string& path, Duration silence_max,
                                   const std::function<bool(std::string_view)>& on_line) {
    std::string rest;
    bool began = false;
    const auto on_data = [&](std::string_view data) {
        began = true;
        return split(rest, data, on_line);
    };
    auto ended = run(io_, http_->stream(request("GET", path), silence_max, on_data));
    if (ended) return success();
    if (began || ended.error().code == ErrorCode::kTimeout) return explain(ended.error());
    // A stream's refusal has no body: the same question once more has, as long as it is refused.
    const auto refusal = send(request("GET", path), kRefusalLimit);
    if (refusal && refusal.value().status != kOk) return failure(ErrorCode::kRefused, sentence_of(refusal.value()));
    return explain(ended.error());
}

void InstanceClient::sleep(Duration duration) { run(io_, sleep_and_wake(clock_, duration)); }

}  // namespace holdfast::cli
