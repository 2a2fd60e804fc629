// A broken invariant ends the process, in every build: a stopped validator is safe, a wrong one is not.
#pragma once

namespace holdfast {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace holdfast

#define HOLDFAST_ASSERT(expression) \
    ((expression) ? static_cast<void>(0) : ::holdfast::assertion_failed(#expression, __FILE__, __LINE__))
