#include "shared/base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

namespace holdfast {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
    switch (level) {
        case LogLevel::kDebug: return spdlog::level::debug;
        case LogLevel::kInfo: return spdlog::level::info;
        case LogLevel::kWarn: return spdlog::level::warn;
        case LogLevel::kError: return spdlog::level::err;
    }
    return spdlog::level::info;
}

// sd-daemon(3): a line that starts with <N> has that priority in the journal.
const char* journal_prefix(LogLevel level) {
    switch (level) {
        case LogLevel::kDebug: return "<7>";
        case LogLevel::kInfo: return "<6>";
        case LogLevel::kWarn: return "<4>";
        case LogLevel::kError: return "<3>";
    }
    return "<6>";
}

// systemd.exec(5): JOURNAL_STREAM is "device:inode" of the stream that goes to the journal, if it is one.
bool writes_to_journal() {
    const char* stream = std::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe): nobody changes it
    struct stat status {};
    if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) return false;
    return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

struct Logger {
    bool journal{writes_to_journal()};
    std::shared_ptr<spdlog::logger> out{
        std::make_shared<spdlog::logger>("holdfast", std::make_shared<spdlog::sinks::stderr_sink_mt>())};

    Logger() {
        out->set_pattern(journal ? "%v" : "%Y-%m-%d %H:%M:%S.%e %-5l %v");
        out->flush_on(spdlog::level::debug);
    }
};

Logger& logger() {
    static Logger logger;
    return logger;
}

}  // namespace

Result<LogLevel> parse_log_level(std::string_view text) {
    if (text == "debug") return LogLevel::kDebug;
    if (text == "info") return LogLevel::kInfo;
    if (text == "warn") return LogLevel::kWarn;
    if (text == "error") return LogLevel::kError;
    return failure(ErrorCode::kInvalidArgument, "'" + std::string{text} + "' is no log level: use debug, info, warn or error");
}

void init_logging(LogLevel level) { logger().out->set_level(to_spdlog(level)); }

bool log_enabled(LogLevel level) { return logger().out->should_log(to_spdlog(level)); }

void log_line(LogLevel level, const std::string& text) {
    if (logger().journal) {
        logger().out->log(to_spdlog(level), "{}{}", journal_prefix(level), text);
    } else {
        logger().out->log(to_spdlog(level), "{}", text);
    }
}

}  // namespace holdfast
