"""Figures of a sample: median, percentiles, largest."""
import math


def percentile(values, percent):
    """The smallest value that is not exceeded by `percent` of the sample (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def distribution(values, digits=3):
    """{"count", "min", "median", "p90", "p99", "max"}; only the count of an empty sample."""
    figures = {"count": len(values)}
    if values:
        figures |= {"min": min(values), "median": percentile(values, 50), "p90": percentile(values, 90),
                    "p99": percentile(values, 99), "max": max(values)}
    return {name: round(value, digits) for name, value in figures.items()}


def table(rows, digits=2):
    """rows: {title: distribution}; lines of text."""
    width = max(len(title) for title in rows)
    lines = [f"{'':{width}}  {'n':>5}  {'min':>7}  {'median':>7}  {'p90':>7}  {'p99':>7}  {'max':>7}"]
    for title, figures in rows.items():
        cells = [f"{figures[name]:7.{digits}f}" if name in figures else "      -" for name in ("min", "median", "p90", "p99", "max")]
        lines.append(f"{title:{width}}  {figures['count']:5}  " + "  ".join(cells))
    return lines
