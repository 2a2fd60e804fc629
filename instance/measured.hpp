// What passes to beacon nodes and to the keys, measured for Prometheus: a client and a door around others.
#pragma once

#include <memory>

#include "shared/base/metrics.hpp"
#include "shared/net/http_client.hpp"
#include "shared/signing/door.hpp"
#include "shared/validator/engine_metrics.hpp"

namespace holdfast::instance {

// The path of a URL without what differs from request to request: "/eth/v1/validator/duties/attester/{number}".
[[nodiscard]] std::string path_of(const std::string& url);

// Metrics requests_total, request_duration_seconds, transmit_bytes_total, receive_bytes_total, named and labelled as Vero's.
class MeasuredHttpClient final : public net::HttpClient {
public:
    // `clock` and `metrics` must outlive the client.
    MeasuredHttpClient(std::unique_ptr<net::HttpClient> http, Clock& clock, Metrics& metrics)
        : http_{std::move(http)}, clock_{clock}, metrics_{metrics} {}

    Task<Result<net::HttpResponse>> send(net::HttpRequest request, SteadyTime deadline) override;
    // Counted when it ends.
    Task<Result<void>> stream(net::HttpRequest request, Duration silence_max,
                              std::function<bool(std::string_view)> on_data) override;

private:
    std::unique_ptr<net::HttpClient> http_;
    Clock& clock_;
    Metrics& metrics_;

    void add_bytes(const char* name, const char* help, const std::string& host, std::size_t bytes);
};

// Metric signed_messages_total.
class CountedDoor final : public signing::SigningDoor {
public:
    // `metrics` must outlive the door.
    CountedDoor(std::unique_ptr<signing::SigningDoor> door, validator::EngineMetrics& metrics)
        : door_{std::move(door)}, metrics_{metrics} {}

    [[nodiscard]] std::vector<PublicKey> keys() const override { return door_->keys(); }
    [[nodiscard]] std::size_t key_count() const override { return door_->key_count(); }
    Task<Result<std::vector<signing::SignedKey>>> sign_approved(signing::Approval approval) override;
    Task<Result<std::vector<signing::SignedKey>>> sign(signing::Message message, std::vector<PublicKey> keys,
                                                       signing::Urgency urgency) override;

private:
    std::unique_ptr<signing::SigningDoor> door_;
    validator::EngineMetrics& metrics_;
};

}  // namespace holdfast::instance
