#include "shared/beacon/beacon_nodes.hpp"

#include "shared/base/assert.hpp"
#include "shared/beacon/beacon_nodes_impl.hpp"
#include "shared/beacon/node_watch.hpp"

namespace holdfast::beacon {

BeaconNodes::BeaconNodes(Executor executor, Clock& clock, BeaconNodesOptions options,
                         std::vector<std::unique_ptr<BeaconNode>> nodes)
    : impl_{std::make_shared<Impl>(std::make_shared<NodeSet>(std::move(executor), clock, options, std::move(nodes)))} {}

BeaconNodes::~BeaconNodes() = default;

Task<Result<void>> BeaconNodes::connect(std::size_t threshold, SteadyTime deadline) {
    return connect_nodes(impl_->set, threshold, deadline);
}

const ethereum::ChainSpec& BeaconNodes::spec() const {
    HOLDFAST_ASSERT(impl_->set->chain.has_value());
    return impl_->set->chain->spec;
}

const ethereum::Genesis& BeaconNodes::genesis() const {
    HOLDFAST_ASSERT(impl_->set->chain.has_value());
    return impl_->set->chain->genesis;
}

const ethereum::TypeTablePtr& BeaconNodes::types() const {
    HOLDFAST_ASSERT(impl_->set->types != nullptr);
    return impl_->set->types;
}

void BeaconNodes::start() {
    const auto& set = impl_->set;
    HOLDFAST_ASSERT(set->chain.has_value());
    for (std::size_t i = 0; i < set->nodes.size(); ++i) {
        set->watching.spawn("watch of a beacon node", watch_node(set, i));
        set->following[i]->spawn("events of a beacon node", follow_node(set, i));
    }
}

Task<void> BeaconNodes::stop() {
    const auto set = impl_->set;
    set->cancel();
    co_await set->join();
}

std::vector<NodeState> BeaconNodes::states() const {
    const NodeSet& set = *impl_->set;
    std::vector<NodeState> result(set.nodes.size());
    for (std::size_t i = 0; i < result.size(); ++i) {
        result[i] = {i,
                     set.nodes[i]->url(),
                     set.judge.fitness(i),
                     set.judge.detail(i),
                     set.judge.head_slot(i),
                     set.judge.score(i),
                     set.seen[i].version};
    }
    return result;
}

std::size_t BeaconNodes::size() const { return impl_->set->nodes.size(); }
std::size_t BeaconNodes::fit_count() const { return impl_->set->judge.fit_nodes().size(); }
bool BeaconNodes::fit(std::size_t index) const { return impl_->set->judge.fitness(index) == Fitness::kFit; }

BeaconNode& BeaconNodes::node(std::size_t index) {
    HOLDFAST_ASSERT(index < size());
    return *impl_->set->nodes[index];
}

void BeaconNodes::report(std::size_t index, const Result<void>& outcome) { impl_->set->on_use(index, outcome); }

Channel<NodeEventAt>& BeaconNodes::events() { return impl_->set->events; }

}  // namespace holdfast::beacon
