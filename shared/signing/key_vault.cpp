#include "shared/signing/key_vault.hpp"

#include <openssl/crypto.h>
#include <sys/mman.h>

#include <algorithm>
#include <new>

#include "shared/base/assert.hpp"

namespace holdfast::signing {

Secret::Secret(Secret&& other) noexcept : bytes_{other.bytes_} { OPENSSL_cleanse(other.bytes_.data(), kSecretSize); }

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        bytes_ = other.bytes_;
        OPENSSL_cleanse(other.bytes_.data(), kSecretSize);
    }
    return *this;
}

Secret::~Secret() { OPENSSL_cleanse(bytes_.data(), kSecretSize); }

class KeyVault::Block {
public:
    static constexpr std::size_t kBytes = 64U << 10U;
    static constexpr std::size_t kKeys = kBytes / kSecretSize;

    Block() : memory_{mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)} {
        if (memory_ == MAP_FAILED) throw std::bad_alloc{};
        locked_ = mlock(memory_, kBytes) == 0;
        madvise(memory_, kBytes, MADV_DONTDUMP);
        madvise(memory_, kBytes, MADV_DONTFORK);
    }
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    ~Block() {
        OPENSSL_cleanse(memory_, kBytes);
        munmap(memory_, kBytes);
    }

    [[nodiscard]] std::uint8_t* key(std::size_t place) const {
        return static_cast<std::uint8_t*>(memory_) + place * kSecretSize;
    }
    [[nodiscard]] bool locked() const { return locked_; }

private:
    void* memory_;
    bool locked_{false};
};

KeyVault::KeyVault() = default;

KeyVault::KeyVault(std::size_t count) : size_{count} {
    while (blocks_.size() * Block::kKeys < count) {
        blocks_.push_back(std::make_unique<Block>());
        locked_ = locked_ && blocks_.back()->locked();
    }
}

KeyVault::KeyVault(KeyVault&&) noexcept = default;
KeyVault& KeyVault::operator=(KeyVault&&) noexcept = default;
KeyVault::~KeyVault() = default;

std::size_t KeyVault::add(SecretView secret) {
    if (size_ == blocks_.size() * Block::kKeys) {
        blocks_.push_back(std::make_unique<Block>());
        locked_ = locked_ && blocks_.back()->locked();
    }
    set(size_++, secret);
    return size_ - 1;
}

void KeyVault::set(std::size_t number, SecretView secret) { std::ranges::copy(secret, place(number)); }

std::uint8_t* KeyVault::place(std::size_t number) const {
    HOLDFAST_ASSERT(number < size_);
    return blocks_[number / Block::kKeys]->key(number % Block::kKeys);
}

SecretView KeyVault::at(std::size_t number) const { return SecretView{place(number), kSecretSize}; }

}  // namespace holdfast::signing
