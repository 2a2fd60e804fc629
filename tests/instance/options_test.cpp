#include "instance/options.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

namespace holdfast::instance {
namespace {

namespace fs = std::filesystem;

class OptionsTest : public testing::Test {
protected:
    Part part{Part::kPrimary};
    fs::path folder;

    void SetUp() override {
        std::string pattern = testing::TempDir() + "holdfast-options-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder = pattern;
        write_cluster(3, 2);
    }
    void TearDown() override { fs::remove_all(folder); }

    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream{folder / name} << text;
        return (folder / name).string();
    }
    // Of so many members on loopback, or with HTTPS elsewhere.
    std::string write_cluster(std::size_t members, std::size_t quorum, bool tls = false,
                              const std::string& name = "cluster.toml",
                              protection::Mode mode = protection::Mode::kFenced) const {
        protection::Cluster cluster;
        cluster.mode = mode;
        cluster.name = "test";
        cluster.quorum = quorum;
        cluster.chain = {WallTime{std::chrono::seconds{1'606'824'023}}, {}, std::chrono::seconds{12}, 32};
        cluster.chain.genesis_validators_root.bytes.fill(7);
        for (std::size_t i = 1; i <= members; ++i) {
            const std::string host = tls ? "https://10.0.0." + std::to_string(i) : "http://127.0.0.1";
            cluster.members.push_back({"p" + std::to_string(i), host + ":770" + std::to_string(i)});
        }
        return write(name, render_cluster(cluster));
    }
    std::vector<std::string> good() const {
        std::vector<std::string> all{"--beacon-nodes", "http://127.0.0.1:5052,http://10.0.0.7:3500",
                                     "--keystores",    folder.string(),
                                     "--cluster",      (folder / "cluster.toml").string()};
        if (part == Part::kSecondary) all.insert(all.end(), {"--primary", "http://127.0.0.1:7772"});
        return all;
    }
    std::vector<std::string> good_with(std::vector<std::string> more) const {
        std::vector<std::string> all = good();
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    // `name` of the good ones with another value.
    std::vector<std::string> changed(const std::string& name, const std::string& value) const {
        std::vector<std::string> all = good();
        for (std::size_t i = 0; i + 1 < all.size(); ++i) {
            if (all[i] == name) all[i + 1] = value;
        }
        return all;
    }
    Settings settings(const std::vector<std::string>& arguments) const {
        Settings result{part};
        for (const std::string& problem : parse(arguments, result)) ADD_FAILURE() << problem;
        return result;
    }
    Problems problems(const std::vector<std::string>& arguments) const {
        Settings result{part};
        return parse(arguments, result);
    }
    static Problems parse(const std::vector<std::string>& arguments, Settings& result) {
        const OptionSet::Outcome outcome = make_options(result).parse(arguments);
        const auto* found = std::get_if<Problems>(&outcome);
        return found == nullptr ? Problems{} : *found;
    }
    static void expect_one(const Problems& found, const std::vector<std::string>& words) {
        ASSERT_EQ(found.size(), 1U) << (found.empty() ? "no problem" : found[0] + " | " + found.back());
        for (const std::string& word : words)
            EXPECT_NE(found[0].find(word), std::string::npos) << found[0] << " lacks " << word;
    }
};

TEST_F(OptionsTest, FlagsAndDefaults) {
    const Settings s = settings(good());
    EXPECT_EQ(s.beacon_nodes, (std::vector<std::string>{"http://127.0.0.1:5052", "http://10.0.0.7:3500"}));
    ASSERT_TRUE(s.cluster);
    EXPECT_EQ(s.cluster->quorum, 2U);
    EXPECT_EQ(s.cluster->members.size(), 3U);
    EXPECT_EQ(s.instance, "primary");
    EXPECT_EQ(s.tls_files().ca_file, "") << "plain HTTP on loopback";
    EXPECT_EQ(s.threshold(), 2U);
    EXPECT_EQ(s.listen, "127.0.0.1:7770");
    EXPECT_EQ(s.start_timeout, 300U);
    EXPECT_EQ(s.log_level, LogLevel::kInfo);
    EXPECT_FALSE(s.check);
    EXPECT_GE(s.threads(), 1U);
}

TEST_F(OptionsTest, FlagsWinOverTheFile) {
    const std::string file =
        write("c.toml", "instance = \"other\"\nlog-level = \"debug\"\nbeacon-nodes = [\"http://127.0.0.1:1\"]\n");
    const Settings s =
        settings(good_with({"--config=" + file, "--check", "--attestation-threshold", "1", "--log-level", "warn"}));
    EXPECT_EQ(s.instance, "other");
    EXPECT_EQ(s.log_level, LogLevel::kWarn);
    EXPECT_EQ(s.beacon_nodes.size(), 2U);
    EXPECT_EQ(s.threshold(), 1U);
    EXPECT_TRUE(s.check);
}

TEST_F(OptionsTest, AFileAloneSuffices) {
    const std::string file =
        write("c.toml", "beacon-nodes = [\"http://127.0.0.1:1\", \"http://127.0.0.1:2\"]\nkeystores = \"" + folder.string() +
                            "\"\ncluster = \"" + (folder / "cluster.toml").string() + "\"\nstart-timeout = 7\n");
    const Settings s = settings({"--config", file});
    EXPECT_EQ(s.beacon_nodes.size(), 2U);
    EXPECT_TRUE(s.cluster);
    EXPECT_EQ(s.start_timeout, 7U);
}

TEST_F(OptionsTest, ClusterFiles) {
    expect_one(problems(changed("--cluster", (folder / "none.toml").string())), {"cluster", "none.toml"});
    expect_one(problems(changed("--cluster", write_cluster(4, 2, false, "half.toml"))), {"cluster", "2 of 4", "3"});
    expect_one(problems(changed("--cluster", write("broken.toml", "quorum = = 3"))), {"cluster", "broken.toml"});
    expect_one(problems(good_with({"--instance", "a/b"})), {"instance", "a/b"});
}

TEST_F(OptionsTest, FilesOfTls) {
    const std::vector<std::string> arguments = changed("--cluster", write_cluster(4, 3, true, "tls.toml"));
    const Problems missing = problems(arguments);
    ASSERT_EQ(missing.size(), 3U);
    EXPECT_NE(missing[0].find("ca: " + (folder / "ca.pem").string() + " does not exist"), std::string::npos) << missing[0];
    EXPECT_NE(missing[1].find((folder / "primary.pem").string()), std::string::npos) << missing[1];
    EXPECT_NE(missing[2].find((folder / "primary.key").string()), std::string::npos) << missing[2];
    for (const char* name : {"ca.pem", "primary.pem", "primary.key", "other.pem"}) write(name, "x");
    EXPECT_EQ(settings(arguments).tls_files().certificate_file, (folder / "primary.pem").string());
    std::vector<std::string> own = arguments;
    own.insert(own.end(), {"--certificate", (folder / "other.pem").string()});
    EXPECT_EQ(settings(own).tls_files().certificate_file, (folder / "other.pem").string());
}

TEST_F(OptionsTest, UnknownFlagAndUnknownKey) {
    expect_one(problems(good_with({"--clusterr", "x"})), {"clusterr"});
    expect_one(problems(good_with({"--quorum", "3"})), {"quorum"});
    expect_one(problems(good_with({"stray"})), {"stray"});
    const std::string file = write("c.toml", "log-level = \"info\"\n\nclusterr = \"x\"\n");
    expect_one(problems(good_with({"--config", file})), {"clusterr"});
    const std::string nested = write("d.toml", "[cluster]\nvalue = 3\n");
    expect_one(problems(good_with({"--config", nested})), {"cluster"});
    const std::string only_flag = write("e.toml", "check = \"yes\"\n");
    expect_one(problems(good_with({"--config", only_flag})), {"check"});
}

TEST_F(OptionsTest, UnreadableAndMalformedFiles) {
    expect_one(problems(good_with({"--config", (folder / "absent.toml").string()})), {"absent.toml"});
    expect_one(problems(good_with({"--config", write("c.toml", "cluster = = 3\n")})), {"c.toml"});
}

TEST_F(OptionsTest, DirectoriesAndFiles) {
    expect_one(problems(changed("--keystores", (folder / "none").string())), {"keystores", "does not exist"});
    const std::string file = write("file", "x");
    expect_one(problems(changed("--keystores", file)), {"keystores", "is not a directory"});
    expect_one(problems(good_with({"--passwords", (folder / "none").string()})), {"passwords", "does not exist"});
    expect_one(problems(good_with({"--password-file", folder.string()})), {"password-file", "is a directory"});
    expect_one(problems(good_with({"--passwords", folder.string(), "--password-file", file})), {"passwords", "password-file"});
}

TEST_F(OptionsTest, Urls) {
    expect_one(problems(changed("--beacon-nodes", "ftp://127.0.0.1")), {"beacon-nodes"});
    expect_one(problems(changed("--beacon-nodes", "http://127.0.0.1:1,http://127.0.0.1:1/")), {"beacon-nodes", "twice"});
    expect_one(problems(changed("--beacon-nodes", ",")), {"beacon-nodes"});
}

TEST_F(OptionsTest, OtherValues) {
    expect_one(problems(good_with({"--attestation-threshold", "3"})), {"attestation-threshold", "3"});
    for (const char* listen : {"7770", "127.0.0.1", "127.0.0.1:99999", ":7770", "127.0.0.1:x"}) {
        expect_one(problems(good_with({"--listen", listen})), {"listen", listen});
    }
    expect_one(problems(good_with({"--log-level", "loud"})), {"log-level", "loud"});
    expect_one(problems(good_with({"--start-timeout", "0"})), {"start-timeout"});
    expect_one(problems(good_with({"--listen"})), {"listen"});
}

TEST_F(OptionsTest, WhatBlocksAreToBeLike) {
    const std::string key =
        "0x93247f2209abcacf57b75a51dafae777f9dd38bc7053d1af526f220a7489a6d3a2753e5f3e8b1cfe39b56f43611df74a";
    const std::string one = "0x8943545177806ed17b9f23f0a21ee5948ecaa776";
    const std::string two = "0x0000000000000000000000000000000000000abc";
    const std::string file = write("keys.toml", "[keys.\"" + key + "\"]\nfee_recipient = \"" + two + "\"\n");
    const duties::ProposerSettings s =
        settings(good_with({"--fee-recipient", one, "--graffiti", "hello", "--gas-limit", "45000000", "--builder",
                            "--builder-boost-factor", "120", "--proposer-settings", file}))
            .proposers;
    const PublicKey named = parse_hex<PublicKey>(key).value();
    EXPECT_EQ(s.fee_recipient({}), parse_hex<Address>(one).value());
    EXPECT_EQ(s.fee_recipient(named), parse_hex<Address>(two).value());
    EXPECT_EQ(s.gas_limit(named), 45'000'000U);
    EXPECT_EQ(s.graffiti(named).bytes[0], 'h');
    EXPECT_TRUE(s.use_builder);
    EXPECT_EQ(s.builder_boost_factor, 120U);
    EXPECT_FALSE(settings(good()).proposers.use_builder);
    EXPECT_FALSE(settings(good()).proposers.fee_recipient({}));
    expect_one(problems(good_with({"--fee-recipient", "0x12"})), {"fee-recipient"});
    expect_one(problems(good_with({"--graffiti", std::string(33, 'x')})), {"graffiti", "32"});
    expect_one(problems(good_with({"--gas-limit", "0"})), {"gas-limit"});
    expect_one(problems(good_with({"--proposer-settings", (folder / "none.toml").string()})),
               {"proposer-settings", "none.toml"});
    expect_one(problems(good_with({"--proposer-settings", write("bad.toml", "[keys.\"0x12\"]\n")})), {"proposer-settings"});
}

TEST_F(OptionsTest, ProposalNodesAreAmongTheBeaconNodes) {
    EXPECT_TRUE(settings(good()).proposal_node_indices().empty());
    EXPECT_EQ(settings(good_with({"--proposal-nodes", "http://10.0.0.7:3500/"})).proposal_node_indices(),
              std::vector<std::size_t>{1});
    expect_one(problems(good_with({"--proposal-nodes", "http://127.0.0.1:1"})), {"proposal-nodes", "http://127.0.0.1:1"});
}

TEST_F(OptionsTest, WhatKeepsKeysSafe) {
    EXPECT_TRUE(settings(good()).doppelganger_detection);
    EXPECT_FALSE(settings(good_with({"--doppelganger-detection", "off"})).doppelganger_detection);
    EXPECT_EQ(settings(good_with({"--on-slashing", "halt-all"})).on_slashing, validator::OnSlashing::kHaltAll);
    expect_one(problems(good_with({"--on-slashing", "nothing"})), {"on-slashing", "nothing"});
}

TEST_F(OptionsTest, TheDataDirectoryMustBeThere) {
    EXPECT_EQ(settings(good_with({"--data-dir", folder.string()})).data_dir, folder.string());
    expect_one(problems(good_with({"--data-dir", (folder / "none").string()})), {"data-dir", "does not exist"});
}

TEST_F(OptionsTest, ControlListeners) {
    EXPECT_EQ(settings(good_with({"--control-listen", "127.0.0.1:7772"})).control_listen, "127.0.0.1:7772");
    expect_one(problems(good_with({"--control-listen", "7772"})), {"control-listen", "7772"});
    expect_one(problems(good_with({"--control-listen", "0.0.0.0:7772"})), {"control-listen", "0.0.0.0:7772", "loopback"});
    expect_one(problems(good_with({"--control-listen", "127.0.0.1:7770"})), {"control-listen", "listen", "7770"});
    const std::string path = (folder / "control.sock").string();
    EXPECT_EQ(settings(good_with({"--control-socket", path})).control_socket_path(), path);
    EXPECT_EQ(settings(good_with({"--control-socket", "none"})).control_socket_path(), "");
    expect_one(problems(good_with({"--control-socket", "/nonexistent/x.sock"})), {"control-socket", "/nonexistent"});
    expect_one(problems(good_with({"--control-socket", (folder / std::string(120, 'x')).string()})), {"control-socket", "107"});
}

TEST_F(OptionsTest, WithCertificatesTheControlListenerMayBeAnywhere) {
    for (const char* name : {"ca.pem", "primary.pem", "primary.key"}) write(name, "x");
    std::vector<std::string> arguments = changed("--cluster", write_cluster(4, 3, true, "tls.toml"));
    arguments.insert(arguments.end(), {"--control-listen", "0.0.0.0:7772"});
    EXPECT_EQ(settings(arguments).control_listen, "0.0.0.0:7772");
}

TEST_F(OptionsTest, TimesOfTheFailover) {
    const healthcheck::FailoverTimes times =
        settings(good_with({"--poll-interval", "700ms", "--fall", "4", "--rise", "5", "--polls-to-suspect", "2",
                            "--failback-after", "30s", "--failback-after-max", "60s"}))
            .failover_times();
    EXPECT_EQ(times.poll_interval, std::chrono::milliseconds{700});
    EXPECT_EQ(times.fall, 4U);
    EXPECT_EQ(times.rise, 5U);
    EXPECT_EQ(times.polls_to_suspect, 2U);
    EXPECT_EQ(times.failback_after, std::chrono::seconds{30});
    expect_one(problems(good_with({"--poll-interval", "5"})), {"poll-interval", "'5'", "500ms"});
    expect_one(problems(good_with({"--fall", "0"})), {"fall"});
    expect_one(problems(good_with({"--vacancy", "1s"})), {"vacancy", "witness-age"});
    const std::string file = write("times.toml", "poll-timeout = \"600ms\"\nstop-timeout = \"1s\"\n");
    EXPECT_EQ(problems(good_with({"--config", file})).size(), 2U) << "both are said at once";
}

class SecondaryOptionsTest : public OptionsTest {
protected:
    SecondaryOptionsTest() { part = Part::kSecondary; }
};

TEST_F(SecondaryOptionsTest, FlagsAndDefaults) {
    const Settings s = settings(good());
    EXPECT_EQ(s.instance, "secondary");
    EXPECT_EQ(s.listen, "127.0.0.1:7771");
    EXPECT_EQ(s.primary_url, "http://127.0.0.1:7772");
    EXPECT_EQ(settings(changed("--primary", "http://127.0.0.1:7772/")).primary_url, "http://127.0.0.1:7772");
    EXPECT_TRUE(s.automatic_failback);
    EXPECT_FALSE(settings(good_with({"--failback", "manual"})).automatic_failback);
    EXPECT_EQ(settings(good_with({"--accept-drift", "version,keys"})).accept_drift,
              (std::vector<std::string>{"version", "keys"}));
}

TEST_F(SecondaryOptionsTest, WrongValues) {
    expect_one(problems(good_with({"--failback", "never"})), {"failback", "never"});
    expect_one(problems(good_with({"--accept-drift", "colour"})), {"accept-drift", "colour", "version"});
    expect_one(problems(changed("--primary", "10.0.0.5:7772")), {"primary", "10.0.0.5:7772"});
    expect_one(problems(changed("--primary", "https://10.0.0.5:7772")), {"primary", "https", "certificates"});
    EXPECT_EQ(problems({}).size(), 4U) << "what every instance needs, and the primary";
}

TEST_F(SecondaryOptionsTest, ASharedClusterHasNothingToTakeOver) {
    const std::string shared = write_cluster(4, 3, false, "shared.toml", protection::Mode::kShared);
    expect_one(problems(changed("--cluster", shared)), {"cluster", "shared"});
}

TEST_F(SecondaryOptionsTest, ADeadPrimaryIsNoticedWithinASlot) {
    expect_one(problems(good_with({"--polls-to-suspect", "30"})), {"polls-to-suspect", "12000 ms"});
}

TEST_F(OptionsTest, APrimaryPollsNobody) {
    EXPECT_TRUE(problems(good_with({"--polls-to-suspect", "30"})).empty());
    expect_one(problems(good_with({"--primary", "http://127.0.0.1:1"})), {"primary"});
}

TEST_F(OptionsTest, EverythingWrongIsSaidAtOnce) {
    EXPECT_EQ(problems({}).size(), 3U);
    const Problems found = problems({"--beacon-nodes", "nonsense", "--keystores", "/nonexistent", "--cluster", "/nonexistent",
                                     "--listen", "x", "--colour"});
    EXPECT_EQ(found.size(), 5U);
}

TEST_F(OptionsTest, RisksAreNamed) {
    Settings s{Part::kPrimary};
    s.control_socket = "none";
    s.beacon_nodes = {"a", "b", "c", "d"};
    s.cluster.emplace();
    s.cluster->quorum = 3;
    s.cluster->members.resize(4);
    EXPECT_TRUE(find_risks(s).empty());
    s.attestation_threshold = 2;
    EXPECT_EQ(find_risks(s).size(), 1U);
    s.cluster->members.resize(1);
    s.cluster->quorum = 1;
    EXPECT_EQ(find_risks(s).size(), 2U);
}

TEST_F(SecondaryOptionsTest, APrimaryOverPlainHttpIsARisk) {
    Settings s{Part::kSecondary};
    s.control_socket = "none";
    for (const char* url : {"http://127.0.0.1:7772", "http://[::1]:7772", "https://10.0.0.5:7772", "http://localhost:1"}) {
        s.primary_url = url;
        EXPECT_TRUE(find_risks(s).empty()) << url;
    }
    for (const char* url : {"http://10.0.0.5:7770", "http://[fd00::1]:7770"}) {
        s.primary_url = url;
        EXPECT_EQ(find_risks(s).size(), 1U) << url;
    }
}

// The rows of docs/configuration.md: each option of either program has one, and there is no other.
std::set<std::string> rows_of(Part part) {
    Settings defaults{part};
    const OptionSet options = make_options(defaults);
    const auto cell = [](const std::string& value) { return value.empty() ? std::string{" |"} : " " + value + " |"; };
    std::set<std::string> rows;
    for (const OptionInfo& option : options.options()) {
        const std::string standard = option.required ? "(required)" : option.standard;
        rows.insert("| `--" + option.name + "` |" + cell(option.value) + cell(standard) + cell(option.help));
        EXPECT_NE(options.help().find("  --" + option.name), std::string::npos);
    }
    return rows;
}

TEST(Configuration, TheDocumentListsWhatHelpSays) {
    std::ifstream file{HOLDFAST_SOURCE_DIR "/docs/configuration.md"};
    ASSERT_TRUE(file);
    std::set<std::string> found;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("| `--")) found.insert(line);
    }
    std::set<std::string> wanted = rows_of(Part::kPrimary);
    wanted.merge(rows_of(Part::kSecondary));
    for (const std::string& row : wanted) EXPECT_TRUE(found.contains(row)) << "no row: " << row;
    for (const std::string& row : found) EXPECT_TRUE(wanted.contains(row)) << "no such option: " << row;
}

}  // namespace
}  // namespace holdfast::instance
