// The secondary's rules behind the driver's face.
#pragma once

#include <memory>

#include "instance/role.hpp"
#include "instance/settings.hpp"

namespace holdfast::secondary {

// `settings`: with the cluster read.
[[nodiscard]] std::unique_ptr<instance::Role> make_role(const instance::Settings& settings);

}  // namespace holdfast::secondary
