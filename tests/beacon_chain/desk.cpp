#include "tests/beacon_chain/desk.hpp"

#include <algorithm>
#include <utility>

#include "tests/beacon_chain/proposers.hpp"

namespace holdfast::sim {
namespace {

// Beyond so many attesters in a slot it isn't worked out who aggregates: it would take a processor for itself.
constexpr std::size_t kCandidatesMax = 2000;
constexpr std::uint64_t kEpochsKept = 5;

}  // namespace

Desk::Desk(Chain& chain, Ledger& ledger, ChainTime time, Clock& clock, WorkerPool& pool, const SignatureChecker& keys,
           Propose propose, Reveal reveal)
    : chain_{chain},
      ledger_{ledger},
      time_{time},
      clock_{clock},
      keys_{keys},
      propose_{std::move(propose)},
      reveal_{std::move(reveal)},
      types_{chain.config()},
      domains_{chain.config()},
      claims_{time, clock, pool, keys},
      aggregates_{chain, types_, domains_},
      sync_{chain.config(), types_, domains_},
      preparation_{chain.config()},
      payloads_{chain, domains_} {}

std::uint64_t Desk::ms_into(Slot slot) const {
    const auto into = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - time_.start_of(slot)).count();
    return into < 0 ? 0 : static_cast<std::uint64_t>(into);
}

bool Desk::first_time(std::string_view kind, const Bytes& message) {
    Bytes all(kind.begin(), kind.end());
    all.insert(all.end(), message.begin(), message.end());
    const Leaf digest = hash_of(all);
    for (const auto& [slot, digests] : received_) {
        if (digests.contains(digest)) return false;
    }
    received_[now()].insert(digest);
    while (received_.begin()->first + 2 < now()) received_.erase(received_.begin());
    return true;
}

void Desk::submit_aggregates(std::vector<Object> signed_aggregates) {
    for (const Object& one : signed_aggregates) {
        if (!first_time("aggregate", one.bytes)) continue;
        AggregateBook::Received received = aggregates_.read(one, ledger_.head(), now());
        std::vector<Claim> claims = received.claims;
        const std::uint64_t ms = ms_into(received.slot);
        auto then = [this, received = std::move(received), ms](const std::vector<bool>& valid) {
            aggregates_.take(received, valid, ms);
        };
        claims_.submit(std::move(claims), std::move(then));
    }
}

void Desk::submit_sync_messages(std::vector<SyncMessage> messages) {
    for (const SyncMessage& message : messages) {
        Bytes bytes = number(message.slot.value ^ message.validator.value << 32U);
        bytes.insert(bytes.end(), message.block.bytes.begin(), message.block.bytes.end());
        bytes.insert(bytes.end(), message.signature.bytes.begin(), message.signature.bytes.end());
        if (!first_time("sync message", bytes)) continue;
        const std::optional<std::string> fault = sync_.fault_of(message, now());
        const std::uint64_t ms = ms_into(message.slot);
        if (fault) {
            sync_.take(message, fault, ms);
            continue;
        }
        auto then = [this, message, ms](const std::vector<bool>& valid) {
            sync_.take(message, valid[0] ? std::nullopt : std::optional<std::string>{"invalid signature"}, ms);
        };
        claims_.submit({sync_.claim(message)}, std::move(then));
    }
}

void Desk::submit_contributions(std::vector<Object> signed_contributions) {
    for (const Object& one : signed_contributions) {
        if (!first_time("contribution", one.bytes)) continue;
        SyncBook::Received received = sync_.read(one, now());
        std::vector<Claim> claims = received.claims;
        const std::uint64_t ms = ms_into(received.slot);
        auto then = [this, received = std::move(received), ms](const std::vector<bool>& valid) {
            sync_.take(received, valid, ms);
        };
        claims_.submit(std::move(claims), std::move(then));
    }
}

void Desk::submit_registrations(std::vector<SignedRegistration> registrations) {
    const std::int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch()).count();
    for (const SignedRegistration& one : registrations) {
        if (!first_time("registration", bytes_of(one.signature))) continue;
        const auto validator = keys_.index_of(to_hex(one.message.pubkey));
        const std::optional<std::string> fault =
            validator ? preparation_.fault_of(one.message, seconds) : std::optional<std::string>{"registration of a stranger"};
        if (fault) {
            score_.count(*fault);
            continue;
        }
        auto then = [this, validator = *validator, message = one.message](const std::vector<bool>& valid) {
            score_.count(valid[0] ? "registrations" : "registration with an invalid signature");
            if (valid[0]) preparation_.take(validator, message);
        };
        const Root root = domains_.builder_signing_root(root_of(one.message));
        claims_.submit({{root, {static_cast<std::uint32_t>(*validator), one.signature}}}, std::move(then));
    }
}

Task<void> Desk::close(Slot slot) {
    close_proposals(slot);
    close_payloads(slot);
    co_await close_aggregates(slot);
    co_await close_sync(slot);
    prune(slot);
}

void Desk::close_proposals(Slot slot) {
    const Block& head = ledger_.head();
    if (slot.value == 0 || !proposed_by_client(head, slot)) return;
    const Block& block = chain_.ancestor(head, slot);
    const std::optional<Root> canonical = block.slot == slot ? std::optional{block.root} : std::nullopt;
    score_.close(slot, "proposal", proposals_.close(slot, proposer(head, slot), canonical));
}

Task<void> Desk::close_aggregates(Slot slot) {
    const auto counts = [this](std::uint64_t validator) { return ledger_.counts(validator); };
    std::vector<std::uint64_t> owed;
    std::vector<std::uint64_t> asked;
    std::vector<std::uint64_t> modulos;
    for (const AggregateBook::Candidate& candidate : aggregates_.candidates(ledger_.head(), slot, counts)) {
        if (candidate.modulo == 1) {
            owed.push_back(candidate.validator);
        } else if (asked.size() < kCandidatesMax) {
            asked.push_back(candidate.validator);
            modulos.push_back(candidate.modulo);
        }
    }
    if (asked.size() == kCandidatesMax) asked.clear();
    const std::vector<Signature> proofs = co_await claims_.sign(asked, aggregates_.selection_signing_root(slot));
    for (std::size_t i = 0; i < asked.size(); ++i) {
        if (selected(proofs[i], modulos[i])) owed.push_back(asked[i]);
    }
    score_.close(slot, "aggregation", aggregates_.close(slot, owed));
}

Task<void> Desk::close_sync(Slot slot) {
    const SyncBook::Members members = sync_.members(slot);
    std::vector<std::uint64_t> owed;
    std::map<std::uint64_t, std::vector<std::uint64_t>> by_subcommittee;
    for (const auto& [validator, subcommittees] : members) {
        if (!ledger_.counts(validator)) continue;
        owed.push_back(validator);
        for (const std::uint64_t subcommittee : subcommittees) by_subcommittee[subcommittee].push_back(validator);
    }
    std::vector<SyncBook::Aggregator> aggregators;
    for (const auto& [subcommittee, validators] : by_subcommittee) {
        std::vector<Signature> proofs;
        if (sync_.modulo() > 1) proofs = co_await claims_.sign(validators, sync_.selection_signing_root(slot, subcommittee));
        for (std::size_t i = 0; i < validators.size(); ++i) {
            if (proofs.empty() || selected(proofs[i], sync_.modulo())) aggregators.emplace_back(validators[i], subcommittee);
        }
    }
    const Root head = chain_.ancestor(ledger_.head(), slot).root;
    score_.close(slot, "sync_message", sync_.close_messages(slot, head, owed));
    score_.close(slot, "sync_contribution", sync_.close_contributions(slot, aggregators));
}

void Desk::prune(Slot slot) {
    const std::uint64_t kept = kEpochsKept * chain_.config().slots_per_epoch;
    if (slot.value <= kept) return;
    const Slot first = slot - kept;
    proposals_.prune(first);
    aggregates_.prune(first);
    sync_.prune(first);
    payloads_.prune(first);
    std::erase_if(signed_blocks_, [first](const auto& entry) {
        return Slot{entry.second.find({"message", "slot"}).as_uint()} < first;
    });
}

}  // namespace holdfast::sim
