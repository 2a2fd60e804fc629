// `holdfast cluster ...`: makes and changes what the machines of a cluster need. Works on files only, never on the network.
#pragma once

#include <cstdint>

#include "cli/cluster_folder.hpp"
#include "cli/command.hpp"

namespace holdfast::cli {

[[nodiscard]] CommandGroup cluster_group();

int run_cluster_create(const Words& words);
int run_cluster_renew(const Words& words);
int run_cluster_new_ca(const Words& words);
int run_cluster_add_member(const Words& words);
int run_cluster_remove_member(const Words& words);
int run_cluster_replace_member(const Words& words);
int run_cluster_add_client(const Words& words);
int run_cluster_show(const Words& words);

inline constexpr std::uint64_t kCertificateDays = 825;
inline constexpr std::uint64_t kCertificateDaysMax = 3650;
inline constexpr int kAuthorityDays = 3650;

// "NAME=URL" as a member; the problem in `problems` if it is something else.
[[nodiscard]] std::vector<protection::ClusterMember> parse_members(const std::vector<std::string>& texts, Problems& problems);
// "NAME" or "NAME=HOST" as instances.
[[nodiscard]] std::vector<Machine> parse_instances(const std::vector<std::string>& texts, Problems& problems);
// "HOST": an address or a name, without port. The problem in `problems` if it can't be one.
void check_host(const std::string& host, Problems& problems);
// Names that a machine's folder can't have, or that come twice.
void check_names(const std::vector<Machine>& machines, Problems& problems);
// What is wrong with a cluster that was put together here, without the name of a file.
[[nodiscard]] Problems problems_of(const protection::Cluster& cluster);
// What to copy where.
[[nodiscard]] std::string copy_table(const ClusterFolder& folder, const protection::Cluster& cluster,
                                     const std::vector<Machine>& machines);
// A CA for this cluster; its name says when it was made, so that two of them are told apart.
[[nodiscard]] Result<Credential> new_authority(const std::string& cluster_name, WallTime now);

}  // namespace holdfast::cli
