// The tasks that keep an eye on one node, and the first look at all of them.
#pragma once

#include <cstddef>
#include <memory>

#include "shared/beacon/node_set.hpp"

namespace holdfast::beacon {

// As BeaconNodes::connect(): sets `set->chain` and judges every node that has answered.
Task<Result<void>> connect_nodes(std::shared_ptr<NodeSet> set, std::size_t threshold, SteadyTime deadline);

// Without end: polls the node's sync status; reads its genesis and spec whenever it may have become another node.
Task<void> watch_node(std::shared_ptr<NodeSet> set, std::size_t node);
// Without end: follows its events, again and again.
Task<void> follow_node(std::shared_ptr<NodeSet> set, std::size_t node);

// Genesis and spec.
Task<Result<ChainIdentity>> ask_chain(std::shared_ptr<NodeSet> set, std::size_t node, SteadyTime deadline);

}  // namespace holdfast::beacon
