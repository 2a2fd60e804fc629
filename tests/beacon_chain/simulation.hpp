// The whole simulated chain: blocks at their times, nodes, intake, ledger. Used on the I/O thread only; the clock may be
// virtual.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "shared/base/task_group.hpp"
#include "tests/beacon_chain/node.hpp"
#include "tests/beacon_chain/slot_plan.hpp"

namespace holdfast::sim {

struct SimulationOptions {
    ChainConfig config;
    std::size_t nodes{3};
    std::string address{"127.0.0.1"};      // where the nodes listen
    std::uint64_t genesis_delay_ms{3000};  // at least; genesis is at a whole second
    std::uint64_t block_ms{300};           // into its slot, when a block reaches node 0
    std::uint64_t node_lag_ms{0};          // later at each further node
    std::uint64_t epochs{0};               // run() ends when these are scored; 0: never
    std::optional<IndexRange> scored;      // all if not given
    IndexRange attest_rest;                // whom the simulation attests for
    std::uint64_t builder_every{0};        // every so many slots a builder offers a block; 0: never
};

class Simulation {
public:
    // Genesis is `genesis_delay_ms` from now. `keys` are derived for config.validators. Everything passed must outlive it.
    Simulation(Executor executor, Clock& clock, Random& random, WorkerPool& pool, const SignatureChecker& keys,
               SimulationOptions options);
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

    // Node i listens on base_port + i; all on free ports if that is 0.
    Result<void> open(std::uint16_t base_port);
    // From genesis until the epochs asked for are scored, or cancellation.
    Task<void> run();
    Task<void> close();
    // Closes a node's port and connections now and opens them again after `down`.
    Task<void> restart(std::size_t node, Duration down);
    Task<void> set_faults(std::size_t node, Faults faults);
    Result<void> order(const Json::Value& command) { return plans_.order(command, slot()); }

    [[nodiscard]] const SimulationOptions& options() const { return options_; }
    [[nodiscard]] const ChainTime& time() const { return time_; }
    [[nodiscard]] Slot slot() const { return time_.slot_at(clock_.now()); }
    [[nodiscard]] const Chain& chain() const { return chain_; }
    [[nodiscard]] const Block& head() const { return *head_; }
    [[nodiscard]] Ledger& ledger() { return ledger_; }
    [[nodiscard]] Desk& desk() { return desk_; }
    // Of attestations by epoch, of all other duties by kind; `only_final`: of epochs that nothing is waited for any more.
    [[nodiscard]] Json::Value score(bool only_final);
    [[nodiscard]] Json::Value score_of_slot(Slot slot);
    // From now on the chain knows the validator as slashed, and all nodes tell it.
    void slash(std::uint64_t validator, bool by_blocks);
    [[nodiscard]] Intake& intake() { return intake_; }
    [[nodiscard]] std::size_t size() const { return nodes_.size(); }
    [[nodiscard]] Node& node(std::size_t number) { return *nodes_[number]; }

private:
    SimulationOptions options_;
    Clock& clock_;
    ChainTime time_;
    Chain chain_;
    Ledger ledger_;
    Intake intake_;
    Desk desk_;
    World world_;
    std::vector<std::unique_ptr<Node>> nodes_;
    const Block* head_;
    SlotPlans plans_;
    TaskGroup tasks_;

    void begin_slot(Slot slot);
    void announce(const Block& block, std::uint64_t into_slot_ms);
    bool propose(std::size_t node, const Offer& offer, const Root& root);
    Task<void> close_later(Slot slot);
    void reveal(const Block& block);
    void reveal_later(const Block& block, std::uint64_t into_slot_ms);
    void arrive(const Block& block);
    Result<void> reopen(Node& node);
    [[nodiscard]] bool finished() const;
};

}  // namespace holdfast::sim
