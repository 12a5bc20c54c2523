"""Evaluating checkpoints in monitored sessions."""

from __future__ import annotations

import collections.abc
import time

import tensorflow as tf

from .._checks import error_text
from .._tf.savers import reshapes, restored_variables
from ..ops._restore import check_restorable
from . import contexts
from .checkpoint_files import checkpoints_iterator

v1 = tf.compat.v1

_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S"


def get_or_create_eval_step():
    """Returns the graph's counter of evaluation steps, a local int64 variable.

    Raises:
      ValueError: if the collection `EVAL_STEP` holds more than one.
    """
    collected = v1.get_collection(v1.GraphKeys.EVAL_STEP)
    if len(collected) > 1:
        raise ValueError(f"The collection EVAL_STEP must hold one tensor at most, and holds {collected}.")
    if collected:
        return collected[0]
    return v1.Variable(
        0,
        dtype=tf.int64,
        trainable=False,
        collections=[v1.GraphKeys.LOCAL_VARIABLES, v1.GraphKeys.EVAL_STEP],
        name="eval_step",
        use_resource=True,
    )


class StopAfterNEvalsHook(v1.train.SessionRunHook):
    """Stops an evaluation after `eval_ops` has run a number of times."""

    def __init__(self, num_evals, log_progress=True):
        """Makes the hook.

        Args:
          num_evals: how many times to run `eval_ops`; None runs until the input ends.
          log_progress: whether to log how far the evaluation is.
        """
        self._num_evals = num_evals
        self._log_progress = log_progress
        # Twenty evaluations and more log ten times or so.
        self._log_every = 1 if num_evals is None or num_evals < 20 else num_evals // 10
        self._evals_completed = None

    def _set_evals_completed_tensor(self, updated_eval_step):
        self._evals_completed = updated_eval_step

    def before_run(self, run_context):
        return v1.train.SessionRunArgs({"evals_completed": self._evals_completed})

    def after_run(self, run_context, run_values):
        completed = run_values.results["evals_completed"]
        if self._log_progress:
            self._log(completed)
        if self._num_evals is not None and completed >= self._num_evals:
            run_context.request_stop()

    def _log(self, completed):
        if self._num_evals is None:
            v1.logging.info("Evaluation [%d]", completed)
        elif completed % self._log_every == 0 or completed == self._num_evals:
            v1.logging.info("Evaluation [%d/%d]", completed, self._num_evals)


class SummaryAtEndHook(v1.train.SessionRunHook):
    """Writes the summaries once, when the session ends."""

    def __init__(self, log_dir=None, summary_writer=None, summary_op=None, feed_dict=None):
        """Makes the hook.

        Args:
          log_dir: where to write events; used when there is no `summary_writer`.
          summary_writer: a `tf.compat.v1.summary.FileWriter`.
          summary_op: the summary tensor; None takes all summaries of the graph.
          feed_dict: what to feed while the summaries are computed.

        Raises:
          ValueError: if both `log_dir` and `summary_writer` are None.
        """
        if log_dir is None and summary_writer is None:
            remedy = "Pass one of log_dir and summary_writer."
            raise ValueError(error_text("log_dir", "a directory, or a summary_writer", log_dir, remedy))
        self._log_dir = log_dir
        self._summary_writer = summary_writer
        self._summary_op = summary_op
        self._takes_all_summaries = summary_op is None
        self._feed_dict = feed_dict
        self._global_step = None

    def begin(self):
        if self._takes_all_summaries:
            self._summary_op = v1.summary.merge_all()  # None if the graph has none.
        self._global_step = v1.train.get_or_create_global_step()

    def after_create_session(self, session, coord):
        if self._summary_writer is None and self._log_dir:
            self._summary_writer = v1.summary.FileWriterCache.get(self._log_dir)

    def end(self, session):
        if self._summary_op is not None:
            step = session.run(self._global_step)
            summary = session.run(self._summary_op, self._feed_dict)
            if self._summary_writer:
                self._summary_writer.add_summary(summary, step)
        if self._summary_writer:
            self._summary_writer.flush()


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
):
    """Returns the values of `final_ops` for one checkpoint. See `training.evaluation.evaluate_once`."""
    with graph_of_fetches(eval_ops, final_ops):
        evaluation = _Evaluation(master, scaffold, eval_ops, feed_dict, final_ops, final_ops_feed_dict, hooks, config)
        return evaluation.run(checkpoint_path)


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
):
    """Returns the values of `final_ops` for the last checkpoint that was evaluated.

    See `training.evaluation.evaluate_repeatedly`.
    """
    with graph_of_fetches(eval_ops, final_ops):
        evaluation = _Evaluation(master, scaffold, eval_ops, feed_dict, final_ops, final_ops_feed_dict, hooks, config)
        found = checkpoints_iterator(
            checkpoint_dir, min_interval_secs=eval_interval_secs, timeout=timeout, timeout_fn=timeout_fn
        )
        final_values = None
        for count, checkpoint_path in enumerate(found, start=1):
            final_values = evaluation.run(checkpoint_path)
            if max_number_of_evaluations is not None and count >= max_number_of_evaluations:
                break
        return final_values


def graph_of_fetches(*fetches):
    """Returns a context in which the graph of `fetches` (or the current one) is the default."""
    return contexts.graph_of_call(*tf.nest.flatten([_as_fetches(each) for each in fetches]))


class _Evaluation:
    """Ops that are run on one checkpoint after another."""

    def __init__(self, master, scaffold, eval_ops, feed_dict, final_ops, final_ops_feed_dict, hooks, config):
        self._session_options = {"scaffold": scaffold, "master": master, "config": config}
        self._feed_dict = feed_dict
        self._final_ops = v1.train.FinalOpsHook(final_ops, final_ops_feed_dict)
        self._hooks = [*(hooks or []), self._final_ops]
        # Made even where nothing counts it: a restored local_init_op may name it.
        eval_step = get_or_create_eval_step()
        self._eval_ops = None
        if eval_ops is not None:
            self._eval_ops, completed = _counted(_as_fetches(eval_ops), eval_step)
            for hook in self._hooks:
                if hasattr(hook, "_set_evals_completed_tensor"):
                    hook._set_evals_completed_tensor(completed)

    def run(self, checkpoint_path):
        v1.logging.info("Starting evaluation at %s", time.strftime(_TIME_FORMAT))
        self._check(checkpoint_path)
        creator = v1.train.ChiefSessionCreator(checkpoint_filename_with_path=checkpoint_path, **self._session_options)
        with v1.train.MonitoredSession(session_creator=creator, hooks=self._hooks) as session:
            while self._eval_ops is not None and not session.should_stop():
                session.run(self._eval_ops, self._feed_dict)
        v1.logging.info("Finished evaluation at %s", time.strftime(_TIME_FORMAT))
        return self._final_ops.final_ops_values

    def _check(self, checkpoint_path):
        scaffold = self._session_options["scaffold"]
        saver = scaffold.saver if scaffold is not None else None
        if checkpoint_path:
            check_restorable(checkpoint_path, restored_variables(saver), reshapes(saver))


def _as_fetches(eval_ops):
    """Returns `eval_ops` as something a session fetches: `dict.values()` becomes a list."""
    if isinstance(eval_ops, collections.abc.ValuesView):
        return list(eval_ops)
    return eval_ops


def _counted(eval_ops, eval_step):
    """Returns the fetches that evaluate and count, and the count read after both."""
    update = v1.assign_add(eval_step, 1)
    with tf.control_dependencies([*tf.nest.flatten(eval_ops), update]):
        completed = tf.identity(eval_step.read_value() if hasattr(eval_step, "read_value") else eval_step)
    return [eval_ops, update], completed
