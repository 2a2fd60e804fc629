// A listening Unix socket at a path. Only for the sources of the HTTP server.
#pragma once

#include <sys/types.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <string>

#include "shared/base/result.hpp"
#include "shared/base/task.hpp"

namespace holdfast::net {

class UnixListener {
public:
    using Acceptor = boost::asio::local::stream_protocol::acceptor;

    explicit UnixListener(const Executor& executor) : acceptor_{executor} {}
    UnixListener(const UnixListener&) = delete;
    UnixListener& operator=(const UnixListener&) = delete;
    ~UnixListener() { close(); }

    // As HttpServer::listen_unix() says.
    Result<void> open(const std::string& path);
    // And the file is gone, if it still is ours.
    void close();

    [[nodiscard]] Acceptor& acceptor() { return acceptor_; }

private:
    Acceptor acceptor_;
    std::string path_;  // empty: no file of ours
    dev_t device_{};
    ino_t inode_{};

    boost::system::error_code bind(const std::string& path);
    Result<void> remove_stale(const std::string& path);
};

}  // namespace holdfast::net
