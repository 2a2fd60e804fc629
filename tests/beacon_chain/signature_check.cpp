#include "tests/beacon_chain/signature_check.hpp"

#include <blst.h>
#include <openssl/sha.h>

#include <algorithm>
#include <string_view>

#include "shared/base/random.hpp"

namespace holdfast::sim {
namespace {

constexpr std::string_view kScheme = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

const std::uint8_t* scheme() {
    static const std::vector<std::uint8_t> bytes(kScheme.begin(), kScheme.end());
    return bytes.data();
}

using Leaf = std::array<std::uint8_t, 32>;

Leaf hash_pair(const Leaf& left, const Leaf& right) {
    std::array<std::uint8_t, 64> both{};
    std::copy(left.begin(), left.end(), both.begin());
    std::copy(right.begin(), right.end(), both.begin() + 32);
    Leaf result{};
    SHA256(both.data(), both.size(), result.data());
    return result;
}

Leaf leaf_of(std::uint64_t number) {
    Leaf leaf{};
    for (std::size_t i = 0; i < 8; ++i) leaf[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return leaf;
}

Leaf leaf_of(const ethereum::Checkpoint& checkpoint) {
    return hash_pair(leaf_of(checkpoint.epoch.value), checkpoint.root.bytes);
}

Leaf root_of(const ethereum::AttestationData& data) {
    const Leaf empty_pair = hash_pair({}, {});
    const Leaf left = hash_pair(hash_pair(leaf_of(data.slot.value), leaf_of(data.index.value)),
                                hash_pair(data.beacon_block_root.bytes, leaf_of(data.source)));
    return hash_pair(left, hash_pair(hash_pair(leaf_of(data.target), {}), empty_pair));
}

blst_scalar scalar_of(const SecretBytes& secret) {
    blst_scalar scalar;
    blst_scalar_from_bendian(&scalar, secret.data());
    return scalar;
}

// A signature with its key, decoded, and where its verdict goes.
struct Candidate {
    const blst_p1_affine* key{nullptr};
    blst_p2_affine signature{};
    std::size_t place{0};
};

bool verify(const blst_p1_affine& key, const blst_p2_affine& signature, const Root& message) {
    return blst_core_verify_pk_in_g1(&key, &signature, true, message.data(), Root::kSize, scheme(), kScheme.size(), nullptr,
                                     0) == BLST_SUCCESS;
}

// Sums of keys and signatures, each candidate with a 63-bit weight of its own.
void weigh(std::span<const Candidate> candidates, blst_p1_affine& key, blst_p2_affine& signature) {
    SystemRandom random;
    std::vector<std::array<std::uint8_t, 8>> weights(candidates.size());
    std::vector<const blst_p1_affine*> keys;
    std::vector<const blst_p2_affine*> signatures;
    std::vector<const std::uint8_t*> scalars;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        const std::uint64_t weight = random.next() | 1U;
        for (std::size_t byte = 0; byte < 8; ++byte) weights[i][byte] = static_cast<std::uint8_t>(weight >> (8 * byte));
        keys.push_back(candidates[i].key);
        signatures.push_back(&candidates[i].signature);
        scalars.push_back(weights[i].data());
    }
    blst_p1 key_sum;
    blst_p2 signature_sum;
    std::vector<limb_t> scratch(std::max(blst_p1s_mult_pippenger_scratch_sizeof(candidates.size()),
                                         blst_p2s_mult_pippenger_scratch_sizeof(candidates.size())) /
                                    sizeof(limb_t) +
                                1);
    blst_p1s_mult_pippenger(&key_sum, keys.data(), keys.size(), scalars.data(), 64, scratch.data());
    blst_p2s_mult_pippenger(&signature_sum, signatures.data(), signatures.size(), scalars.data(), 64, scratch.data());
    blst_p1_to_affine(&key, &key_sum);
    blst_p2_to_affine(&signature, &signature_sum);
}

void judge(std::span<const Candidate> candidates, const Root& message, std::vector<bool>& verdicts) {
    if (candidates.empty()) return;
    if (candidates.size() == 1) {
        verdicts[candidates[0].place] = verify(*candidates[0].key, candidates[0].signature, message);
        return;
    }
    blst_p1_affine key;
    blst_p2_affine signature;
    weigh(candidates, key, signature);
    if (verify(key, signature, message)) {
        for (const Candidate& candidate : candidates) verdicts[candidate.place] = true;
        return;
    }
    judge(candidates.first(candidates.size() / 2), message, verdicts);
    judge(candidates.subspan(candidates.size() / 2), message, verdicts);
}

}  // namespace

struct SignatureChecker::Points {
    std::vector<blst_p1_affine> points;
};

SecretBytes interop_secret(std::uint64_t index) {
    // The group's order r, big-endian. A hash is below 3r, so that two subtractions are enough.
    static constexpr SecretBytes kOrder{0x73, 0xed, 0xa7, 0x53, 0x29, 0x9d, 0x7d, 0x48, 0x33, 0x39, 0xd8,
                                        0x08, 0x09, 0xa1, 0xd8, 0x05, 0x53, 0xbd, 0xa4, 0x02, 0xff, 0xfe,
                                        0x5b, 0xfe, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01};
    const Leaf number = leaf_of(index);
    SecretBytes secret{};
    SHA256(number.data(), number.size(), secret.data());
    std::reverse(secret.begin(), secret.end());
    while (secret >= kOrder) {
        unsigned borrow = 0;
        for (std::size_t i = secret.size(); i-- > 0;) {
            const unsigned difference = 256U + secret[i] - kOrder[i] - borrow;
            secret[i] = static_cast<std::uint8_t>(difference);
            borrow = difference < 256U ? 1U : 0U;
        }
    }
    return secret;
}

Root signing_root_of(const ethereum::AttestationData& data, ForkVersion version, const Root& genesis_validators_root) {
    Leaf version_leaf{};
    std::copy(version.bytes.begin(), version.bytes.end(), version_leaf.begin());
    const Leaf fork_data = hash_pair(version_leaf, genesis_validators_root.bytes);
    Leaf domain{0x01};  // DOMAIN_BEACON_ATTESTER
    std::copy_n(fork_data.begin(), 28, domain.begin() + 4);
    return Root{hash_pair(root_of(data), domain)};
}

Signature sign(const SecretBytes& secret, const Root& signing_root) {
    const blst_scalar scalar = scalar_of(secret);
    blst_p2 point;
    blst_hash_to_g2(&point, signing_root.data(), Root::kSize, scheme(), kScheme.size(), nullptr, 0);
    blst_sign_pk_in_g1(&point, &point, &scalar);
    Signature signature;
    blst_p2_compress(signature.data(), &point);
    return signature;
}

SignatureChecker::SignatureChecker(std::size_t count) : keys_(count), points_{std::make_unique<Points>()} {
    points_->points.resize(count);
}

SignatureChecker::~SignatureChecker() = default;

void SignatureChecker::derive(std::size_t first, std::size_t end) {
    for (std::size_t index = first; index < end; ++index) {
        const blst_scalar scalar = scalar_of(interop_secret(index));
        blst_p1 point;
        blst_sk_to_pk_in_g1(&point, &scalar);
        blst_p1_compress(keys_[index].data(), &point);
        blst_p1_to_affine(&points_->points[index], &point);
    }
}

std::optional<std::uint64_t> SignatureChecker::index_of(const std::string& id) const {
    if (!id.starts_with("0x")) {
        const auto index = parse_decimal(id);
        return index && index.value() < keys_.size() ? std::optional{index.value()} : std::nullopt;
    }
    if (by_key_.empty()) {
        for (std::size_t index = 0; index < keys_.size(); ++index) by_key_.emplace(keys_[index], index);
    }
    const auto key = parse_hex<PublicKey>(id);
    const auto found = key ? by_key_.find(key.value()) : by_key_.end();
    return found == by_key_.end() ? std::nullopt : std::optional{found->second};
}

std::vector<bool> SignatureChecker::check(const Root& signing_root, std::span<const SignedBy> signatures) const {
    std::vector<bool> verdicts(signatures.size(), false);
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < signatures.size(); ++i) {
        Candidate candidate{&points_->points[signatures[i].validator], {}, i};
        if (blst_p2_uncompress(&candidate.signature, signatures[i].signature.data()) != BLST_SUCCESS) continue;
        if (blst_p2_affine_is_inf(&candidate.signature) || !blst_p2_affine_in_g2(&candidate.signature)) continue;
        candidates.push_back(candidate);
    }
    judge(candidates, signing_root, verdicts);
    return verdicts;
}

}  // namespace holdfast::sim
