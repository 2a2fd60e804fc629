#include "tests/protector/fault_disk.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace holdfast::protector {

using Change = DiskFile::Change;

namespace {

constexpr std::size_t kSector = 512;

std::string cache_file(const std::string& path) { return path + ".cache"; }

bool is_there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

std::string read_all(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

void put_into(std::string& contents, const Change& change) {
    if (change.truncates) return contents.resize(change.offset);
    contents.resize(std::max(contents.size(), change.offset + change.bytes.size()));
    contents.replace(change.offset, change.bytes.size(), change.bytes);
}

// To the disk. A file whose first change gets there is there from then on.
void reach(const DiskFile& file, const Change& change) {
    const int real = ::open(file.path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const auto offset = static_cast<off_t>(change.offset);
    const bool done = change.truncates ? ::ftruncate(real, offset) == 0
                                       : ::pwrite(real, change.bytes.data(), change.bytes.size(), offset) ==
                                             static_cast<ssize_t>(change.bytes.size());
    if (!done) std::abort();
    ::close(real);
}

void reach(DiskFile& file) {
    for (const Change& change : std::exchange(file.unsynced, {})) reach(file, change);
}

}  // namespace

DiskFault Disk::next(DiskCall call) {
    ++counts_[static_cast<std::size_t>(call)];
    ++counts_[static_cast<std::size_t>(DiskCall::kAny)];
    if (plan_.call != DiskCall::kAny && plan_.call != call) return DiskFault::kNone;
    if (counts_[static_cast<std::size_t>(plan_.call)] != plan_.at) return DiskFault::kNone;
    if (plan_.fault == DiskFault::kFlip && call != DiskCall::kRead) return DiskFault::kNone;
    if (plan_.fault == DiskFault::kFull && call != DiskCall::kWrite) return DiskFault::kNone;
    const bool changes = call != DiskCall::kRead && call != DiskCall::kOpen;
    if (plan_.fault == DiskFault::kLost && !changes) return DiskFault::kNone;
    if (plan_.fault == DiskFault::kPowerCut && !changes) std::_Exit(kPowerCutCode);
    return plan_.fault;
}

DiskFile* Disk::open(const std::string& path, bool create) {
    const DiskFault fault = next(DiskCall::kOpen);
    if (fault == DiskFault::kError || fault == DiskFault::kPartial) return nullptr;
    if (!exists(path) && !create) return nullptr;
    auto& file = files_[path];
    if (!file) {
        file = std::make_unique<DiskFile>();
        file->path = path;
        if (is_there(path)) file->contents = read_all(is_there(cache_file(path)) ? cache_file(path) : path);
    } else if (file->gone) {
        file->gone = false;
        file->contents.clear();
        file->unsynced = {Change{0, {}, true}};
    }
    return file.get();
}

bool Disk::exists(const std::string& path) const {
    const auto found = files_.find(path);
    return found == files_.end() ? is_there(path) : !found->second->gone;
}

int Disk::read(DiskFile& file, char* to, std::size_t size, std::size_t offset) {
    const DiskFault fault = next(DiskCall::kRead);
    if (fault == DiskFault::kError || fault == DiskFault::kPartial) return SQLITE_IOERR_READ;
    const std::size_t there = std::min(size, file.contents.size() - std::min(offset, file.contents.size()));
    std::memset(to, 0, size);
    if (there > 0) std::memcpy(to, file.contents.data() + offset, there);
    if (fault == DiskFault::kFlip && there > 0) to[random_() % there] ^= static_cast<char>(1U << (random_() % 8));
    return there == size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int Disk::write(DiskFile& file, std::string bytes, std::size_t offset) {
    const DiskFault fault = next(DiskCall::kWrite);
    full_ = full_ || fault == DiskFault::kFull;
    if (full_ && offset + bytes.size() > file.contents.size()) {
        bytes.resize(bytes.size() / 2);
        change(file, {offset, std::move(bytes), false}, DiskFault::kNone, SQLITE_OK);
        return SQLITE_FULL;
    }
    return change(file, {offset, std::move(bytes), false}, fault == DiskFault::kFull ? DiskFault::kNone : fault,
                  SQLITE_IOERR_WRITE);
}

int Disk::truncate(DiskFile& file, std::size_t size) {
    return change(file, {size, {}, true}, next(DiskCall::kTruncate), SQLITE_IOERR_TRUNCATE);
}

int Disk::change(DiskFile& file, Change change, DiskFault fault, int error) {
    if (fault == DiskFault::kError) return error;
    if (fault == DiskFault::kPartial || fault == DiskFault::kPowerCut) reach_partly(file, change);
    if (fault == DiskFault::kPowerCut) std::_Exit(kPowerCutCode);
    put_into(file.contents, change);
    if (fault == DiskFault::kLost) return SQLITE_OK;
    if (plan_.seed != 0 && chance(4)) reach_partly(file, change);
    file.unsynced.push_back(std::move(change));
    return fault == DiskFault::kPartial ? error : SQLITE_OK;
}

int Disk::sync(DiskFile& file) {
    switch (next(DiskCall::kSync)) {
        case DiskFault::kError: return lose_unsynced(file);
        case DiskFault::kPartial: reach_partly(file); return lose_unsynced(file);
        case DiskFault::kPowerCut: reach_partly(file); std::_Exit(kPowerCutCode);
        case DiskFault::kLost: file.unsynced.clear(); return SQLITE_OK;
        default: reach(file); return SQLITE_OK;
    }
}

int Disk::lose_unsynced(DiskFile& file) {
    file.unsynced.clear();
    if (plan_.keep_cache) {
        for (const auto& [path, other] : files_) {
            if (!other->gone) reach(*other);
        }
        std::ofstream{cache_file(file.path), std::ios::binary} << file.contents;
    }
    return SQLITE_IOERR_FSYNC;
}

int Disk::remove(const std::string& path, bool durably) {
    const DiskFault fault = next(DiskCall::kDelete);
    if (fault == DiskFault::kError) return SQLITE_IOERR_DELETE;
    if (!exists(path)) return SQLITE_IOERR_DELETE_NOENT;
    const bool at_once = fault == DiskFault::kNone && (durably || (plan_.seed != 0 && chance(2)));
    if (at_once || (fault != DiskFault::kLost && fault != DiskFault::kNone && chance(2))) ::unlink(path.c_str());
    if (fault == DiskFault::kPowerCut) std::_Exit(kPowerCutCode);
    auto& file = files_[path];
    if (!file) file = std::make_unique<DiskFile>();
    file->path = path;
    file->gone = true;
    file->unsynced.clear();
    return fault == DiskFault::kPartial ? SQLITE_IOERR_DELETE : SQLITE_OK;
}

void Disk::reach_partly(const DiskFile& file, const Change& change) {
    if (change.truncates) {
        if (chance(2)) reach(file, change);
        return;
    }
    for (std::size_t at = 0; at < change.bytes.size();) {
        const std::size_t offset = change.offset + at;
        const std::size_t size = std::min(kSector - offset % kSector, change.bytes.size() - at);
        if (chance(2)) reach(file, {offset, change.bytes.substr(at, size), false});
        at += size;
    }
}

void Disk::reach_partly(const DiskFile& file) {
    for (const Change& change : file.unsynced) {
        if (!chance(4)) reach_partly(file, change);
    }
}

}  // namespace holdfast::protector
