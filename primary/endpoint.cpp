#include "primary/endpoint.hpp"

#include <json/json.h>

#include <memory>
#include <utility>

namespace holdfast::primary {

namespace {

net::HttpResponse respond(const EndpointSources& sources, const net::ServerRequest& request) {
    if (request.message.method != "GET" && request.message.method != "HEAD") {
        return net::make_error(405, "only GET is answered here");
    }
    if (request.path == "/livez") return net::make_response(200, "text/plain", "ok\n");
    if (request.path == "/metrics") {
        return net::make_response(200, "text/plain; version=0.0.4; charset=utf-8", sources.metrics());
    }
    if (request.path == "/healthz") {
        const validator::Health health = sources.health();
        return net::make_response(health.ok() ? 200 : 503, "application/json", render(health, sources));
    }
    return net::make_error(404, "there is /healthz, /livez and /metrics");
}

Task<net::Reply> answer(std::shared_ptr<const EndpointSources> sources, net::ServerRequest request) {
    co_return respond(*sources, request);
}

}  // namespace

net::HttpHandler make_handler(EndpointSources sources) {
    auto shared = std::make_shared<const EndpointSources>(std::move(sources));
    return [shared](net::ServerRequest request) { return answer(shared, std::move(request)); };
}

std::string render(const validator::Health& health, const EndpointSources& sources) {
    Json::Value document;
    document["role"] = "primary";
    document["state"] = health.state;
    document["healthy"] = health.ok();
    document["generation"] = std::to_string(health.generation);
    document["cluster"] = sources.cluster;
    document["version"] = sources.version;
    document["checks"] = Json::Value{Json::arrayValue};
    for (const validator::HealthCheck& check : health.checks) {
        Json::Value item;
        item["name"] = check.name;
        item["ok"] = check.ok;
        item["detail"] = check.detail;
        document["checks"].append(std::move(item));
    }
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "  ";
    return Json::writeString(builder, document) + "\n";
}

}  // namespace holdfast::primary
