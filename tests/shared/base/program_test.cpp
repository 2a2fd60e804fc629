// Goal: a process is prepared as it says, stops on signals, speaks to its service manager, and logs in the form that its reader
// wants. Method: real signals, a real notification socket, real standard error; what changes the process runs in a child (death
// tests).
#include "shared/base/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "shared/base/log.hpp"
#include "shared/base/systemd.hpp"
#include "shared/base/task_group.hpp"

namespace holdfast {
namespace {

bool prepared() {
    ::unsetenv("HOLDFAST_CORE_DUMPS");
    prepare_process();
    rlimit files{};
    rlimit core{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    ::getrlimit(RLIMIT_CORE, &core);
    std::raise(SIGPIPE);
    return files.rlim_cur == files.rlim_max && core.rlim_cur == 0 && ::prctl(PR_GET_DUMPABLE) == 0;
}

TEST(ProgramDeathTest, Prepare_FilesPipeAndCores) {
    EXPECT_EXIT(std::_Exit(prepared() ? 0 : 1), testing::ExitedWithCode(0), "");
}

TEST(ProgramDeathTest, Prepare_CoresWhenAskedFor) {
    EXPECT_EXIT(
        {
            ::setenv("HOLDFAST_CORE_DUMPS", "1", 1);
            prepare_process();
            std::_Exit(::prctl(PR_GET_DUMPABLE) == 1 ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
}

Task<void> wait_for_signal(StopSignal& stop, int& number) { number = co_await stop.wait(); }

TEST(StopSignal, SignalBeforeTheWait_IsNotLost) {
    boost::asio::io_context io;
    StopSignal stop{io.get_executor()};
    std::raise(SIGTERM);
    int number = 0;
    TaskGroup group{io.get_executor()};
    group.spawn("wait", wait_for_signal(stop, number));
    io.run();
    EXPECT_EQ(number, SIGTERM);
}

TEST(StopSignal, Cancel_EndsTheWait) {
    boost::asio::io_context io;
    StopSignal stop{io.get_executor()};
    int number = 0;
    TaskGroup group{io.get_executor()};
    group.spawn("wait", wait_for_signal(stop, number));
    io.poll();
    stop.cancel();
    io.run();
    EXPECT_EQ(number, 0);
}

// A manager's end of the notification socket.
class Manager {
public:
    Manager() : socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)} {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        ::unlink(path_.c_str());
        EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        ::setenv("NOTIFY_SOCKET", path_.c_str(), 1);
    }
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;
    ~Manager() {
        ::unsetenv("NOTIFY_SOCKET");
        ::close(socket_);
        ::unlink(path_.c_str());
    }
    std::string heard() const {
        std::array<char, 256> buffer{};
        const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
        return size < 0 ? "" : std::string{buffer.data(), static_cast<std::size_t>(size)};
    }

private:
    std::string path_{testing::TempDir() + "notify-" + std::to_string(::getpid())};
    int socket_;
};

TEST(Systemd, Manager_HearsEachState) {
    const Manager manager;
    notify_ready();
    EXPECT_EQ(manager.heard(), "READY=1");
    notify_status("attesting\nREADY=1");
    EXPECT_EQ(manager.heard(), "STATUS=attesting READY=1");
    notify_watchdog();
    EXPECT_EQ(manager.heard(), "WATCHDOG=1");
    notify_stopping();
    EXPECT_EQ(manager.heard(), "STOPPING=1");
}

TEST(Systemd, NoManager_NothingHappens) {
    ::unsetenv("NOTIFY_SOCKET");
    notify_ready();
    ::unsetenv("WATCHDOG_USEC");
    EXPECT_EQ(watchdog_interval(), std::nullopt);
}

TEST(Systemd, Watchdog_HalfOfTheLimit) {
    ::setenv("WATCHDOG_USEC", "3000000", 1);
    ::unsetenv("WATCHDOG_PID");
    EXPECT_EQ(watchdog_interval(), std::chrono::milliseconds{1500});
    ::setenv("WATCHDOG_PID", "1", 1);  // another process is watched
    EXPECT_EQ(watchdog_interval(), std::nullopt);
    ::unsetenv("WATCHDOG_PID");
    ::unsetenv("WATCHDOG_USEC");
}

void log_three() {
    init_logging(LogLevel::kInfo);
    log_debug("not {}", "shown");
    log_info("slot {}", 7);
    log_error("braces {} stay", "{}");
}

// JOURNAL_STREAM names the file that standard error really is.
void claim_journal() {
    struct stat status {};
    ::fstat(STDERR_FILENO, &status);
    ::setenv("JOURNAL_STREAM", (std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino)).c_str(), 1);
}

TEST(LogDeathTest, ForPeople_TimeAndLevel) {
    EXPECT_EXIT((log_three(), std::_Exit(0)), testing::ExitedWithCode(0),
                "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]{12} info  slot 7\n[-0-9]{10} [0-9:.]{12} error braces \\{\\} stay\n$");
}

TEST(LogDeathTest, ForTheJournal_PriorityAndNoTime) {
    EXPECT_EXIT((claim_journal(), log_three(), std::_Exit(0)), testing::ExitedWithCode(0),
                "^<6>slot 7\n<3>braces \\{\\} stay\n$");
}

TEST(Log, Levels_ByName) {
    EXPECT_EQ(parse_log_level("warn").value(), LogLevel::kWarn);
    EXPECT_FALSE(parse_log_level("loud"));
}

}  // namespace
}  // namespace holdfast
