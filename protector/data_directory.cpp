#include "protector/data_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace holdfast::protector {
namespace {

Error system_failure(const std::string& doing) {
    return failure(ErrorCode::kIo, "can't " + doing + ": " + std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
}

Result<void> sync_directory(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return system_failure("open " + path);
    const int code = ::fsync(file);
    ::close(file);
    if (code != 0) return system_failure("sync " + path);
    return success();
}

Result<void> make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0) return sync_directory(path + "/..");
    if (errno == EEXIST) return success();
    return system_failure("make the data directory " + path);
}

}  // namespace

Result<DataDirectory> DataDirectory::lock(const std::string& path, bool create) {
    if (create) {
        HOLDFAST_TRY(make_directory(path));
    }
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
        return failure(ErrorCode::kNotFound, "there is no data directory " + path + "; a new protector's is made with --init");
    }
    if ((status.st_mode & 077) != 0 && ::chmod(path.c_str(), 0700) != 0) {
        return system_failure("take other users' rights away from " + path);
    }
    const std::string name = path + "/lock";
    const int file = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return system_failure("open " + name);
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
        const bool taken = errno == EWOULDBLOCK;
        const Error error = system_failure("lock " + name);
        ::close(file);
        if (!taken) return error;
        return failure(ErrorCode::kRefused, "another holdfast-protector is using the data directory " + path);
    }
    return DataDirectory{path, file};
}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : path_{std::move(other.path_)}, lock_file_{std::exchange(other.lock_file_, -1)} {}

DataDirectory& DataDirectory::operator=(DataDirectory&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(lock_file_, other.lock_file_);
    return *this;
}

DataDirectory::~DataDirectory() {
    if (lock_file_ >= 0) ::close(lock_file_);
}

Result<void> DataDirectory::sync() const { return sync_directory(path_); }

}  // namespace holdfast::protector
