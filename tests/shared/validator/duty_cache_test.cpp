// Duties over a restart: what is written is read, nothing else is; a restart attests though no node gives duties.
#include "shared/validator/duty_cache.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/shared/validator/engine_fixture.hpp"

namespace holdfast::validator {
namespace {

namespace fs = std::filesystem;

class DutyCacheTest : public EngineFixture {
protected:
    fs::path folder;

    void SetUp() override {
        std::string pattern = ::testing::TempDir() + "holdfast-duties-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder = pattern;
        options.data_dir = folder.string();
        options.disk_threads = 0;
    }
    void TearDown() override {
        EngineFixture::TearDown();
        fs::remove(file());
        fs::remove(folder);
    }
    fs::path file() const { return folder / DutyCache::kFileName; }
    static std::vector<PublicKey> keys() {
        std::vector<PublicKey> all;
        for (std::uint64_t i = 0; i < kKeys; ++i) all.push_back(key_of(i));
        return all;
    }
    KeptDuties some() const {
        KeptDuties kept;
        kept.chain = chain.genesis.validators_root;
        for (std::uint64_t i = 0; i < kKeys; ++i) kept.validators.push_back({ValidatorIndex{i}, key_of(i), "active_ongoing"});
        for (const Epoch epoch : {Epoch{1}, Epoch{2}}) {
            beacon::AttesterDuties& duties = kept.attesters.emplace_back(epoch, chain.dependent_root(epoch));
            for (std::uint64_t i = 0; i < kKeys; ++i) {
                duties.duties.push_back(
                    {key_of(i), ValidatorIndex{i}, chain.duty_slot(epoch, i), CommitteeIndex{i % 2}, 4, 2, i % 4});
            }
        }
        kept.proposers.push_back({Epoch{2}, {{key_of(3), ValidatorIndex{3}, Slot{18}}}, std::nullopt});
        return kept;
    }
    std::string text() const { return encode(some(), keys()); }
    Result<KeptDuties> decode(const std::string& changed) const {
        return decode_duties(changed, chain.genesis.validators_root, keys());
    }
    std::string with(const std::string& what, const std::string& by) const {
        std::string changed = text();
        const std::size_t at = changed.find(what);
        EXPECT_NE(at, std::string::npos) << what;
        return changed.replace(at, what.size(), by);
    }
};

TEST_F(DutyCacheTest, WhatIsWrittenIsRead) {
    const Result<KeptDuties> read = decode(text());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(encode(read.value(), keys()), text());
    EXPECT_EQ(read.value().attesters[1].dependent_root, chain.dependent_root(Epoch{2}));
    EXPECT_EQ(read.value().attesters[1].duties[5].validator_committee_index, 1U);
    EXPECT_EQ(read.value().proposers[0].duties[0].slot, Slot{18});
    EXPECT_FALSE(read.value().proposers[0].dependent_root);
    EXPECT_TRUE(read.value().has(Epoch{2}));
    EXPECT_FALSE(read.value().has(Epoch{3}));
}

TEST_F(DutyCacheTest, OtherChainsAndOtherKeysAreNotOurs) {
    Root other = chain.genesis.validators_root;
    other.bytes[5] ^= 1U;
    EXPECT_EQ(decode_duties(text(), other, keys()).error().code, ErrorCode::kInvalidArgument);
    std::vector<PublicKey> fewer = keys();
    fewer.pop_back();
    EXPECT_EQ(decode_duties(text(), chain.genesis.validators_root, fewer).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(DutyCacheTest, BrokenFilesAreRefusedWithASentence) {
    for (std::size_t size = 0; size + 2 < text().size(); size += 37) {
        const Result<KeptDuties> read = decode(text().substr(0, size));
        ASSERT_FALSE(read) << size;
        EXPECT_FALSE(read.error().message.empty());
    }
    for (const auto& [what, by] :
         std::vector<std::pair<std::string, std::string>>{{"\"version\":1", "\"version\":2"},
                                                          {"\"version\":1", "\"version\":\"1\""},
                                                          {"[0,\"0x", "[0,\"0y"},
                                                          {"[0,\"0x", "[\"0\",\"0x"},
                                                          {"\"epoch\":2", "\"epoch\":-2"},
                                                          {"\"duties\":[[", "\"duties\":[[1],["},
                                                          {"\"dependent_root\":\"0x", "\"dependent_root\":\"0"},
                                                          {"\"attesters\":[", "\"attesters\":[7,"},
                                                          {"\"proposers\":[{", "\"proposers\":{\"a\":{"}}) {
        EXPECT_FALSE(decode(with(what, by))) << what << " as " << by;
    }
    EXPECT_FALSE(decode(std::string(5000, '[')));
}

TEST_F(DutyCacheTest, ARestartAttestsThoughNoNodeGivesDuties) {
    std::ofstream{file()} << text();
    for (FakeNode::Control& control : controls) {
        control.duties_refused = true;
        control.validators_refused = true;
    }
    begin();
    go_to(24, 0s);
    expect_all_attested(2, 1, controls[0]);
    EXPECT_FALSE(controls[0].blocks_asked.empty()) << "the proposal in slot 18";
    EXPECT_GT(controls[0].duty_calls, 0U) << "asked for all the same";
}

TEST_F(DutyCacheTest, NodesAreBelievedBeforeTheFile) {
    std::ofstream{file()} << text();
    chain.shuffled_from = Epoch{2};
    chain.shuffle = 3;
    begin();
    go_to(24, 0s);
    expect_all_attested(2, 1, controls[0]);
}

TEST_F(DutyCacheTest, OldAndBrokenFilesAreLeftAside) {
    KeptDuties old = some();
    old.attesters = {{Epoch{0}, {}, {}}};
    old.validators.clear();
    std::ofstream{file()} << encode(old, keys());
    begin();
    EXPECT_EQ(engine->validators().active().size(), kKeys);
}

TEST_F(DutyCacheTest, TheFileIsKeptUpToDate_ForItsOwnerAlone) {
    std::ofstream{file()} << "nonsense";
    begin();
    go_to(26, 0s);
    std::ifstream in{file()};
    const std::string written{std::istreambuf_iterator<char>{in}, {}};
    const Result<KeptDuties> read = decode(written);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(read.value().has(Epoch{3}));
    EXPECT_TRUE(read.value().has(Epoch{4}));
    EXPECT_EQ(read.value().validators.size(), kKeys);
    struct stat status {};
    ASSERT_EQ(::stat(file().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

}  // namespace
}  // namespace holdfast::validator
