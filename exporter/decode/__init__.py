"""Bytes to columns: every payload format becomes the same batch."""

from exporter.decode.formats import Decoders
from exporter.decode.inflate import inflate
from exporter.decode.projection import Projection, label_projection, prediction_projection
from exporter.decode.reading import Decoder

__all__ = ["Decoder", "Decoders", "Projection", "inflate", "label_projection", "prediction_projection"]
