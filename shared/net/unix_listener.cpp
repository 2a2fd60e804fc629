#include "shared/net/unix_listener.hpp"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace holdfast::net {
namespace asio = boost::asio;
using asio::local::stream_protocol;

namespace {

constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;
constexpr std::size_t kPathMax = sizeof(sockaddr_un::sun_path) - 1;

Error cannot_listen(ErrorCode code, const std::string& path, const std::string& why) {
    return failure(code, "cannot listen on the Unix socket " + path + ": " + why);
}

boost::system::error_code last_error() { return {errno, boost::system::system_category()}; }

}  // namespace

// Its mode is right before anybody can connect: the file takes over the mode that the socket has when it gets its name, less
// the process's umask; and nobody can connect before listen().
boost::system::error_code UnixListener::bind(const std::string& path) {
    boost::system::error_code error;
    if (!acceptor_.is_open()) acceptor_.open(stream_protocol{}, error);
    if (error) return error;
    if (::fchmod(acceptor_.native_handle(), kOwnerOnly) != 0) return last_error();
    acceptor_.bind(stream_protocol::endpoint{path}, error);
    if (error) return error;
    struct stat file {};
    if (::lstat(path.c_str(), &file) != 0) return last_error();
    path_ = path;
    device_ = file.st_dev;
    inode_ = file.st_ino;
    if (!S_ISSOCK(file.st_mode)) return asio::error::address_in_use;
    if ((file.st_mode & 07777U) != kOwnerOnly && ::chmod(path.c_str(), kOwnerOnly) != 0) return last_error();
    return error;
}

// Of a process that died without removing it.
Result<void> UnixListener::remove_stale(const std::string& path) {
    struct stat file {};
    if (::lstat(path.c_str(), &file) != 0) return success();
    if (!S_ISSOCK(file.st_mode)) return cannot_listen(ErrorCode::kIo, path, "a file is there that is no socket; remove it");
    boost::system::error_code error;
    stream_protocol::socket probe{acceptor_.get_executor()};
    probe.open(stream_protocol{}, error);
    if (!error) probe.non_blocking(true, error);
    if (!error) probe.connect(stream_protocol::endpoint{path}, error);
    if (error != asio::error::connection_refused) {
        // It takes the connection, or it has too many waiting.
        const bool is_used = !error || error == asio::error::would_block || error == asio::error::try_again;
        return cannot_listen(ErrorCode::kIo, path, is_used ? "another process listens there" : error.message());
    }
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return cannot_listen(ErrorCode::kIo, path, std::strerror(errno));
    return success();
}

Result<void> UnixListener::open(const std::string& path) {
    if (path.empty() || path.size() > kPathMax || path.find('\0') != std::string::npos) {
        return cannot_listen(ErrorCode::kInvalidArgument, path,
                             "its path may have 1 to " + std::to_string(kPathMax) + " bytes");
    }
    if (acceptor_.is_open()) return cannot_listen(ErrorCode::kInvalidArgument, path, "this server listens on one already");
    boost::system::error_code error = bind(path);
    if (error == asio::error::address_in_use) {
        HOLDFAST_TRY(remove_stale(path));
        error = bind(path);
    }
    if (!error) acceptor_.listen(stream_protocol::acceptor::max_listen_connections, error);
    if (!error) return success();
    close();
    return cannot_listen(ErrorCode::kIo, path, error.message());
}

void UnixListener::close() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    struct stat file {};
    const bool is_ours =
        !path_.empty() && ::lstat(path_.c_str(), &file) == 0 && file.st_dev == device_ && file.st_ino == inode_;
    if (is_ours) ::unlink(path_.c_str());
    path_.clear();
}

}  // namespace holdfast::net
