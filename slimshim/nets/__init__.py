"""Classification networks of TF1's slim, under its names: variables, end points, default sizes.

Each is a table of blocks and a small function that builds it. Modules load on first use.
"""

from __future__ import annotations

import importlib

__all__ = [
    "alexnet",
    "inception",
    "inception_v1",
    "inception_v2",
    "inception_v3",
    "overfeat",
    "resnet_utils",
    "resnet_v1",
    "resnet_v2",
    "vgg",
]


def __getattr__(name):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module("." + name, __name__)


def __dir__():
    return sorted({*globals(), *__all__})
