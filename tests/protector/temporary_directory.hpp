// A directory for one test, gone with all that is in it at the end. Under the working directory, so that it is on a disk, or in
// memory where that makes no difference.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace holdfast::protector {

class TemporaryDirectory {
public:
    enum class Place { kDisk, kMemory };
    explicit TemporaryDirectory(Place place = Place::kDisk) {
        const bool in_memory = place == Place::kMemory && std::filesystem::is_directory("/dev/shm");
        std::string name =
            (in_memory ? std::filesystem::path{"/dev/shm"} : std::filesystem::current_path()) / "protector-XXXXXX";
        path_ = ::mkdtemp(name.data()) == nullptr ? std::string{} : name;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

}  // namespace holdfast::protector
