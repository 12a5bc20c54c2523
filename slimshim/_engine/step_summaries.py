"""Summaries that a `TrainStep`'s function makes: where they go, in the one step that writes them."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import warnings

import tensorflow as tf

from ..ops.summary_ops import writing_summaries_to

v1 = tf.compat.v1


def recording(take_step, writer, global_step, ahead=1):
    """Returns `take_step`, made to write its summaries to `writer`.

    Args:
      take_step: a function to be traced, which takes a step and returns the loss.
      writer: a `tf.summary` writer.
      global_step: the variable that counts steps.
      ahead: how many steps on the summaries stand; 1 for a step that counts itself while it runs.
    """

    def take_step_and_write(*args):
        step = global_step + ahead  # As the session engine, which reads it after the step.
        with writing_summaries_to(writer, step), _default_if_tensorboard(writer, step):
            loss = take_step(*args)
        _write_collected(writer, step)
        return loss

    return take_step_and_write


@contextlib.contextmanager
def quiet_summaries():
    """A context in which TensorFlow 1's summaries do not warn that there is no default writer."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Cannot activate TF2 compatibility support for TF1 summary ops")
        yield


def _default_if_tensorboard(writer, step):
    # With a default writer, `tf.compat.v1.summary` writes by itself, for which TensorFlow needs
    # TensorBoard to be installed, as it does for `tf.summary.scalar` and its like.
    return writer.as_default(step=step) if _tensorboard_is_installed() else contextlib.nullcontext()


@functools.cache
def _tensorboard_is_installed():
    return importlib.util.find_spec("tensorboard") is not None


def _write_collected(writer, step):
    """Writes what `tf.compat.v1.summary` put into the traced function's collection."""
    if tf.executing_eagerly():
        return
    graph = v1.get_default_graph()
    # Functions within share the collection, but their tensors can not be read from here. Of several
    # replicas' summaries the first one's are written, as `tf.summary` does.
    made_here = [
        summary
        for summary in v1.get_collection(v1.GraphKeys.SUMMARIES)
        if getattr(summary, "graph", None) is graph and not summary.name.startswith("replica_")
    ]
    if made_here:
        with writer.as_default(step=step):
            tf.summary.experimental.write_raw_pb(v1.summary.merge(made_here, collections=[]), step=step)
