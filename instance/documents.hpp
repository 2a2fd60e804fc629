// What an instance says of itself, put together from its parts.
#pragma once

#include "healthcheck/document.hpp"
#include "instance/driver.hpp"
#include "instance/ha_metrics.hpp"
#include "instance/peer.hpp"
#include "instance/settings.hpp"

namespace holdfast::instance {

// Pointers are null until the start has come so far.
struct Parts {
    const Settings& settings;
    Clock& clock;
    const Role& role;
    const HaMetrics& metrics;
    healthcheck::Configuration configuration;
    WallTime started;
    std::string step;  // of the start
    const Driver* driver{nullptr};
    const beacon::BeaconNodes* nodes{nullptr};
    const protection::QuorumClient* quorum{nullptr};
    const validator::Engine* engine{nullptr};
    const Peer* peer{nullptr};
};

// What must be the same at both; of the keys only once they are known (not empty).
[[nodiscard]] healthcheck::Configuration make_configuration(const Settings& settings, const std::vector<PublicKey>& keys);

[[nodiscard]] healthcheck::HealthDocument make_health(const Parts& parts);
[[nodiscard]] healthcheck::StatusDocument make_status(const Parts& parts);

}  // namespace holdfast::instance
