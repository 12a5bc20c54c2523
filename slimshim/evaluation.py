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
    *,
    data=None,
):
    """Returns the value of `final_op` after evaluating one checkpoint; None without `final_op`.

    In TF2 mode `eval_op` is a function that measures one batch: it returns streaming metrics, or other
    values, in a dict say. It is traced, and run `num_evals` times after the checkpoint was restored
    into all variables that it uses. What comes back, without a `final_op`, are the values after the
    last batch, as NumPy numbers and arrays. Arguments about sessions are errors.

        def measure(images, labels):
            predictions = tf.argmax(model(images, is_training=False)[0], -1)
            return {"accuracy": slim.metrics.streaming_accuracy(predictions, labels)}

        slim.evaluation.evaluate_once("", path, "logs/eval", num_evals=None, eval_op=measure, data=dataset)

    Args:
      master: the address of the TensorFlow master; empty for this process.
      checkpoint_path: the checkpoint to restore; None or empty for none.
      logdir: the directory of the evaluation's events.
      num_evals: how many times to run `eval_op`; None until the input ends.
      initial_op: run if there is no checkpoint to restore.
      initial_op_feed_dict: what to feed to it.
      eval_op: a tensor or op, or a list or dict of these; in TF2 mode a function.
      eval_op_feed_dict: what to feed to it.
      final_op: run once at the end; in TF2 mode a function without arguments, or None.
      final_op_feed_dict: what to feed to it.
      summary_op: written at the end. Left out: all summaries of the graph; in TF2 mode the final
        values that are scalars and, with `num_evals`, what the last call summarized. None: none.
      summary_op_feed_dict: what to feed to it.
      variables_to_restore: a list, or a dict by name in the checkpoint. None: all variables that
        a `tf.compat.v1.train.Saver` saves; in TF2 mode all that `eval_op` uses, but for metrics'
        sums. There it may also be a `Module` or another object with `variables`.
      session_config: a `tf.compat.v1.ConfigProto`.
      hooks: a list of further `tf.compat.v1.train.SessionRunHook`.
      data: in TF2 mode, where `eval_op` takes arguments: a `tf.data.Dataset` of them, or anything
        that can be iterated over again for each evaluation. A tuple is several arguments.

    Raises:
      ValueError: in TF2 mode, for an argument about sessions, an input without a batch, or a
        checkpoint that lacks a variable.

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
    *,
    data=None,
):
    """Returns the value of `final_op` for the last checkpoint, after evaluating each new one.

    Args:
      master, logdir, num_evals, initial_op, initial_op_feed_dict, eval_op, eval_op_feed_dict,
        final_op, final_op_feed_dict, summary_op, summary_op_feed_dict, variables_to_restore,
        session_config, hooks, data: as in `evaluate_once`.
      checkpoint_dir: the directory where checkpoints appear.
      init_fn: with (session) as `initial_op`: a restored session calls neither.
      eval_interval_secs: the least number of seconds between two evaluations.
      max_number_of_evaluations: how many checkpoints to evaluate; None for no end.
      timeout: how many seconds to wait for a checkpoint; None for ever.
      timeout_fn: called after a timeout; the loop ends if it returns True, or if it is None.

    Source: `tf.contrib.slim.evaluation.evaluation_loop`.
    """
    return _slim_evaluation.evaluation_loop(**locals())
