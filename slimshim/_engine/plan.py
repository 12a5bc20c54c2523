"""What a session run needs, worked out from the arguments of `learning.train`."""

from __future__ import annotations

import dataclasses
import itertools
import numbers
import os
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from .._checks import check, error_text
from . import contexts
from .checkpoint_files import require_writable
from .defaults import is_default
from .finite import FiniteGuard

v1 = tf.compat.v1

_writer_count = itertools.count()


@dataclasses.dataclass
class TrainArguments:
    """The arguments of `learning.train`, under the same names."""

    train_op: Any
    logdir: Any
    train_step_fn: Any
    train_step_kwargs: Any
    log_every_n_steps: Any
    graph: Any
    master: Any
    is_chief: Any
    global_step: Any
    number_of_steps: Any
    init_op: Any
    init_feed_dict: Any
    local_init_op: Any
    init_fn: Any
    ready_op: Any
    summary_op: Any
    save_summaries_secs: Any
    summary_writer: Any
    startup_delay_steps: Any
    saver: Any
    save_interval_secs: Any
    sync_optimizer: Any
    session_config: Any
    session_wrapper: Any
    trace_every_n_steps: Any
    ignore_live_threads: Any
    # Beyond tf_slim's.
    engine: Any = None
    callbacks: Any = ()
    data: Any = None


@dataclasses.dataclass
class Plan:
    """The arguments with every default resolved, and the graph finalized."""

    arguments: TrainArguments
    graph: tf.Graph
    global_step: Any
    session_manager: Any
    init_op: Any
    summary_op: Any
    writer: Any
    saver: Any
    train_step_kwargs: dict
    # None where the program's own train_step_kwargs decide when to stop.
    last_step: Any
    chief_queue_runners: list
    init_tokens_ops: list
    guard: FiniteGuard

    @property
    def saves(self):
        """True if this process writes checkpoints."""
        return self.saver is not None


def make_plan(arguments):
    """Returns the `Plan` for `arguments`, after adding the ops it needs and finalizing the graph."""
    arguments = dataclasses.replace(arguments, sync_optimizer=_as_list(arguments.sync_optimizer))
    _validate(arguments)
    writes = bool(arguments.logdir) and arguments.is_chief
    if writes:
        require_writable(arguments.logdir)
    graph = arguments.graph or _current_graph(arguments.train_op)
    _require_same_graph(arguments.train_op, graph)
    with graph.as_default():
        plan = _build(arguments, graph, writes)
    # Ops added while steps run would make every step slower than the one before.
    graph.finalize()
    return plan


def _as_list(sync_optimizer):
    if isinstance(sync_optimizer, v1.train.SyncReplicasOptimizer):
        return [sync_optimizer]
    return list(sync_optimizer) if isinstance(sync_optimizer, (list, tuple)) else sync_optimizer


def _current_graph(train_op):
    """Returns the graph that is entered, as tf_slim takes it; where none can be, the train op's own."""
    if not tf.executing_eagerly():
        return v1.get_default_graph()
    with contexts.graph_of_call(train_op) as graph:
        return graph


def _require_same_graph(train_op, graph):
    its_graph = contexts.graph_of(train_op)
    remedy = "It belongs to another one: pass `graph=train_op.graph`, or enter that graph with `as_default()`."
    check(its_graph is None or its_graph is graph, "train_op", "a tensor of the graph to train", train_op, remedy)


def _validate(a):
    check(a.train_op is not None, "train_op", "what create_train_op returns", a.train_op)
    if a.graph is None:
        contexts.require_graph_train_value("train_op", a.train_op)
    if a.logdir is None:
        _validate_without_logdir(a)
    if a.sync_optimizer is not None:
        _validate_sync(a.sync_optimizer, a.startup_delay_steps)
    check_counts(a)
    check_step_kwargs(a.train_step_kwargs)


def check_counts(a):
    """Raises ValueError unless the arguments that count steps are whole numbers in their range."""
    for name in ("number_of_steps", "trace_every_n_steps"):
        count = getattr(a, name)
        check(count is None or (_is_whole(count) and count > 0), name, "None or a positive whole number", count)
    every = a.log_every_n_steps
    check(_is_whole(every), "log_every_n_steps", "a whole number", every, "0 logs never.")


def check_step_kwargs(train_step_kwargs):
    """Raises ValueError unless they are a dict or left out."""
    given = is_default(train_step_kwargs) or isinstance(train_step_kwargs, Mapping)
    remedy = "Leave it out for the default; an empty dict sets no stop."
    check(given, "train_step_kwargs", "a dict", train_step_kwargs, remedy)


def _is_whole(value):
    return isinstance(value, numbers.Integral)


def _validate_without_logdir(a):
    needing = {
        "summary_op": not (is_default(a.summary_op) or _has_own_writer(a)),
        "saver": a.saver is not None,
        "trace_every_n_steps": a.trace_every_n_steps is not None,
    }
    for name, given in needing.items():
        if given:
            raise ValueError(error_text(name, "nothing, because logdir=None", getattr(a, name), "Pass a logdir."))


def _has_own_writer(a):
    return a.summary_writer is not None and not is_default(a.summary_writer)


def _validate_sync(optimizers, startup_delay_steps):
    kind = v1.train.SyncReplicasOptimizer
    fits = isinstance(optimizers, list) and optimizers and all(isinstance(o, kind) for o in optimizers)
    expected = "a tf.compat.v1.train.SyncReplicasOptimizer, or a list of them"
    check(fits, "sync_optimizer", expected, optimizers)
    check(startup_delay_steps <= 0, "startup_delay_steps", "0 beside a sync_optimizer", startup_delay_steps)


def _build(a, graph, writes):
    global_step = v1.train.get_or_create_global_step() if a.global_step is None else a.global_step
    guard = FiniteGuard(a.train_op)
    saver = (a.saver or v1.train.Saver()) if writes else None
    init_op, session_manager = _initialization(a, graph)
    summary_op = v1.summary.merge_all() if is_default(a.summary_op) else a.summary_op
    chief_syncs = (a.sync_optimizer or []) if a.is_chief else []
    init_tokens_ops = [optimizer.get_init_tokens_op() for optimizer in chief_syncs]
    chief_queue_runners = [optimizer.get_chief_queue_runner() for optimizer in chief_syncs]
    writer = _summary_writer(a, writes)
    return Plan(
        arguments=a,
        graph=graph,
        global_step=global_step,
        session_manager=session_manager,
        init_op=init_op,
        summary_op=summary_op,
        writer=writer,
        saver=saver,
        train_step_kwargs=_step_kwargs(a, global_step, writer),
        last_step=a.number_of_steps if is_default(a.train_step_kwargs) else None,
        chief_queue_runners=chief_queue_runners,
        init_tokens_ops=init_tokens_ops,
        guard=guard,
    )


def _initialization(a, graph):
    """Returns the init op, and the session manager that holds the other ops of starting up."""
    with v1.name_scope("init_ops"):
        init_op = v1.global_variables_initializer() if is_default(a.init_op) else a.init_op
        ready_op = v1.report_uninitialized_variables() if is_default(a.ready_op) else a.ready_op
        local_init_op = a.local_init_op
        if is_default(local_init_op):
            local_init_op = tf.group(v1.local_variables_initializer(), v1.tables_initializer())
        ready_for_local_init_op = None
        if a.sync_optimizer is not None:
            local_init_op = _sync_local_init(a, local_init_op)
            ready_for_local_init_op = tf.concat([o.ready_for_local_init_op for o in a.sync_optimizer], axis=0)
    manager = v1.train.SessionManager(
        local_init_op=local_init_op,
        ready_op=ready_op,
        ready_for_local_init_op=ready_for_local_init_op,
        graph=graph,
    )
    return init_op, manager


def _sync_local_init(a, local_init_op):
    with tf.control_dependencies([] if local_init_op is None else [local_init_op]):
        if a.is_chief:
            return tf.group(*[optimizer.chief_init_op for optimizer in a.sync_optimizer])
        return tf.group(*[optimizer.local_step_init_op for optimizer in a.sync_optimizer])


def _summary_writer(a, writes):
    """Returns the chief's writer: the program's own, else one for the logdir; or None."""
    if not a.is_chief:
        return None
    if not is_default(a.summary_writer):
        return a.summary_writer
    if not writes:
        return None
    # Event files are named by the second; a second training within one would overwrite the first's.
    return v1.summary.FileWriter(a.logdir, filename_suffix=f".{os.getpid()}.{next(_writer_count)}")


def _step_kwargs(a, global_step, writer):
    """Returns what `train_step_fn` gets as its last argument: the program's dict, or ours."""
    kwargs = _default_step_kwargs(a, global_step) if is_default(a.train_step_kwargs) else a.train_step_kwargs
    if a.summary_writer is not None:
        kwargs["summary_writer"] = writer
    return kwargs


def _default_step_kwargs(a, global_step):
    kwargs = {}
    with v1.name_scope("train_step"):
        if a.number_of_steps:
            kwargs["should_stop"] = tf.greater_equal(global_step, a.number_of_steps)
        else:
            kwargs["should_stop"] = tf.constant(False)
        if a.log_every_n_steps > 0:
            kwargs["should_log"] = _every(a.log_every_n_steps, global_step)
        if a.is_chief and a.trace_every_n_steps is not None:
            kwargs["should_trace"] = _every(a.trace_every_n_steps, global_step)
            kwargs["logdir"] = a.logdir
    return kwargs


def _every(steps, global_step):
    # `tf.equal`, not `==`, which compares identity while v2 tensor equality is off.
    return tf.equal(tf.math.floormod(global_step, steps), 0)
