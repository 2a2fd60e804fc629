// Goal: URLs are checked before they are used and never show credentials. Method: plain calls.
#include "shared/net/url.hpp"

#include <gtest/gtest.h>

namespace holdfast::net {
namespace {

TEST(Url, Check_TakesWhatPeopleWrite) {
    for (const char* url :
         {"http://localhost", "http://127.0.0.1:5052", "https://user:pass@node.example:443/base?x=1", "http://[::1]:5052/"}) {
        EXPECT_TRUE(check_url(url).has_value()) << url;
    }
}

TEST(Url, Check_RefusesWithASentence) {
    for (const char* url : {"", "node:5052", "ftp://node", "http://", "http://:5052", "http://node:port", "http://node:70000",
                            "http://a b", "http://node/\r\nx: y", "http://node:", "http:///path"}) {
        const auto result = check_url(url);
        ASSERT_FALSE(result.has_value()) << url;
        EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
        EXPECT_NE(result.error().message.find("is not a usable URL"), std::string::npos);
    }
}

TEST(Url, Redact_NoCredentialsRemain) {
    EXPECT_EQ(redact("http://user:secret@node:5052/eth?topics=head"), "http://node:5052/eth?topics=head");
    EXPECT_EQ(redact("http://user:sec@ret@node"), "http://node");
    EXPECT_EQ(redact("http://node/path@x"), "http://node/path@x");
    EXPECT_EQ(redact("user:secret@node"), "node");
    EXPECT_EQ(redact_query("http://user:secret@node/eth?key=secret#f"), "http://node/eth");
}

TEST(Url, Redact_AlsoOfAPasswordThatIsNotEscaped) {
    for (const char* url : {"http://user:sec/ret@node:5052/x", "http://user:sec#ret@node", "http://user:sec?ret@node"}) {
        EXPECT_EQ(redact(url).find("ret"), std::string::npos) << redact(url);
        const auto checked = check_url(url);
        ASSERT_FALSE(checked.has_value());
        EXPECT_EQ(checked.error().message.find("ret@"), std::string::npos) << checked.error().message;
    }
}

TEST(Url, Decode) {
    EXPECT_EQ(percent_decode("/a%20b+c%2F"), "/a b+c/");
    EXPECT_EQ(query_decode("a+b%2b"), "a b+");
    EXPECT_EQ(percent_decode("%"), std::nullopt);
    EXPECT_EQ(percent_decode("%4"), std::nullopt);
    EXPECT_EQ(percent_decode("%zz"), std::nullopt);
}

}  // namespace
}  // namespace holdfast::net
