"""Imports TensorFlow without the lines that its C++ side writes to the terminal while it loads."""

import os
import sys
import tempfile


def import_tensorflow():
    """Returns the `tensorflow` module. A failing import raises as usual."""
    if "tensorflow" in sys.modules:
        return sys.modules["tensorflow"]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as unread:
        os.dup2(unread.fileno(), 2)
        try:
            import tensorflow
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
    return tensorflow
