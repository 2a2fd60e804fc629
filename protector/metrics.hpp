// The protector's figures for Prometheus: what the store counts and how it stands, read when they are asked for.
#pragma once

#include "protector/membership.hpp"
#include "protector/store.hpp"
#include "shared/base/metrics.hpp"

namespace holdfast::protector {

// Adds the figures to `metrics`. All must live as long as `metrics` is rendered.
void add_store_metrics(Metrics& metrics, const Store& store, const Membership& membership);

}  // namespace holdfast::protector
