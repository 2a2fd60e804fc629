// Goal: files are read whole or not at all, and replaced whole or not at all, for their owner alone.
#include "shared/base/file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace holdfast {
namespace {

class File : public testing::Test {
protected:
    File() {
        std::string name = testing::TempDir() + "holdfast-file-XXXXXX";
        directory_ = ::mkdtemp(name.data());
        path_ = directory_ + "/secret";
    }
    ~File() override {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }

    std::size_t files() const {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator{directory_}) ++count;
        return count;
    }

    std::string directory_;
    std::string path_;
};

TEST_F(File, WriteThenRead_Whole) {
    const std::string content(100'000, 'x');
    ASSERT_TRUE(write_private_file(path_, content));
    EXPECT_EQ(read_file(path_, content.size()).value(), content);
}

TEST_F(File, Write_ForItsOwnerAlone_AlsoOverAnOpenOne) {
    std::ofstream{path_} << "old";
    std::filesystem::permissions(path_, std::filesystem::perms::all);
    ASSERT_TRUE(write_private_file(path_, "new"));
    struct stat status {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
    EXPECT_EQ(read_file(path_, 10).value(), "new");
    EXPECT_EQ(files(), 1U);
}

TEST_F(File, Write_Fails_NothingIsLeftBehind) {
    ASSERT_TRUE(std::filesystem::create_directory(path_));
    EXPECT_FALSE(write_private_file(path_, "x"));
    EXPECT_TRUE(std::filesystem::is_directory(path_));
    EXPECT_EQ(files(), 1U);
    EXPECT_FALSE(write_private_file(directory_ + "/nowhere/x", "x"));
}

TEST_F(File, Read_TooLargeMissingOrDirectory) {
    std::ofstream{path_} << "12345";
    EXPECT_EQ(read_file(path_, 4).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(read_file(path_, 5).value(), "12345");
    EXPECT_EQ(read_file(directory_ + "/none", 5).error().code, ErrorCode::kNotFound);
    EXPECT_EQ(read_file(directory_, 5).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace holdfast
