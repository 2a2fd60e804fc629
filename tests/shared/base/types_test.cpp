// Goal: hexadecimal and decimal text is taken only in its exact form.
#include "shared/base/types.hpp"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

TEST(Types, Hex_RoundTrip) {
    const auto version = parse_hex<ForkVersion>("0x60Ab0042");
    ASSERT_TRUE(version);
    EXPECT_EQ(to_hex(version.value()), "0x60ab0042");
    EXPECT_EQ(parse_hex<ForkVersion>("60ab0042").value(), version.value());
}

TEST(Types, Hex_WrongLengthOrDigit_Refused) {
    EXPECT_FALSE(parse_hex<ForkVersion>("0x60ab00"));
    EXPECT_FALSE(parse_hex<ForkVersion>("0x60ab004g"));
    EXPECT_FALSE(parse_hex<ForkVersion>(""));
}

TEST(Types, Decimal_WholeTextOnly) {
    EXPECT_EQ(parse_decimal("18446744073709551615").value(), ~std::uint64_t{0});
    EXPECT_FALSE(parse_decimal("18446744073709551616"));
    EXPECT_FALSE(parse_decimal("-1"));
    EXPECT_FALSE(parse_decimal("1 "));
    EXPECT_FALSE(parse_decimal(""));
}

TEST(Types, Number_KeepsItsKind) {
    EXPECT_EQ(Slot{7} + 1, Slot{8});
    EXPECT_EQ(Slot{7} - Slot{5}, 2U);
    EXPECT_LT(Epoch{3}, kFarFutureEpoch);
}

}  // namespace
}  // namespace holdfast
