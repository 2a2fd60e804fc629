// Parts of the documents that both have in common. Internal to healthcheck.
#pragma once

#include "healthcheck/document.hpp"
#include "healthcheck/json_text.hpp"

namespace holdfast::healthcheck {

// Members of an object that text has begun.
void append_members(JsonText& text, const HealthDocument& document);

}  // namespace holdfast::healthcheck
