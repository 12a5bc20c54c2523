"""`assert_equivalent`: two networks compared by the recipe of TensorFlow's migration guide, and more."""

from __future__ import annotations

import zlib

import numpy as np
import tensorflow as tf

from .._checks import check, nearest_names
from .._tf import in_graph_mode
from ..checkpoints.rules import Rules
from ..checkpoints.sources import Value
from ._sides import side_of

_RATE = 0.01


def assert_equivalent(
    a,
    b,
    inputs,
    *,
    rename=(),
    outputs=None,
    loss=None,
    steps=3,
    optimizer=None,
    rtol=1e-4,
    atol=1e-5,
    a_kwargs=None,
    b_kwargs=None,
    seed=0,
):
    """Raises AssertionError unless two models are the same network; says what differs, and by how much.

    In this order: a second call makes no variables; variables have the same names, shapes, dtypes and
    are trained alike; with constant weights, and then with random ones, outputs and regularization
    losses are equal; and so are losses, gradients and all variables (moving averages too) over steps of
    training, with dropout drawing the same numbers on both sides. Live models get back the values they
    had.

    Args:
      a: the one model: a Module, a Keras model, another callable object with variables, a slim function
        (which becomes a Module), or `in_graph(function)` for one that builds in a TF1 graph.
      b: the other model.
      inputs: an array, or a list of arrays: the arguments of a call. A Keras model of several inputs gets
        them in the order of its `inputs`.
      rename: rules from names of `a` to names of `b`; see `checkpoints.convert`.
      outputs: what of the returned is compared: a function from it to a tensor, a list or a dict; or a
        pair of functions, for a and b. Default: of slim's pair (tensor, end points) the tensor and end
        points of the same name, else all.
      loss: a function from what a model returns to a scalar, or a pair of functions. Default: the mean of
        the squares of the outputs. The regularization losses are added.
      steps: how many steps of training are compared; 0 for none.
      optimizer: a function without arguments that returns an optimizer, such as
        `lambda: tf.compat.v1.train.MomentumOptimizer(0.1, 0.9)`; or a pair of functions. Default:
        gradient descent with rate 0.01. `in_graph` takes those of `tf.compat.v1.train` alone.
      rtol, atol: two arrays are equal if no difference is larger than `atol` + `rtol` times the largest
        magnitude in them.
      a_kwargs, b_kwargs: further arguments of each call. `is_training` (or Keras's `training`), unless
        given, is False for outputs and True for steps.
      seed: for the random weights and the random ops.

    Raises:
      AssertionError: if they differ; the message names the step, the variable or output, the largest
        difference and where it is, and what to look at.
      ValueError: if a model has no variables, or two of one name.
    """
    check(not in_graph_mode(), "assert_equivalent", "a call in TF2 mode", "graph mode", "Pass in_graph(function).")
    arrays = [np.asarray(array) for array in (inputs if isinstance(inputs, (list, tuple)) else [inputs])]
    options = zip(_pair(outputs), _pair(loss), _pair(optimizer or _gradient_descent), (a_kwargs, b_kwargs))
    sides = [
        side_of(model, title, arrays, kwargs, output, losses, make, seed)
        for model, title, (output, losses, make, kwargs) in zip((a, b), "ab", options)
    ]
    try:
        _Comparison(sides, rename, rtol, atol, seed).run(steps)
    finally:
        for side in sides:
            side.close()


def _gradient_descent():
    return tf.compat.v1.train.GradientDescentOptimizer(_RATE)


def _pair(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


class _Comparison:
    def __init__(self, sides, rename, rtol, atol, seed):
        self._sides, self._rename, self._rtol, self._atol, self._seed = sides, rename, rtol, atol, seed
        self._to_b = {}

    def run(self, steps):
        a, b = self._sides
        for side in self._sides:
            self._require_reuse(side)
        self._compare_variables()
        before = a.values(), b.values()
        try:
            self._compare_forward("constant weights", _constant, _STRUCTURE)
            self._compare_forward("random weights", self._random, _LAYOUT)
            for number in range(1, steps + 1):
                self._compare_step(number)
        finally:
            for side, values in zip(self._sides, before):
                side.assign(values)

    # --- variables

    def _require_reuse(self, side):
        more = side.build()
        if more:
            raise AssertionError(
                f"{side.title}: a second call made {more} more variables. Give its scopes names, or wrap the function "
                "in a Module, so that a call finds the variables of the last."
            )

    def _compare_variables(self):
        of_a, of_b = (side.variables() for side in self._sides)
        values = {name: Value(v.shape, v.dtype, None) for name, v in of_a.items()}
        self._to_b, _ = Rules(self._rename).apply(values)
        problems = _name_problems(self._to_b, of_b)
        for name, new in self._to_b.items():
            if new in of_b:
                problems += _variable_problems(name, of_a[name], new, of_b[new])
        if problems:
            more = [f"and {len(problems) - 20} more"] if len(problems) > 20 else []
            raise AssertionError(
                f"The variables differ: a has {len(of_a)}, b has {len(of_b)}.\n  "
                + "\n  ".join([*problems[:20], *more])
                + "\nIf the names differ alone, say how with rename=['regex of a=name of b', ...]."
            )

    # --- values

    def _assign(self, value_of):
        of_b = {new: value_of(new, v) for new, v in self._sides[1].variables().items()}
        self._sides[1].assign(of_b)
        self._sides[0].assign({name: of_b[new] for name, new in self._to_b.items()})

    def _random(self, name, variable):
        random = np.random.RandomState((zlib.crc32(name.encode()) + self._seed) & 0x7FFFFFFF)
        if not variable.dtype.is_floating:
            return np.zeros(variable.shape, variable.dtype.as_numpy_dtype)
        if len(variable.shape) < 2:  # Positive, for it may be a variance.
            values = random.uniform(0.5, 1.5, variable.shape)
        else:  # He's scale keeps the activations alive through the depth of the net.
            values = random.standard_normal(variable.shape) * np.sqrt(2.0 / _fan_in(variable.shape))
        return np.asarray(values).astype(variable.dtype.as_numpy_dtype)

    # --- what the models compute

    def _compare_forward(self, what, value_of, remedy):
        self._assign(value_of)
        a, b = (side.forward() for side in self._sides)
        names = [name for name in a.outputs if name in b.outputs]
        if not names:
            raise AssertionError(
                f"No output of a ({list(a.outputs)}) has a name that b gives ({list(b.outputs)}). "
                "Say what to compare with outputs=(function for a, function for b)."
            )
        for name in names:
            self._equal(f"with {what}, {name!r}", a.outputs[name], b.outputs[name], remedy)
        hint = _REGULARIZATION
        if (
            a.regularization
            and b.regularization
            and np.isclose(max(a.regularization / b.regularization, b.regularization / a.regularization), 2, rtol=0.01)
        ):
            hint = "One is twice the other: slim's l2_regularizer(s) is s * sum(w²) / 2, and Keras's l2(s) has no half."
        self._equal(f"with {what}, the sum of the regularization losses", a.regularization, b.regularization, hint)

    def _compare_step(self, number):
        a, b = (side.step() for side in self._sides)
        self._equal(f"step {number}: the loss", a.loss, b.loss, _TRAINING)
        for name, new in self._to_b.items():
            if name in a.gradients or new in b.gradients:
                self._equal_gradients(number, name, a.gradients.get(name), b.gradients.get(new))
        of_a, of_b = (side.values() for side in self._sides)
        for name, new in self._to_b.items():
            self._equal(f"after step {number}, the variable {name!r}", of_a[name], of_b[new], _UPDATES)

    def _equal_gradients(self, number, name, a, b):
        if a is None and b is None:
            return
        what = f"step {number}: the gradient of {name!r}"
        if a is None or b is None:
            raise AssertionError(
                f"{what}: {'a' if a is None else 'b'} has none. Its loss does not depend on the variable: look for "
                "stop_gradient, or for a layer that is left out in training."
            )
        self._equal(what, a, b, _TRAINING)

    def _equal(self, what, a, b, remedy):
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape:
            raise AssertionError(f"{what}: a has shape {a.shape}, b has shape {b.shape}. {remedy}")
        if not a.size:
            return
        wide = _comparable_dtype(a), _comparable_dtype(b)
        if None in wide:
            if not np.array_equal(a, b):
                raise AssertionError(f"{what}: the values differ. {remedy}")
            return
        a, b = (array.astype(np.result_type(*wide)) for array in (a, b))
        # Equal infinities, and no number on both sides, are no difference.
        with np.errstate(invalid="ignore"):
            difference = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
        scale = max(np.max(np.abs(np.where(np.isfinite(array), array, 0))) for array in (a, b))
        allowed = self._atol + self._rtol * scale
        if not (difference <= allowed).all():
            at = np.unravel_index(int(np.argmax(np.nan_to_num(difference, nan=np.inf))), difference.shape)
            place = f" at {[int(i) for i in at]}" if at else ""
            raise AssertionError(
                f"{what}: largest difference {difference[at]:.3g}{place}, where a has {a[at]:.6g} and b has {b[at]:.6g}; "
                f"{allowed:.3g} is allowed, {int((~(difference <= allowed)).sum())} of {a.size} elements differ. {remedy}"
            )


_STRUCTURE = (
    "The weights are constant, so the structure differs: a missing layer, padding, stride, activation, or batch norm's "
    "epsilon (slim's 0.001)."
)
_LAYOUT = (
    "With constant weights they were equal, so the values are used in another order: a transposed kernel, two layers "
    "exchanged by the names, beta and moving_mean exchanged, or another order of flattening."
)
_REGULARIZATION = "Look for a regularizer that one of them lacks, or for its scale."
_TRAINING = "Without training they were equal: look at dropout's rate, at batch norm's is_training, and at variables that only one trains."
_UPDATES = (
    "Gradients and losses are equal: look at batch norm's decay and its updates (UPDATE_OPS), at Bessel's correction of "
    "the variance (fused batch norm has it), at constraints, and at the optimizers' epsilon."
)


def _comparable_dtype(array):
    """Returns the widest dtype of the array's kind; None if it holds no numbers. NumPy does not know bfloat16."""
    dtype = tf.as_dtype(array.dtype)
    if dtype.is_complex:
        return np.complex128
    return np.float64 if dtype.is_floating or dtype.is_integer else None


def _constant(name, variable):
    """Returns weights that keep activations of about one size through the layers, whatever they are for."""
    value = 0.5 if len(variable.shape) < 2 else 1.0 / _fan_in(variable.shape)
    return np.full(variable.shape, value if variable.dtype.is_floating else 0, variable.dtype.as_numpy_dtype)


def _fan_in(shape):
    return max(1, int(np.prod(shape[:-1])))


def _name_problems(to_b, of_b):
    problems = []
    new_names = list(to_b.values())
    for name, new in to_b.items():
        if new not in of_b:
            free = [other for other in of_b if other not in new_names]
            shown = name if name == new else f"{name}, renamed to {new}"
            problems.append(f"a's {shown}: b has none of that name{_nearest(new, free)}")
        elif new_names.count(new) > 1:
            problems.append(f"a's {name}: not the only one that is named {new} for b")
    missing = [new for new in of_b if new not in new_names]
    free = [new for new in new_names if new not in of_b]
    problems += [f"b's {new}: a has none of that name{_nearest(new, free)}" for new in missing]
    return problems


def _nearest(name, names):
    near = nearest_names(name, names)
    return f" (nearest: {', '.join(near)})" if near else ""


def _variable_problems(name, a, new, b):
    shown = name if name == new else f"{name} (b's {new})"
    problems = []
    if a.shape != b.shape:
        problems.append(f"{shown}: a has shape {a.shape}, b has shape {b.shape}")
    if a.dtype != b.dtype:
        problems.append(f"{shown}: a has dtype {a.dtype.name}, b has dtype {b.dtype.name}")
    if a.trainable != b.trainable:
        problems.append(f"{shown}: {'a' if a.trainable else 'b'} trains it, and the other does not")
    return problems
