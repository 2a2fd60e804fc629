// Expected failures are values: Result<T> holds a T or an Error. Reading the wrong one ends the process (a bug, not a state).
//
//   Result<int> parse(std::string_view text);
//   HOLDFAST_TRY(auto value, parse(text));       // in a function that returns a Result
//   HOLDFAST_CO_TRY(auto value, co_await f());   // in a Task that returns a Result
#pragma once

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/terminate.hpp>
#include <boost/outcome/success_failure.hpp>
#include <boost/outcome/try.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast {

// What kind of failure it is, for code that must act differently; people read the message.
enum class ErrorCode {
    kInvalidArgument = 1,  // what the caller or the user gave is wrong
    kNotFound,             // it does not exist
    kUnavailable,          // the other side can't be reached, or said that it can't now
    kTimeout,              // the deadline came first
    kCancelled,            // the caller took it back; never logged as a failure
    kRefused,              // a rule says no
    kMalformed,            // bytes or text that don't have the form they must have
    kIo,                   // disk, socket or system call
    kInternal,             // should not happen
};

[[nodiscard]] std::string_view to_string(ErrorCode code);

// A failure: its kind and one clear sentence (what, where, what to do), without a final full stop.
struct Error {
    ErrorCode code{ErrorCode::kInternal};
    std::string message;

    friend bool operator==(const Error&, const Error&) = default;
};

// "context: message", same code.
[[nodiscard]] Error with_context(std::string_view context, Error error);

template <class T>
using Result = BOOST_OUTCOME_V2_NAMESPACE::basic_result<T, Error, BOOST_OUTCOME_V2_NAMESPACE::policy::terminate>;

[[nodiscard]] inline auto success() { return BOOST_OUTCOME_V2_NAMESPACE::success(); }
[[nodiscard]] inline Error failure(ErrorCode code, std::string message) { return Error{code, std::move(message)}; }

}  // namespace holdfast

#define HOLDFAST_TRY(...) BOOST_OUTCOME_TRY(__VA_ARGS__)
#define HOLDFAST_CO_TRY(...) BOOST_OUTCOME_CO_TRY(__VA_ARGS__)
