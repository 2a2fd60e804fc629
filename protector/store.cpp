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

constexpr std::size_t kLargeStep = 8;
constexpr Duration kQuiet = std::chrono::milliseconds{2};

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
    // What to change, or what to look at when the changes of its group are on disk.
    std::variant<Command, std::function<void()>> work;
    Applied applied;
    // On the I/O thread only:
    bool done{false};
    Notifier changed;
};

Result<std::unique_ptr<Store>> Store::open(StoreOptions options, Executor executor) {
    const bool existing = options.start == StoreOptions::Start::kExisting;
    HOLDFAST_TRY(auto directory, DataDirectory::lock(options.directory, !existing));
    std::string first_row;
    if (options.start == StoreOptions::Start::kRejoin) {
        HOLDFAST_ASSERT(options.rejoin.has_value());
        Ledger{options.settings}.rejoin(*options.rejoin, first_row);
        options.rejoin.reset();
    }
    HOLDFAST_TRY(auto database,
                 existing ? Database::open(std::move(directory), options.identity, options.change_cluster, options.vfs)
                          : Database::create(std::move(directory), options.identity, first_row, options.vfs));
    Ledger ledger{options.settings};
    HOLDFAST_TRY(database.load(ledger));
    return std::unique_ptr<Store>{new Store{std::move(options), std::move(executor), std::move(database), std::move(ledger)}};
}

Store::Store(StoreOptions options, Executor executor, Database database, Ledger ledger)
    : options_{std::move(options)}, executor_{std::move(executor)}, database_{std::move(database)}, ledger_{std::move(ledger)} {
    StoreCounts counts;
    for (const Validator& validator : ledger_.validators()) {
        const auto& record = validator.record;
        if (record.attestation) counts.highest_target = std::max(counts.highest_target, record.attestation->target.value);
        if (record.block) counts.highest_slot = std::max(counts.highest_slot, record.block->slot.value);
        counts.halted += record.halted ? 1U : 0U;
    }
    fold_everything();
    publish(counts, false);
    writer_ = std::thread{[this] { write(); }};
}

Store::~Store() { stop(); }

void Store::enqueue(const std::shared_ptr<Waiting>& waiting) {
    {
        const std::lock_guard lock{mutex_};
        HOLDFAST_ASSERT(!stopping_);
        waiting_.push_back(waiting);
    }
    wake_.notify_one();
}

Task<void> Store::run(std::shared_ptr<Waiting> waiting) {
    enqueue(waiting);
    while (!waiting->done) co_await waiting->changed.wait();
}

Task<Applied> Store::apply(Command command) {
    const auto waiting = std::make_shared<Waiting>();
    waiting->work = std::move(command);
    co_await run(waiting);
    co_return std::move(waiting->applied);
}

template <class Answer>
Task<Answer> Store::read(std::function<Answer()> look) {
    // Shared with the writer, which may still look when this task has been cancelled.
    const auto answer = std::make_shared<std::optional<Answer>>();
    const auto waiting = std::make_shared<Waiting>();
    waiting->work = std::function<void()>{[answer, look = std::move(look)] { *answer = look(); }};
    co_await run(waiting);
    co_return std::move(**answer);
}

Task<std::vector<protection::RecordGroup>> Store::records_for(Epoch target) {
    std::function<std::vector<protection::RecordGroup>()> look = [this, target] { return ledger_.records_for(target); };
    co_return co_await read(std::move(look));
}

Task<std::vector<protection::MemberRecords::Entry>> Store::all_records() {
    using Entries = std::vector<protection::MemberRecords::Entry>;
    std::function<Entries()> look = [this] {
        Entries entries;
        entries.reserve(ledger_.validators().size());
        for (const Validator& validator : ledger_.validators()) entries.push_back({validator.key, validator.record});
        return entries;
    };
    co_return co_await read(std::move(look));
}

Task<std::optional<protection::ValidatorRecord>> Store::record(PublicKey key) {
    using Found = std::optional<protection::ValidatorRecord>;
    std::function<Found()> look = [this, key]() -> Found {
        const Validator* validator = ledger_.find(key);
        if (validator == nullptr) return std::nullopt;
        return validator->record;
    };
    co_return co_await read(std::move(look));
}

Task<Result<std::string>> Store::check_integrity() {
    std::function<Result<std::string>()> look = [this] { return compare_with_disk(); };
    co_return co_await read(std::move(look));
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

protection::Position Store::position() const {
    const std::lock_guard lock{mutex_};
    return position_;
}

Ledger::Facts Store::facts() const {
    const std::lock_guard lock{mutex_};
    return facts_;
}

// The writer thread.
void Store::write() {
    Group group;
    bool maintenance = false;
    while (take_work(group, maintenance)) {
        if (!group.empty()) {
            apply_group(group);
            if (fold_must_go_on()) fold_a_step(kLargeStep * options_.fold_step);
        } else if (fold_ || (maintenance && fold_wanted(options_.fold_bytes, options_.fold_rows))) {
            fold_a_step(options_.fold_step);
        } else if (maintenance && database_.wal_pages() > options_.checkpoint_pages) {
            must(database_.checkpoint());
        }
    }
    fold_everything();
}

// Waits for something to do; false: there is nothing left and the store is to stop.
bool Store::take_work(Group& group, bool& maintenance) {
    group.clear();
    std::unique_lock lock{mutex_};
    if (fold_ || maintenance_due_) {
        // Whoever has just been answered may have another question: it should not have to wait for a step of the fold.
        wake_.wait_for(lock, kQuiet, [this] { return !waiting_.empty() || stopping_; });
    } else {
        wake_.wait(lock, [this] { return !waiting_.empty() || maintenance_due_ || stopping_; });
    }
    group.swap(waiting_);
    maintenance = group.empty() && std::exchange(maintenance_due_, false);
    return !group.empty() || !stopping_;
}

void Store::apply_group(Group& group) {
    StoreCounts counts;
    std::string journal;
    for (const auto& waiting : group) {
        const auto* command = std::get_if<Command>(&waiting->work);
        if (command == nullptr) continue;
        waiting->applied = ledger_.apply(*command, journal);
        count(*command, waiting->applied, counts);
    }
    if (!journal.empty()) must(database_.append(journal));
    publish(counts, !journal.empty());
    const protection::Position position{ledger_.facts().incarnation, static_cast<std::uint64_t>(database_.last_seq())};
    for (const auto& waiting : group) {
        waiting->applied.position = position;
        if (const auto* look = std::get_if<std::function<void()>>(&waiting->work)) (*look)();
    }
    answer(group);
}

void Store::answer(Group& group) {
    boost::asio::post(executor_, [answered = std::exchange(group, {})] {
        for (const auto& waiting : answered) {
            waiting->done = true;
            waiting->changed.notify_all();
        }
    });
}

namespace {

template <class Mark>
std::uint64_t highest(const std::vector<Mark>& marks, const std::vector<Verdict>& verdicts,
                      std::uint64_t (*number_of)(const Mark&)) {
    std::uint64_t result = 0;
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        if (verdicts[i].outcome == Outcome::kApproved)
            result = std::max(result, number_of(marks.size() == 1 ? marks[0] : marks[i]));
    }
    return result;
}

std::uint64_t target_of(const protection::AttestationMark& mark) { return mark.target.value; }
std::uint64_t slot_of(const protection::BlockMark& mark) { return mark.slot.value; }

}  // namespace

void Store::count(const Command& command, const Applied& applied, StoreCounts& counts) {
    for (const Verdict& verdict : applied.verdicts) {
        counts.approved += verdict.outcome == Outcome::kApproved ? 1U : 0U;
        counts.repeated += verdict.outcome == Outcome::kRepeated ? 1U : 0U;
        counts.refused += verdict.outcome == Outcome::kRefused ? 1U : 0U;
        counts.fenced += verdict.reason == protection::Reason::kFenced ? 1U : 0U;
    }
    if (const auto* attestations = std::get_if<AttestationBatch>(&command)) {
        ++counts.requests;
        counts.highest_target = std::max(counts.highest_target, highest(attestations->marks, applied.verdicts, &target_of));
    } else if (const auto* blocks = std::get_if<BlockBatch>(&command)) {
        ++counts.requests;
        counts.highest_slot = std::max(counts.highest_slot, highest(blocks->marks, applied.verdicts, &slot_of));
    } else if (const auto* halt = std::get_if<HaltCommand>(&command)) {
        // Lifting one is a negative number, which wraps around when it is added.
        counts.halted += halt->halt ? applied.changed : std::uint64_t{0} - applied.changed;
    } else if (const auto* import = std::get_if<ImportCommand>(&command)) {
        for (const auto& entry : import->entries) {
            if (entry.record.attestation)
                counts.highest_target = std::max(counts.highest_target, target_of(*entry.record.attestation));
            if (entry.record.block) counts.highest_slot = std::max(counts.highest_slot, slot_of(*entry.record.block));
        }
    }
}

void Store::publish(const StoreCounts& counts, bool committed) {
    const std::lock_guard lock{mutex_};
    counts_.validators = ledger_.validators().size();
    counts_.approved += counts.approved;
    counts_.repeated += counts.repeated;
    counts_.refused += counts.refused;
    counts_.fenced += counts.fenced;
    counts_.halted += counts.halted;
    counts_.requests += counts.requests;
    counts_.commits += committed ? 1U : 0U;
    counts_.highest_target = std::max(counts_.highest_target, counts.highest_target);
    counts_.highest_slot = std::max(counts_.highest_slot, counts.highest_slot);
    position_ = {ledger_.facts().incarnation, static_cast<std::uint64_t>(database_.last_seq())};
    facts_ = ledger_.facts();
}

Result<std::string> Store::compare_with_disk() {
    HOLDFAST_TRY(database_.compare(ledger_));
    return "the database is whole: " + std::to_string(ledger_.validators().size()) + " validators, position " +
           std::to_string(ledger_.facts().incarnation) + "." + std::to_string(database_.last_seq());
}

bool Store::fold_wanted(std::int64_t bytes, std::int64_t rows) const {
    const JournalSize size = database_.journal_size();
    return size.bytes > bytes || size.rows > rows;
}

void Store::fold_a_step(std::size_t rows) {
    if (!fold_) fold_ = Fold{ledger_.take_changed(), 0, database_.last_seq()};
    const std::size_t count = std::min(rows, fold_->ids.size() - fold_->done);
    must(database_.write(ledger_.validators(), std::span{fold_->ids}.subspan(fold_->done, count)));
    fold_->done += count;
    if (fold_->done == fold_->ids.size()) {
        // All that the journal said up to this row is in the table, in this or a newer state.
        must(database_.forget_journal(fold_->seq, ledger_.facts()));
        fold_.reset();
        const std::lock_guard lock{mutex_};
        ++counts_.folds;
    }
    if (database_.wal_pages() > options_.checkpoint_pages) must(database_.checkpoint());
}

void Store::fold_everything() {
    while (fold_ || fold_wanted(0, 0)) fold_a_step(kLargeStep * options_.fold_step);
    must(database_.checkpoint());
}

}  // namespace holdfast::protector
