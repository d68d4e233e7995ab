"""Renders every series as Prometheus reads them."""

from exporter.expose.exposition import Exposition, Rendered
from exporter.expose.families import HistogramSamples, LabelPairs, Part, Samples

__all__ = ["Exposition", "HistogramSamples", "LabelPairs", "Part", "Rendered", "Samples"]
