#include "healthcheck/endpoint.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "healthcheck/json_text.hpp"
#include "shared/protection/cluster.hpp"
#include "shared/protection/json_reader.hpp"

namespace holdfast::healthcheck {

namespace {

using net::HttpResponse;
using net::ServerRequest;

constexpr std::size_t kCommandBytesMax = 1024;
constexpr std::array kCommands{Command::kFailover,      Command::kForceFailover, Command::kFailback,
                               Command::kForceFailback, Command::kPause,         Command::kResume};

std::string all_commands() {
    std::string all;
    for (const Command command : kCommands) all += (all.empty() ? "" : ", ") + std::string{to_string(command)};
    return all;
}

std::optional<Command> command_of(std::string_view word) {
    const auto* found = std::ranges::find(kCommands, word, [](Command command) { return to_string(command); });
    if (found == kCommands.end()) return std::nullopt;
    return *found;
}

HttpResponse text_response(bool good, const std::string& text) {
    return net::make_response(good ? 200 : 503, "text/plain", text + "\n");
}

HttpResponse json_response(int status, std::string body) {
    HttpResponse response = net::make_response(status, "application/json", std::move(body));
    // What is true now isn't a second later.
    response.headers.push_back({"cache-control", "no-store"});
    return response;
}

HttpResponse wrong_method(const ServerRequest& request, const char* allowed) {
    HttpResponse response = net::make_error(405, request.path + " wants " + allowed);
    response.headers.push_back({"allow", allowed});
    return response;
}

HttpResponse active(const HealthDocument& health) {
    return text_response(health.on_duty, health.on_duty ? "on duty" : "not on duty: " + health.state);
}

HttpResponse ready(const HealthDocument& health) {
    return text_response(health.ready, health.ready ? "ready" : "not ready: " + health.why_not_ready);
}

HttpResponse healthy(const HealthDocument& health) { return json_response(health.healthy ? 200 : 503, render(health)); }

// One of the documents; nothing if `path` is none.
std::optional<HttpResponse> document(const EndpointSources& sources, std::string_view path) {
    if (path == "/livez") return text_response(true, "ok");
    if (path == "/readyz") return ready(sources.health());
    if (path == "/activez") return active(sources.health());
    if (path == "/healthz") return healthy(sources.health());
    if (path == "/status") return json_response(200, render(sources.status()));
    if (path == "/metrics") return net::make_response(200, "text/plain; version=0.0.4; charset=utf-8", sources.metrics());
    return std::nullopt;
}

// Why whoever shows this certificate gets nothing here; nothing if it may ask.
std::optional<HttpResponse> refuse_caller(const EndpointSources& sources, const ServerRequest& request) {
    if (!sources.mutual_tls || request.peer == net::kUnixPeer) return std::nullopt;
    const protection::Role role = protection::parse_common_name(request.common_name).role;
    if (role == protection::Role::kOperator || role == protection::Role::kInstance) return std::nullopt;
    const std::string who = request.common_name.empty() ? "a caller without a certificate" : "\"" + request.common_name + "\"";
    return net::make_error(403, who + " may ask nothing here: it is for operators and validator instances");
}

// A browser says of what a page does: it sends Origin with every POST and Sec-Fetch-Site with everything. Where the operator
// runs a browser, any page could else reach a listener on its loopback.
std::optional<HttpResponse> refuse_web_page(const ServerRequest& request) {
    const auto site = net::find_header(request.message.headers, "sec-fetch-site");
    const bool by_page = net::find_header(request.message.headers, "origin") || (site && *site != "none");
    if (!by_page) return std::nullopt;
    return net::make_error(403, request.path + " can't be used from a web page; use the command holdfast");
}

bool is_json(const ServerRequest& request) {
    const auto type = net::find_header(request.message.headers, "content-type");
    if (!type) return false;
    std::string word{type->substr(0, type->find(';'))};
    word.erase(word.find_last_not_of(" \t") + 1);
    std::ranges::transform(word, word.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return word == "application/json";
}

int status_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::kUnavailable:
        case ErrorCode::kTimeout: return 503;
        case ErrorCode::kInternal:
        case ErrorCode::kIo: return 500;
        default: return 409;
    }
}

std::string asker(const EndpointSources& sources, const ServerRequest& request) {
    if (request.peer == net::kUnixPeer) return request.peer;
    return sources.mutual_tls ? request.common_name : "somebody at " + request.peer;
}

Task<HttpResponse> command(const EndpointSources& sources, const ServerRequest& request) {
    if (request.message.method != "POST") co_return wrong_method(request, "POST");
    if (auto refused = refuse_web_page(request)) co_return std::move(*refused);
    if (!is_json(request)) co_return net::make_error(415, "a command is sent as content-type application/json");
    const Result<Command> wanted = parse_command(request.message.body);
    if (!wanted) co_return net::make_error(400, wanted.error().message);
    CommandRequest asked{wanted.value(), asker(sources, request)};
    const Result<std::string> done = co_await sources.command(std::move(asked));
    if (!done) co_return net::make_error(status_of(done.error().code), done.error().message);
    JsonText text;
    text.object([&] { text.member("message", done.value()); });
    co_return json_response(200, text.take());
}

net::Reply drill(const std::shared_ptr<const EndpointSources>& sources, const ServerRequest& request) {
    if (request.message.method != "GET") return wrong_method(request, "GET");
    if (auto refused = refuse_web_page(request)) return std::move(*refused);
    const Result<std::uint64_t> slots = parse_decimal(request.parameter("slots").value_or("1"));
    if (!slots || slots.value() == 0 || slots.value() > kDrillSlotsMax) {
        return net::make_error(400, "slots: expected a number from 1 to " + std::to_string(kDrillSlotsMax));
    }
    net::StreamResponse response;
    response.head.status = 200;
    response.head.headers = {{"content-type", "application/x-ndjson"}, {"cache-control", "no-store"}};
    response.body = [sources, count = slots.value()](net::StreamWriter& writer) { return sources->drill(count, writer); };
    return response;
}

std::string what_there_is(const EndpointSources& sources) {
    std::string all = "there is /livez, /readyz, /healthz, /activez, /status, /metrics";
    if (sources.command) all += ", /v1/commands";
    if (sources.drill) all += ", /v1/drill";
    return all;
}

Task<net::Reply> answer(std::shared_ptr<const EndpointSources> sources, ServerRequest request) {
    if (auto refused = refuse_caller(*sources, request)) co_return std::move(*refused);
    if (request.path == "/v1/commands" && sources->command) {
        HttpResponse done = co_await command(*sources, request);
        co_return std::move(done);
    }
    if (request.path == "/v1/drill" && sources->drill) co_return drill(sources, request);
    std::optional<HttpResponse> response = document(*sources, request.path);
    if (!response) co_return net::make_error(404, what_there_is(*sources));
    if (request.message.method != "GET" && request.message.method != "HEAD") co_return wrong_method(request, "GET, HEAD");
    co_return std::move(*response);
}

}  // namespace

net::HttpHandler make_handler(EndpointSources sources) {
    auto shared = std::make_shared<const EndpointSources>(std::move(sources));
    return [shared](ServerRequest request) { return answer(shared, std::move(request)); };
}

Result<Command> parse_command(std::string_view json) {
    if (json.size() > kCommandBytesMax) return failure(ErrorCode::kMalformed, "a command has no more than 1024 bytes");
    std::optional<Command> command;
    protection::JsonReader reader{json};
    reader.object([&](std::string_view name) {
        if (name != "command") return reader.fail("unknown member \"" + std::string{name} + "\" in the command");
        if (command) return reader.fail("member \"command\" twice");
        const std::string word = reader.string();
        command = command_of(word);
        if (!command) reader.fail("there is no command \"" + word + "\"; there are " + all_commands());
    });
    reader.end();
    HOLDFAST_TRY(reader.result());
    if (!command) return failure(ErrorCode::kMalformed, "expected {\"command\": ...} with one of " + all_commands());
    return *command;
}

std::string render_command(Command command) {
    JsonText text;
    text.object([&] { text.member("command", to_string(command)); });
    return text.take();
}

}  // namespace holdfast::healthcheck
