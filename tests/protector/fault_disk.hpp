// The disk and the page cache behind the fault-injecting VFS. Answers are SQLite's result codes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/protector/fault_vfs.hpp"

namespace holdfast::protector {

struct DiskFile {
    struct Change {
        std::size_t offset{0};  // of the bytes; the new size if `truncates`
        std::string bytes;
        bool truncates{false};
    };
    std::string path;
    std::string contents;          // as this process reads it
    std::vector<Change> unsynced;  // in order
    bool gone{false};              // deleted, whatever the disk still has of it
};

class Disk {
public:
    Disk(DiskPlan plan, DiskCounts& counts) : plan_{plan}, counts_{counts}, random_{plan.seed} {}

    // Null: it can't be opened.
    DiskFile* open(const std::string& path, bool create);
    int read(DiskFile& file, char* to, std::size_t size, std::size_t offset);
    int write(DiskFile& file, std::string bytes, std::size_t offset);
    int sync(DiskFile& file);
    int truncate(DiskFile& file, std::size_t size);
    int remove(const std::string& path, bool durably);
    [[nodiscard]] bool exists(const std::string& path) const;

private:
    DiskPlan plan_;
    DiskCounts& counts_;
    std::mt19937_64 random_;
    std::map<std::string, std::unique_ptr<DiskFile>> files_;
    bool full_{false};

    // What happens to this call.
    DiskFault next(DiskCall call);
    bool chance(std::uint64_t one_of) { return random_() % one_of == 0; }
    int change(DiskFile& file, DiskFile::Change change, DiskFault fault, int error);
    int lose_unsynced(DiskFile& file);
    // Each sector of it with a chance, and then perhaps cut.
    void reach_partly(const DiskFile& file, const DiskFile::Change& change);
    void reach_partly(const DiskFile& file);
};

}  // namespace holdfast::protector
