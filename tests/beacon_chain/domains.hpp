// Signing roots on one chain: with the fork version of an epoch. Pure.
#pragma once

#include "tests/beacon_chain/chain_config.hpp"
#include "tests/beacon_chain/merkle.hpp"

namespace holdfast::sim {

class Domains {
public:
    explicit Domains(const ChainConfig& config) : config_{config}, validators_root_{genesis_validators_root_of(config)} {}

    [[nodiscard]] Root signing_root(const Root& object_root, Purpose purpose, Epoch epoch) const {
        return signing_root_of(object_root, purpose, fork_at(config_, epoch).version, validators_root_);
    }
    // Registrations with builders: on every chain, in every fork the same.
    [[nodiscard]] Root builder_signing_root(const Root& object_root) const {
        return signing_root_of(object_root, Purpose::kBuilder, forks_of(config_).front().version, Root{});
    }

private:
    ChainConfig config_;
    Root validators_root_;
};

}  // namespace holdfast::sim
