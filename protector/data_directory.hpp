// The protector's directory: ours alone (0700), and locked, so that two daemons can't share it.
#pragma once

#include <string>

#include "shared/base/result.hpp"

namespace holdfast::protector {

class DataDirectory {
public:
    // Makes it if `create`. kNotFound if it isn't there, kRefused if another process has it, kIo otherwise.
    static Result<DataDirectory> lock(const std::string& path, bool create);
    DataDirectory(DataDirectory&& other) noexcept;
    DataDirectory& operator=(DataDirectory&& other) noexcept;
    DataDirectory(const DataDirectory&) = delete;
    DataDirectory& operator=(const DataDirectory&) = delete;
    ~DataDirectory();

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string database_file() const { return path_ + "/protection.sqlite"; }
    // Makes names of new files durable.
    Result<void> sync() const;

private:
    DataDirectory(std::string path, int lock_file) : path_{std::move(path)}, lock_file_{lock_file} {}
    std::string path_;
    int lock_file_{-1};
};

}  // namespace holdfast::protector
