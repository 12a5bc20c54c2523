"""`tensorflow.contrib.tfprof`: its `model_analyzer`."""

from __future__ import annotations

from . import model_analyzer

__all__ = ["model_analyzer"]
