// HTTP messages as plain values: what our client sends and gets, what our server gets and sends. Header names are lower case.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/time.hpp"

namespace holdfast::net {

struct Header {
    std::string name;
    std::string value;
};
using Headers = std::vector<Header>;

// The first header of that name (compared without case); nothing if there is none.
[[nodiscard]] std::optional<std::string_view> find_header(const Headers& headers, std::string_view name);

struct HttpRequest {
    std::string method{"GET"};
    std::string url;  // client: whole URL; server: path with query
    Headers headers;
    std::string body;
};

struct HttpResponse {
    int status{0};
    Headers headers;
    std::string body;

    [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
};

[[nodiscard]] HttpResponse make_response(int status, std::string content_type, std::string body);
// {"code": status, "message": "..."}: the form of errors in the Beacon API and in ours.
[[nodiscard]] HttpResponse make_error(int status, std::string_view message);

// Certificates for mutual TLS. Files in PEM; empty: not used.
struct TlsFiles {
    std::string ca_file;           // who may sign the other side's certificate
    std::string certificate_file;  // ours
    std::string key_file;          // its key
};

}  // namespace holdfast::net
