"""Where variables live in TF2 mode: by TF1 name, in a store.

In graph mode `tf.compat.v1.get_variable` keeps variables on the graph. In TF2 mode it makes a new
one at each call and forgets it. A `VariableStore` is put in its place as a `custom_getter` on a
captured `tf.compat.v1.variable_scope`, which is public API, and so it also serves the program's
own calls of `get_variable`.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import inspect
import threading
import weakref

import tensorflow as tf

from .._tf import in_graph_mode, is_control_flow_graph
from .collections import add_to_collection, add_to_collections, step_collections

v1 = tf.compat.v1

_current_store = contextvars.ContextVar("current_variable_store", default=None)

_all_stores = weakref.WeakSet()


def variables_behind(handles):
    """Returns the variables of all stores whose resource handle is among `handles`.

    A trace knows the variables that it reads, but not those that it only assigns, such as the
    moving averages of batch norm; of these it has the handles.
    """
    wanted = {id(handle) for handle in handles}
    return [v for store in list(_all_stores) for v in store.variables if id(getattr(v, "handle", None)) in wanted]


def current_store():
    """Returns the `VariableStore` of the running Module call, or None outside any."""
    return _current_store.get()


def strategy_in_scope():
    """Returns the `tf.distribute` strategy whose scope is open, or None.

    To ask makes TensorFlow's default graph, after which a program can not switch eager execution on any
    more. So no module may ask while it is imported.
    """
    return tf.distribute.get_strategy() if tf.distribute.has_strategy() else None


class VariableStore:
    """Variables by full TF1 name, with the collections that each belongs to."""

    def __init__(self, strategy=None):
        """Makes an empty store.

        Args:
          strategy: the `tf.distribute` strategy that its variables belong to, see `strategy_in_scope`.
            None: that of the scope in which each is made.
        """
        self._variables = {}
        self._collections = {}
        self._lock = threading.RLock()
        # Of variables that a tf.function within the model function made: a call that does not trace
        # it again does not see them.
        self.recipes_in_functions = {}
        self._strategy = strategy
        _all_stores.add(self)

    @property
    def variables(self):
        """All variables, in the order in which they were made."""
        return list(self._variables.values())

    def in_collection(self, name):
        """Returns the variables that were made for the collection `name`."""
        return [v for key, v in self._variables.items() if name in self._collections[key]]

    def get(self, name):
        """Returns the variable of that full name, or None."""
        return self._variables.get(name)

    def getter(self, getter, name, shape=None, dtype=None, initializer=None, regularizer=None, **kwargs):
        """The `custom_getter` for `tf.compat.v1.variable_scope`; see there for the arguments."""
        del getter  # TensorFlow's own would make a new variable at each call.
        with self._lock:
            variable = self._variables.get(name)
            is_new = variable is None
            if is_new:
                with tf.init_scope(), self._strategy_scope():
                    variable = _make_variable(name, shape, dtype, initializer, **kwargs)
                self._variables[name] = variable
                self._collections[name] = _collections_of(variable, kwargs.get("collections"))
            else:
                _check_same_variable(name, variable, shape, dtype)
        # A graph keeps its collections from call to call; in TF2 mode each step has its own.
        if is_new or not in_graph_mode():
            self._report(name, variable, regularizer)
        return variable

    def _strategy_scope(self):
        # In replicas and in an open scope TensorFlow knows the strategy itself.
        if self._strategy is None or tf.distribute.has_strategy():
            return contextlib.nullcontext()
        return self._strategy.scope()

    def _report(self, name, variable, regularizer):
        """Puts the variable and its regularization loss into the step's collections, once a step."""
        step = _current_step.get()
        if step is None or name in step.seen:
            return
        step.seen.add(name)
        names = self._collections[name]
        if in_graph_mode():  # There the trainable ones have joined already.
            names = [other for other in names if other != v1.GraphKeys.TRAINABLE_VARIABLES]
        add_to_collections(names, variable)
        if regularizer is not None:
            step.add_loss(name, functools.partial(regularizer, variable))


class Step:
    """One run of a function that has a store: what it saw and collected.

    Attributes:
      seen: the names of its variables, so that a weight shared by two layers counts once.
      collections: a dict of collection name -> list.
      recipes: id of a regularization loss -> a function that computes it anew.
    """

    def __init__(self, store):
        self.seen = set()
        self.collections = {}
        self.recipes = {}
        self.graph = _graph_being_traced()
        self._store = store
        self._deferred = None

    def add_loss(self, name, recipe):
        """Adds the regularization loss of the variable `name`, which `recipe` computes."""
        if self._deferred is not None:
            self._deferred.append((name, recipe))
            return
        with tf.name_scope(name + "/Regularizer/"):
            loss = recipe()
        if loss is None:
            return
        self.recipes[id(loss)] = recipe
        if in_function_of_the_step():
            self._store.recipes_in_functions[name] = recipe
        add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, loss)

    @contextlib.contextmanager
    def deferring_losses(self):
        """Within it losses are noted, and computed at the end; for code whose operations no tape records."""
        if self._deferred is not None:
            yield
            return
        self._deferred = []
        try:
            yield
        finally:
            deferred, self._deferred = self._deferred, None
        for name, recipe in deferred:
            self.add_loss(name, recipe)

    def regularization_losses(self):
        """Returns a list of pairs (loss or None, function that computes it anew or None)."""
        losses = self.collections.get(v1.GraphKeys.REGULARIZATION_LOSSES, [])
        unseen = [recipe for name, recipe in self._store.recipes_in_functions.items() if name not in self.seen]
        return [(loss, self.recipes.get(id(loss))) for loss in losses] + [(None, recipe) for recipe in unseen]


_current_step = contextvars.ContextVar("current_step", default=None)


def in_function_of_the_step():
    """Returns whether the code that runs is within a `tf.function` that the running step's function called."""
    step = _current_step.get()
    return step is not None and not in_graph_mode() and _graph_being_traced() is not step.graph


def _graph_being_traced():
    """Returns the graph of the innermost `tf.function`, or None in eager code.

    Branches and loop bodies have graphs of their own, which are traced along with that of the function.
    """
    if tf.executing_eagerly():
        return None
    graph = v1.get_default_graph()
    while is_control_flow_graph(graph):
        graph = graph.outer_graph
    return graph


@contextlib.contextmanager
def using_store(store):
    """Makes `store` the place of variables, and opens a step with collections of its own.

    Yields:
      The `Step`.
    """
    with _entered(store, Step(store)) as step:
        yield step


@contextlib.contextmanager
def _entered(store, step):
    tokens = _current_store.set(store), _current_step.set(step)
    try:
        with step_collections(step.collections):
            yield step
    finally:
        _current_store.reset(tokens[0])
        _current_step.reset(tokens[1])


def to_enter_again():
    """Returns a function that gives a context with the store and step of now, for code that runs later, such as gradients."""
    store, step = _current_store.get(), _current_step.get()
    return contextlib.nullcontext if store is None else functools.partial(_entered, store, step)


def deferring_losses():
    """Returns `Step.deferring_losses` of the running step."""
    step = _current_step.get()
    return contextlib.nullcontext() if step is None else step.deferring_losses()


def _collections_of(variable, collections):
    names = list(collections) if collections is not None else [v1.GraphKeys.GLOBAL_VARIABLES]
    if variable.trainable:
        names.append(v1.GraphKeys.TRAINABLE_VARIABLES)
    return tuple(dict.fromkeys(names))


def _check_same_variable(name, variable, shape, dtype):
    if shape is not None and not variable.shape.is_compatible_with(tf.TensorShape(shape)):
        raise ValueError(
            f"Trying to share variable {name}, but specified shape {tuple(tf.TensorShape(shape))} "
            f"and found shape {tuple(variable.shape)}. Give one of the two another scope."
        )
    if dtype is not None and tf.as_dtype(dtype).base_dtype != variable.dtype.base_dtype:
        raise ValueError(
            f"Trying to share variable {name}, but specified dtype {tf.as_dtype(dtype).name} "
            f"and found dtype {variable.dtype.name}. Give one of the two another scope."
        )


def _make_variable(
    name,
    shape,
    dtype,
    initializer,
    trainable=None,
    validate_shape=True,
    synchronization=tf.VariableSynchronization.AUTO,
    aggregation=tf.VariableAggregation.NONE,
    constraint=None,
    **graph_mode_only,
):
    del graph_mode_only  # reuse, caching_device, partitioner, use_resource: nothing to do in TF2 mode.
    dtype = tf.as_dtype(dtype or tf.float32).base_dtype
    if trainable is None:
        trainable = synchronization != tf.VariableSynchronization.ON_READ
    make = tf.Variable
    if in_graph_mode():  # The store itself adds it to the collections that were asked for.
        make = functools.partial(v1.Variable, use_resource=True, collections=[])
    with v1.name_scope(None):
        return make(
            _initial_value(shape, dtype, initializer),
            trainable=trainable,
            validate_shape=validate_shape,
            name=name,
            dtype=dtype,
            synchronization=synchronization,
            aggregation=aggregation,
            constraint=constraint,
        )


def _initial_value(shape, dtype, initializer):
    if initializer is None:
        initializer = v1.glorot_uniform_initializer() if dtype.is_floating else v1.zeros_initializer()
    elif inspect.isclass(initializer):
        initializer = initializer()
    if not callable(initializer):
        return initializer
    if shape is None:  # As TF1: an initializer without arguments brings its own shape.
        return initializer
    return lambda: initializer(tf.TensorShape(shape).as_list(), dtype=dtype)
