// Figures for Prometheus. Metrics owns them; Counter, Gauge and Histogram are handles: get one once, keep it, and use it on the
// hot path for the price of an atomic operation. Handles must not outlive their Metrics. Any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace holdfast {

using MetricLabels = std::map<std::string, std::string>;

// Only grows.
class Counter {
public:
    explicit Counter(prometheus::Counter& counter) : counter_{&counter} {}
    void add(double amount = 1) const;
    [[nodiscard]] double value() const;

private:
    prometheus::Counter* counter_;
};

class Gauge {
public:
    explicit Gauge(prometheus::Gauge& gauge) : gauge_{&gauge} {}
    void set(double value) const;
    [[nodiscard]] double value() const;

private:
    prometheus::Gauge* gauge_;
};

class Histogram {
public:
    explicit Histogram(prometheus::Histogram& histogram) : histogram_{&histogram} {}
    void observe(double value) const;

private:
    prometheus::Histogram* histogram_;
};

class Metrics {
public:
    Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;
    ~Metrics();

    // The same name and labels give the same figure. One name has one kind (counter, gauge or histogram), and is made of
    // letters, digits and '_'; anything else is a bug and ends the process. The first `help` stays.
    [[nodiscard]] Counter counter(const std::string& name, const std::string& help, const MetricLabels& labels = {});
    [[nodiscard]] Gauge gauge(const std::string& name, const std::string& help, const MetricLabels& labels = {});
    // `bounds`: upper bounds of the buckets, growing.
    [[nodiscard]] Histogram histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                                      const MetricLabels& labels = {});

    // Called at each render() before the figures are read: for what is a state and not an event.
    void before_render(std::function<void()> refresh);
    // Prometheus' text format, version 0.0.4.
    [[nodiscard]] std::string render() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast
