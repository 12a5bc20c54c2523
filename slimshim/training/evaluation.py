"""Evaluating checkpoints with hooks, once or each time a new one appears.

Every new checkpoint, as it comes:

    slim.training.evaluation.evaluate_repeatedly(
        "logs",
        eval_ops=list(names_to_updates.values()),
        final_ops=names_to_values,
        hooks=[StopAfterNEvalsHook(100), SummaryAtEndHook("logs/eval")])
"""

from __future__ import annotations

from .._engine import monitored_evaluation as _monitored_evaluation
from .._engine.checkpoint_files import checkpoints_iterator, wait_for_new_checkpoint
from .._engine.evaluation import StopAfterNEvalsHook, SummaryAtEndHook, get_or_create_eval_step

__all__ = [
    "StopAfterNEvalsHook",
    "SummaryAtEndHook",
    "checkpoints_iterator",
    "evaluate_once",
    "evaluate_repeatedly",
    "get_or_create_eval_step",
    "wait_for_new_checkpoint",
]


def evaluate_once(
    checkpoint_path,
    master="",
    scaffold=None,
    eval_ops=None,
    feed_dict=None,
    final_ops=None,
    final_ops_feed_dict=None,
    hooks=None,
    config=None,
    *,
    data=None,
):
    """Returns the values of `final_ops` after evaluating one checkpoint; None without `final_ops`.

    `eval_ops` runs until a hook stops it or the input ends, then `final_ops` runs once.

    In TF2 mode `eval_ops` is a function that measures a batch, as in `evaluation.evaluate_once`; the
    hooks are `StopAfterNEvalsHook` and `SummaryAtEndHook`.

    Args:
      checkpoint_path: the checkpoint to restore.
      master: the address of the TensorFlow master; empty for this process.
      scaffold: a `tf.compat.v1.train.Scaffold`. If it has its own `local_init_op`, that must
        initialize the eval step (`get_or_create_eval_step`) too.
      eval_ops: a tensor or op, or a list or dict of these; None evaluates nothing.
      feed_dict: what to feed to `eval_ops`.
      final_ops: a tensor, or a list or dict of these.
      final_ops_feed_dict: what to feed to `final_ops`.
      hooks: a list of `tf.compat.v1.train.SessionRunHook`, such as `StopAfterNEvalsHook`.
      config: a `tf.compat.v1.ConfigProto`.
      data: in TF2 mode, where `eval_ops` takes arguments: a `tf.data.Dataset` of them.

    Source: `tf.contrib.training.evaluate_once`.
    """
    return _monitored_evaluation.evaluate_once(**locals())


def evaluate_repeatedly(
    checkpoint_dir,
    master="",
    scaffold=None,
    eval_ops=None,
    feed_dict=None,
    final_ops=None,
    final_ops_feed_dict=None,
    eval_interval_secs=60,
    hooks=None,
    config=None,
    max_number_of_evaluations=None,
    timeout=None,
    timeout_fn=None,
    *,
    data=None,
):
    """Returns the values of `final_ops` for the last checkpoint, after evaluating each new one.

    Args:
      checkpoint_dir: the directory where checkpoints appear.
      master, scaffold, eval_ops, feed_dict, final_ops, final_ops_feed_dict, hooks, config, data: as in
        `evaluate_once`.
      eval_interval_secs: the least number of seconds between two evaluations.
      max_number_of_evaluations: how many checkpoints to evaluate; None for no end.
      timeout: how many seconds to wait for a checkpoint; None for ever.
      timeout_fn: called after a timeout; the evaluation ends if it returns True, or if it is None.

    Source: `tf.contrib.training.evaluate_repeatedly`.
    """
    return _monitored_evaluation.evaluate_repeatedly(**locals())
