#include "protector/store.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <span>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/log.hpp"
#include "shared/base/notifier.hpp"

namespace holdfast::protector {

using protection::Outcome;
using protection::Verdict;

namespace {

// Rows of one step of a fold: a request that comes meanwhile waits for one step at most.
constexpr std::size_t kFoldStep = 2'000;
// 16 MiB of WAL.
constexpr int kCheckpointPages = 4'096;

[[noreturn]] void die(const Error& error) {
    log_error("{}; what is on the disk is unknown, so this process ends without an answer", error.message);
    std::_Exit(1);
}

void must(const Result<void>& done) {
    if (!done) die(done.error());
}

}  // namespace

// A request on its way through the writer, shared by it and the task that waits.
struct Store::Waiting {
    Batch batch;
    std::vector<Verdict> verdicts;
    // On the I/O thread only:
    bool done{false};
    Notifier changed;
};

Result<std::unique_ptr<Store>> Store::open(StoreOptions options, Executor executor) {
    HOLDFAST_TRY(auto directory, DataDirectory::lock(options.directory, options.create));
    HOLDFAST_TRY(auto database, options.create ? Database::create(std::move(directory), options.identity)
                                               : Database::open(std::move(directory), options.identity));
    Ledger ledger;
    HOLDFAST_TRY(database.load(ledger));
    return std::unique_ptr<Store>{new Store{std::move(options), std::move(executor), std::move(database), std::move(ledger)}};
}

Store::Store(StoreOptions options, Executor executor, Database database, Ledger ledger)
    : options_{std::move(options)}, executor_{std::move(executor)}, database_{std::move(database)}, ledger_{std::move(ledger)} {
    for (const Validator& validator : ledger_.validators()) {
        const auto& record = validator.record;
        if (record.attestation) counts_.highest_target = std::max(counts_.highest_target, record.attestation->target.value);
        if (record.block) counts_.highest_slot = std::max(counts_.highest_slot, record.block->slot.value);
    }
    counts_.validators = ledger_.validators().size();
    fold_everything();
    writer_ = std::thread{[this] { write(); }};
}

Store::~Store() { stop(); }

Task<std::vector<Verdict>> Store::decide(Batch batch) {
    const auto waiting = std::make_shared<Waiting>();
    waiting->batch = std::move(batch);
    {
        const std::lock_guard lock{mutex_};
        HOLDFAST_ASSERT(!stopping_);
        waiting_.push_back(waiting);
    }
    wake_.notify_one();
    while (!waiting->done) co_await waiting->changed.wait();
    co_return std::move(waiting->verdicts);
}

void Store::maintain() {
    {
        const std::lock_guard lock{mutex_};
        maintenance_due_ = true;
    }
    wake_.notify_one();
}

void Store::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    wake_.notify_one();
    if (writer_.joinable()) writer_.join();
}

StoreCounts Store::counts() const {
    const std::lock_guard lock{mutex_};
    return counts_;
}

// The writer thread.
void Store::write() {
    Group group;
    bool maintenance = false;
    while (take_work(group, maintenance)) {
        if (!group.empty()) {
            decide_group(group);
            if (fold_ || fold_wanted(options_.fold_bytes_max, options_.fold_rows_max)) fold_a_step();
        } else if (fold_ || (maintenance && fold_wanted(options_.fold_bytes, options_.fold_rows))) {
            fold_a_step();
        } else if (maintenance && database_.wal_pages() > kCheckpointPages) {
            must(database_.checkpoint());
        }
    }
    fold_everything();
}

// Waits for something to do; false: there is nothing left and the store is to stop.
bool Store::take_work(Group& group, bool& maintenance) {
    group.clear();
    std::unique_lock lock{mutex_};
    wake_.wait(lock, [this] { return !waiting_.empty() || maintenance_due_ || stopping_ || fold_.has_value(); });
    group.swap(waiting_);
    maintenance = std::exchange(maintenance_due_, false);
    return !group.empty() || !stopping_;
}

void Store::decide_group(Group& group) {
    StoreCounts counts;
    std::string journal;
    for (const auto& waiting : group) {
        waiting->verdicts = ledger_.decide(waiting->batch, journal);
        count(waiting->batch, waiting->verdicts, counts);
    }
    counts.requests = group.size();
    if (!journal.empty()) must(database_.append(journal));
    publish(counts, !journal.empty());
    boost::asio::post(executor_, [answered = std::exchange(group, {})] {
        for (const auto& waiting : answered) {
            waiting->done = true;
            waiting->changed.notify_all();
        }
    });
}

void Store::count(const Batch& batch, const std::vector<Verdict>& verdicts, StoreCounts& counts) const {
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        counts.approved += verdicts[i].outcome == Outcome::kApproved ? 1U : 0U;
        counts.repeated += verdicts[i].outcome == Outcome::kRepeated ? 1U : 0U;
        counts.refused += verdicts[i].outcome == Outcome::kRefused ? 1U : 0U;
        if (verdicts[i].outcome != Outcome::kApproved) continue;
        if (const auto* attestations = std::get_if<AttestationBatch>(&batch)) {
            const auto& mark = attestations->marks.size() == 1 ? attestations->marks.front() : attestations->marks[i];
            counts.highest_target = std::max(counts.highest_target, mark.target.value);
        } else {
            const auto& marks = std::get<BlockBatch>(batch).marks;
            counts.highest_slot = std::max(counts.highest_slot, (marks.size() == 1 ? marks.front() : marks[i]).slot.value);
        }
    }
}

void Store::publish(const StoreCounts& counts, bool committed) {
    const std::lock_guard lock{mutex_};
    counts_.validators = ledger_.validators().size();
    counts_.approved += counts.approved;
    counts_.repeated += counts.repeated;
    counts_.refused += counts.refused;
    counts_.requests += counts.requests;
    counts_.commits += committed ? 1U : 0U;
    counts_.highest_target = std::max(counts_.highest_target, counts.highest_target);
    counts_.highest_slot = std::max(counts_.highest_slot, counts.highest_slot);
}

bool Store::fold_wanted(std::int64_t bytes, std::int64_t rows) const {
    const JournalSize size = database_.journal_size();
    return size.bytes > bytes || size.rows > rows;
}

void Store::fold_a_step() {
    if (!fold_) fold_ = Fold{ledger_.take_changed(), 0, database_.last_seq()};
    const std::size_t count = std::min(kFoldStep, fold_->ids.size() - fold_->done);
    must(database_.write(ledger_.validators(), std::span{fold_->ids}.subspan(fold_->done, count)));
    fold_->done += count;
    if (fold_->done == fold_->ids.size()) {
        // All that the journal said up to this row is in the table, in this or a newer state.
        must(database_.forget_journal(fold_->seq));
        fold_.reset();
        const std::lock_guard lock{mutex_};
        ++counts_.folds;
    }
    if (database_.wal_pages() > kCheckpointPages) must(database_.checkpoint());
}

void Store::fold_everything() {
    while (fold_ || fold_wanted(0, 0)) fold_a_step();
    must(database_.checkpoint());
}

}  // namespace holdfast::protector
