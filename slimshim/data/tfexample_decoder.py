"""Decoders of TF-Example records and the handlers that make their items.

The public path for what stands, one subject a file, in `example_decoders`, `item_handler`,
`tensor_handlers`, `image_handler` and `box_handlers`.
"""

from __future__ import annotations

from . import data_decoder
from .box_handlers import BoundingBox, BoundingBoxSequence, KeypointsSequence, NumBoxesSequence
from .example_decoders import TFExampleDecoder, TFSequenceExampleDecoder
from .image_handler import Image
from .item_handler import BackupHandler, ItemHandler, ItemHandlerCallback
from .tensor_handlers import LookupTensor, SparseTensor, Tensor

__all__ = [
    "BackupHandler",
    "BoundingBox",
    "BoundingBoxSequence",
    "Image",
    "ItemHandler",
    "ItemHandlerCallback",
    "KeypointsSequence",
    "LookupTensor",
    "NumBoxesSequence",
    "SparseTensor",
    "TFExampleDecoder",
    "TFSequenceExampleDecoder",
    "Tensor",
    "data_decoder",
]
