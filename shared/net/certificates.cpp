#include "shared/net/certificates.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <vector>

#include "shared/base/file.hpp"
#include "shared/net/openssl.hpp"

namespace holdfast::net {

namespace {

constexpr std::size_t kFileBytesMax = 4U << 20U;

Result<WallTime> end_of(const X509* certificate) {
    int days = 0;
    int seconds = 0;
    std::unique_ptr<ASN1_TIME, Freed<&ASN1_STRING_free>> epoch{ASN1_TIME_set(nullptr, 0)};
    if (!epoch || ASN1_TIME_diff(&days, &seconds, epoch.get(), X509_get0_notAfter(certificate)) != 1) {
        return failure(ErrorCode::kInvalidArgument, "its end is not a time");
    }
    // Some certificates end in the year 9999, which nanoseconds can't tell.
    constexpr int kDaysMax = 365 * 250;
    return WallTime{std::chrono::hours{24} * std::min(days, kDaysMax) + std::chrono::seconds{seconds}};
}

Result<std::vector<WallTime>> ends_in(const std::string& file) {
    HOLDFAST_TRY(const std::string text, read_file(file, kFileBytesMax));
    const BioOwner bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
    std::vector<WallTime> ends;
    while (const X509Owner certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
        const auto end = end_of(certificate.get());
        if (!end) return with_context("a certificate in '" + file + "' can't be used", end.error());
        ends.push_back(end.value());
    }
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    const std::string why = take_openssl_error();
    if (!at_end) return failure(ErrorCode::kInvalidArgument, "'" + file + "' holds a certificate that can't be read: " + why);
    if (ends.empty()) return failure(ErrorCode::kInvalidArgument, "'" + file + "' holds no certificate");
    return ends;
}

}  // namespace

Result<WallTime> certificate_expiry(const std::string& file) {
    HOLDFAST_TRY(const auto ends, ends_in(file));
    return *std::min_element(ends.begin(), ends.end());
}

Result<WallTime> ca_expiry(const std::string& file) {
    HOLDFAST_TRY(const auto ends, ends_in(file));
    return *std::max_element(ends.begin(), ends.end());
}

}  // namespace holdfast::net
