// What is behind BeaconNodes, for its sources only: beacon_nodes.cpp, nodes_asked.cpp (questions), nodes_told.cpp (what is
// published).
#pragma once

#include <memory>
#include <utility>

#include "shared/beacon/ask_nodes.hpp"
#include "shared/beacon/beacon_nodes.hpp"

namespace holdfast::beacon {

// The tasks share the set and may outlive the object by a turn of the loop.
class BeaconNodes::Impl {
public:
    explicit Impl(std::shared_ptr<NodeSet> shared) : set{std::move(shared)} {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { set->cancel(); }

    const std::shared_ptr<NodeSet> set;
};

}  // namespace holdfast::beacon
