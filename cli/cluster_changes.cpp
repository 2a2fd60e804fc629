#include "cli/cluster_changes.hpp"

#include <cstdio>

#include "cli/ask.hpp"
#include "shared/base/program.hpp"

namespace holdfast::cli {

void ChangeOptions::declare(OptionSet& set, bool makes_certificates) {
    set.text({.name = "dir", .value = "DIR", .help = "what `holdfast cluster create` has made", .required = true}, folder);
    if (!makes_certificates) return;
    set.number({.name = "days", .help = "how long certificates last"}, days, {1, kCertificateDaysMax});
    set.toggle({.name = "archive", .help = "one .tar.gz for each machine instead of a directory"}, archive);
}

Result<void> ChangeOptions::equip(const Machine& machine) const {
    return ClusterFolder{folder}.equip(machine, wall_now(), static_cast<int>(days), archive);
}

int finish(const char* program, const Result<std::string>& text) {
    if (!text) return fail(program, text.error().message);
    std::fputs(text.value().c_str(), stdout);
    return kExitDone;
}

Result<void> need_certificates(const protection::Cluster& cluster) {
    if (cluster.tls()) return success();
    return failure(ErrorCode::kInvalidArgument, "this cluster is on loopback with plain HTTP: it has no certificates");
}

Result<void> refresh_all(const ClusterFolder& folder) {
    HOLDFAST_TRY(const std::vector<Machine> machines, folder.machines());
    for (const Machine& machine : machines) {
        HOLDFAST_TRY(folder.refresh(machine.name));
    }
    return success();
}

}  // namespace holdfast::cli
