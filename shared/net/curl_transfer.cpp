#include "shared/net/curl_transfer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "shared/base/assert.hpp"
#include "shared/net/url.hpp"

namespace holdfast::net {

namespace {

// Everything that curl takes as a header of one response; more is an attack.
constexpr std::size_t kHeaderBytesMax = 1U << 20U;

std::string lower(std::string_view text) {
    std::string result{text};
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return result;
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const auto begin = text.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::string no_connection(int number) { return "no connection: " + lower(std::generic_category().message(number)); }

bool has_line_end(std::string_view text) { return text.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos; }

}  // namespace

bool connection_refused(const Error& error) {
    const auto says = [&](int number) { return error.message.ends_with(": " + no_connection(number)); };
    return error.code == ErrorCode::kUnavailable && (says(ECONNREFUSED) || says(ECONNRESET) || says(ENOENT));
}

CurlTransfer::CurlTransfer(std::shared_ptr<CurlLoop> loop, const HttpClientOptions& options, HttpRequest request)
    : loop_{std::move(loop)}, options_{options}, request_{std::move(request)} {
    job_.easy = curl_easy_init();
    HOLDFAST_ASSERT(job_.easy != nullptr);
}

CurlTransfer::~CurlTransfer() {
    loop_->remove(job_);
    curl_easy_cleanup(job_.easy);
    curl_slist_free_all(header_list_);
}

Result<void> CurlTransfer::start() {
    HOLDFAST_TRY(check_url(request_.url));
    HOLDFAST_TRY(set_headers());
    CURL* easy = job_.easy;
    curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
    curl_easy_setopt(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
    set_limits();
    set_method();
    set_tls();
    if (!loop_->start(job_)) return error(ErrorCode::kUnavailable, "the request could not be started");
    return success();
}

void CurlTransfer::set_limits() {
    CURL* easy = job_.easy;
    const auto connect_ms = std::chrono::duration_cast<std::chrono::milliseconds>(options_.connect_timeout).count();
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, std::max<long>(1, static_cast<long>(connect_ms)));
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
    // Without this, giving up a call whose host name is still looked up would block the loop until the resolver gives up too.
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    if (!options_.unix_socket.empty()) curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, options_.unix_socket.c_str());
    // A dead peer is noticed on idle connections too, before a duty needs them.
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
}

void CurlTransfer::set_method() {
    CURL* easy = job_.easy;
    const std::string& method = request_.method;
    if (method == "HEAD") {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (method == "GET" && request_.body.empty()) return;
    if (!request_.body.empty() || method == "POST") {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.data());
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    }
    if (method != "POST") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
}

void CurlTransfer::set_tls() {
    CURL* easy = job_.easy;
    const TlsFiles& tls = options_.tls;
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    if (!tls.ca_file.empty()) {
        // Only this CA: not those that the system trusts.
        curl_easy_setopt(easy, CURLOPT_CAINFO, tls.ca_file.c_str());
        curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
        // Up to a root of that file, whatever else stands in it; and read again for each connection: curl would keep it a day.
        curl_easy_setopt(easy, CURLOPT_SSL_OPTIONS, static_cast<long>(CURLSSLOPT_NO_PARTIALCHAIN));
        curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
        // A resumed session would keep what both sides' old certificates have proved.
        curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    }
    if (!tls.certificate_file.empty()) curl_easy_setopt(easy, CURLOPT_SSLCERT, tls.certificate_file.c_str());
    if (!tls.key_file.empty()) curl_easy_setopt(easy, CURLOPT_SSLKEY, tls.key_file.c_str());
}

void CurlTransfer::add_header(const std::string& line) {
    curl_slist* longer = curl_slist_append(header_list_, line.c_str());
    HOLDFAST_ASSERT(longer != nullptr);
    header_list_ = longer;
}

Result<void> CurlTransfer::set_headers() {
    constexpr std::string_view kMethodSigns = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (request_.method.empty() || request_.method.find_first_not_of(kMethodSigns) != std::string::npos) {
        return failure(ErrorCode::kInvalidArgument, "a request's method must be capital letters");
    }
    for (const Header& header : request_.headers) {
        if (header.name.empty() || has_line_end(header.name) || has_line_end(header.value) ||
            header.name.find(':') != std::string::npos) {
            return error(ErrorCode::kInvalidArgument, "a header's name or value has a character that it can't have");
        }
        // Curl's way to say "this header, with nothing in it" is a semicolon.
        add_header(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
    }
    // What curl would add by itself: a form's type, and a pause before large bodies.
    if (!find_header(request_.headers, "content-type")) add_header("Content-Type:");
    add_header("Expect:");
    curl_easy_setopt(job_.easy, CURLOPT_HTTPHEADER, header_list_);
    return success();
}

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    const std::size_t bytes = size * count;
    transfer.header_bytes_ += bytes;
    if (transfer.header_bytes_ > kHeaderBytesMax) {
        transfer.too_large_ = TooLarge::kHeader;
        return 0;
    }
    transfer.take_header({data, bytes});
    return bytes;
}

void CurlTransfer::take_header(std::string_view line) {
    // A status line begins the response anew: what came before was of a 1xx answer.
    if (line.starts_with("HTTP/")) {
        headers_.clear();
        return;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
        if (trim(line).empty()) job_.changed.notify_all();
        return;
    }
    headers_.push_back(Header{lower(trim(line.substr(0, colon))), std::string{trim(line.substr(colon + 1))}});
}

std::size_t CurlTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    const std::size_t bytes = size * count;
    if (transfer.body_.size() + bytes > transfer.options_.response_bytes_max) {
        transfer.too_large_ = TooLarge::kBody;
        return 0;
    }
    transfer.body_.append(data, bytes);
    transfer.job_.changed.notify_all();
    return bytes;
}

int CurlTransfer::status() const {
    long status = 0;
    curl_easy_getinfo(job_.easy, CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
}

Error CurlTransfer::error(ErrorCode code, std::string_view why) const {
    return failure(code, request_.method + " " + redact_query(request_.url) + ": " + std::string{why});
}

std::string CurlTransfer::why_not_connected() const {
    long number = 0;
    curl_easy_getinfo(job_.easy, CURLINFO_OS_ERRNO, &number);
    if (job_.result == CURLE_COULDNT_CONNECT && number != 0) {
        return no_connection(static_cast<int>(number));
    }
    if (job_.result == CURLE_OPERATION_TIMEDOUT) {
        return "no connection within " + std::to_string(static_cast<long>(to_ms(options_.connect_timeout))) + " ms";
    }
    return error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(job_.result);
}

Result<void> CurlTransfer::outcome() const {
    if (too_large_ == TooLarge::kBody) {
        return error(ErrorCode::kMalformed,
                     "the response is larger than " + std::to_string(options_.response_bytes_max) + " bytes");
    }
    if (too_large_ == TooLarge::kHeader) return error(ErrorCode::kMalformed, "the response's header is too large");
    switch (job_.result) {
        case CURLE_OK: return success();
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            // Curl says the latter of an answer without a status line, too.
            return error(
                status() == 0 && job_.result == CURLE_URL_MALFORMAT ? ErrorCode::kInvalidArgument : ErrorCode::kMalformed,
                why_not_connected());
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_HTTP2:
        case CURLE_BAD_CONTENT_ENCODING: return error(ErrorCode::kMalformed, why_not_connected());
        default: return error(ErrorCode::kUnavailable, why_not_connected());
    }
}

Result<HttpResponse> CurlTransfer::take_response() {
    HOLDFAST_TRY(outcome());
    HttpResponse response;
    response.status = status();
    response.headers = std::move(headers_);
    response.body = std::move(body_);
    return response;
}

}  // namespace holdfast::net
