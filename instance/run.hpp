// The main of both programs: options, loop, signals. The rest is in program.hpp.
#pragma once

#include "instance/program.hpp"

namespace holdfast::instance {

// The exit code (shared/base/program.hpp).
[[nodiscard]] int run_main(int argc, char** argv, Part part, RoleMaker make_role);

}  // namespace holdfast::instance
