#include "shared/validator/inclusion_book.hpp"

#include <algorithm>
#include <utility>

#include "shared/ethereum/ssz.hpp"

namespace holdfast::validator {

namespace {

namespace schema = ethereum::schema;

bool bit(const std::vector<std::uint8_t>& bits, std::uint64_t place) {
    return place / 8 < bits.size() && (bits[place / 8] >> (place % 8) & 1U) != 0;
}

// Of a bitlist: its highest set bit ends it.
std::uint64_t length_of(const std::vector<std::uint8_t>& bits) {
    if (bits.empty() || bits.back() == 0) return 0;
    std::uint64_t length = bits.size() * 8 - 1;
    while (!bit(bits, length)) --length;
    return length;
}

std::vector<std::uint64_t> places_of(schema::View bits) {
    std::vector<std::uint64_t> places;
    for (std::uint64_t place = 0; place < bits.size() * 8; ++place) {
        if ((bits[place / 8] >> (place % 8) & 1U) != 0) places.push_back(place);
    }
    return places;
}

std::vector<std::uint8_t> copy(schema::View bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

std::size_t InclusionReport::included_count() const {
    std::size_t count = 0;
    for (const auto& [distance, attestations] : included) count += attestations;
    return count;
}

void InclusionReport::add(const InclusionReport& other) {
    published += other.published;
    for (const auto& [distance, attestations] : other.included) included[distance] += attestations;
    missed += other.missed;
    unknown += other.unknown;
    head_right += other.head_right;
    head_wrong += other.head_wrong;
    target_right += other.target_right;
    target_wrong += other.target_wrong;
    blocks_in_chain += other.blocks_in_chain;
    blocks_orphaned += other.blocks_orphaned;
}

InclusionBook::InclusionBook(std::uint64_t slots_per_epoch, std::uint64_t settle_slots)
    : slots_per_epoch_{slots_per_epoch}, settle_slots_{settle_slots} {}

void InclusionBook::expect(const ethereum::AttestationData& data, const std::vector<beacon::AttesterDuty>& duties) {
    if (duties.empty()) return;
    Open& open = open_[data.slot];
    Vote vote{data, {}, {}};
    const ethereum::ssz::Bytes encoded = ethereum::ssz::serialize(data);
    vote.encoded.assign(encoded.begin(), encoded.end());
    for (const beacon::AttesterDuty& duty : duties) {
        if (open.validators.insert(duty.validator_index).second) vote.duties.push_back(duty);
    }
    if (vote.duties.empty()) return;
    const auto place = sizes_.try_emplace(epoch_of(data.slot), slots_per_epoch_, duties.front().committees_at_slot).first;
    for (const beacon::AttesterDuty& duty : vote.duties) {
        const std::uint64_t index = duty.committee_index.value;
        place->second.learn(data.slot.value % slots_per_epoch_, {&index, 1}, duty.committee_length);
    }
    open.votes.push_back(std::move(vote));
}

void InclusionBook::expect_block(Slot slot, const Root& root) { open_[slot].block = root; }

void InclusionBook::on_head(std::size_t node, const Root& root, Slot slot) { heads_[node] = {root, slot}; }

// The one that most nodes have, and of those the newest.
const InclusionBook::Head* InclusionBook::head() const {
    std::map<Root, std::size_t> nodes;
    for (const auto& [node, head] : heads_) ++nodes[head.root];
    const Head* best = nullptr;
    for (const auto& [node, head] : heads_) {
        const bool better = best == nullptr || nodes[head.root] > nodes[best->root] ||
                            (nodes[head.root] == nodes[best->root] && head.slot > best->slot);
        if (better) best = &head;
    }
    return best;
}

InclusionBook::Branch InclusionBook::branch(Slot down_to) const {
    Branch branch;
    const Head* from = head();
    if (from == nullptr) return branch;
    Root root = from->root;
    while (!branch.reaches(down_to)) {
        const auto block = blocks_.find(root);
        const bool older = block != blocks_.end() && (branch.blocks.empty() || block->second.slot < branch.blocks.back()->slot);
        if (!older) {
            branch.missing = root;
            break;
        }
        branch.blocks.push_back(&block->second);
        branch.roots.push_back(root);
        // The first block has no parent.
        if (block->second.slot.value == 0) break;
        root = block->second.parent;
    }
    return branch;
}

std::optional<Root> InclusionBook::Branch::at(Slot slot) const {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        if (blocks[i]->slot <= slot) return roots[i];
    }
    return std::nullopt;
}

std::optional<Root> InclusionBook::missing_block() const {
    if (open_.empty()) return std::nullopt;
    const std::optional<Root> missing = branch(first_slot_of(open_.begin()->first)).missing;
    if (!missing || blocks_.contains(*missing)) return std::nullopt;
    return missing;
}

void InclusionBook::on_block(const Root& root, const beacon::ChainBlock& block) {
    Block known;
    known.slot = Slot{block.object.find({"message", "slot"}).as_uint()};
    known.parent = block.object.find({"message", "parent_root"}).as_bytes<Root>();
    for (const schema::Part& attestation : schema::elements(block.object.find({"message", "body", "attestations"}))) {
        const auto field = [&](const char* name) { return schema::find(*attestation.type, attestation.bytes, {name}); };
        const schema::Part data = field("data");
        Carried carried;
        carried.data = copy(data.bytes);
        carried.slot = Slot{schema::find(*data.type, data.bytes, {"slot"}).as_uint()};
        carried.committees = places_of(field("committee_bits").bytes);
        carried.votes = copy(field("aggregation_bits").bytes);
        carried.members = length_of(carried.votes);
        known.attestations.push_back(std::move(carried));
    }
    blocks_.insert_or_assign(root, std::move(known));
}

std::vector<InclusionReport> InclusionBook::settle(Slot now) {
    std::vector<InclusionReport> reports;
    while (!open_.empty() && settled(open_.begin()->first, now)) {
        const auto first = open_.begin();
        const Slot slot = first->first;
        learn_sizes(branch(slot), epoch_of(slot));
        reports.push_back(report(slot, first->second));
        open_.erase(first);
    }
    forget(now);
    return reports;
}

// Every aggregate says how many members its committees have.
void InclusionBook::learn_sizes(const Branch& branch, Epoch epoch) {
    const auto sizes = sizes_.find(epoch);
    if (sizes == sizes_.end()) return;
    for (const Block* block : branch.blocks) {
        for (const Carried& carried : block->attestations) {
            if (epoch_of(carried.slot) != epoch) continue;
            sizes->second.learn(carried.slot.value % slots_per_epoch_, carried.committees, carried.members);
        }
    }
}

InclusionReport InclusionBook::report(Slot slot, const Open& open) const {
    InclusionReport report;
    report.slot = slot;
    report.epoch = epoch_of(slot);
    const Branch chain = branch(first_slot_of(slot));
    for (const Vote& vote : open.votes) count(report, vote, chain);
    if (open.block && chain.reaches(slot)) ++(chain.at(slot) == open.block ? report.blocks_in_chain : report.blocks_orphaned);
    return report;
}

void InclusionBook::count(InclusionReport& report, const Vote& vote, const Branch& branch) const {
    const std::optional<Root> head = branch.at(vote.data.slot);
    const std::optional<Root> target = branch.at(first_slot_of(vote.data.slot));
    for (const beacon::AttesterDuty& duty : vote.duties) {
        ++report.published;
        std::optional<std::uint64_t> distance;
        bool uncertain = !branch.reaches(vote.data.slot);
        for (const Block* block : branch.blocks) {
            if (block->slot <= vote.data.slot || block->slot > vote.data.slot + slots_per_epoch_) continue;
            for (const Carried& carried : block->attestations) {
                if (carried.slot != vote.data.slot || carried.data != vote.encoded) continue;
                const Answer answer = carries(carried, duty);
                // From the newest block back: the last one found is the first one that has it.
                if (answer == Answer::kYes) distance = block->slot - vote.data.slot;
                uncertain = uncertain || answer == Answer::kUnknown;
            }
        }
        if (!distance) {
            ++(uncertain ? report.unknown : report.missed);
            continue;
        }
        ++report.included[*distance];
        if (head) ++(*head == vote.data.beacon_block_root ? report.head_right : report.head_wrong);
        if (target) ++(*target == vote.data.target.root ? report.target_right : report.target_wrong);
    }
}

InclusionBook::Answer InclusionBook::carries(const Carried& carried, const beacon::AttesterDuty& duty) const {
    const auto ours = std::ranges::find(carried.committees, duty.committee_index.value);
    if (ours == carried.committees.end()) return Answer::kNo;
    const auto sizes = sizes_.find(epoch_of(carried.slot));
    if (sizes == sizes_.end()) return Answer::kUnknown;
    const std::vector<std::uint64_t> before{carried.committees.begin(), ours};
    const std::optional<std::uint64_t> start = sizes->second.sum(carried.slot.value % slots_per_epoch_, before);
    if (!start) return Answer::kUnknown;
    const std::uint64_t place = *start + duty.validator_committee_index;
    return place < carried.members && bit(carried.votes, place) ? Answer::kYes : Answer::kNo;
}

// What nobody will ask for any more, and what no chain has.
void InclusionBook::forget(Slot now) {
    const Slot first = first_slot_of(open_.empty() ? now : std::min(now, open_.begin()->first));
    const Slot oldest{first.value - std::min(first.value, slots_per_epoch_)};
    std::erase_if(blocks_,
                  [&](const auto& entry) { return entry.second.slot < oldest || entry.second.slot > now + slots_per_epoch_; });
    std::erase_if(sizes_, [&](const auto& entry) { return entry.first < epoch_of(oldest); });
}

}  // namespace holdfast::validator
