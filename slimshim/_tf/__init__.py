"""The rooms that know TensorFlow's and Keras's versions, or touch a private name.

Nothing outside this folder compares a version or imports `tensorflow.python`. Each module here
says which versions it is for and when it can go.
"""

from __future__ import annotations

from .versions import keras_is_3, require_tensorflow, tf_version

# Before the first `import tensorflow`: without it, the message says what to install.
require_tensorflow(__name__.rpartition(".")[0])

from .modes import in_graph_mode, is_control_flow_graph, is_keras_tensor  # noqa: E402

__all__ = [
    "in_graph_mode",
    "is_control_flow_graph",
    "is_keras_tensor",
    "keras_is_3",
    "tf_version",
]
