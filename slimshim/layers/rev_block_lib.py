"""Reversible residual blocks, which keep no activations but their outputs.

Same public names as ``tf_slim.layers.rev_block_lib``. From Gomez et al., "The reversible residual
network: backpropagation without storing activations", arXiv:1707.04585.
"""

from __future__ import annotations

import contextlib

import tensorflow as tf

from .._checks import check
from ..ops.arg_scope import arg_scope, current_arg_scope
from ..ops.stores import deferring_losses, to_enter_again
from ._symbolic import symbolic
from .recompute import gradients_of_rerun, not_recorded_if_eager, present, recompute_grad, references, wraps_if_possible

v1 = tf.compat.v1

__all__ = ["RevBlock", "recompute_grad", "rev_block"]


@symbolic
def rev_block(x1, x2, f, g, num_layers=1, f_side_input=None, g_side_input=None, is_training=True):
    """Returns (y1, y2), the outputs of a series of reversible residual layers.

    Each layer is `y1 = x1 + f(x2)`, `y2 = x2 + g(y1)`. Its inputs can be found from its outputs,
    so that the gradient needs nothing that the layers before the last have computed.

    Args:
      x1: a float tensor.
      x2: a float tensor of the same shape.
      f: a function from a tensor to one of the same shape, or a list of one for each layer. It may
        make variables. It must not use tensors of the function around it: pass them as
        `f_side_input`.
      g: as `f`.
      num_layers: int, the number of layers; each has variables of its own.
      f_side_input: a list of tensors. If there are any, `f` takes the list as second argument.
      g_side_input: as `f_side_input`, for `g`.
      is_training: whether to save memory so; if False, gradients are TensorFlow's own.

    Raises:
      ValueError: if the length of a list of functions is not `num_layers`.

    Source: `tf.contrib.layers.rev_block` of TF 1.15.
    """
    block = RevBlock(
        f=f,
        g=g,
        num_layers=num_layers,
        f_side_input=f_side_input,
        g_side_input=g_side_input,
        use_efficient_backprop=is_training,
        _reuse=v1.get_variable_scope().reuse,
    )
    return block.forward(x1, x2)


class RevBlock:
    """A series of reversible residual layers that can run both ways; see `rev_block`.

    Its variables are made on the first call, in the variable scope `revblock/revlayer_<i>/<f or
    g>`. It is no Keras layer, though it has the members of one that TF1's had.
    """

    def __init__(
        self,
        f,
        g,
        num_layers=1,
        f_side_input=None,
        g_side_input=None,
        use_efficient_backprop=True,
        name="revblock",
        **kwargs,
    ):
        """Makes a block; for the arguments not named here see `rev_block`.

        Args:
          use_efficient_backprop: whether gradients find the inputs from the outputs.
          name: the variable scope; a number is added if it is taken.
          **kwargs: `_reuse`, whether to use the variables of that scope again; `trainable` and
            `dtype` are accepted as TF1's layers do, and mean nothing here.

        Raises:
          ValueError: if the length of a list of functions is not `num_layers`.
          TypeError: for any other keyword argument.
        """
        self._reuse = kwargs.pop("_reuse", None)
        unknown = sorted(set(kwargs) - {"trainable", "dtype"})
        check(not unknown, "kwargs", "no keyword arguments but _reuse, trainable and dtype", unknown, error=TypeError)
        self.name = name
        self.num_layers = num_layers
        self.f = _per_layer("f", f, num_layers)
        self.g = _per_layer("g", g, num_layers)
        self.f_side_input = f_side_input or []
        self.g_side_input = g_side_input or []
        self.built = False
        self._use_efficient_backprop = use_efficient_backprop
        self._scope = None

    def forward(self, x1, x2):
        """Returns (y1, y2), the outputs for the inputs (x1, x2)."""
        return self([x1, x2])

    def backward(self, y1, y2):
        """Returns (x1, x2), the inputs for the outputs (y1, y2). This is no gradient."""
        return self([y1, y2], forward=False)

    def __call__(self, inputs, forward=True):
        """Runs the block; see `call`."""
        with self._open_scope(reuse=True if self.built else self._reuse):
            outputs = self.call(inputs, forward)
        self.build(None)
        return outputs

    apply = __call__

    def build(self, _):
        """Marks the block as built: its variables are made by its first call."""
        self.built = True

    def call(self, inputs, forward=True):
        """Returns the other pair of tensors for the pair `inputs`, within the scope that is open.

        Args:
          inputs: (x1, x2) if `forward`, else (y1, y2).
          forward: whether to run from inputs to outputs.
        """
        first, second = inputs
        if not forward:
            return self._run_back(first, second)
        if not self._use_efficient_backprop:
            return self._run(first, second, self.f_side_input, self.g_side_input)
        return self._run_reversibly(first, second)

    # --- variables ------------------------------------------------------------------------------

    @property
    def scope_name(self):
        """The full name of the variable scope; known after the first call."""
        check(self._scope is not None, "scope_name", "a block that has been called", self.name)
        return self._scope.name

    @property
    def variables(self):
        """The graph's variables of this block."""
        return self._scope.global_variables() if self._scope is not None else []

    @property
    def trainable_variables(self):
        """The graph's trainable variables of this block."""
        return self._scope.trainable_variables() if self._scope is not None else []

    @property
    def non_trainable_variables(self):
        """The graph's other variables of this block."""
        trainable = references(self.trainable_variables)
        return [variable for variable in self.variables if variable.ref() not in trainable]

    weights = variables
    trainable_weights = trainable_variables
    non_trainable_weights = non_trainable_variables

    @contextlib.contextmanager
    def _open_scope(self, reuse):
        if self._scope is None:
            name, default_name = (self.name, None) if self._reuse else (None, self.name)
            with v1.variable_scope(name, default_name) as scope:
                self._scope = scope
        with v1.variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False) as scope:
            with v1.name_scope(scope.original_name_scope):
                yield

    # --- running --------------------------------------------------------------------------------

    def _run(self, x1, x2, f_side, g_side):
        for f, g in zip(self.f, self.g):
            x1 = x1 + _apply(f, x2, f_side)
            x2 = x2 + _apply(g, x1, g_side)
        return x1, x2

    def _run_back(self, y1, y2):
        for f, g in zip(reversed(self.f), reversed(self.g)):
            y2 = y2 - _apply(g, y1, self.g_side_input)
            y1 = y1 - _apply(f, y2, self.f_side_input)
        return y1, y2

    def _run_reversibly(self, x1, x2):
        """As `_run`, with a gradient that goes back from the outputs."""
        sides = [self.f_side_input, self.g_side_input]
        store, defaults = to_enter_again(), current_arg_scope()

        @tf.custom_gradient
        def reversible(x1, x2, *flat_sides):
            f_side, g_side = tf.nest.pack_sequence_as(sides, list(flat_sides))
            layers = [_Layer(f, g) for f, g in zip(self.f, self.g)]
            ys = (x1, x2)
            with not_recorded_if_eager():
                for layer in layers:
                    ys = layer.run(ys, f_side, g_side)

            def grad_fn(*y_grads, variables=None):
                backprop = _Backprop(layers, f_side, g_side, list(variables or ()))
                with store(), arg_scope(defaults), self._open_scope(reuse=True):
                    x_grads = backprop.run(ys, y_grads)
                input_grads = [*x_grads, *backprop.side_grads()]
                return (input_grads, backprop.variable_grads()) if variables else input_grads

            return ys, grad_fn

        with deferring_losses():
            return reversible(x1, x2, *tf.nest.flatten(sides))


def _per_layer(argument, fn, num_layers):
    """Returns one function for each layer, each in its own variable scope."""
    functions = list(fn) if isinstance(fn, (list, tuple)) else [fn] * num_layers
    check(len(functions) == num_layers, argument, f"one function, or a list of num_layers={num_layers}", fn)
    return [_in_scope(function, f"revlayer_{i}/{argument}") for i, function in enumerate(functions)]


def _in_scope(fn, scope):
    def scoped(*args, **kwargs):
        # tf.custom_gradient takes resource variables alone.
        with v1.variable_scope(scope, use_resource=True):
            return fn(*args, **kwargs)

    return wraps_if_possible(fn)(scoped)


def _apply(fn, x, side):
    return fn(x, side) if side else fn(x)


class _Layer:
    """One reversible layer, and which variables its functions have used."""

    def __init__(self, f, g):
        self.f, self.g = f, g
        self.f_variables, self.g_variables = set(), set()

    def run(self, xs, f_side, g_side):
        """Returns the layer's outputs, both available only together."""
        x1, x2 = xs
        y1 = x1 + _noting_variables(self.f, x2, f_side, self.f_variables)
        y2 = x2 + _noting_variables(self.g, y1, g_side, self.g_variables)
        return tuple(v1.tuple([y1, y2]))


def _noting_variables(fn, x, side, used):
    if tf.executing_eagerly():  # Recording is off then, and gradients need no such notes.
        return _apply(fn, x, side)
    with tf.GradientTape() as tape:
        y = _apply(fn, x, side)
    used.update(references(tape.watched_variables()))
    return y


class _Backprop:
    """The gradient of a block: goes back layer by layer, and sums what layers share."""

    def __init__(self, layers, f_side, g_side, variables):
        self._layers = layers
        self._sides = {"f": tf.nest.flatten(f_side), "g": tf.nest.flatten(g_side)}
        self._side_structures = {"f": f_side, "g": g_side}
        self._variables = variables
        noted = set().union(*(layer.f_variables | layer.g_variables for layer in layers))
        # A variable that no function was seen to read may belong to any of them.
        self._of_any_layer = references(variables) - noted
        self._side_grads = {key: [[] for _ in side] for key, side in self._sides.items()}
        self._variable_grads = {variable.ref(): [] for variable in variables}

    def run(self, ys, y_grads):
        """Returns the gradients of the block's inputs, given its outputs and their gradients."""
        with tf.control_dependencies(present(y_grads)):
            for layer in reversed(self._layers):
                ys, y_grads = self._layer_back(layer, ys, y_grads)
        return y_grads

    def side_grads(self):
        """Returns the gradients of the side inputs of f, then of g."""
        return [_sum(grads) for key in ("f", "g") for grads in self._side_grads[key]]

    def variable_grads(self):
        """Returns the gradients of the variables, in the order they were given in."""
        return [_sum(self._variable_grads[variable.ref()]) for variable in self._variables]

    def _layer_back(self, layer, ys, y_grads):
        """Returns the layer's inputs and their gradients.

        y2 = x2 + g(y1), so the gradient that arrives at y1 is its own and that through g; then the
        same with y1 = x1 + f(x2).
        """
        (y1, y2), (grad_y1, grad_y2) = ys, y_grads
        gy1, through_g, g_grads = self._rerun("g", layer.g, y1, grad_y2, layer.g_variables)
        x2 = y2 - gy1
        grad_x1 = _sum(present([grad_y1, through_g]))
        fx2, through_f, f_grads = self._rerun("f", layer.f, x2, grad_x1, layer.f_variables)
        x1 = y1 - fx2
        grad_x2 = _sum(present([grad_y2, through_f]))
        # All together, or the next layer could start on some of it and hold more memory.
        x1, x2, grad_x1, grad_x2, *grads = v1.tuple([x1, x2, grad_x1, grad_x2, *g_grads.values(), *f_grads.values()])
        self._add(dict(zip(g_grads, grads)), "g")
        self._add(dict(zip(f_grads, grads[len(g_grads) :])), "f")
        return (x1, x2), (grad_x1, grad_x2)

    def _rerun(self, key, fn, x, out_grad, used):
        """Returns fn(x), the gradient of x, and those of side inputs and variables by index or reference."""
        used = used | self._of_any_layer
        variables = [variable for variable in self._variables if variable.ref() in used]
        # Without this TensorFlow would go on past x into what it was computed from.
        x, *side = [tf.stop_gradient(tensor) for tensor in (x, *self._sides[key])]
        outputs = []

        def rerun():
            packed = tf.nest.pack_sequence_as(self._side_structures[key], side)
            outputs.append(_apply(fn, x, packed))
            return outputs

        grad_x, *grads = gradients_of_rerun(rerun, [x, *side], variables, [out_grad])
        names = [*range(len(side)), *(variable.ref() for variable in variables)]
        return outputs[0], grad_x, {name: grad for name, grad in zip(names, grads) if grad is not None}

    def _add(self, grads, key):
        for name, grad in grads.items():
            table = self._side_grads[key] if isinstance(name, int) else self._variable_grads
            table[name].append(grad)


def _sum(grads):
    """Returns the sum of gradients, None of none; slices become dense if there are several."""
    if len(grads) < 2:
        return grads[0] if grads else None
    return tf.add_n([tf.convert_to_tensor(grad) for grad in grads])
