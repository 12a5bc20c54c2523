"""What the recomputing layers need and TensorFlow keeps to itself.

TF 2.10 to 2.21. Can go once TensorFlow exports `stop_recording` (today `tf.recompute_grad` alone
has it, which knows nothing of variable scopes) and a test for XLA.
"""

from __future__ import annotations


def stop_recording():
    """Returns a context in which no open `tf.GradientTape` records, so that none holds activations."""
    try:
        from tensorflow.python.eager import record  # TF 2.13 and later.
    except ImportError:
        from tensorflow.python.eager import tape as record  # Until TF 2.12.
    return record.stop_recording()


def in_xla_context(graph):
    """Returns True if ops that are now added to `graph` are marked for XLA, as on TPUs."""
    from tensorflow.python.ops import control_flow_util

    return control_flow_util.GraphOrParentsInXlaContext(graph)
