"""Attributes that `install()` gives to modules of TensorFlow, each noted for `uninstall()`."""

from __future__ import annotations

import importlib
import sys

import tensorflow as tf

from .._tf import private_names
from .hook import LazySource
from .placeholders import LegacyModule

_V1 = "tensorflow.compat.v1"
_INNER_V1 = "tensorflow._api.v2.compat.v1"

# Modules below tf.compat.v1 that Keras 3 or TensorFlow 2.16 emptied or removed:
# path -> (a name that a working module has, sources of the stand-in, whether it has placeholders too).
EMPTIED = {
    "estimator": ("EstimatorSpec", (), True),
    "layers": ("conv2d", (".legacy.v1_layers", ".legacy.v1_layer_classes"), True),
    "nn.rnn_cell": ("BasicLSTMCell", (".legacy.rnn_cells", ".legacy.rnn_wrappers"), False),
}


def give_back(ledger):
    """Sets `contrib`, the emptied modules and the moved private names where they are missing."""
    contrib = importlib.import_module("tensorflow.contrib")
    for v1 in _every_v1():
        ledger.set_attribute(v1, "contrib", contrib)
    for path, (sign, sources, open_ended) in EMPTIED.items():
        if not _has(tf.compat.v1, f"{path}.{sign}"):
            _stand_in(ledger, path, LegacyModule(f"{_V1}.{path}", LazySource.of(sources), open_ended))
    for module, name, found in private_names.missing_names():
        ledger.set_attribute(module, name, found)


def _every_v1():
    """Returns every module object that programs know as `tensorflow.compat.v1`.

    TensorFlow loads that file under two names, so that `import tensorflow.compat.v1` and the
    attribute `tf.compat.v1` may be two objects; which one the attribute is depends on imports.
    """
    modules = [tf.compat.v1, importlib.import_module(_V1), sys.modules.get(_INNER_V1)]
    return list({id(module): module for module in modules if module is not None}.values())


def _stand_in(ledger, path, module):
    parent, _, name = path.rpartition(".")
    holders = [getattr(v1, parent) if parent else v1 for v1 in _every_v1()]
    for holder in {id(holder): holder for holder in holders}.values():
        ledger.set_attribute(holder, name, module)
    ledger.set_module(f"{_V1}.{path}", module)


def _has(found, path):
    """Returns whether the attribute path exists. Emptied modules raise on every name."""
    for part in path.split("."):
        found = getattr(found, part, None)
        if found is None:
            return False
    return True
