"""The data path of one monitor in one process: bodies in, counts and rejects out."""

from exporter.pipeline.data_path import Pipeline
from exporter.pipeline.payload import Admitted, Payload, Receipt

__all__ = ["Admitted", "Payload", "Pipeline", "Receipt"]
