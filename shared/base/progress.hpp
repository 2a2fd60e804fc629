// How far something has come, for people that watch a terminal.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace holdfast {

// (done, of). Empty: nobody wants to know.
using Progress = std::function<void(std::size_t, std::size_t)>;

// A progress bar on standard error, if that is a terminal; empty otherwise.
[[nodiscard]] Progress make_progress_bar(std::string what);

}  // namespace holdfast
