"""Training in TensorFlow's own monitored session, for programs that use hooks and scaffolds."""

from __future__ import annotations

import tensorflow as tf

from .._checks import error_text
from . import contexts
from .checkpoint_files import require_writable

v1 = tf.compat.v1


def train(train_op, logdir, *, is_chief, save_checkpoint_secs, save_summaries_steps, run_metadata, **session_arguments):
    """Returns the last loss, or None if no step was made. See `training.train`."""
    contexts.require_graph_train_value("train_op", train_op)
    if is_chief:
        _check_logdir(logdir, save_checkpoint_secs, save_summaries_steps)
    loss = None
    with contexts.graph_of_call(train_op):
        with v1.train.MonitoredTrainingSession(
            is_chief=is_chief,
            checkpoint_dir=logdir,
            save_checkpoint_secs=save_checkpoint_secs,
            save_summaries_steps=save_summaries_steps,
            **session_arguments,
        ) as session:
            while not session.should_stop():
                loss = session.run(train_op, run_metadata=run_metadata)
    return loss


def _check_logdir(logdir, save_checkpoint_secs, save_summaries_steps):
    if logdir is not None:
        require_writable(logdir)
        return
    for name, value in [("save_summaries_steps", save_summaries_steps), ("save_checkpoint_secs", save_checkpoint_secs)]:
        if value:
            raise ValueError(error_text(name, "None or 0, because logdir=None", value, "Pass a logdir."))
