// Runs one world from its seed: the chaos, the healing, and what must be true after it.
#pragma once

#include <optional>

#include "tests/simulation/environment.hpp"
#include "tests/simulation/member.hpp"

namespace holdfast::simulation {

struct Outcome {
    Counts counts;
    std::string failure;  // empty: all is well
};

class World {
public:
    explicit World(const Setup& setup);
    Outcome run();

private:
    struct Backup {
        std::size_t member;
        Member::Disk disk;
        protection::Position position;
    };

    Environment world_;
    bool healing_{false};
    std::vector<Backup> backups_;
    bool memory_gone_unnoticed_{false};
    Epoch final_epoch_;

    // Chaos.
    void begin();
    void next_trouble();
    void trouble();
    void crash_a_member();
    void cut_links();
    void kill_an_instance();
    void change_a_clock();
    void halt_a_validator();
    void import_history();
    void lose_a_disk();
    void split_views(std::size_t victim);
    void cut_for_a_while(std::vector<std::pair<std::size_t, std::size_t>> links, Time duration);
    void keep_a_backup();
    void put_back_a_backup();
    void mend_stale_members();
    [[nodiscard]] std::size_t without_memory() const;
    [[nodiscard]] bool may_stop(const Member& member) const;
    [[nodiscard]] bool all_others_answer(const Member& member) const;
    [[nodiscard]] bool will_be_noticed(const Backup& backup) const;
    void halt(ValidatorNumber validator, std::shared_ptr<std::vector<bool>> done, Time end);

    // Takeovers in quiet weather.
    void begin_quiet();
    void change_over(std::size_t from);

    // Healing.
    void heal();
    [[nodiscard]] bool settled() const;
    void run_slots(std::uint64_t slots);
    void check_final_epoch();
    void check_published();

    [[nodiscard]] Member& any_member() { return *world_.members[world_.random.below(world_.members.size())]; }
    [[nodiscard]] Instance& any_instance() { return *world_.instances[world_.random.below(world_.instances.size())]; }
};

}  // namespace holdfast::simulation
