#include "shared/base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace holdfast {
namespace {

Error system_failure(const std::string& doing) {
    const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
    return failure(code, "can't " + doing + ": " + std::system_category().message(errno));
}

class Descriptor {
public:
    explicit Descriptor(int number) : number_{number} {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    [[nodiscard]] int number() const { return number_; }
    [[nodiscard]] bool open() const { return number_ >= 0; }
    // close() may be the first to report a failed write.
    [[nodiscard]] bool close() { return ::close(std::exchange(number_, -1)) == 0; }

private:
    int number_;
};

bool write_all(int file, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(file, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

Result<void> fill(Descriptor& file, const std::string& path, std::string_view content) {
    if (!write_all(file.number(), content) || ::fsync(file.number()) != 0 || !file.close())
        return system_failure("write " + path);
    return success();
}

// A renamed file is only safe once its directory is.
Result<void> sync_directory_of(const std::string& path) {
    std::string directory = std::filesystem::path{path}.parent_path().string();
    if (directory.empty()) directory = ".";
    const Descriptor opened{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!opened.open() || ::fsync(opened.number()) != 0) return system_failure("sync " + directory);
    return success();
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file.open()) return system_failure("open " + path);
    std::string content;
    std::array<char, 16384> piece;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
    while (true) {
        const ssize_t count = ::read(file.number(), piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EISDIR) return failure(ErrorCode::kInvalidArgument, path + " is a directory, not a file");
        if (count < 0) return system_failure("read " + path);
        if (count == 0) return content;
        content.append(piece.data(), static_cast<std::size_t>(count));
        if (content.size() > bytes_max) {
            return failure(ErrorCode::kInvalidArgument, path + " is larger than " + std::to_string(bytes_max) + " bytes");
        }
    }
}

Result<void> write_private_file(const std::string& path, std::string_view content) {
    std::string draft = path + ".XXXXXX";
    Descriptor file{::mkostemp(draft.data(), O_CLOEXEC)};  // made with 0600
    if (!file.open()) return system_failure("make " + draft);
    Result<void> done = fill(file, draft, content);
    if (done && ::rename(draft.c_str(), path.c_str()) != 0) done = system_failure("rename " + draft + " to " + path);
    if (!done) {
        ::unlink(draft.c_str());
        return done;
    }
    return sync_directory_of(path);
}

}  // namespace holdfast
