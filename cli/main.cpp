// holdfast: the operator's command.
#include <algorithm>
#include <iterator>

#include "cli/cluster_commands.hpp"
#include "cli/instance_commands.hpp"
#include "cli/protection_commands.hpp"
#include "shared/base/program.hpp"

namespace holdfast::cli {
namespace {

CommandGroup all_commands() {
    CommandGroup all{"holdfast", "the operator's command", instance_commands(),
                     "Examples:\n"
                     "  holdfast status --watch\n"
                     "  holdfast failover\n"
                     "  holdfast cluster create --help\n"
                     "  holdfast protection status --cluster /etc/holdfast/cluster.toml --operator admin\n"};
    std::vector<Command> groups{{"cluster", "makes and changes the files of a cluster: certificates, members",
                                 [](const Words& words) { return dispatch(cluster_group(), words); }},
                                {"protection", "works with the running protectors: status, import, export, halts",
                                 [](const Words& words) { return dispatch(protection_group(), words); }}};
    std::ranges::move(groups, std::back_inserter(all.commands));
    return all;
}

}  // namespace
}  // namespace holdfast::cli

int main(int argc, char** argv) {
    holdfast::prepare_process();
    return holdfast::cli::dispatch(holdfast::cli::all_commands(), {argv + 1, argv + argc});
}
