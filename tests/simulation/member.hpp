// A protector: the real ledger, the real standing, and a disk made of journal rows. It does what protector/{store,membership,
// peers,rejoining} do around them, without sockets, threads and SQLite.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/protection/position.hpp"
#include "tests/simulation/environment.hpp"

namespace holdfast::simulation {

class Member {
public:
    using Disk = std::vector<std::shared_ptr<const std::string>>;

    Member(Environment& world, std::size_t number);

    // What arrives from the network. `answer` is called when everything it rests on is on disk; never, if the member is down
    // or doesn't vote. `seen`: how far the asker has seen this member.
    void on_command(const protector::Command& command, protection::Position seen, OnAnswer answer);
    void on_verdicts(const VerdictRequest& request, protection::Position seen, OnAnswer answer);
    void on_records(Epoch target, OnRecords answer);
    void on_all_records(std::size_t asker, OnAllRecords answer);
    void on_status(OnAnswer answer);
    void on_peer(std::size_t from, protection::Position position, protection::Position seen_of_us,
                 std::function<void(protection::Position, protection::Position, bool)> answer);

    // What happens to it.
    void crash();
    void restart();
    void lose_disk();  // and the process with it
    void begin_rejoin();
    void set_clock(Time ahead) { clock_ahead_ = ahead; }

    [[nodiscard]] Disk copy_disk() const { return disk_; }
    [[nodiscard]] protection::Position position_of(const Disk& disk) const;
    void put_back(Disk disk);

    [[nodiscard]] std::size_t number() const { return number_; }
    [[nodiscard]] bool up() const { return up_; }
    [[nodiscard]] bool lost() const { return lost_; }
    [[nodiscard]] bool stale() const;
    [[nodiscard]] bool votes() const;
    [[nodiscard]] bool rejoining() const;
    [[nodiscard]] bool without_memory() const { return lost_ || stale() || rejoining() || (put_back_ && !votes()); }
    [[nodiscard]] const protector::Ledger& ledger() const { return ledger_; }
    [[nodiscard]] protection::ChainTime clock() const;
    [[nodiscard]] protection::Position seen_on_disk(std::size_t other) const;
    [[nodiscard]] std::uint64_t highest_target() const;

private:
    struct Waiting {
        std::optional<protector::Command> command;
        std::shared_ptr<const VerdictRequest> request;  // of a command for verdicts
        protection::ChainTime clock;                    // when that arrived
        OnAnswer answer;
        std::function<Events::Action()> read;  // instead of a command
    };

    Environment& world_;
    std::size_t number_;
    std::string name_;
    Time clock_ahead_{0};

    Disk disk_;
    std::map<std::string, protection::Position> seen_on_disk_;
    bool lost_{false};
    bool put_back_{false};

    bool up_{true};
    std::uint64_t life_{0};  // counts starts: what an earlier process had planned does not happen
    protector::Ledger ledger_;
    std::optional<protection::Standing> standing_;
    std::vector<Waiting> waiting_;
    std::shared_ptr<const std::string> syncing_;

    std::vector<protection::MemberRecords> answers_;  // to a rejoin
    std::vector<std::uint64_t> answers_arrived_;      // slots, by our clock

    [[nodiscard]] protection::Position position() const { return position_of(disk_); }
    void start_process();
    void enqueue(Waiting waiting);
    void write();
    void finish_group(std::shared_ptr<const std::string> row, std::vector<Events::Action> answers);
    Events::Action answer_of(Waiting& waiting, std::string& row);
    void note_seen(const std::string& who, bool is_peer, protection::Position seen);

    void exchange();
    void exchange_with(std::size_t other);
    void ask_to_rejoin();
    void try_to_rejoin();
    [[nodiscard]] protection::MemberRecords all_records(std::size_t asker) const;
};

}  // namespace holdfast::simulation
