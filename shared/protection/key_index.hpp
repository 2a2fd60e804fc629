// Finds public keys by their place in a list that the caller keeps: eight bytes a key, in one piece of memory, so that a batch
// of 100,000 look-ups is not 200,000 cache misses. Places are given once and never taken back.
//
//   const std::uint32_t place = index.find(key, [&](std::uint32_t at) -> const PublicKey& { return list[at].key; });
//   if (place == KeyIndex::kNone) { ... index.insert(key, list.size()); list.push_back(...); }
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "shared/base/types.hpp"

namespace holdfast::protection {

class KeyIndex {
public:
    static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

    // Room for so many keys.
    explicit KeyIndex(std::size_t count = 0) {
        if (count > 0) resize(count);
    }

    // Where `key` is, or kNone. `key_at(place)`: the key in the caller's list.
    template <class KeyAt>
    [[nodiscard]] std::uint32_t find(const PublicKey& key, const KeyAt& key_at) const {
        if (slots_.empty()) return kNone;
        const std::uint32_t tag = tag_of(key);
        for (std::size_t i = tag & mask_;; i = (i + 1) & mask_) {
            const Slot& slot = slots_[i];
            if (slot.place == kNone) return kNone;
            if (slot.tag == tag && key_at(slot.place) == key) return slot.place;
        }
    }

    // `key` must not be there yet.
    void insert(const PublicKey& key, std::uint32_t place) {
        if (2 * (count_ + 1) > slots_.size()) resize(2 * (count_ + 1));
        put({tag_of(key), place});
        ++count_;
    }

    // Where `key` probably is, without a look at the list: to bring that place into the cache.
    [[nodiscard]] std::uint32_t guess(const PublicKey& key) const {
        if (slots_.empty()) return kNone;
        const std::uint32_t tag = tag_of(key);
        std::size_t i = tag & mask_;
        while (slots_[i].place != kNone && slots_[i].tag != tag) i = (i + 1) & mask_;
        return slots_[i].place;
    }
    // Brings what guess(key) and find(key) will look at into the cache.
    void prefetch(const PublicKey& key) const {
        if (!slots_.empty()) __builtin_prefetch(&slots_[tag_of(key) & mask_]);
    }

private:
    struct Slot {
        std::uint32_t tag{0};
        std::uint32_t place{kNone};
    };

    std::vector<Slot> slots_;  // a power of two, at most half full
    std::size_t mask_{0};
    std::size_t count_{0};

    // All bytes count: keys that begin alike, or were chosen, should not meet in one place.
    static std::uint32_t tag_of(const PublicKey& key) {
        static_assert(PublicKey::kSize % sizeof(std::uint64_t) == 0);
        constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15U;
        std::uint64_t factor = kOdd;
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < PublicKey::kSize; i += sizeof sum) {
            std::uint64_t word = 0;
            std::memcpy(&word, key.data() + i, sizeof word);
            sum += (word ^ (word >> 32U)) * factor;
            factor += 2 * kOdd;
        }
        return static_cast<std::uint32_t>(((sum ^ (sum >> 32U)) * kOdd) >> 32U);
    }

    void put(Slot slot) {
        std::size_t i = slot.tag & mask_;
        while (slots_[i].place != kNone) i = (i + 1) & mask_;
        slots_[i] = slot;
    }

    void resize(std::size_t count) {
        std::size_t size = 16;
        while (size < 2 * count) size *= 2;
        std::vector<Slot> old(size);
        old.swap(slots_);
        mask_ = size - 1;
        for (const Slot& slot : old) {
            if (slot.place != kNone) put(slot);
        }
    }
};

}  // namespace holdfast::protection
