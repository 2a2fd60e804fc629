// The protector's durable memory. One writer thread takes all requests that wait, decides them from memory, writes what changed
// as one journal row, commits, and only then answers: one fsync for a group. A failed commit ends the process, because what a
// failed fsync lost is unknown; a restart reads what is really there. Journal rows are folded into the table of latest records,
// in key order and in small steps, when nothing waits.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "protector/database.hpp"
#include "protector/ledger.hpp"
#include "shared/base/result.hpp"
#include "shared/base/task.hpp"

namespace holdfast::protector {

struct StoreOptions {
    std::string directory;
    Identity identity;
    enum class Start { kExisting, kInit, kRejoin } start{Start::kExisting};
    std::optional<protection::RejoinPlan> rejoin;  // with kRejoin
    bool change_cluster{false};  // with kExisting: the database's cluster becomes the identity's (protection/cluster.hpp)
    LedgerSettings settings;
    const char* vfs{nullptr};  // SQLite's name for the file system to use; null: the standard one
    // The journal is folded when nothing waits and it is larger than the first, or between groups when larger than the second.
    std::int64_t fold_bytes{1 << 20};
    std::int64_t fold_rows{1000};
    std::int64_t fold_bytes_max{32 << 20};
    std::int64_t fold_rows_max{100'000};
    // Validators: a request that comes while nothing waits, waits for so many at most; eight times as many when the journal is
    // too large to wait for that.
    std::size_t fold_step{250};
    int checkpoint_pages{2048};  // the WAL is written into the database file when it has more of them: 8 MiB
};

// Verdicts since the start, by key, and what they cost.
struct StoreCounts {
    std::uint64_t validators{0};
    std::uint64_t approved{0};
    std::uint64_t repeated{0};
    std::uint64_t refused{0};
    std::uint64_t requests{0};
    std::uint64_t commits{0};
    std::uint64_t folds{0};
    std::uint64_t highest_target{0};
    std::uint64_t highest_slot{0};
    std::uint64_t halted{0};
    std::uint64_t fenced{0};  // verdicts refused because of the generation
};

class Store {
public:
    // Opens (or makes) the directory, reads everything, starts the writer. `executor` must outlive the store and its decisions.
    static Result<std::unique_ptr<Store>> open(StoreOptions options, Executor executor);
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    ~Store();

    // What came of `command`, when it is on disk. Not after stop().
    Task<Applied> apply(Command command);

    // Read in order with the commands: they see all that was answered before.
    Task<std::vector<protection::RecordGroup>> records_for(Epoch target);
    Task<std::vector<protection::MemberRecords::Entry>> all_records();
    Task<std::optional<protection::ValidatorRecord>> record(PublicKey key);
    // Is the file whole, and does it say what the memory says? A sentence; kMalformed if not.
    Task<Result<std::string>> check_integrity();

    // Now and then, from a timer: fold if the journal has grown and nothing waits.
    void maintain();
    // Blocks: finishes what waits, folds, closes the database.
    void stop();

    // As of the last commit that was answered.
    [[nodiscard]] StoreCounts counts() const;
    [[nodiscard]] protection::Position position() const;
    [[nodiscard]] Ledger::Facts facts() const;

private:
    struct Waiting;
    using Group = std::vector<std::shared_ptr<Waiting>>;
    struct Fold {
        std::vector<ValidatorId> ids;
        std::size_t done{0};
        std::int64_t seq{0};
    };

    StoreOptions options_;
    Executor executor_;
    Database database_;
    Ledger ledger_;
    std::optional<Fold> fold_;  // one that is half done

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    Group waiting_;
    bool maintenance_due_{false};
    bool stopping_{false};
    StoreCounts counts_;
    protection::Position position_;
    Ledger::Facts facts_;

    std::thread writer_;

    Store(StoreOptions options, Executor executor, Database database, Ledger ledger);
    void enqueue(const std::shared_ptr<Waiting>& waiting);
    Task<void> run(std::shared_ptr<Waiting> waiting);
    // Runs `look` on the writer thread, after all that was asked for before is on disk.
    template <class Answer>
    Task<Answer> read(std::function<Answer()> look);

    void write();
    bool take_work(Group& group, bool& maintenance);
    void apply_group(Group& group);
    void answer(Group& group);
    static void count(const Command& command, const Applied& applied, StoreCounts& counts);
    void publish(const StoreCounts& counts, bool committed);
    [[nodiscard]] Result<std::string> compare_with_disk();
    [[nodiscard]] bool fold_wanted(std::int64_t bytes, std::int64_t rows) const;
    [[nodiscard]] bool fold_must_go_on() const { return fold_wanted(options_.fold_bytes_max, options_.fold_rows_max); }
    void fold_a_step(std::size_t rows);
    void fold_everything();
};

}  // namespace holdfast::protector
