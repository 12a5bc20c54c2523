"""Callbacks of the TF2 training loop: evaluation while training, early stopping, and your own.

    evaluation = slim.callbacks.Evaluate(measure, data=validation_data, every_steps=500)
    stopping = slim.callbacks.EarlyStopping(evaluation, "accuracy", mode="max", patience=5)
    slim.learning.train(step, "logs", callbacks=[evaluation, stopping])

Your own derives from `Callback`. It gets the `TrainingRun`, whose `request_stop()` ends the training.
"""

from __future__ import annotations

from ._engine.callbacks import Callback, TrainingRun
from ._engine.early_stopping import EarlyStopping, Evaluate

__all__ = ["Callback", "EarlyStopping", "Evaluate", "TrainingRun"]
