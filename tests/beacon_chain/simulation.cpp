#include "tests/beacon_chain/simulation.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace holdfast::sim {
namespace {

// The Beacon API tells genesis in seconds.
WallTime whole_second_at_or_after(WallTime when) { return std::chrono::ceil<std::chrono::seconds>(when); }

}  // namespace

Simulation::Simulation(Executor executor, Clock& clock, Random& random, WorkerPool& pool, const SignatureChecker& keys,
                       SimulationOptions options)
    : options_{std::move(options)},
      clock_{clock},
      time_{whole_second_at_or_after(clock.now() + std::chrono::milliseconds{options_.genesis_delay_ms}),
            options_.config.slot_ms},
      chain_{options_.config},
      ledger_{chain_, options_.scored.value_or(IndexRange{0, options_.config.validators}), options_.attest_rest},
      intake_{options_.config, time_, clock, pool, keys, ledger_},
      desk_{chain_,
            ledger_,
            time_,
            clock,
            pool,
            keys,
            [this](std::size_t node, const Offer& offer, const Root& root) { return propose(node, offer, root); },
            [this](const Block& block) { reveal(block); }},
      world_{chain_, time_, clock, random, intake_, desk_, keys, executor, options_.address, options_.builder_every},
      head_{&chain_.genesis()},
      tasks_{executor} {
    for (std::size_t number = 0; number < options_.nodes; ++number) nodes_.push_back(std::make_unique<Node>(world_, number));
}

Result<void> Simulation::open(std::uint16_t base_port) {
    for (std::size_t number = 0; number < nodes_.size(); ++number) {
        const std::size_t port = base_port == 0 ? 0 : base_port + number;
        HOLDFAST_TRY(nodes_[number]->open(static_cast<std::uint16_t>(port)));
    }
    return success();
}

Task<void> Simulation::run() {
    tasks_.spawn("intake", intake_.run());
    tasks_.spawn("desk", desk_.run());
    for (Slot slot{0}; !finished(); ++slot) {
        co_await sleep_until(clock_, time_.start_of(slot));
        begin_slot(slot);
        // The block's arrival decides whether the run is over.
        if (options_.epochs != 0) co_await sleep_until(clock_, time_.start_of(slot + 1) - std::chrono::milliseconds{1});
    }
}

Task<void> Simulation::close() {
    tasks_.cancel();
    for (const auto& node : nodes_) co_await node->close();
    co_await tasks_.join();
}

bool Simulation::finished() const {
    if (options_.epochs == 0) return false;
    const Slot last = chain_.config().last_slot(Epoch{options_.epochs - 1}) + kInclusionSlots;
    return head_->slot >= last || slot() > last + kInclusionSlots;
}

void Simulation::begin_slot(Slot slot) {
    tasks_.spawn("the books of a slot", close_later(slot));
    if (slot == chain_.genesis().slot) {
        announce(chain_.genesis(), options_.block_ms);
        return;
    }
    ledger_.attest_for(*head_, slot - 1);
    const SlotPlan plan = plans_.take(slot);
    if (plan.skip || desk_.proposed_by_client(*head_, slot)) return;
    const Block* parent = head_;
    for (std::uint64_t i = 0; i < plan.reorg_depth && parent->parent != nullptr; ++i) parent = parent->parent;
    const Desk::Made made = desk_.make_block(*parent, slot);
    const Block& block = chain_.add_block(*parent, slot, made.root, made.inclusion);
    const std::uint64_t into_slot_ms = plan.late_ms.value_or(options_.block_ms);
    if (chain_.config().epoch_of(slot) >= chain_.config().gloas_epoch) {
        chain_.set_payload(block, false);
        if (!plan.withhold) reveal_later(block, into_slot_ms);
    }
    announce(block, into_slot_ms);
}

// A builder's payload follows its block, in time if the block was.
void Simulation::reveal_later(const Block& block, std::uint64_t into_slot_ms) {
    const SteadyTime start = clock_.steady_at(time_.start_of(block.slot));
    const std::uint64_t ms = into_slot_ms + options_.config.slot_ms / 8;
    if (ms < options_.config.slot_ms / 2)
        clock_.call_at(start + std::chrono::milliseconds{ms}, [this, &block] { reveal(block); });
}

void Simulation::reveal(const Block& block) {
    if (block.payload) return;
    chain_.set_payload(block, true);
    for (std::size_t number = 0; number < nodes_.size(); ++number) {
        Node& node = *nodes_[number];
        const std::uint64_t lag = number * options_.node_lag_ms + node.faults().lag_ms;
        clock_.call_at(clock_.steady() + std::chrono::milliseconds{lag}, [&node, &block] { node.receive_payload(block); });
    }
}

// A block of a client: it is the chain's at once. The node that got it sends it on; one that gets it, too, has it then.
bool Simulation::propose(std::size_t number, const Offer& offer, const Root& root) {
    if (const Block* const known = chain_.find(root)) {
        nodes_[number]->receive(*known);
        return true;
    }
    const Block* const parent = chain_.find(offer.forged.block.find({"parent_root"}).as_bytes<Root>());
    if (parent != head_) return false;
    const Block& block = chain_.add_block(*parent, offer.slot, root, offer.inclusion);
    if (chain_.config().epoch_of(offer.slot) >= chain_.config().gloas_epoch) {
        chain_.set_payload(block, false);
        const auto into = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - time_.start_of(offer.slot));
        if (!offer.forged.envelope) reveal_later(block, static_cast<std::uint64_t>(std::max<std::int64_t>(0, into.count())));
    }
    arrive(block);
    nodes_[number]->receive(block);
    const std::uint64_t hop_ms = std::min(options_.block_ms, options_.config.slot_ms / 16);
    for (std::size_t other = 0; other < nodes_.size(); ++other) {
        Node& node = *nodes_[other];
        const std::uint64_t lag = hop_ms + other * options_.node_lag_ms + node.faults().lag_ms;
        clock_.call_at(clock_.steady() + std::chrono::milliseconds{lag}, [&node, &block] { node.receive(block); });
    }
    return true;
}

Task<void> Simulation::close_later(Slot slot) {
    co_await sleep_until(clock_, time_.start_of(slot + 1) + time_.slot() / 2);
    co_await desk_.close(slot);
}

void Simulation::slash(std::uint64_t validator, bool by_blocks) {
    desk_.slashed().insert(validator);
    for (const auto& node : nodes_) node->send_slashing_event(validator, by_blocks);
}

Json::Value Simulation::score(bool only_final) {
    Json::Value result = ledger_.score(only_final);
    const Slot first = chain_.config().first_slot(chain_.config().epoch_of(Slot{std::max<std::uint64_t>(slot().value, 1) - 1}));
    result["kinds"] = Json::objectValue;
    if (!only_final) result["kinds"] = desk_.score().total();
    if (only_final && first.value > 0) result["kinds"] = desk_.score().total(first - 1);
    result["counts"] = desk_.score().counts();
    result["registered"] = Json::UInt64{desk_.preparation().registered()};
    return result;
}

Json::Value Simulation::score_of_slot(Slot slot) {
    Json::Value result = ledger_.score_of_slot(slot);
    result["kinds"] = desk_.score().of_slot(slot);
    return result;
}

void Simulation::announce(const Block& block, std::uint64_t into_slot_ms) {
    const SteadyTime start = clock_.steady_at(time_.start_of(block.slot));
    const SteadyTime arrival = start + std::chrono::milliseconds{into_slot_ms};
    clock_.call_at(arrival, [this, &block] { arrive(block); });
    for (std::size_t number = 0; number < nodes_.size(); ++number) {
        Node& node = *nodes_[number];
        const std::uint64_t lag = number * options_.node_lag_ms + node.faults().lag_ms;
        clock_.call_at(arrival + std::chrono::milliseconds{lag}, [&node, &block] { node.receive(block); });
    }
}

// A block that comes after its successor's time has been left behind: the chain goes on without it.
void Simulation::arrive(const Block& block) {
    if (block.slot < head_->slot) return;
    head_ = &block;
    ledger_.head_is(block);
}

Result<void> Simulation::reopen(Node& node) {
    if (node.is_open() || node.faults().down) return success();
    return node.open(node.port());
}

Task<void> Simulation::restart(std::size_t number, Duration down) {
    Node& node = *nodes_[number];
    co_await node.close();
    co_await sleep_for(clock_, down);
    const auto opened = reopen(node);
    if (!opened) spdlog::error("node {} does not come back: {}", number, opened.error().message);
}

Task<void> Simulation::set_faults(std::size_t number, Faults faults) {
    Node& node = *nodes_[number];
    node.set_faults(faults);
    if (faults.down) co_await node.close();
    const auto opened = reopen(node);
    if (!opened) spdlog::error("node {} does not come back: {}", number, opened.error().message);
}

}  // namespace holdfast::sim
