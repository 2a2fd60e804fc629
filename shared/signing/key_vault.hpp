// Secret keys in memory that is locked (not swapped), left out of core dumps, and wiped when it is given back. Keys are packed
// into large blocks, so that 100,000 of them need few locked pages. Filled first, then read by any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace holdfast::signing {

inline constexpr std::size_t kSecretSize = 32;
using SecretView = std::span<const std::uint8_t, kSecretSize>;

// A secret on its way: wiped when it goes.
class Secret {
public:
    Secret() = default;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    ~Secret();

    [[nodiscard]] SecretView view() const { return bytes_; }
    [[nodiscard]] std::span<std::uint8_t, kSecretSize> writable() { return bytes_; }

private:
    std::array<std::uint8_t, kSecretSize> bytes_{};
};

class KeyVault {
public:
    KeyVault();
    // `count` keys, all zero until they are set.
    explicit KeyVault(std::size_t count);
    KeyVault(const KeyVault&) = delete;
    KeyVault& operator=(const KeyVault&) = delete;
    KeyVault(KeyVault&&) noexcept;
    KeyVault& operator=(KeyVault&&) noexcept;
    ~KeyVault();

    // Its number, for at(). One thread at a time.
    std::size_t add(SecretView secret);
    // Different keys may be set by different threads at once.
    void set(std::size_t number, SecretView secret);
    [[nodiscard]] SecretView at(std::size_t number) const;
    [[nodiscard]] std::size_t size() const { return size_; }
    // False if the system refused to lock some of it (RLIMIT_MEMLOCK): the keys are then in memory that may be swapped.
    [[nodiscard]] bool locked() const { return locked_; }

private:
    class Block;
    [[nodiscard]] std::uint8_t* place(std::size_t number) const;
    std::vector<std::unique_ptr<Block>> blocks_;
    std::size_t size_{0};
    bool locked_{true};
};

}  // namespace holdfast::signing
