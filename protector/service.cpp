#include "protector/service.hpp"

#include <utility>

#include "shared/base/log.hpp"

namespace holdfast::protector {

using net::HttpResponse;
using net::make_error;

namespace {

HttpResponse no_route(const NoRoute& none) {
    HttpResponse response = make_error(none.status, none.sentence);
    if (!none.allowed.empty()) response.headers.push_back({"allow", none.allowed});
    return response;
}

}  // namespace

HttpResponse json_response(std::string body) {
    return net::make_response(200, std::string{protection::kJsonType}, std::move(body));
}

bool Service::Question::octets() const {
    const auto type = net::find_header(request.message.headers, "content-type");
    return type && type->starts_with(protection::kOctetType);
}

const std::string& Service::Question::asker(const protection::RequestHead& head) const {
    return client.plain ? head.instance : client.caller.name;
}

Service::Service(Parts parts) : parts_{std::move(parts)}, started_{parts_.clock.steady()} {}

Task<net::Reply> Service::answer(net::ServerRequest request) {
    const auto found = find_route(request.message.method, request.path, request.query);
    if (const auto* none = std::get_if<NoRoute>(&found)) co_return no_route(*none);
    Client client = make_client(parts_.tls, request.common_name, request.peer);
    Question question{*std::get<const Route*>(found), std::move(client), std::move(request)};
    Refused refused = refuse(question);
    if (refused) co_return std::move(*refused);
    HttpResponse response = co_await perform(question);
    co_return response;
}

Task<net::Reply> Service::answer_metrics(net::ServerRequest request) {
    const auto found = find_route(request.message.method, request.path, request.query);
    const auto* route = std::get_if<const Route*>(&found);
    if (route == nullptr || ((*route)->call != Call::kMetrics && (*route)->call != Call::kHealth)) {
        co_return make_error(404, "here are only GET /metrics and GET /healthz");
    }
    Question question{**route, {}, std::move(request)};
    HttpResponse response = co_await perform(question);
    co_return response;
}

Service::Answer Service::perform(Question& question) {
    switch (question.route.call) {
        case Call::kAttestations: return attestations(question);
        case Call::kBlocks: return blocks(question);
        case Call::kAcquire: return acquire(question);
        case Call::kBeat: return beat(question);
        case Call::kHeartbeats: return heartbeats(question);
        case Call::kHalt:
        case Call::kLiftHalt:
        case Call::kEnrol: return change_keys(question);
        case Call::kRecordsOfEpoch: return records_of_epoch(question);
        case Call::kRecordOfKey: return record_of_key(question);
        case Call::kAllRecords: return all_records(question);
        case Call::kExport: return export_interchange(question);
        case Call::kImport: return import_interchange(question);
        case Call::kPeers: return peers(question);
        case Call::kCheck: return check(question);
        case Call::kStatus: return status(question);
        case Call::kHealth: return health(question);
        case Call::kMetrics: break;
    }
    return metrics(question);
}

HttpResponse Service::refusal(const Question& question, int status, Refusal reason, const std::string& sentence) {
    parts_.refusals.note(reason, question.client.text(), sentence);
    return make_error(status, sentence);
}

Service::Refused Service::refuse(const Question& question) {
    const std::string why = why_not(question.route, question.client);
    if (!why.empty()) return refusal(question, 403, Refusal::kRole, why);
    if (question.octets() && !question.route.octets) {
        return make_error(415, std::string{question.route.path} + " has no application/octet-stream form: send JSON");
    }
    if (question.route.cluster == Route::ClusterIn::kHeader) {
        const auto header = net::find_header(question.request.message.headers, protection::kClusterHeader);
        if (!header) return make_error(400, "the header holdfast-cluster with the cluster's id is missing");
        if (*header != to_hex(parts_.membership.cluster_id())) {
            return refusal(question, 409, Refusal::kCluster,
                           "this protector belongs to another cluster: " + to_hex(parts_.membership.cluster_id()));
        }
        note_seen(question);
    }
    return refuse_unless_voting(question);
}

Service::Refused Service::refuse_unless_voting(const Question& question) {
    using When = Route::When;
    const When when = question.route.when;
    if (when == When::kAlways || parts_.membership.votes()) return std::nullopt;
    if (when == When::kStarting && !parts_.membership.stale()) return std::nullopt;
    return refusal(question, 503, Refusal::kNotVoting, parts_.membership.state() + ": " + parts_.membership.detail());
}

Service::Refused Service::refuse(const Question& question, const protection::RequestHead& head) {
    const Root& root = parts_.membership.cluster().chain.genesis_validators_root;
    if (head.genesis_validators_root != root) {
        return refusal(question, 409, Refusal::kChain,
                       "this protector protects another chain, with genesis validators root " + to_hex(root));
    }
    if (head.cluster != parts_.membership.cluster_id()) {
        return refusal(question, 409, Refusal::kCluster,
                       "this protector belongs to another cluster: " + to_hex(parts_.membership.cluster_id()));
    }
    note_seen(question);
    return refuse_unless_voting(question);
}

void Service::note_seen(const Question& question) {
    const auto header = net::find_header(question.request.message.headers, protection::kSeenHeader);
    if (!header) return;
    const auto seen = protection::parse_position(*header);
    if (seen && seen.value() > parts_.membership.position())
        parts_.membership.on_seen(question.client.text(), false, seen.value());
}

protection::AnswerHead Service::answer_head(std::uint64_t request_id) const {
    return {parts_.membership.node(), request_id, parts_.store.facts().tenure, parts_.store.position()};
}

}  // namespace holdfast::protector
