// After a failed sync the system's page cache shows what never reached the disk, and counts it as written: a process that
// starts then would build on it. So the write-ahead log that a crash has left is written once more, before SQLite reads it.
#pragma once

#include <string>

#include "shared/base/result.hpp"

namespace holdfast::protector {

// Nothing to do if there is no such file. A crash in the middle loses nothing that was on the disk. `vfs`: as in
// protector/database.hpp. kIo: the disk is not fit for use.
[[nodiscard]] Result<void> renew_wal(const std::string& file, const char* vfs);

}  // namespace holdfast::protector
