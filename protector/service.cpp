#include "protector/service.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/base/log.hpp"
#include "shared/base/program.hpp"
#include "shared/ethereum/signing_root.hpp"
#include "shared/protection/json_reader.hpp"

namespace holdfast::protector {

using net::HttpResponse;
using net::make_error;
using net::make_response;
using protection::AttestationMark;

namespace {

constexpr const char* kJson = "application/json";

struct Route {
    std::string_view method;
    std::string_view path;
};
constexpr std::array<Route, 5> kRoutes{
    {{"POST", "/v1/attestations"}, {"POST", "/v1/blocks"}, {"GET", "/v1/status"}, {"GET", "/healthz"}, {"GET", "/metrics"}}};

// 404, 405, or nothing when path and method are known.
std::optional<HttpResponse> check_route(const std::string& method, const std::string& path) {
    for (const Route& route : kRoutes) {
        if (route.path != path) continue;
        if (route.method == method) return std::nullopt;
        HttpResponse response = make_error(405, path + " wants " + std::string{route.method});
        response.headers.push_back({"allow", std::string{route.method}});
        return response;
    }
    return make_error(404, "there is no " + path);
}

void append_metric(std::string& text, const char* name, const char* type, const char* help, const std::string& values) {
    text += std::string{"# HELP "} + name + " " + help + "\n# TYPE " + name + " " + type + "\n" + values;
}

std::string sample(const char* name, std::uint64_t value) { return std::string{name} + " " + std::to_string(value) + "\n"; }

// One line for a request with refusals: an operator must see them, not 100,000 times.
template <class Mark>
void log_refusals(const char* what, const std::vector<PublicKey>& keys, const std::vector<Mark>& marks,
                  const std::vector<protection::Verdict>& verdicts) {
    const auto refused = [](const protection::Verdict& verdict) { return !verdict.yes(); };
    const auto count = std::count_if(verdicts.begin(), verdicts.end(), refused);
    if (count == 0) return;
    const auto first = std::find_if(verdicts.begin(), verdicts.end(), refused);
    const auto i = static_cast<std::size_t>(first - verdicts.begin());
    log_warn("refused {} of {} {}; first {}: {}", count, keys.size(), what, to_short_hex(keys[i]),
             explain(*first, marks.size() == 1 ? marks.front() : marks[i]));
}

}  // namespace

Service::Service(Store& store, const Clock& clock, const ChainClock& chain, Identity identity)
    : store_{store}, clock_{clock}, chain_{chain}, identity_{std::move(identity)}, started_{clock.steady()} {}

Task<net::Reply> Service::answer(net::ServerRequest request) {
    auto wrong = check_route(request.message.method, request.path);
    if (wrong) co_return std::move(*wrong);
    if (request.path == "/v1/attestations") {
        HttpResponse response = co_await attestations(std::move(request.message.body));
        co_return response;
    }
    if (request.path == "/v1/blocks") {
        HttpResponse response = co_await blocks(std::move(request.message.body));
        co_return response;
    }
    if (request.path == "/v1/status") co_return status();
    if (request.path == "/metrics") co_return metrics();
    co_return make_response(200, kJson, R"({"healthy":true})");
}

std::optional<HttpResponse> Service::refuse(const protection::RequestHead& head) const {
    if (head.genesis_validators_root != identity_.genesis_validators_root) {
        return make_error(409, "this protector is for the chain with genesis validators root " +
                                   to_hex(identity_.genesis_validators_root) + ", not " + to_hex(head.genesis_validators_root));
    }
    if (!head.cluster.empty() && head.cluster != identity_.cluster_id) {
        return make_error(409, "this protector does not belong to cluster " + head.cluster);
    }
    if (head.generation != 0) return make_error(409, "this protector knows only generation 0");
    return std::nullopt;
}

Task<HttpResponse> Service::attestations(std::string body) {
    auto parsed = protection::parse_attestation_request(body);
    if (!parsed) co_return make_error(400, parsed.error().message);
    protection::AttestationRequest& request = parsed.value();
    auto no = refuse(request.head);
    if (no) co_return std::move(*no);
    if (request.data) {
        const ethereum::AttestationData& data = *request.data;
        if (ethereum::type_of(request.domain) != ethereum::kDomainBeaconAttester) {
            co_return make_error(400, "the domain is not an attester's");
        }
        const Root root = ethereum::attestation_signing_root(data, request.domain);
        request.marks = {AttestationMark{data.source.epoch, data.target.epoch, root}};
    }
    AttestationBatch batch{request.keys, request.marks, request.data, chain_.at(clock_.now())};
    const auto verdicts = co_await store_.decide(std::move(batch));
    log_refusals("attestations", request.keys, request.marks, verdicts);
    co_return make_response(200, kJson, render_answer(identity_.node_id, request.keys, request.marks, verdicts));
}

Task<HttpResponse> Service::blocks(std::string body) {
    auto parsed = protection::parse_block_request(body);
    if (!parsed) co_return make_error(400, parsed.error().message);
    protection::BlockRequest& request = parsed.value();
    auto no = refuse(request.head);
    if (no) co_return std::move(*no);
    BlockBatch batch{request.keys, request.marks, chain_.at(clock_.now())};
    const auto verdicts = co_await store_.decide(std::move(batch));
    log_refusals("blocks", request.keys, request.marks, verdicts);
    co_return make_response(200, kJson, render_answer(identity_.node_id, request.keys, request.marks, verdicts));
}

HttpResponse Service::status() const {
    const StoreCounts counts = store_.counts();
    const auto now = chain_.at(clock_.now());
    const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(clock_.steady() - started_).count();
    std::string text = "{\"node\":";
    protection::append_quoted(text, identity_.node_id);
    text += ",\"cluster\":";
    protection::append_quoted(text, identity_.cluster_id);
    const auto add = [&text](const char* name, const std::string& value) {
        text += std::string{",\""} + name + "\":\"" + value + "\"";
    };
    add("version", "holdfast-protector " + std::string{version()});
    add("genesis_validators_root", to_hex(identity_.genesis_validators_root));
    add("generation", "0");
    add("slot", to_string(now.slot));
    add("uptime_seconds", std::to_string(uptime));
    add("validators", std::to_string(counts.validators));
    add("approved", std::to_string(counts.approved));
    add("repeated", std::to_string(counts.repeated));
    add("refused", std::to_string(counts.refused));
    add("highest_target_epoch", std::to_string(counts.highest_target));
    add("highest_block_slot", std::to_string(counts.highest_slot));
    return make_response(200, kJson, text + "}");
}

HttpResponse Service::metrics() const {
    const StoreCounts counts = store_.counts();
    std::string text;
    append_metric(text, "holdfast_protector_verdicts_total", "counter", "Verdicts by outcome, one for each key",
                  sample("holdfast_protector_verdicts_total{outcome=\"approved\"}", counts.approved) +
                      sample("holdfast_protector_verdicts_total{outcome=\"repeated\"}", counts.repeated) +
                      sample("holdfast_protector_verdicts_total{outcome=\"refused\"}", counts.refused));
    const auto counter = [&text](const char* name, const char* help, std::uint64_t value) {
        append_metric(text, name, "counter", help, sample(name, value));
    };
    const auto gauge = [&text](const char* name, const char* help, std::uint64_t value) {
        append_metric(text, name, "gauge", help, sample(name, value));
    };
    counter("holdfast_protector_requests_total", "Requests for verdicts", counts.requests);
    counter("holdfast_protector_commits_total", "Transactions that recorded approvals", counts.commits);
    counter("holdfast_protector_folds_total", "Times the journal was folded into the table", counts.folds);
    gauge("holdfast_protector_validators", "Validators with a record", counts.validators);
    gauge("holdfast_protector_highest_target_epoch", "Highest target epoch recorded", counts.highest_target);
    gauge("holdfast_protector_highest_block_slot", "Highest block slot recorded", counts.highest_slot);
    return make_response(200, "text/plain; version=0.0.4", std::move(text));
}

}  // namespace holdfast::protector
