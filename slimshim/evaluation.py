"""Evaluation of trained checkpoints, with metrics and summaries.

Every new checkpoint, as it comes:

    slim.evaluation.evaluation_loop(
        "", "logs", "logs/eval",
        num_evals=100,
        eval_op=list(names_to_updates.values()),
        final_op=names_to_values)
"""

from __future__ import annotations

from ._engine import slim_evaluation as _slim_evaluation
from ._engine.defaults import USE_DEFAULT as _USE_DEFAULT
from .training.evaluation import (
    StopAfterNEvalsHook,
    SummaryAtEndHook,
    checkpoints_iterator,
    evaluate_repeatedly,
    get_or_create_eval_step,
    wait_for_new_checkpoint,
)

__all__ = [
    "StopAfterNEvalsHook",
    "SummaryAtEndHook",
    "checkpoints_iterator",
    "evaluate_once",
    "evaluate_repeatedly",
    "evaluation_loop",
    "get_or_create_eval_step",
    "wait_for_new_checkpoint",
]


def evaluate_once(
    master,
    checkpoint_path,
    logdir,
    num_evals=1,
    initial_op=None,
    initial_op_feed_dict=None,
    eval_op=None,
    eval_op_feed_dict=None,
    final_op=None,
    final_op_feed_dict=None,
    summary_op=_USE_DEFAULT,
    summary_op_feed_dict=None,
    variables_to_restore=None,
    session_config=None,
    hooks=None,
):
    """Returns the value of `final_op` after evaluating one checkpoint; None without `final_op`.

    Args:
      master: the address of the TensorFlow master; empty for this process.
      checkpoint_path: the checkpoint to restore; None or empty for none.
      logdir: the directory of the evaluation's events.
      num_evals: how many times to run `eval_op`.
      initial_op: run if there is no checkpoint to restore.
      initial_op_feed_dict: what to feed to it.
      eval_op: a tensor or op, or a list or dict of these.
      eval_op_feed_dict: what to feed to it.
      final_op: run once at the end.
      final_op_feed_dict: what to feed to it.
      summary_op: written at the end. Left out: all summaries of the graph. None: none.
      summary_op_feed_dict: what to feed to it.
      variables_to_restore: a list, or a dict by name in the checkpoint. None: all variables that
        a `tf.compat.v1.train.Saver` saves.
      session_config: a `tf.compat.v1.ConfigProto`.
      hooks: a list of further `tf.compat.v1.train.SessionRunHook`.

    Source: `tf.contrib.slim.evaluation.evaluate_once`.
    """
    return _slim_evaluation.evaluate_once(**locals())


def evaluation_loop(
    master,
    checkpoint_dir,
    logdir,
    num_evals=1,
    initial_op=None,
    initial_op_feed_dict=None,
    init_fn=None,
    eval_op=None,
    eval_op_feed_dict=None,
    final_op=None,
    final_op_feed_dict=None,
    summary_op=_USE_DEFAULT,
    summary_op_feed_dict=None,
    variables_to_restore=None,
    eval_interval_secs=60,
    max_number_of_evaluations=None,
    session_config=None,
    timeout=None,
    timeout_fn=None,
    hooks=None,
):
    """Returns the value of `final_op` for the last checkpoint, after evaluating each new one.

    Args:
      master, logdir, num_evals, initial_op, initial_op_feed_dict, eval_op, eval_op_feed_dict,
        final_op, final_op_feed_dict, summary_op, summary_op_feed_dict, variables_to_restore,
        session_config, hooks: as in `evaluate_once`.
      checkpoint_dir: the directory where checkpoints appear.
      init_fn: with (session) as `initial_op`: a restored session calls neither.
      eval_interval_secs: the least number of seconds between two evaluations.
      max_number_of_evaluations: how many checkpoints to evaluate; None for no end.
      timeout: how many seconds to wait for a checkpoint; None for ever.
      timeout_fn: called after a timeout; the loop ends if it returns True, or if it is None.

    Source: `tf.contrib.slim.evaluation.evaluation_loop`.
    """
    return _slim_evaluation.evaluation_loop(**locals())
