"""Training and evaluation with hooks: `training.train`, and `training.evaluation`.

The functions of `training.training` stand here too: in TF-Slim, `slim.training` is that module.
"""

from __future__ import annotations

from . import evaluation, training
from .training import (
    add_gradients_summaries,
    clip_gradient_norms,
    clip_gradient_norms_fn,
    create_train_op,
    multiply_gradients,
    train,
)

__all__ = [
    "add_gradients_summaries",
    "clip_gradient_norms",
    "clip_gradient_norms_fn",
    "create_train_op",
    "evaluation",
    "multiply_gradients",
    "train",
    "training",
]
