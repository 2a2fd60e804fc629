// The admin interface of the simulation: status, score, arrivals; faults, restarts, orders to the chain.
// docs/simulated-chain.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tests/beacon_chain/attestation_json.hpp"
#include "tests/beacon_chain/simulation.hpp"

namespace holdfast::sim {

class Admin {
public:
    Admin(Executor executor, Clock& clock, Simulation& simulation);

    Result<void> open(std::uint16_t port);
    Task<void> close();
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }

    Task<net::Reply> answer(net::ServerRequest request);
    [[nodiscard]] Json::Value status() const;

private:
    Clock& clock_;
    Simulation& simulation_;
    TaskGroup tasks_;
    net::HttpServer server_;

    Result<Json::Value> get(const net::ServerRequest& request);
    Result<std::size_t> node_of(const Json::Value& command) const;
    Task<Result<Json::Value>> post(net::ServerRequest request);
    Task<Result<Json::Value>> post_faults(Json::Value command);
    Result<Json::Value> post_restart(const Json::Value& command);
    Result<Json::Value> post_validator(const std::string& path, const Json::Value& command);
};

}  // namespace holdfast::sim
