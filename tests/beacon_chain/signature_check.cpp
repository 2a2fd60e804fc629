#include "tests/beacon_chain/signature_check.hpp"

#include <blst.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "shared/base/random.hpp"
#include "tests/beacon_chain/merkle.hpp"

namespace holdfast::sim {
namespace {

constexpr std::string_view kScheme = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

const std::uint8_t* scheme() {
    static const std::vector<std::uint8_t> bytes(kScheme.begin(), kScheme.end());
    return bytes.data();
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

// Nothing for what is no signature at all.
std::optional<Candidate> candidate_of(const std::vector<blst_p1_affine>& keys, const SignedBy& by, std::size_t place) {
    Candidate candidate{&keys[by.validator], {}, place};
    if (blst_p2_uncompress(&candidate.signature, by.signature.data()) != BLST_SUCCESS) return std::nullopt;
    if (blst_p2_affine_is_inf(&candidate.signature) || !blst_p2_affine_in_g2(&candidate.signature)) return std::nullopt;
    return candidate;
}

// Candidates of different messages, all in one product of pairings, each with a weight of its own.
bool verify_all(std::span<const Candidate> candidates, std::span<const Claim> claims) {
    SystemRandom random;
    std::vector<std::uint64_t> memory(blst_pairing_sizeof() / 8 + 1);
    auto* const pairing = reinterpret_cast<blst_pairing*>(memory.data());
    blst_pairing_init(pairing, true, scheme(), kScheme.size());
    for (const Candidate& candidate : candidates) {
        const std::uint64_t weight = random.next() | 1U;
        std::array<std::uint8_t, 8> scalar{};
        for (std::size_t byte = 0; byte < 8; ++byte) scalar[byte] = static_cast<std::uint8_t>(weight >> (8 * byte));
        const Root& message = claims[candidate.place].signing_root;
        if (blst_pairing_mul_n_aggregate_pk_in_g1(pairing, candidate.key, &candidate.signature, scalar.data(), 64,
                                                  message.data(), Root::kSize, nullptr, 0) != BLST_SUCCESS)
            return false;
    }
    blst_pairing_commit(pairing);
    return blst_pairing_finalverify(pairing, nullptr);
}

void judge_all(std::span<const Candidate> candidates, std::span<const Claim> claims, std::vector<bool>& verdicts) {
    if (candidates.empty()) return;
    if (verify_all(candidates, claims)) {
        for (const Candidate& candidate : candidates) verdicts[candidate.place] = true;
        return;
    }
    if (candidates.size() == 1) return;
    judge_all(candidates.first(candidates.size() / 2), claims, verdicts);
    judge_all(candidates.subspan(candidates.size() / 2), claims, verdicts);
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
    SecretBytes secret = hash_of(leaf_of(index));
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

Signature sign(const SecretBytes& secret, const Root& signing_root) {
    const blst_scalar scalar = scalar_of(secret);
    blst_p2 point;
    blst_hash_to_g2(&point, signing_root.data(), Root::kSize, scheme(), kScheme.size(), nullptr, 0);
    blst_sign_pk_in_g1(&point, &point, &scalar);
    Signature signature;
    blst_p2_compress(signature.data(), &point);
    return signature;
}

std::vector<Signature> sign_all(std::span<const std::uint64_t> indices, const Root& signing_root) {
    blst_p2 hash;
    blst_hash_to_g2(&hash, signing_root.data(), Root::kSize, scheme(), kScheme.size(), nullptr, 0);
    std::vector<Signature> signatures(indices.size());
    for (std::size_t i = 0; i < indices.size(); ++i) {
        const blst_scalar scalar = scalar_of(interop_secret(indices[i]));
        blst_p2 point;
        blst_sign_pk_in_g1(&point, &hash, &scalar);
        blst_p2_compress(signatures[i].data(), &point);
    }
    return signatures;
}

Signature sum_of(std::span<const Signature> signatures) {
    blst_p2 sum{};
    for (const Signature& signature : signatures) {
        blst_p2_affine point;
        if (blst_p2_uncompress(&point, signature.data()) == BLST_SUCCESS) blst_p2_add_or_double_affine(&sum, &sum, &point);
    }
    Signature result;
    blst_p2_compress(result.data(), &sum);
    return result;
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

std::vector<bool> SignatureChecker::check(std::span<const Claim> claims) const {
    std::vector<bool> verdicts(claims.size(), false);
    std::map<Root, std::vector<std::size_t>> by_message;
    for (std::size_t place = 0; place < claims.size(); ++place) {
        if (claims[place].by.validator < keys_.size()) by_message[claims[place].signing_root].push_back(place);
    }
    std::vector<Candidate> single;  // the only ones of their messages
    for (const auto& [message, places] : by_message) {
        std::vector<SignedBy> signatures;
        if (places.size() == 1) {
            const auto candidate = candidate_of(points_->points, claims[places[0]].by, places[0]);
            if (candidate) single.push_back(*candidate);
            continue;
        }
        for (const std::size_t place : places) signatures.push_back(claims[place].by);
        const std::vector<bool> of_message = check(message, signatures);
        for (std::size_t i = 0; i < places.size(); ++i) verdicts[places[i]] = of_message[i];
    }
    judge_all(single, claims, verdicts);
    return verdicts;
}

std::vector<bool> SignatureChecker::check(const Root& signing_root, std::span<const SignedBy> signatures) const {
    std::vector<bool> verdicts(signatures.size(), false);
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < signatures.size(); ++i) {
        const auto candidate = candidate_of(points_->points, signatures[i], i);
        if (candidate) candidates.push_back(*candidate);
    }
    judge(candidates, signing_root, verdicts);
    return verdicts;
}

}  // namespace holdfast::sim
