"""Streaming metrics in TF2 mode: where their sums live, and how an update runs before the value is read.

A metric is written once, as TF1 graph code. Here it is traced by `tf.compat.v1.wrap_function`, whose
graphs, unlike those of `tf.function`, run no more than what is fetched; so the update and the value
can be run one after the other. Variables come from the stream, which keeps them between traces.
"""

from __future__ import annotations

import contextlib
import contextvars
import itertools
import weakref

import numpy as np
import tensorflow as tf

from .._tf.scope_counts import automatic_names_from_the_start
from ..ops._replicas import replicas_in_sync
from ..ops.collections import add_to_collections, current_step
from ..ops.stores import VariableStore, current_store, strategy_in_scope, using_store

v1 = tf.compat.v1

_COLLECTIONS = ("metrics_collections", "updates_collections")

_current_state = contextvars.ContextVar("current_streaming_state", default=None)
# Whether a metric is being traced: metrics within it are part of its graph.
_tracing = contextvars.ContextVar("tracing_a_streaming_metric", default=False)


class ValueAndUpdate(tuple):
    """What a streaming metric returns in TF2 mode: a tuple (value, update) that can be told from others."""


class StreamingState:
    """The streams of several metrics, found again at each pass over a function by name and order."""

    def __init__(self):
        self._streams = {}
        self._seen = {}
        self._pass = None

    @property
    def variables(self):
        """The variables of all streams."""
        return [variable for stream in self._streams.values() for variable in stream.variables]

    def begin_pass(self, token=None):
        """Makes the next metric of a name the first of that name again."""
        self._seen = {}
        self._pass = token

    def stream(self, key, token=None):
        """Returns the stream of the next metric with that key in the pass that `token` stands for."""
        if token is not None and self._pass is not token:
            self.begin_pass(token)
        count = self._seen.get(key, 0)
        self._seen[key] = count + 1
        return self.shared((key, count))

    def shared(self, key):
        """Returns the one stream with that key."""
        return self._streams.setdefault(key, Stream())

    def reset(self):
        """Sets all sums back to where they began."""
        for stream in self._streams.values():
            stream.reset()


# What has a name and belongs to nothing else is shared in the whole process.
_root_state = StreamingState()
_state_of_store = weakref.WeakKeyDictionary()


def root_state():
    """Returns the process-wide state, for metrics with a name outside of anything that keeps state."""
    return _root_state


@contextlib.contextmanager
def using_state(state):
    """Makes `state` the place of the streams, and begins a pass."""
    token = _current_state.set(state)
    state.begin_pass()
    try:
        yield
    finally:
        _current_state.reset(token)


def is_tracing():
    """Returns True inside a metric that is being traced."""
    return _tracing.get()


def stream_of_call(metric, name):
    """Returns the stream for a call of `metric` (a name) with the argument `name`; None if nothing says which."""
    state = _current_state.get()
    if state is not None:
        return state.stream((metric, name))
    store = current_store()
    if store is not None:
        return _state_of_store.setdefault(store, StreamingState()).stream((metric, name), current_step())
    return None if name is None else _root_state.shared((metric, name))


def _require_no_replicas():
    """Raises unless all of a batch is here: a stream has one set of sums, and an update after which it is read."""
    replica = replicas_in_sync()
    if replica is not None:
        raise RuntimeError(
            f"A streaming metric was called inside one of {replica.num_replicas_in_sync} replicas. Expected: a call "
            "outside of strategy.run. Let the replicas return labels and predictions, join them with "
            "tf.concat(strategy.experimental_local_results(values), 0), and call the metric on these."
        )


class Stream:
    """One metric's sums, and the graph that updates them.

    Attributes:
      variables: its `tf.Variable`s.
    """

    def __init__(self):
        self.variables = []
        self._initial = []
        self._store = VariableStore(strategy_in_scope())
        self._traced = None
        self._traced_for = None

    def update(self, function, arguments, is_data):
        """Adds a batch; returns `ValueAndUpdate` (value after it, the update's own value or None).

        Args:
          function: the metric as graph code.
          arguments: its arguments by name.
          is_data: a function from an argument's name to whether it holds data.

        Raises:
          RuntimeError: inside one of several replicas.
        """
        _require_no_replicas()
        published_to = [arguments.get(name) for name in _COLLECTIONS]
        tensors, static = _split(arguments, is_data)
        flat = tf.nest.flatten(tensors, expand_composites=True)
        traced = self._graph(function, tensors, flat, static)
        update, value = traced.run(flat)
        for names, result in zip(published_to, (value, update)):
            add_to_collections(names, result)
        return ValueAndUpdate((value, update))

    def reset(self):
        """Sets the sums back to where they began."""
        for variable, initial in zip(self.variables, self._initial):
            variable.assign(initial)
        for variable in self._store.variables:
            variable.assign(tf.zeros_like(variable))

    def _graph(self, function, tensors, flat, static):
        kind = repr(static), [tensor.dtype for tensor in flat]
        shapes = [tensor.shape for tensor in flat]
        if self._traced is not None and self._traced_for[0] == kind:
            known = self._traced_for[1]
            if all(old.is_compatible_with(new) and _covers(old, new) for old, new in zip(known, shapes)):
                return self._traced
            shapes = [old.most_specific_compatible_shape(new) for old, new in zip(known, shapes)]
        with tf.init_scope():
            self._traced = _TracedMetric(self, function, tensors, static, shapes)
        self._traced_for = kind, shapes
        return self._traced

    @contextlib.contextmanager
    def _variables_kept_here(self):
        numbers = itertools.count()

        def kept(next_creator, **kwargs):
            if tf.executing_eagerly():  # Made for good, by `_make` or by the store.
                return next_creator(**kwargs)
            number = next(numbers)
            if number == len(self.variables):
                self._make(kwargs)
            return self.variables[number]

        root = v1.VariableScope(reuse=None, custom_getter=self._store.getter, use_resource=True)
        with using_store(self._store), tf.variable_creator_scope(kept), automatic_names_from_the_start():
            with v1.variable_scope(root, auxiliary_name_scope=False):
                yield

    def _make(self, kwargs):
        initial = kwargs["initial_value"]
        with tf.init_scope():
            initial = tf.convert_to_tensor(initial() if callable(initial) else initial, kwargs.get("dtype"))
            shape = kwargs.get("shape")
            self.variables.append(
                tf.Variable(
                    initial, trainable=False, name=kwargs.get("name"), shape=initial.shape if shape is None else shape
                )
            )
            self._initial.append(initial)


class _TracedMetric:
    """A metric's graph for inputs of certain shapes."""

    def __init__(self, stream, function, tensors, static, shapes):
        self._structure = {}
        self._has_update_value = True

        def trace(turn, *flat):
            given = tf.nest.pack_sequence_as(tensors, flat, expand_composites=True)
            # All of it waits for its turn, which the update hands on to the value. A mere control
            # dependency between the two calls would be lost where TensorFlow inlines them.
            with _marked_as_tracing(), stream._variables_kept_here(), tf.control_dependencies([turn]):
                value, update = function(**given, **static)
                self._structure["value"] = tf.nest.map_structure(tf.convert_to_tensor, value)
                self._note_update(update)
            return tf.nest.flatten(self._structure["value"])

        flat = tf.nest.flatten(tensors, expand_composites=True)
        specs = [tf.TensorSpec([], tf.bool), *(tf.TensorSpec(shape, t.dtype) for shape, t in zip(shapes, flat))]
        wrapped = v1.wrap_function(trace, specs)
        feeds = wrapped.inputs[: len(specs)]
        self._value = wrapped.prune(feeds, tf.nest.flatten(self._structure["value"]))
        self._update = wrapped.prune(feeds, tf.nest.flatten(self._structure["update"]))

    def _note_update(self, update):
        items = tf.nest.flatten(update)
        self._has_update_value = not any(isinstance(item, tf.Operation) for item in items)
        if self._has_update_value:
            update = tf.nest.map_structure(tf.convert_to_tensor, update)
            items = tf.nest.flatten(update)
        with tf.control_dependencies(items):
            done = tf.identity(tf.constant(True))
        self._structure["update"] = (done, *([update] if self._has_update_value else []))

    def run(self, flat):
        """Returns (the update's value or None, the value after it)."""
        done, *update = self._packed("update", self._update(tf.constant(True), *flat))
        value = self._packed("value", self._value(done, *flat))
        return (update[0] if update else None), value

    def _packed(self, kind, results):
        return tf.nest.pack_sequence_as(self._structure[kind], tf.nest.flatten(results))


@contextlib.contextmanager
def _marked_as_tracing():
    token = _tracing.set(True)
    try:
        yield
    finally:
        _tracing.reset(token)


def _split(arguments, is_data):
    """Returns (what goes through the graph's inputs, what is fixed in it), two dicts by argument."""
    tensors, static = {}, {}
    for name, value in arguments.items():
        if name in _COLLECTIONS or name == "name":
            continue
        composite = isinstance(value, (tf.SparseTensor, tf.RaggedTensor))
        if composite:
            tensors[name] = value
        elif isinstance(value, (tf.Tensor, tf.Variable, np.ndarray)) or (is_data(name) and value is not None):
            tensors[name] = tf.convert_to_tensor(value)
        else:
            static[name] = value
    return tensors, static


def _covers(old, new):
    """Returns True if every shape that `new` stands for is one of those of `old`."""
    if old.rank is None:
        return True
    return new.rank == old.rank and all(o is None or o == n for o, n in zip(old, new))
