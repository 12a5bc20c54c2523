"""Reading data: datasets, providers, parallel readers and decoders of TF-Example records.

The modules carry tf_slim's names. Reading goes through `tf.data`; the decoders' item handlers
stand in one file per subject behind `tfexample_decoder`.
"""

from __future__ import annotations

from . import (
    data_decoder,
    data_provider,
    dataset,
    dataset_data_provider,
    parallel_reader,
    prefetch_queue,
    tfexample_decoder,
)

__all__ = [
    "data_decoder",
    "data_provider",
    "dataset",
    "dataset_data_provider",
    "parallel_reader",
    "prefetch_queue",
    "tfexample_decoder",
]
