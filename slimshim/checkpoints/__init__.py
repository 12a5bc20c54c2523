"""Checkpoints from one format to another: TF1 names, TF2 objects, Keras weights.

    convert("inception_v2.ckpt", "objects/ckpt", to="tf2")
    tf.train.Checkpoint(model=module).restore("objects/ckpt")

    convert("model.keras", "model.ckpt", to="tf1", rename=["kernel$=weights", "bias$=biases"])

`restore` fills a live Module, Keras model or training step from any of the formats, and `read` gives
the values by name. The same on the command line: `python -m slimshim convert --help`.
"""

from __future__ import annotations

from .conversion import convert, restore
from .matching import Conversion, ConversionError, Row
from .sources import Value, read

__all__ = ["Conversion", "ConversionError", "Row", "Value", "convert", "read", "restore"]
