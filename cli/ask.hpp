// Asks all members of a cluster the same thing, side by side, and waits for the answers.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/progress.hpp"
#include "shared/base/time.hpp"
#include "shared/net/http.hpp"
#include "shared/protection/cluster.hpp"

namespace holdfast::cli {

struct Question {
    std::string method{"GET"};
    std::string path{};
    std::string body{};                        // JSON; empty: none
    Duration limit{std::chrono::seconds{10}};  // of one attempt
    Duration patience{};                       // how long a member that can't be reached, or starts, is asked again
};

struct MemberAnswer {
    protection::ClusterMember member;
    std::optional<std::string> body;  // of a 200
    std::string problem;              // why there is none, as a sentence
    Duration latency{};               // of the last attempt
};

// In the order of the cluster file. `progress`: members done. Blocks.
[[nodiscard]] std::vector<MemberAnswer> ask_all(const protection::Cluster& cluster, const net::TlsFiles& tls,
                                                const Question& question, const Progress& progress = {});

// What an answer that isn't 200 says of itself.
[[nodiscard]] std::string sentence_of(const net::HttpResponse& response);

// The machine's time, for commands that don't ask anybody.
[[nodiscard]] WallTime wall_now();

}  // namespace holdfast::cli
