// Goal: renewed files are noticed, and what ends soon is said in time, in figures and once a day in the log.
#include "protector/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/base/real_clock.hpp"
#include "tests/protector/cluster_files.hpp"
#include "tests/protector/temporary_directory.hpp"
#include "tests/protector/test_authority.hpp"

namespace holdfast::protector {
namespace {

using std::chrono::hours;
using testing::HasSubstr;
using testing::Not;

constexpr long kDay = 86'400;

struct CertificatesTest : testing::Test {
    TemporaryDirectory directory;
    TestAuthority authority;
    Metrics metrics;
    boost::asio::io_context io;
    WallTime now = RealClock{io.get_executor()}.now();

    Certificates watch(long days) {
        authority.write_ca(directory / "ca.pem");
        authority.issue(directory / "p1", "member/p1", days * kDay);
        return {net::TlsFiles{directory / "ca.pem", directory / "p1.pem", directory / "p1.key"}, metrics};
    }
    // What read() says in the log, as gtest sees standard error.
    static std::string read(Certificates& certificates, WallTime when) {
        testing::internal::CaptureStderr();
        certificates.read(when);
        return testing::internal::GetCapturedStderr();
    }
};

TEST_F(CertificatesTest, WithoutTls_Nothing) {
    Certificates none{std::nullopt, metrics};
    EXPECT_EQ(read(none, now), "");
    EXPECT_FALSE(none.changed());
    EXPECT_FALSE(none.certificate_expires());
    EXPECT_THAT(metrics.render(), Not(HasSubstr("expiry")));
}

TEST_F(CertificatesTest, Expiries_OfCertificateAndCa) {
    Certificates certificates = watch(90);
    EXPECT_EQ(read(certificates, now), "");
    ASSERT_TRUE(certificates.certificate_expires());
    ASSERT_TRUE(certificates.ca_expires());
    EXPECT_LT(*certificates.certificate_expires() - now, hours{24 * 91});
    EXPECT_GT(*certificates.certificate_expires() - now, hours{24 * 89});
    EXPECT_GT(*certificates.ca_expires() - now, hours{24 * 364});
    EXPECT_THAT(metrics.render(), HasSubstr("holdfast_protector_ca_expiry_seconds"));
}

TEST_F(CertificatesTest, EndsSoon_IsSaidOnceADay) {
    Certificates certificates = watch(10);
    EXPECT_THAT(read(certificates, now), HasSubstr("the certificate ends in"));
    EXPECT_EQ(read(certificates, now + hours{23}), "");
    EXPECT_THAT(read(certificates, now + hours{25}), HasSubstr("the certificate ends in 8 days"));
    EXPECT_THAT(read(certificates, now + hours{24 * 11}), HasSubstr("has expired"));
}

TEST_F(CertificatesTest, RenewedFiles_AreNoticedUntilAccepted) {
    Certificates certificates = watch(90);
    EXPECT_FALSE(certificates.changed());
    authority.issue(directory / "p1", "member/p1", 180 * kDay);
    EXPECT_TRUE(certificates.changed());
    EXPECT_TRUE(certificates.changed());
    certificates.accept();
    EXPECT_FALSE(certificates.changed());
    std::filesystem::remove(directory / "ca.pem");
    EXPECT_TRUE(certificates.changed());
    EXPECT_THAT(read(certificates, now), HasSubstr("ca.pem"));
}

}  // namespace
}  // namespace holdfast::protector
