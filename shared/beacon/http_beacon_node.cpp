#include "shared/beacon/http_beacon_node.hpp"

#include <algorithm>
#include <optional>

#include "shared/base/log.hpp"
#include "shared/beacon/api_decode.hpp"
#include "shared/beacon/encode.hpp"
#include "shared/net/sse.hpp"
#include "shared/net/url.hpp"

namespace holdfast::beacon {
namespace {

constexpr const char* kJson = "application/json";

ErrorCode code_of(int status) {
    switch (status) {
        case 404: return ErrorCode::kNotFound;
        case 429:
        case 502:
        case 503:
        case 504: return ErrorCode::kUnavailable;
        default: return status >= 500 ? ErrorCode::kInternal : ErrorCode::kRefused;
    }
}

net::HttpRequest get(std::string path, const char* accept = kJson) {
    net::HttpRequest request;
    request.url = std::move(path);
    request.headers.push_back({"accept", accept});
    return request;
}

net::HttpRequest post(std::string path, std::string body) {
    net::HttpRequest request = get(std::move(path));
    request.method = "POST";
    request.headers.push_back({"content-type", kJson});
    request.body = std::move(body);
    return request;
}

// The events of one stream: complete ones go to `on_event`, what makes no sense is counted.
class EventStream {
public:
    explicit EventStream(std::function<void(NodeEvent)> on_event)
        : on_event_{std::move(on_event)}, parser_{[this](std::string_view name, std::string_view data) { take(name, data); }} {}
    EventStream(const EventStream&) = delete;
    EventStream& operator=(const EventStream&) = delete;
    ~EventStream() = default;

    // False when the stream can't be read on.
    bool feed(std::string_view piece) {
        any_ = true;
        Result<void> fed = parser_.feed(piece);
        if (fed) return true;
        broken_ = std::move(fed).error();
        return false;
    }
    [[nodiscard]] bool any() const { return any_; }
    [[nodiscard]] const std::optional<Error>& broken() const { return broken_; }
    [[nodiscard]] std::size_t malformed() const { return malformed_; }
    [[nodiscard]] const std::string& first_problem() const { return first_problem_; }

private:
    std::function<void(NodeEvent)> on_event_;
    net::SseParser parser_;
    bool any_{false};
    std::size_t malformed_{0};
    std::string first_problem_;
    std::optional<Error> broken_;

    void take(std::string_view name, std::string_view data) {
        Result<NodeEvent> event = decode_event(name, data);
        if (event) {
            on_event_(std::move(event).value());
        } else if (event.error().code != ErrorCode::kNotFound) {
            if (malformed_++ == 0) first_problem_ = event.error().message;
        }
    }
};

class HttpBeaconNode final : public BeaconNode {
public:
    HttpBeaconNode(net::HttpClient& client, Clock& clock, std::string url, HttpBeaconNodeOptions options)
        : client_{client}, clock_{clock}, base_{std::move(url)}, options_{options} {
        while (base_.ends_with('/')) base_.pop_back();
        shown_ = net::redact(base_);
    }

    [[nodiscard]] const std::string& url() const override { return shown_; }

    Task<Result<ethereum::ChainSpec>> spec(SteadyTime deadline) override {
        co_return co_await ask("/eth/v1/config/spec", decode_spec, deadline);
    }
    Task<Result<ethereum::Genesis>> genesis(SteadyTime deadline) override {
        co_return co_await ask("/eth/v1/beacon/genesis", decode_genesis, deadline);
    }
    Task<Result<std::string>> version(SteadyTime deadline) override {
        co_return co_await ask("/eth/v1/node/version", decode_version, deadline);
    }
    Task<Result<SyncStatus>> syncing(SteadyTime deadline) override {
        co_return co_await ask("/eth/v1/node/syncing", decode_syncing, deadline);
    }
    Task<Result<Root>> block_root(std::string block_id, SteadyTime deadline) override;
    Task<Result<std::vector<Validator>>> validators(std::vector<PublicKey> keys, SteadyTime deadline) override;
    Task<Result<AttesterDuties>> attester_duties(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                 SteadyTime deadline) override;
    Task<Result<ProposerDuties>> proposer_duties(Epoch epoch, SteadyTime deadline) override;
    Task<Result<std::vector<SyncDuty>>> sync_duties(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                    SteadyTime deadline) override;
    Task<Result<ethereum::AttestationData>> attestation_data(Slot slot, SteadyTime deadline) override;
    Task<Result<void>> subscribe_committees(std::vector<CommitteeSubscription> subscriptions, SteadyTime deadline) override;
    Task<Result<void>> publish_attestations(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                            SteadyTime deadline) override;
    Task<Result<void>> follow_events(std::function<void(NodeEvent)> on_event) override;

private:
    net::HttpClient& client_;
    Clock& clock_;
    std::string base_;   // may have credentials
    std::string shown_;  // has none
    HttpBeaconNodeOptions options_;
    bool get_validators_{false};   // the node does not know the POST form
    bool repeated_topics_{false};  // topics=a&topics=b instead of topics=a,b
    std::optional<SteadyTime> told_of_malformed_events_;

    // Node and path without query: a query may be kilobytes of keys.
    [[nodiscard]] std::string context(std::string_view path) const {
        return shown_ + std::string{path.substr(0, path.find('?'))};
    }
    [[nodiscard]] Error status_error(std::string_view path, const net::HttpResponse& response) const {
        const std::string said = describe_error(response.body);
        std::string text = "status " + std::to_string(response.status) + (said.empty() ? "" : ": " + said);
        return with_context(context(path), failure(code_of(response.status), std::move(text)));
    }

    // `request.url` is the path. Whatever status.
    Task<Result<net::HttpResponse>> send(net::HttpRequest request, SteadyTime deadline);
    // A status other than 2xx is a failure.
    Task<Result<net::HttpResponse>> send_ok(net::HttpRequest request, SteadyTime deadline);
    template <class T>
    Task<Result<T>> ask(const char* path, Result<T> (*decode)(std::string_view), SteadyTime deadline);

    Task<Result<std::vector<Validator>>> some_validators(std::vector<PublicKey> keys, SteadyTime deadline);
    void note_malformed_events(const EventStream& stream);
};

Task<Result<net::HttpResponse>> HttpBeaconNode::send(net::HttpRequest request, SteadyTime deadline) {
    const std::string where = context(request.url);
    request.url.insert(0, base_);
    Result<net::HttpResponse> response = co_await client_.send(std::move(request), deadline);
    if (!response) co_return with_context(where, std::move(response).error());
    co_return std::move(response).value();
}

Task<Result<net::HttpResponse>> HttpBeaconNode::send_ok(net::HttpRequest request, SteadyTime deadline) {
    const std::string path = request.url;
    Result<net::HttpResponse> response = co_await send(std::move(request), deadline);
    if (response && !response.value().ok()) co_return status_error(path, response.value());
    co_return response;
}

template <class T>
Task<Result<T>> HttpBeaconNode::ask(const char* path, Result<T> (*decode)(std::string_view), SteadyTime deadline) {
    net::HttpRequest request = get(path);
    const Result<net::HttpResponse> response = co_await send_ok(std::move(request), deadline);
    if (!response) co_return response.error();
    Result<T> value = decode(response.value().body);
    if (!value) co_return with_context(context(path), std::move(value).error());
    co_return value;
}

Task<Result<Root>> HttpBeaconNode::block_root(std::string block_id, SteadyTime deadline) {
    const std::string path = "/eth/v1/beacon/blocks/" + block_id + "/root";
    co_return co_await ask(path.c_str(), decode_block_root, deadline);
}

// One request: by POST, or by GET where the node does not know POST.
Task<Result<std::vector<Validator>>> HttpBeaconNode::some_validators(std::vector<PublicKey> keys, SteadyTime deadline) {
    std::string path = "/eth/v1/beacon/states/head/validators";
    net::HttpRequest request;
    if (get_validators_) {
        std::string query = "?id=";
        for (const PublicKey& key : keys) query += (query.size() > 4 ? "," : "") + to_hex(key);
        request = get(path + query);
    } else {
        request = post(path, encode_ids(keys));
    }
    const Result<net::HttpResponse> response = co_await send(std::move(request), deadline);
    if (!response) co_return response.error();
    const int status = response.value().status;
    if (!get_validators_ && (status == 404 || status == 405 || status == 501)) get_validators_ = true;
    if (!response.value().ok()) co_return status_error(path, response.value());
    Result<std::vector<Validator>> decoded = decode_validators(response.value().body, keys);
    if (!decoded) co_return with_context(context(path), std::move(decoded).error());
    co_return decoded;
}

Task<Result<std::vector<Validator>>> HttpBeaconNode::validators(std::vector<PublicKey> keys, SteadyTime deadline) {
    std::vector<Validator> all;
    std::size_t done = 0;
    while (done < keys.size()) {
        const bool by_get = get_validators_;
        const std::size_t most = by_get ? options_.validators_per_get : options_.validators_per_request;
        const auto first = keys.begin() + static_cast<std::ptrdiff_t>(done);
        const std::size_t count = std::min(most, keys.size() - done);
        std::vector<PublicKey> some{first, first + static_cast<std::ptrdiff_t>(count)};
        Result<std::vector<Validator>> answer = co_await some_validators(std::move(some), deadline);
        if (!answer && !by_get && get_validators_) continue;
        if (!answer) co_return std::move(answer).error();
        std::ranges::move(answer.value(), std::back_inserter(all));
        done += count;
    }
    co_return all;
}

Task<Result<AttesterDuties>> HttpBeaconNode::attester_duties(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                             SteadyTime deadline) {
    const std::string path = "/eth/v1/validator/duties/attester/" + to_string(epoch);
    if (indices.empty())
        co_return with_context(context(path), failure(ErrorCode::kInvalidArgument, "no validators to ask for"));
    net::HttpRequest request = post(path, encode_indices(indices));
    const Result<net::HttpResponse> response = co_await send_ok(std::move(request), deadline);
    if (!response) co_return response.error();
    Result<AttesterDuties> duties = decode_attester_duties(response.value().body, epoch, indices);
    if (!duties) co_return with_context(context(path), std::move(duties).error());
    co_return duties;
}

Task<Result<ProposerDuties>> HttpBeaconNode::proposer_duties(Epoch epoch, SteadyTime deadline) {
    const std::string path = "/eth/v1/validator/duties/proposer/" + to_string(epoch);
    net::HttpRequest request = get(path);
    const Result<net::HttpResponse> response = co_await send_ok(std::move(request), deadline);
    if (!response) co_return response.error();
    Result<ProposerDuties> duties = decode_proposer_duties(response.value().body, epoch);
    if (!duties) co_return with_context(context(path), std::move(duties).error());
    co_return duties;
}

Task<Result<std::vector<SyncDuty>>> HttpBeaconNode::sync_duties(Epoch epoch, std::vector<ValidatorIndex> indices,
                                                                SteadyTime deadline) {
    const std::string path = "/eth/v1/validator/duties/sync/" + to_string(epoch);
    if (indices.empty())
        co_return with_context(context(path), failure(ErrorCode::kInvalidArgument, "no validators to ask for"));
    net::HttpRequest request = post(path, encode_indices(indices));
    const Result<net::HttpResponse> response = co_await send_ok(std::move(request), deadline);
    if (!response) co_return response.error();
    Result<std::vector<SyncDuty>> duties = decode_sync_duties(response.value().body, indices);
    if (!duties) co_return with_context(context(path), std::move(duties).error());
    co_return duties;
}

Task<Result<ethereum::AttestationData>> HttpBeaconNode::attestation_data(Slot slot, SteadyTime deadline) {
    // The committee is 0 for all from Electra on, but nodes want it said.
    const std::string path = "/eth/v1/validator/attestation_data?slot=" + to_string(slot) + "&committee_index=0";
    net::HttpRequest request = get(path, "application/octet-stream;q=1.0,application/json;q=0.9");
    const Result<net::HttpResponse> response = co_await send_ok(std::move(request), deadline);
    if (!response) co_return response.error();
    const auto type = net::find_header(response.value().headers, "content-type");
    const bool is_ssz = type && type->starts_with("application/octet-stream");
    const std::string& body = response.value().body;
    Result<ethereum::AttestationData> data = is_ssz ? decode_attestation_data_ssz(body) : decode_attestation_data(body);
    if (!data) co_return with_context(context(path), std::move(data).error());
    if (data.value().slot != slot) {
        std::string text = "the data is of slot " + to_string(data.value().slot) + " instead of " + to_string(slot);
        co_return with_context(context(path), failure(ErrorCode::kMalformed, std::move(text)));
    }
    co_return data;
}

Task<Result<void>> HttpBeaconNode::subscribe_committees(std::vector<CommitteeSubscription> subscriptions, SteadyTime deadline) {
    if (subscriptions.empty()) co_return success();
    net::HttpRequest request = post("/eth/v1/validator/beacon_committee_subscriptions", encode_subscriptions(subscriptions));
    const Result<net::HttpResponse> response = co_await send_ok(std::move(request), deadline);
    if (!response) co_return response.error();
    co_return success();
}

Task<Result<void>> HttpBeaconNode::publish_attestations(std::shared_ptr<const std::string> body, ethereum::ForkName fork,
                                                        SteadyTime deadline) {
    net::HttpRequest request = post("/eth/v2/beacon/pool/attestations", *body);
    request.headers.push_back({"eth-consensus-version", std::string{ethereum::to_string(fork)}});
    const Result<net::HttpResponse> response = co_await send_ok(std::move(request), deadline);
    if (!response) co_return response.error();
    co_return success();
}

Task<Result<void>> HttpBeaconNode::follow_events(std::function<void(NodeEvent)> on_event) {
    const std::string path =
        repeated_topics_ ? "/eth/v1/events?topics=head&topics=chain_reorg" : "/eth/v1/events?topics=head,chain_reorg";
    net::HttpRequest request = get(path, "text/event-stream");
    request.url.insert(0, base_);
    EventStream stream{std::move(on_event)};
    std::function<bool(std::string_view)> on_data = [&stream](std::string_view piece) { return stream.feed(piece); };
    Result<void> ended = co_await client_.stream(std::move(request), options_.events_silence_max, std::move(on_data));
    note_malformed_events(stream);
    if (stream.broken()) co_return with_context(context(path), *stream.broken());
    if (ended) co_return success();
    // A refusal before the first byte may mean that the node reads the list of topics in the other form: that is tried next.
    if (!stream.any() && ended.error().code == ErrorCode::kUnavailable) repeated_topics_ = !repeated_topics_;
    co_return with_context(context(path), std::move(ended).error());
}

void HttpBeaconNode::note_malformed_events(const EventStream& stream) {
    constexpr Duration kQuiet = std::chrono::minutes{1};
    if (stream.malformed() == 0) return;
    const SteadyTime now = clock_.steady();
    if (told_of_malformed_events_ && now < *told_of_malformed_events_ + kQuiet) return;
    told_of_malformed_events_ = now;
    log_warn("{}: {} events made no sense, the first: {}", shown_, stream.malformed(), stream.first_problem());
}

}  // namespace

std::unique_ptr<BeaconNode> make_http_beacon_node(net::HttpClient& client, Clock& clock, std::string url,
                                                  HttpBeaconNodeOptions options) {
    return std::make_unique<HttpBeaconNode>(client, clock, std::move(url), options);
}

}  // namespace holdfast::beacon
