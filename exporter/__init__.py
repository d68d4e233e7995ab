"""Infranaut: monitors machine-learning models from inside the Prometheus stack."""

__version__ = "0.1.0"
