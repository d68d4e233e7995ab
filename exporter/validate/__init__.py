"""What is wrong with a batch: events that cannot be accounted for, values that a monitor calls invalid."""

from exporter.validate.features import FeatureChecks
from exporter.validate.validated import Validated, ValueRule, Violation

__all__ = ["FeatureChecks", "Validated", "ValueRule", "Violation"]
