// The cluster file: what is accepted and written again is the same cluster; a refusal says something.
#include <string>

#include "shared/protection/cluster.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast::protection;
    using holdfast::fuzz::require;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto parsed = parse_cluster(text, "cluster.toml");
    if (const auto* problems = std::get_if<holdfast::Problems>(&parsed)) {
        require(!problems->empty() && !problems->front().empty(), "refused without a word");
        return 0;
    }
    const auto& cluster = std::get<Cluster>(parsed);
    require(2 * cluster.quorum > cluster.members.size() && cluster.quorum <= cluster.members.size(), "no safe quorum");
    const std::string once = render_cluster(cluster);
    const auto again = parse_cluster(once, "cluster.toml");
    const auto* same = std::get_if<Cluster>(&again);
    require(same != nullptr, "what was written can't be read");
    require(same->id() == cluster.id() && render_cluster(*same) == once, "another cluster came back");
    static_cast<void>(check_cluster_change(cluster, *same));
    return 0;
}
