#include "protector/wal_renewal.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace holdfast::protector {
namespace {

constexpr sqlite3_int64 kHeaderSize = 32;      // sqlite.org/fileformat2.html, "WAL File Format"
constexpr sqlite3_int64 kPieceSize = 1 << 16;  // SQLite's own VFS writes less than 128 KiB at once

// A file by SQLite's own interface to the system.
class RawFile {
public:
    RawFile(sqlite3_vfs& vfs, const std::string& name) : memory_(static_cast<std::size_t>(vfs.szOsFile)) {
        // SQLite wants a name that ends with two zero bytes.
        name_.append(name).append(2, '\0');
        opened_ = vfs.xOpen(&vfs, name_.c_str(), &file(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL, nullptr);
    }
    RawFile(const RawFile&) = delete;
    RawFile& operator=(const RawFile&) = delete;
    ~RawFile() {
        if (file().pMethods != nullptr) file().pMethods->xClose(&file());
    }
    [[nodiscard]] int opened() const { return opened_; }
    int size(sqlite3_int64& size) { return file().pMethods->xFileSize(&file(), &size); }
    int sync() { return file().pMethods->xSync(&file(), SQLITE_SYNC_NORMAL); }
    // The same bytes again, from `begin` to `end`.
    int rewrite(sqlite3_int64 begin, sqlite3_int64 end) {
        std::vector<char> piece;
        for (sqlite3_int64 at = begin; at < end; at += static_cast<sqlite3_int64>(piece.size())) {
            piece.resize(static_cast<std::size_t>(std::min(kPieceSize, end - at)));
            const int count = static_cast<int>(piece.size());
            if (const int code = file().pMethods->xRead(&file(), piece.data(), count, at); code != SQLITE_OK) return code;
            if (const int code = file().pMethods->xWrite(&file(), piece.data(), count, at); code != SQLITE_OK) return code;
        }
        return sync();
    }

private:
    std::vector<std::max_align_t> memory_;  // more than enough of them
    std::string name_;
    int opened_;

    sqlite3_file& file() { return *reinterpret_cast<sqlite3_file*>(memory_.data()); }
};

// The header first, and alone: with an older one, what follows it must not be taken for more of an older log.
int renew(RawFile& file) {
    if (file.opened() != SQLITE_OK) return file.opened();
    sqlite3_int64 size = 0;
    if (const int code = file.size(size); code != SQLITE_OK) return code;
    if (const int code = file.rewrite(0, std::min(size, kHeaderSize)); code != SQLITE_OK) return code;
    return file.rewrite(std::min(size, kHeaderSize), size);
}

}  // namespace

Result<void> renew_wal(const std::string& file, const char* vfs) {
    sqlite3_vfs* system = sqlite3_vfs_find(vfs);
    if (system == nullptr) return failure(ErrorCode::kInternal, "there is no such SQLite VFS");
    int there = 0;
    int code = system->xAccess(system, file.c_str(), SQLITE_ACCESS_EXISTS, &there);
    if (code == SQLITE_OK && there != 0) {
        RawFile raw{*system, file};
        code = renew(raw);
    }
    if (code == SQLITE_OK) return success();
    return failure(ErrorCode::kIo, "can't write " + file + " once more: " + sqlite3_errstr(code) + " (SQLite code " +
                                       std::to_string(code) + ")");
}

}  // namespace holdfast::protector
