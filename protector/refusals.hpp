// Who was turned away and why: each is counted, and each peer's first of a kind is logged. Bounded memory. I/O thread only.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "shared/base/metrics.hpp"

namespace holdfast::protector {

enum class Refusal : std::uint8_t {
    kHandshake,  // TLS: a wrong, expired or foreign certificate
    kRole,       // a role that may not make this call
    kCluster,    // another cluster's request
    kChain,      // another chain's
    kFenced,     // a generation below the one in force
    kNotVoting,  // starting, or stale
    kNode,       // another node answers where a member should be
};

class Refusals {
public:
    // Counted as holdfast_protector_refused_requests_total{reason="..."}; `metrics` must outlive it.
    explicit Refusals(Metrics& metrics);

    void note(Refusal reason, const std::string& who, const std::string& sentence);

private:
    static constexpr std::size_t kLoggedMax = 1000;
    Metrics& metrics_;
    std::set<std::pair<Refusal, std::string>> logged_;
};

}  // namespace holdfast::protector
