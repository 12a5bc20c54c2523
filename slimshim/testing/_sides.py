"""The two things that are compared, each with one face: variables, a forward pass, a step of training."""

from __future__ import annotations

import contextlib
import inspect
import typing

import numpy as np
import tensorflow as tf

from .._checks import check
from .._tf.fixed_random import fixed_random_ops
from .._tf.global_seed import global_seed
from ..checkpoints.models import named_variables
from ..export._calls import called
from ..export._signatures import named_outputs
from ..module import Module

v1 = tf.compat.v1


@contextlib.contextmanager
def deterministic_random(seed=0):
    """A context in which random ops give the same numbers in a graph, in eager code and in Keras.

    Each op's numbers depend on `seed`, on what it draws (uniform, normal, truncated normal or
    integers), on the shape, and on how many ops of its like were made before in this context. So two
    models that draw the same things in one order get the same dropout masks and first values, whichever
    API they call. A function that is traced in the context keeps its numbers from call to call; one
    that was traced before draws as it did. For tests, in one thread. `tf.random.Generator` is not
    touched.

    Args:
      seed: an integer.
    """
    with fixed_random_ops(seed):
        yield


class _InGraph:
    def __init__(self, function):
        self.function = function


def in_graph(function):
    """Marks a function for `assert_equivalent` as one that builds in a TensorFlow 1 graph.

    It is called with placeholders in a graph of its own and run in a session, so it may use what only
    graphs have. Its variables are the graph's, its regularization losses and update ops those of the
    graph's collections.

    Args:
      function: a function of tensors. Its `is_training`, if it has one, is False and then True.
    """
    check(callable(function), "function", "a function that builds a graph", function, error=TypeError)
    return _InGraph(function)


class Variable(typing.NamedTuple):
    """What is known of a variable."""

    shape: tuple
    dtype: tf.DType
    trainable: bool


class Forward(typing.NamedTuple):
    """What a forward pass gave, as arrays: outputs by name, and the sum of the regularization losses."""

    outputs: dict
    regularization: float


class Step(typing.NamedTuple):
    """What a step of training gave: the loss before it, and gradients by variable name."""

    loss: float
    gradients: dict


def side_of(value, title, inputs, kwargs, outputs, loss, optimizer, seed):
    """Returns the side of `assert_equivalent` that `value` is.

    Args:
      value: what the user passed: a model, a function, or the mark of `in_graph`.
      title: "a" or "b".
      inputs: a list of arrays: for a Keras model of several inputs, in the order of `model.inputs`.
      kwargs: further arguments of each call.
      outputs: None, or a function from what the model returns to what is compared.
      loss: None, or a function from what the model returns to a scalar.
      optimizer: a function that returns an optimizer.
      seed: for random ops.
    """
    setting = _Setting(title, inputs, dict(kwargs or {}), outputs, loss or _mean_of_squares, optimizer, seed)
    if isinstance(value, _InGraph):
        return GraphSide(value.function, setting)
    check(callable(value), title, "a model, a function, or testing.in_graph(function)", value, error=TypeError)
    if not hasattr(value, "variables") and not hasattr(value, "weights"):
        value = Module(value)
    return EagerSide(value, setting)


class _Setting(typing.NamedTuple):
    title: str
    inputs: list
    kwargs: dict
    outputs: typing.Callable | None
    loss: typing.Callable
    optimizer: typing.Callable
    seed: int

    def named(self, result):
        """Returns a dict of the outputs that are compared."""
        if self.outputs is not None:
            result = self.outputs(result)
        named, usual = named_outputs(result)
        return {**{name: named[name] for name in usual}, **named}


def _mean_of_squares(result):
    named, usual = named_outputs(result)
    return tf.add_n([tf.reduce_mean(tf.cast(named[name], tf.float32) ** 2) for name in usual])


class EagerSide:
    """A Module, a Keras model or any other callable object with variables, in TF2 mode."""

    def __init__(self, model, setting):
        self.title, self._setting, self._model = setting.title, setting, model
        self._training = _training_argument(model, setting.kwargs)
        self._optimizer = setting.optimizer()

    def build(self):
        """Makes the variables by a first call; returns how many a second call made more."""
        counts = []
        for _ in range(2):
            self._call(False)
            counts.append(len(named_variables(self._model)))
        return counts[1] - counts[0]

    def variables(self):
        return {
            name: Variable(tuple(v.shape), v.dtype.base_dtype, bool(v.trainable))
            for name, v in named_variables(self._model).items()
        }

    def values(self):
        return {name: variable.numpy() for name, variable in named_variables(self._model).items()}

    def assign(self, values):
        variables = named_variables(self._model)
        for name, value in values.items():
            variables[name].assign(value)

    def forward(self):
        result = self._call(False)
        outputs = {name: np.asarray(value) for name, value in self._setting.named(result).items()}
        return Forward(outputs, float(sum(self._losses(), 0.0)))

    def step(self):
        variables = {name: v for name, v in named_variables(self._model).items() if v.trainable}
        with tf.GradientTape() as tape:
            result = self._call(True)
            loss = tf.add_n([self._setting.loss(result), *self._losses()])
        gradients = dict(zip(variables, tape.gradient(loss, list(variables.values()))))
        pairs = [(gradient, variables[name]) for name, gradient in gradients.items() if gradient is not None]
        self._optimizer.apply_gradients(pairs)
        return Step(float(loss), {name: _dense(gradient) for name, gradient in gradients.items()})

    def close(self):
        pass

    def _call(self, training):
        arguments = {self._training: training} if self._training else {}
        with global_seed(self._setting.seed), deterministic_random(self._setting.seed):
            tensors = [tf.constant(array) for array in self._setting.inputs]
            return called(self._model, tensors, {**arguments, **self._setting.kwargs})

    def _losses(self):
        return [tf.cast(loss, tf.float32) for loss in getattr(self._model, "losses", [])]


class GraphSide:
    """A function that builds in graphs: one for inference, one for training."""

    def __init__(self, function, setting):
        self.title, self._setting, self._function = setting.title, setting, function
        self._training = _training_argument(function, setting.kwargs)
        self._built, self._trains = {}, False

    def build(self):
        """Builds both graphs; returns how many variables the second has more than the first."""
        with deterministic_random(self._setting.seed):
            self._built = {training: _Built(self, training) for training in (False, True)}
        return len(self._built[True].variables) - len(self._built[False].variables)

    def variables(self):
        return {
            name: Variable(tuple(v.shape), v.dtype.base_dtype, name in self._built[True].trainable)
            for name, v in self._built[False].variables.items()
        }

    def values(self):
        return self._built[self._trains].values()

    def assign(self, values):
        self._trains = False
        for built in self._built.values():
            built.assign(values)

    def forward(self):
        return self._built[False].forward()

    def step(self):
        self._trains = True
        return self._built[True].step()

    def close(self):
        for built in self._built.values():
            built.session.close()

    def call(self, placeholders, training):
        arguments = {self._training: training} if self._training else {}
        return self._function(*placeholders, **arguments, **self._setting.kwargs)

    @property
    def setting(self):
        return self._setting


class _Built:
    """One graph, with its session."""

    def __init__(self, side, training):
        setting = side.setting
        with tf.Graph().as_default() as graph:
            v1.set_random_seed(setting.seed)
            self.session = v1.Session(graph=graph)
            placeholders = [v1.placeholder(array.dtype, array.shape) for array in setting.inputs]
            self._feed = dict(zip(placeholders, setting.inputs))
            result = side.call(placeholders, training)
            named = setting.named(result)
            self._outputs = {name: value for name, value in named.items() if tf.is_tensor(value)}
            losses = v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES)
            self._regularization = tf.add_n(losses) if losses else tf.constant(0.0)
            self.variables = {variable.op.name: variable for variable in v1.global_variables()}
            self.trainable = {variable.op.name for variable in v1.trainable_variables()}
            self._new = {name: v1.placeholder(v.dtype.base_dtype, v.shape) for name, v in self.variables.items()}
            self._assign = {name: self.variables[name].assign(new) for name, new in self._new.items()}
            if training:
                self._add_step(setting, result)
            self.session.run(v1.global_variables_initializer())

    def _add_step(self, setting, result):
        self._loss = setting.loss(result) + self._regularization
        trained = {name: v for name, v in self.variables.items() if name in self.trainable}
        gradients = dict(zip(trained, v1.gradients(self._loss, list(trained.values()))))
        self._gradients = {name: gradient for name, gradient in gradients.items() if gradient is not None}
        with tf.control_dependencies([self._loss, *self._gradients.values()]):
            updates = v1.get_collection(v1.GraphKeys.UPDATE_OPS)
            updates.append(setting.optimizer().apply_gradients([(g, trained[n]) for n, g in self._gradients.items()]))
        self._train = tf.group(*updates)

    def values(self):
        return self.session.run(self.variables)

    def assign(self, values):
        known = [name for name in values if name in self._assign]
        self.session.run([self._assign[name] for name in known], {self._new[name]: values[name] for name in known})

    def forward(self):
        return Forward(*self.session.run((self._outputs, self._regularization), self._feed))

    def step(self):
        loss, gradients, _ = self.session.run((self._loss, self._gradients, self._train), self._feed)
        dense = {name: _dense(gradients.get(name)) for name in self.trainable}
        return Step(float(loss), dense)


def _dense(gradient):
    """Returns a gradient as an array; None for one that is not there."""
    if gradient is None:
        return None
    if hasattr(gradient, "indices"):  # A sparse one, of either mode.
        array = np.zeros(tuple(np.asarray(gradient.dense_shape)), np.asarray(gradient.values).dtype)
        np.add.at(array, np.asarray(gradient.indices), np.asarray(gradient.values))
        return array
    return np.asarray(gradient)


def _training_argument(model, kwargs):
    """Returns the name of the argument that says whether the model trains, or None."""
    function = getattr(model, "_model_fn", None)
    bound = getattr(function, "keywords", {})
    if function is None:
        function = getattr(model, "call", None) or model
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return None
    names = [name for name in ("is_training", "training") if name in parameters]
    return next((name for name in names if name not in kwargs and name not in bound), None)
