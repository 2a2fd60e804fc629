// Clusters for the protector's tests.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "shared/protection/cluster.hpp"
#include "tests/shared/protection/protection_fixtures.hpp"

namespace holdfast::protector {

// Members "p1", "p2" ... at these URLs, on the chain with root(99): 32 slots in an epoch.
inline protection::Cluster make_cluster(const std::vector<std::string>& urls, std::size_t quorum, WallTime genesis,
                                        Duration slot = std::chrono::seconds{12}) {
    protection::Cluster cluster;
    cluster.name = "test";
    cluster.quorum = quorum;
    cluster.chain = {genesis, protection::root(99), slot, 32};
    for (const std::string& url : urls) cluster.members.push_back({"p" + std::to_string(cluster.members.size() + 1), url});
    return cluster;
}

inline std::string write_text(const std::string& file, const std::string& text) {
    std::ofstream out{file};
    out << text;
    EXPECT_TRUE(out.good()) << file;
    return file;
}

}  // namespace holdfast::protector
