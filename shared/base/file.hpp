// Whole files: read with a limit, written so that a crash leaves the old one or the new one. Blocks on the disk: never on a hot
// path.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"

namespace holdfast {

// kNotFound if there is none; kInvalidArgument if it is a directory or has more than `bytes_max` bytes; kIo otherwise.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t bytes_max);

// Makes or replaces the file, readable and writable by its owner alone (0600). On success it is on the disk; on failure (kIo)
// an older file of that name is untouched. Its directory must be there.
[[nodiscard]] Result<void> write_private_file(const std::string& path, std::string_view content);

}  // namespace holdfast
