#include "shared/base/result.hpp"

namespace holdfast {

std::string_view to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::kInvalidArgument: return "invalid argument";
        case ErrorCode::kNotFound: return "not found";
        case ErrorCode::kUnavailable: return "unavailable";
        case ErrorCode::kTimeout: return "timeout";
        case ErrorCode::kCancelled: return "cancelled";
        case ErrorCode::kRefused: return "refused";
        case ErrorCode::kMalformed: return "malformed";
        case ErrorCode::kIo: return "input/output error";
        case ErrorCode::kInternal: return "internal error";
    }
    return "unknown";
}

Error with_context(std::string_view context, Error error) {
    error.message.insert(0, std::string{context} + ": ");
    return error;
}

}  // namespace holdfast
