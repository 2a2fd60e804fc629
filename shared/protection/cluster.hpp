// The cluster file: who belongs to the quorum, and which chain it protects. The same for every machine; made by
// `holdfast cluster create`, parsed and checked whole.
//
//   name = "home"
//   quorum = 3
//   mode = "fenced"                    # or "shared": several instances at once, no fencing
//   unknown-validators = "accept"      # or "refuse": only those imported or enrolled
//   [chain]
//   genesis-time = 1606824023
//   genesis-validators-root = "0x..."
//   slot-duration-ms = 12000
//   slots-per-epoch = 32
//   [[member]]
//   name = "p1"
//   url = "https://10.0.0.1:7701"      # http only on loopback
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shared/base/config.hpp"
#include "shared/base/result.hpp"
#include "shared/base/time.hpp"
#include "shared/base/types.hpp"
#include "shared/protection/generation.hpp"

namespace holdfast::protection {

using ClusterId = FixedBytes<32, struct ClusterIdTag>;

struct ChainIdentity {
    WallTime genesis_time;
    Root genesis_validators_root;
    Duration slot_duration{};
    std::uint64_t slots_per_epoch{0};
};

struct ClusterMember {
    std::string name;  // 1 to 48 letters, digits, '-', '_', '.'
    std::string url;   // without a slash at its end
    [[nodiscard]] bool tls() const { return url.starts_with("https://"); }
};

struct Cluster {
    std::string name;
    std::size_t quorum{0};
    Mode mode{Mode::kFenced};
    bool refuse_unknown_validators{false};
    ChainIdentity chain;
    std::vector<ClusterMember> members;

    // SHA-256 of the sorted member names, Q, mode and genesis validators root. Addresses don't count: a machine that moves
    // stays who it is.
    [[nodiscard]] ClusterId id() const;
    // Null if there is no such member.
    [[nodiscard]] const ClusterMember* member(std::string_view name) const;
    [[nodiscard]] bool tls() const { return !members.empty() && members.front().tls(); }
};

// Every problem at once: unknown keys, quorum impossible or 2Q <= N, names or URLs that come twice, http off loopback, http and
// https mixed, ...
[[nodiscard]] std::variant<Cluster, Problems> parse_cluster(std::string_view toml, const std::string& file_name);
[[nodiscard]] std::variant<Cluster, Problems> load_cluster(const std::string& file);
[[nodiscard]] std::string render_cluster(const Cluster& cluster);

// May a protector go from one cluster to the other? Same chain, and any old quorum shares a member with any new one:
// Q + Q' > members of both together. kInvalidArgument with a sentence if not.
[[nodiscard]] Result<void> check_cluster_change(const Cluster& from, const Cluster& to);

[[nodiscard]] bool good_name(std::string_view name);

// Who may call what, from the common name of a client's certificate: "instance/primary", "member/p1", "operator/anna".
enum class Role : std::uint8_t { kNone = 0, kInstance = 1, kMember = 2, kOperator = 4 };
struct Caller {
    Role role{Role::kNone};
    std::string name;
};
// kNone for any other form.
[[nodiscard]] Caller parse_common_name(std::string_view common_name);
[[nodiscard]] std::string common_name(Role role, std::string_view name);

}  // namespace holdfast::protection
