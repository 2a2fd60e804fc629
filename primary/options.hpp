// holdfast-primary's flags and file: the flags win over the file, everything that is wrong is said at once.
#pragma once

#include <string>
#include <vector>

#include "primary/settings.hpp"
#include "shared/base/config.hpp"

namespace holdfast::primary {

// All options, with `settings` as targets.
[[nodiscard]] OptionSet make_options(Settings& settings);

}  // namespace holdfast::primary
