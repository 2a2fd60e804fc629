// What the commands share that change a cluster's folder.
#pragma once

#include "cli/cluster_commands.hpp"

namespace holdfast::cli {

// What all of these are told.
struct ChangeOptions {
    std::string folder;
    std::uint64_t days{kCertificateDays};
    bool archive{false};

    void declare(OptionSet& set, bool makes_certificates);
    // A new certificate and key for that machine.
    Result<void> equip(const Machine& machine) const;
};

// Prints the text or the failure; the exit code.
int finish(const char* program, const Result<std::string>& text);
[[nodiscard]] Result<void> need_certificates(const protection::Cluster& cluster);
// The cluster file and the CA's certificates of every machine's folder.
Result<void> refresh_all(const ClusterFolder& folder);

}  // namespace holdfast::cli
