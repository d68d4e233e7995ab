"""Derived features and SQL rules: DuckDB expressions over one batch at a time."""

from exporter.derive.deriver import Derived, Deriver

__all__ = ["Derived", "Deriver"]
