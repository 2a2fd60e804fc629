// The flags and the file of holdfast-primary and holdfast-secondary: the flags win over the file, everything that is wrong is
// said at once.
#pragma once

#include "instance/settings.hpp"
#include "shared/base/config.hpp"

namespace holdfast::instance {

// All options of settings.part, with `settings` as targets.
[[nodiscard]] OptionSet make_options(Settings& settings);

// Those of blocks, of what keys are kept safe by, and of what is kept over a restart.
void add_duties(OptionSet& options, Settings& settings);

// Those of the failover's times. Both have all of them, so that a pair can have one file of them.
void add_times(OptionSet& options, Settings& settings);

}  // namespace holdfast::instance
