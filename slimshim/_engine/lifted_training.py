"""Training of a graph's train op under a tape: the graph is lifted, and the TF2 loop takes the steps."""

from __future__ import annotations

import contextlib
import dataclasses

import tensorflow as tf

from .._checks import check
from .._lift import obstacles
from .._lift.lifted_graph import LiftedGraph
from .._lift.meta_graphs import meta_graph_of
from .._tf.eager_within_graphs import eagerly
from .._tf.savers import restored_variables
from . import finite, tape_loop
from .defaults import USE_DEFAULT, is_default
from .gradient_records import records_of
from .input_session import InputSession
from .lifted_step import LiftedStep
from .plan import make_plan
from .session import open_session
from .tape_checkpoints import quiet_saver

v1 = tf.compat.v1

_SESSION_ENGINE = "Or leave engine out (with `run`, the flag): the session engine trains this graph."


def train(arguments, default_train_step_fn):
    """Returns the last loss, or None if no step was made. See `learning.train`.

    Args:
      arguments: a `TrainArguments` whose `train_op` is a tensor of a graph.
      default_train_step_fn: the value of `train_step_fn` that means the loop's own.
    """
    _refuse(arguments)
    own_writer = not is_default(arguments.summary_writer)
    plan = make_plan(arguments if own_writer else dataclasses.replace(arguments, summary_writer=None))
    meta_graph, _ = meta_graph_of(plan.graph)
    with eagerly(), contextlib.ExitStack() as at_the_end:
        step = _lifted_step(plan, meta_graph)
        writer = _writer(arguments, at_the_end)
        step.read_from(_open_source(plan, step, at_the_end))
        for_the_tape = _for_the_tape(arguments, plan, step, writer, default_train_step_fn)
        return tape_loop.train(for_the_tape, default_train_step_fn)


def _refuse(a):
    """Raises ValueError for arguments that only a session engine has a use for."""
    check(a.data is None, "data", "None, because the graph reads its own input", a.data)
    remedy = 'Leave it out: it belongs to training in a session, and engine="tape" takes the steps without one.'
    for name in ("sync_optimizer", "session_wrapper", "trace_every_n_steps"):
        check(getattr(a, name) is None, name, "None", getattr(a, name), remedy)
    check(not a.master, "master", "an empty string", a.master, remedy)
    check(a.is_chief, "is_chief", "True", a.is_chief, remedy)


def _lifted_step(plan, meta_graph):
    """Returns the `LiftedStep` of the plan's train op; raises ValueError if it can not be lifted."""
    a, graph = plan.arguments, plan.graph
    records = records_of(graph)
    lifted = LiftedGraph(meta_graph, graph, _SESSION_ENGINE)
    summary_op = plan.summary_op if a.save_summaries_secs else None
    step = LiftedStep(
        lifted,
        graph,
        records,
        a.train_op.name,
        None if summary_op is None else summary_op.name,
        plan.global_step.op.name,
        finite.checks_its_loss(a.train_op),
    )
    _require_fed(lifted.index, step.parts, graph)
    return step


def _require_fed(index, parts, graph):
    """Raises ValueError if the session side needs something that nobody gives it."""
    fed_queues = {runner.queue.queue_ref.op.name for runner in graph.get_collection(v1.GraphKeys.QUEUE_RUNNERS)}
    trained = {name for record in parts.records for name, _ in record.gradients}
    for tensor in parts.fed:
        node = index.node(tensor.node)
        nodes = index.part([tensor]).nodes
        for name in sorted(nodes):
            if index.node(name).op in obstacles.PLACEHOLDERS:
                obstacles.require_liftable(index.node(name), _SESSION_ENGINE)
        unfed = node.op.startswith("QueueDequeue") and not fed_queues & {
            source.node for source in index.inputs(node.name)
        }
        if unfed or obstacles.is_python_op(node) and nodes & trained:
            obstacles.require_liftable(node, _SESSION_ENGINE)


def _open_source(plan, step, at_the_end):
    """Opens the session that restores or initializes, takes its values over, and starts the input side.

    Session and input side are closed with the stack `at_the_end`.
    """
    with plan.graph.as_default():
        session = open_session(plan)
        at_the_end.callback(session.close)
        with eagerly():
            step.take_values(session)
        queue_runners = plan.graph.get_collection(v1.GraphKeys.QUEUE_RUNNERS)
        source = InputSession(
            session,
            step.fed,
            step.session_ops,
            push=step.pushing(queue_runners),
            ignore_live_threads=plan.arguments.ignore_live_threads,
        )
        at_the_end.callback(source.close)
        source.start(queue_runners)
    return source


def _for_the_tape(a, plan, step, writer, default_train_step_fn):
    """Returns the arguments for the TF2 loop: what the session did already is left out."""
    step_fn = a.train_step_fn
    return dataclasses.replace(
        a,
        train_op=step,
        train_step_fn=step_fn if step_fn is default_train_step_fn else _without_a_session(step_fn),
        graph=None,
        global_step=None,
        init_op=USE_DEFAULT,
        init_feed_dict=None,
        local_init_op=USE_DEFAULT,
        init_fn=None,
        ready_op=USE_DEFAULT,
        summary_op=None if plan.summary_op is None else USE_DEFAULT,
        summary_writer=writer,
        saver=_saver(a, step),
        session_config=None,
        startup_delay_steps=0,  # Only processes that are not chief wait.
    )


def _without_a_session(train_step_fn):
    def take(session, step, global_step, kwargs):
        del session
        return train_step_fn(_NoSession(), step, global_step, kwargs)

    return take


class _NoSession:
    """Stands where a `train_step_fn` expects a session."""

    def __getattr__(self, name):
        raise AttributeError(
            f'session.{name}: there is no session, because engine="tape" takes the steps. In the train_step_fn call '
            f"train_op() to take a step; it returns the loss. {_SESSION_ENGINE}"
        )


def _writer(a, at_the_end):
    """Returns the writer for `tf.summary`: beside a FileWriter of the program's own, one for the same directory.

    Both are then closed with the stack `at_the_end`, as a session closes the program's.
    """
    if not isinstance(a.summary_writer, v1.summary.FileWriter):
        return a.summary_writer
    writer = tf.summary.create_file_writer(a.summary_writer.get_logdir())
    at_the_end.callback(a.summary_writer.close)
    at_the_end.callback(writer.close)
    return writer


def _saver(a, step):
    """Returns a saver of the live variables that saves what the program's own saver does; or None."""
    if a.saver is None:
        return None
    wanted = step.live(restored_variables(a.saver))
    definition = a.saver.as_saver_def()
    with quiet_saver():
        return v1.train.Saver(
            wanted,
            max_to_keep=definition.max_to_keep or None,
            keep_checkpoint_every_n_hours=definition.keep_checkpoint_every_n_hours,
            sharded=definition.sharded,
        )
