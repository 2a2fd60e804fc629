#include "shared/base/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace holdfast {

Progress make_progress_bar(std::string what) {
    if (isatty(STDERR_FILENO) == 0) return {};
    return [what = std::move(what)](std::size_t done, std::size_t of) {
        constexpr std::size_t kWidth = 40;
        const std::string bar(of == 0 ? kWidth : kWidth * std::min(done, of) / of, '#');
        std::fprintf(stderr, "\r%s [%-40s] %zu/%zu%s", what.c_str(), bar.c_str(), done, of, done == of ? "\n" : "");
        std::fflush(stderr);
    };
}

}  // namespace holdfast
