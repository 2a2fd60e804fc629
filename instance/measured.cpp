#include "instance/measured.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::instance {

namespace {

const std::vector<double> kSeconds{0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10};

bool is_number(std::string_view segment) {
    return !segment.empty() && std::ranges::all_of(segment, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string path_of(const std::string& url) {
    const std::size_t scheme = url.find("://");
    const std::size_t begin = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
    if (begin == std::string::npos) return "/";
    const std::string path = url.substr(begin, url.find('?', begin) - begin);
    std::string result;
    for (std::size_t at = 1; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        const std::string segment = path.substr(at, end - at);
        result += "/" + (is_number(segment) ? "{number}" : segment.starts_with("0x") ? "{root}" : segment);
        at = end + 1;
    }
    return result;
}

Task<Result<net::HttpResponse>> MeasuredHttpClient::send(net::HttpRequest request, SteadyTime deadline) {
    const std::string host = validator::host_of(request.url);
    MetricLabels labels{{"service_type", "beacon_node"}, {"host", host},          {"method", request.method},
                        {"path", path_of(request.url)},  {"status", "no answer"}, {"request_type", "None"}};
    add_bytes("transmit_bytes_total", "Bodies of requests", host, request.body.size());
    const SteadyTime start = clock_.steady();
    Result<net::HttpResponse> answer = co_await http_->send(std::move(request), deadline);
    if (answer) {
        labels["status"] = std::to_string(answer.value().status);
        add_bytes("receive_bytes_total", "Bodies of answers", host, answer.value().body.size());
    }
    metrics_.counter("requests_total", "Requests by how they ended", labels).add();
    metrics_.histogram("request_duration_seconds", "How long requests took", kSeconds, labels)
        .observe(to_ms(clock_.steady() - start) / 1000);
    co_return answer;
}

Task<Result<void>> MeasuredHttpClient::stream(net::HttpRequest request, Duration silence_max,
                                              std::function<bool(std::string_view)> on_data) {
    const std::string host = validator::host_of(request.url);
    auto counted = [this, host, on_data = std::move(on_data)](std::string_view data) {
        add_bytes("receive_bytes_total", "Bodies of answers", host, data.size());
        return on_data(data);
    };
    std::function<bool(std::string_view)> on_piece{std::move(counted)};
    co_return co_await http_->stream(std::move(request), silence_max, std::move(on_piece));
}

void MeasuredHttpClient::add_bytes(const char* name, const char* help, const std::string& host, std::size_t bytes) {
    metrics_.counter(name, help, {{"service_type", "beacon_node"}, {"host", host}}).add(static_cast<double>(bytes));
}

Task<Result<std::vector<signing::SignedKey>>> CountedDoor::sign_approved(signing::Approval approval) {
    Result<std::vector<signing::SignedKey>> made = co_await door_->sign_approved(std::move(approval));
    if (made) metrics_.on_signed(std::nullopt, made.value().size());
    co_return made;
}

Task<Result<std::vector<signing::SignedKey>>> CountedDoor::sign(signing::Message message, std::vector<PublicKey> keys,
                                                                signing::Urgency urgency) {
    const signing::MessageKind kind = message.kind;
    Result<std::vector<signing::SignedKey>> made = co_await door_->sign(std::move(message), std::move(keys), urgency);
    if (made) metrics_.on_signed(kind, made.value().size());
    co_return made;
}

}  // namespace holdfast::instance
