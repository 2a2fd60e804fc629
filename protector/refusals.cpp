#include "protector/refusals.hpp"

#include "shared/base/log.hpp"

namespace holdfast::protector {

namespace {

const char* word(Refusal reason) {
    switch (reason) {
        case Refusal::kHandshake: return "handshake";
        case Refusal::kRole: return "role";
        case Refusal::kCluster: return "cluster";
        case Refusal::kChain: return "chain";
        case Refusal::kFenced: return "fenced";
        case Refusal::kNotVoting: return "not_voting";
        case Refusal::kNode: return "node";
    }
    return "other";
}

constexpr const char* kName = "holdfast_protector_refused_requests_total";

Counter counter(Metrics& metrics, Refusal reason) {
    return metrics.counter(kName, "Connections and requests that were refused", {{"reason", word(reason)}});
}

}  // namespace

Refusals::Refusals(Metrics& metrics) : metrics_{metrics} {
    for (const Refusal reason : {Refusal::kHandshake, Refusal::kRole, Refusal::kCluster, Refusal::kChain, Refusal::kFenced,
                                 Refusal::kNotVoting, Refusal::kNode}) {
        static_cast<void>(counter(metrics_, reason));
    }
}

void Refusals::note(Refusal reason, const std::string& who, const std::string& sentence) {
    counter(metrics_, reason).add();
    if (logged_.size() > kLoggedMax) return;
    if (logged_.size() == kLoggedMax) {
        log_warn("more than {} refused peers: further ones are only counted", kLoggedMax);
        logged_.emplace(reason, "");
        return;
    }
    if (logged_.emplace(reason, who).second) log_warn("refused {}: {} (logged once, then only counted)", who, sentence);
}

}  // namespace holdfast::protector
