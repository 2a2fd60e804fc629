#include "shared/base/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <exception>
#include <utility>

#include "shared/base/assert.hpp"

namespace holdfast {
namespace {

// prometheus-cpp throws for a bad name and for a name of two kinds.
template <class Builder, class... Args>
auto& figure(Builder builder, const std::string& name, const std::string& help, prometheus::Registry& registry,
             const MetricLabels& labels, const Args&... args) {
    try {
        return builder.Name(name).Help(help).Register(registry).Add(labels, args...);
    } catch (const std::exception&) {
        assertion_failed("a metric's name or label is legal, and the name is of one kind", __FILE__, __LINE__);
    }
}

}  // namespace

void Counter::add(double amount) const { counter_->Increment(amount); }
double Counter::value() const { return counter_->Value(); }
void Gauge::set(double value) const { gauge_->Set(value); }
double Gauge::value() const { return gauge_->Value(); }
void Histogram::observe(double value) const { histogram_->Observe(value); }

struct Metrics::Impl {
    prometheus::Registry registry;
    std::vector<std::function<void()>> refreshers;
};

Metrics::Metrics() : impl_{std::make_unique<Impl>()} {}
Metrics::~Metrics() = default;

Counter Metrics::counter(const std::string& name, const std::string& help, const MetricLabels& labels) {
    return Counter{figure(prometheus::BuildCounter(), name, help, impl_->registry, labels)};
}

Gauge Metrics::gauge(const std::string& name, const std::string& help, const MetricLabels& labels) {
    return Gauge{figure(prometheus::BuildGauge(), name, help, impl_->registry, labels)};
}

Histogram Metrics::histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                             const MetricLabels& labels) {
    return Histogram{figure(prometheus::BuildHistogram(), name, help, impl_->registry, labels, bounds)};
}

void Metrics::before_render(std::function<void()> refresh) { impl_->refreshers.push_back(std::move(refresh)); }

std::string Metrics::render() const {
    for (const auto& refresh : impl_->refreshers) refresh();
    return prometheus::TextSerializer{}.Serialize(impl_->registry.Collect());
}

}  // namespace holdfast
