// A SQLite VFS in which the disk goes wrong, on a machine that loses its power when the process ends. The real files are what
// the disk holds: what is written stays in this process's memory, as in a page cache, until it is synced. Some of it may reach
// the disk earlier, in any order and in sectors of 512 bytes. One thread at a time, one process at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

namespace holdfast::protector {

enum class DiskCall : std::uint8_t { kOpen, kRead, kWrite, kSync, kTruncate, kDelete, kAny };
inline constexpr std::size_t kDiskCalls = 7;

enum class DiskFault : std::uint8_t {
    kNone,
    kError,     // the call fails. After a failed sync what was not synced will never reach the disk, though it can be read
    kPartial,   // a part is done, then the call fails
    kFull,      // a write has no room for all of it, and no file can grow any more
    kPowerCut,  // a part is done, then the machine is off
    kLost,      // the disk says it is done, but has done nothing, and never will
    kFlip,      // what is read has one bit wrong
};

struct DiskPlan {
    DiskFault fault{DiskFault::kNone};
    DiskCall call{DiskCall::kAny};
    std::uint64_t at{0};     // goes wrong at this call of that kind, from 1; 0: never
    std::uint64_t seed{0};   // of all that is left to chance; 0: nothing reaches the disk before it is synced
    bool keep_cache{false};  // a failed sync is followed by a crash of the process only: the next one sees the same page cache
};

using DiskCounts = std::array<std::uint64_t, kDiskCalls>;

inline constexpr int kPowerCutCode = 9;
inline constexpr const char* kFaultVfs = "holdfast-faults";

// SQLite knows it by kFaultVfs as long as this lives. `counts` may be memory that other processes see.
class FaultVfs {
public:
    FaultVfs(DiskPlan plan, DiskCounts& counts);
    FaultVfs(const FaultVfs&) = delete;
    FaultVfs& operator=(const FaultVfs&) = delete;
    ~FaultVfs();

private:
    struct Registration;
    std::unique_ptr<Registration> registration_;
};

}  // namespace holdfast::protector
