// Goal: wrong flags and cluster files are each told in a clear sentence, all at once; plain HTTP stays on loopback.
#include "protector/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <vector>

#include "tests/protector/cluster_files.hpp"
#include "tests/protector/temporary_directory.hpp"

namespace holdfast::protector {
namespace {

using testing::HasSubstr;
using testing::Not;

using Words = std::vector<std::string>;

struct OptionsTest : testing::Test {
    TemporaryDirectory directory;

    std::string cluster_file(const std::string& url = "http://127.0.0.1:7001") {
        std::filesystem::create_directories(directory / "");
        auto cluster = make_cluster({url, url.starts_with("https") ? "https://127.0.0.1:7002" : "http://127.0.0.1:7002"}, 2,
                                    WallTime{std::chrono::seconds{100}});
        return write_text(directory / "cluster.toml", render_cluster(cluster));
    }
    Words good(const std::string& url = "http://127.0.0.1:7001") {
        return {"--cluster", cluster_file(url), "--data-dir", "d", "--node-id", "p1"};
    }
    Words with(const Words& more, const std::string& url = "http://127.0.0.1:7001") {
        Words words = good(url);
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }
    void write_certificates() {
        for (const char* file : {"ca.pem", "p1.pem", "p1.key"}) write_text(directory / file, "x");
    }
    static std::string problem(const Words& words) {
        const auto parsed = parse_options(words);
        std::string all;
        if (const auto* problems = std::get_if<Problems>(&parsed)) {
            for (const std::string& one : *problems) all += one + "\n";
        }
        return all;
    }
    static Options parse(const Words& words) {
        EXPECT_EQ(problem(words), "");
        return std::get<Options>(parse_options(words));
    }
};

TEST_F(OptionsTest, Good_ListensWhereItsUrlSays) {
    const Options options = parse(good());
    EXPECT_EQ(options.listen.text(), "127.0.0.1:7001");
    EXPECT_EQ(options.cluster.quorum, 2U);
    EXPECT_EQ(options.start, StoreOptions::Start::kExisting);
    EXPECT_FALSE(options.tls);
    EXPECT_FALSE(options.metrics_listen);
}

TEST_F(OptionsTest, Starts) {
    EXPECT_EQ(parse(with({"--init"})).start, StoreOptions::Start::kInit);
    EXPECT_EQ(parse(with({"--rejoin"})).start, StoreOptions::Start::kRejoin);
    EXPECT_TRUE(parse(with({"--change-cluster"})).change_cluster);
    EXPECT_THAT(problem(with({"--init", "--rejoin"})), HasSubstr("only one of"));
    EXPECT_THAT(problem(with({"--init", "--change-cluster"})), HasSubstr("only one of"));
}

TEST_F(OptionsTest, Https_FilesBesideTheClusterFile) {
    write_certificates();
    const Options options = parse(good("https://127.0.0.1:7001"));
    ASSERT_TRUE(options.tls);
    EXPECT_EQ(options.tls->ca_file, directory / "ca.pem");
    EXPECT_EQ(options.tls->certificate_file, directory / "p1.pem");
    EXPECT_EQ(options.tls->key_file, directory / "p1.key");
}

TEST_F(OptionsTest, Https_MissingFilesAreNamed) {
    write_certificates();
    const std::string all = problem(with({"--key", "nowhere.key", "--ca", "nowhere.pem"}, "https://127.0.0.1:7001"));
    EXPECT_THAT(all, testing::AllOf(HasSubstr("nowhere.key"), HasSubstr("nowhere.pem"), Not(HasSubstr("p1.pem"))));
}

TEST_F(OptionsTest, PlainHttp_OnLoopbackOnlyAndWithoutCertificates) {
    for (const char* address : {"0.0.0.0:1", "192.168.1.1:1", "[::]:1"}) {
        EXPECT_THAT(problem(with({"--listen", address})), HasSubstr("for loopback only")) << address;
    }
    EXPECT_EQ(parse(with({"--listen", "[::1]:0"})).listen.text(), "[::1]:0");
    EXPECT_EQ(parse(with({"--listen", "localhost:0"})).listen.text(), "127.0.0.1:0");
    EXPECT_THAT(problem(with({"--ca", "ca.pem"})), HasSubstr("there are no certificates"));
}

TEST_F(OptionsTest, Metrics_OnLoopbackOnly) {
    EXPECT_EQ(parse(with({"--metrics-listen", "127.0.0.1:9"})).metrics_listen->text(), "127.0.0.1:9");
    EXPECT_THAT(problem(with({"--metrics-listen", "0.0.0.0:9"})), HasSubstr("metrics-listen"));
}

TEST_F(OptionsTest, WrongValues_AreNamed) {
    EXPECT_THAT(problem(with({"--listen", "7001"})), HasSubstr("listen"));
    EXPECT_THAT(problem(with({"--listen", "127.0.0.1:65536"})), HasSubstr("listen"));
    EXPECT_THAT(problem(with({"--listen", "example.org:1"})), HasSubstr("listen"));
    EXPECT_THAT(problem(with({"--genesis-time", "1"})), HasSubstr("genesis-time"));
    EXPECT_THAT(problem({}), HasSubstr("required"));
    Words words = good();
    words[5] = "p9";
    EXPECT_THAT(problem(words), HasSubstr("'p9' is no member of the cluster"));
    words[1] = directory / "none.toml";
    EXPECT_THAT(problem(words), HasSubstr("none.toml"));
}

TEST_F(OptionsTest, AllProblemsAtOnce) {
    Words words = with({"--init", "--rejoin", "--metrics-listen", "x"});
    write_text(words[1], "quorum = 9\n");
    EXPECT_THAT(problem(words), testing::AllOf(HasSubstr("only one of"), HasSubstr("metrics-listen"), HasSubstr("name:"),
                                               HasSubstr("[chain]")));
}

TEST_F(OptionsTest, Help_ShowsExamples) {
    const auto parsed = parse_options({"--help"});
    ASSERT_TRUE(std::holds_alternative<OptionSet::Answer>(parsed));
    EXPECT_THAT(std::get<OptionSet::Answer>(parsed).text, testing::AllOf(HasSubstr("--rejoin"), HasSubstr("Examples")));
}

// The row of each option in docs/protector.md, and no other row.
TEST_F(OptionsTest, TheDocumentListsWhatHelpSays) {
    std::ifstream file{HOLDFAST_SOURCE_DIR "/docs/protector.md"};
    ASSERT_TRUE(file);
    const std::string document{std::istreambuf_iterator<char>{file}, {}};
    const std::string help = std::get<OptionSet::Answer>(parse_options({"--help"})).text;
    std::size_t options = 0;
    const std::regex flag{"\n  --([a-z-]+)"};
    for (std::sregex_iterator found{help.begin(), help.end(), flag}; found != std::sregex_iterator{}; ++found, ++options) {
        EXPECT_THAT(document, HasSubstr("| `--" + (*found)[1].str() + "` |"));
    }
    std::size_t rows = 0;
    for (std::size_t at = document.find("| `--"); at != std::string::npos; at = document.find("| `--", at + 1)) ++rows;
    EXPECT_EQ(rows, options);
    EXPECT_EQ(options, 15U);
}

TEST(Endpoints, OfUrls) {
    EXPECT_EQ(endpoint_of("https://10.0.0.1:7701").text(), "10.0.0.1:7701");
    EXPECT_EQ(endpoint_of("https://[fd00::1]:7701").text(), "[fd00::1]:7701");
    EXPECT_EQ(endpoint_of("https://p1.example.org:7701").text(), "0.0.0.0:7701");
    EXPECT_EQ(endpoint_of("https://10.0.0.1").text(), "10.0.0.1:443");
    EXPECT_EQ(endpoint_of("http://localhost:7701").text(), "127.0.0.1:7701");
}

}  // namespace
}  // namespace holdfast::protector
