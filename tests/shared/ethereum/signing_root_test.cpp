// Goal: domains are built from type, fork version and genesis as the specification says.
#include "shared/ethereum/signing_root.hpp"

#include <gtest/gtest.h>

namespace holdfast::ethereum {
namespace {

TEST(SigningRoot, Domain_StartsWithItsType) {
    const Domain domain = compute_domain(kDomainBeaconAttester, ForkVersion{{6, 0, 0, 0}}, Root{});
    EXPECT_EQ(type_of(domain), kDomainBeaconAttester);
    EXPECT_NE(domain, compute_domain(kDomainBeaconAttester, ForkVersion{{5, 0, 0, 0}}, Root{}));
    EXPECT_NE(domain, compute_domain(kDomainBeaconAttester, ForkVersion{{6, 0, 0, 0}}, Root{{1}}));
}

// The deposit domain of mainnet: a constant that every deposit tool carries.
TEST(SigningRoot, Domain_KnownAnswer) {
    EXPECT_EQ(to_hex(compute_domain(kDomainDeposit, ForkVersion{}, Root{})),
              "0x03000000f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a9");
}

TEST(SigningRoot, Attestation_DependsOnEveryField) {
    const Domain domain = compute_domain(kDomainBeaconAttester, ForkVersion{}, Root{});
    AttestationData data;
    const Root first = attestation_signing_root(data, domain);
    data.index = CommitteeIndex{1};
    const Root second = attestation_signing_root(data, domain);
    data.target.epoch = Epoch{1};
    EXPECT_NE(first, second);
    EXPECT_NE(second, attestation_signing_root(data, domain));
}

}  // namespace
}  // namespace holdfast::ethereum
