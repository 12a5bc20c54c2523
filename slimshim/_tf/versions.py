"""Which TensorFlow and which Keras this process has."""

from __future__ import annotations

import functools
import importlib.util
import os
import re

# As compat_matrix.yaml says; a test holds the two together.
OLDEST_TENSORFLOW = (2, 10)

_INSTALL_HINT = (
    "Install one with `pip install tensorflow` (GPU on Linux: `pip install 'tensorflow[and-cuda]'`; "
    "smaller, CPU only: `pip install tensorflow-cpu`)."
)


def parse_version(text):
    """Returns the leading (major, minor) of a version string, as integers."""
    major, minor = re.match(r"(\d+)\.(\d+)", text).groups()
    return int(major), int(minor)


def require_tensorflow(package):
    """Raises ImportError in one sentence if TensorFlow is missing or too old.

    Args:
      package: the name under which this package was imported, for the message.
    """
    wanted = ".".join(map(str, OLDEST_TENSORFLOW))
    if importlib.util.find_spec("tensorflow") is None:
        raise ImportError(f"{package} needs TensorFlow {wanted} or newer, and none is installed. {_INSTALL_HINT}")
    if tf_version() < OLDEST_TENSORFLOW:
        import tensorflow as tf

        raise ImportError(
            f"{package} needs TensorFlow {wanted} or newer, and this is {tf.__version__}. {_INSTALL_HINT}"
        )


@functools.cache
def tf_version():
    """Returns TensorFlow's (major, minor)."""
    import tensorflow as tf

    return parse_version(tf.__version__)


@functools.cache
def keras_is_3():
    """Returns True if `tf.keras` is Keras 3, False if it is Keras 2 or tf_keras.

    Does not import Keras: TensorFlow 2.16 and newer serve Keras 3 unless
    `TF_USE_LEGACY_KERAS` asks for tf_keras. Can go once TensorFlow < 2.16 and tf_keras are dropped.
    """
    legacy = os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("true", "1")
    return tf_version() >= (2, 16) and not legacy
