#include "shared/duties/proposer_settings.hpp"

#include <gmock/gmock.h>

namespace holdfast::duties {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kKey = "0x" + std::string(96, 'a');
const std::string kPayee = "0x8943545177806ED17B9F23F0a21ee5948eCaa776";

PublicKey key() { return parse_hex<PublicKey>(kKey).value(); }

TEST(ProposerSettings, KeysOwnChoiceWinsFieldByField) {
    ProposerSettings settings;
    EXPECT_FALSE(settings.fee_recipient(key()));
    EXPECT_EQ(settings.gas_limit(key()), kGasLimitIfNotTold);
    EXPECT_TRUE(settings.graffiti(key()).is_zero());

    settings.otherwise.fee_recipient = parse_fee_recipient(kPayee).value();
    settings.otherwise.gas_limit = 36'000'000;
    settings.by_key[key()].gas_limit = 45'000'000;
    EXPECT_EQ(settings.gas_limit(key()), 45'000'000U);
    EXPECT_EQ(settings.gas_limit(PublicKey{}), 36'000'000U);
    EXPECT_EQ(settings.fee_recipient(key()), settings.otherwise.fee_recipient);
}

TEST(ProposerSettings, FeeRecipient) {
    EXPECT_EQ(to_hex(parse_fee_recipient(kPayee).value()), "0x8943545177806ed17b9f23f0a21ee5948ecaa776");
    for (const std::string text :
         {"", "0x12", "8943545177806ed17b9f23f0a21ee5948ecaa776", "0xzz43545177806ed17b9f23f0a21ee5948ecaa776",
          "0x0000000000000000000000000000000000000000"}) {
        const Result<Address> address = parse_fee_recipient(text);
        ASSERT_FALSE(address) << text;
        EXPECT_EQ(address.error().code, ErrorCode::kInvalidArgument);
    }
}

TEST(ProposerSettings, GraffitiIsFilledUpWithZeros_AtMost32BytesOfUtf8) {
    const Root graffiti = parse_graffiti("h\xc3\xa9").value();
    EXPECT_EQ(graffiti.bytes[0], 'h');
    EXPECT_EQ(graffiti.bytes[2], 0xa9);
    EXPECT_EQ(graffiti.bytes[3], 0);
    EXPECT_TRUE(parse_graffiti(std::string(32, 'x')));
    EXPECT_TRUE(parse_graffiti("\xf0\x9f\xa6\x89"));
    EXPECT_FALSE(parse_graffiti(std::string(33, 'x')));
    for (const char* broken : {"\xc3", "\xff", "\x80", "\xc3(", "\xe2\x82", "\xc0\x80"}) EXPECT_FALSE(parse_graffiti(broken));
}

TEST(ProposerSettings, FilePerKey) {
    Problems problems;
    const auto choices = parse_proposer_choices(
        "[keys.\"" + kKey + "\"]\nfee_recipient = \"" + kPayee + "\"\ngas_limit = 45000000\ngraffiti = \"hello\"\n",
        "file: ", problems);
    EXPECT_THAT(problems, IsEmpty());
    ASSERT_TRUE(choices.contains(key()));
    const ProposerChoice& choice = choices.at(key());
    EXPECT_EQ(choice.fee_recipient, parse_fee_recipient(kPayee).value());
    EXPECT_EQ(choice.gas_limit, 45'000'000U);
    EXPECT_EQ(choice.graffiti, parse_graffiti("hello").value());
}

TEST(ProposerSettings, FileSaysAllThatIsWrongAtOnce) {
    Problems problems;
    const std::string upper = "0x" + std::string(96, 'A');
    (void)parse_proposer_choices("other = 1\n[keys.\"" + kKey +
                                     "\"]\nfee_recipient = 5\ngas_limit = -1\nfee = \"x\"\n[keys.\"" + upper +
                                     "\"]\n[keys.\"0x12\"]\n",
                                 "file: ", problems);
    std::string all;
    for (const std::string& problem : problems) all += problem + "\n";
    EXPECT_EQ(problems.size(), 6U) << all;
    EXPECT_THAT(all, HasSubstr("file: other: expected only tables"));
    EXPECT_THAT(all, HasSubstr("fee_recipient: expected a text"));
    EXPECT_THAT(all, HasSubstr("gas_limit: expected a number above 0"));
    EXPECT_THAT(all, HasSubstr("fee: there is no such setting"));
    EXPECT_THAT(all, HasSubstr("this key is named twice"));
    EXPECT_THAT(all, HasSubstr("keys.\"0x12\": expected a public key"));
}

TEST(ProposerSettings, FileThatIsNoToml_OneProblemWithTheLine) {
    Problems problems;
    EXPECT_TRUE(parse_proposer_choices("[keys\n", "file: ", problems).empty());
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_THAT(problems[0], HasSubstr("file: line 1"));
}

TEST(ProposerSettings, FileThatIsNotThere_NamesThePath) {
    Problems problems;
    EXPECT_TRUE(read_proposer_choices("/no/such/file.toml", problems).empty());
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_THAT(problems[0], HasSubstr("/no/such/file.toml"));
}

}  // namespace
}  // namespace holdfast::duties
