"""`tf.nn.rnn_cell` of TensorFlow 1, which Keras 3 took away: the cells themselves.

`tf.nn.dynamic_rnn`, `static_rnn` and `bidirectional_dynamic_rnn`, which TensorFlow still has, drive them.
Variables are named and laid out as TensorFlow 1's (`rnn/basic_lstm_cell/kernel`), so checkpoints fit. Where
a cell is from a paper, its argument names and formula are those of TensorFlow 1.15.
"""

from __future__ import annotations

import collections

import tensorflow as tf

from .._checks import check
from .v1_base_layer import Layer

v1 = tf.compat.v1

__all__ = [
    "BasicLSTMCell",
    "BasicRNNCell",
    "GRUCell",
    "LSTMCell",
    "LSTMStateTuple",
    "RNNCell",
]


class LSTMStateTuple(collections.namedtuple("LSTMStateTuple", ("c", "h"))):
    """The state of an LSTM: the cell's memory `c` and its output `h`."""

    __slots__ = ()

    @property
    def dtype(self):
        """The dtype of both tensors.

        Raises:
          TypeError: if they differ.
        """
        check(self.c.dtype == self.h.dtype, "c and h", "one dtype", (self.c.dtype, self.h.dtype), error=TypeError)
        return self.c.dtype


class RNNCell(Layer):
    """One step of a recurrent network; subclasses give `state_size`, `output_size`, `build` and `call`.

    `cell(inputs, state)` returns (outputs, new state). `inputs` is [batch, depth]. `state_size` is a number, a
    shape without the batch, or a nest of them; the state has its structure.

    Args:
      trainable, name, dtype: as for `Layer`.
    """

    def __call__(self, inputs, state, scope=None, *args, **kwargs):
        """Returns (outputs, new state) of one step, within the cell's variable scope."""
        return super().__call__(inputs, state, *args, scope=scope, **kwargs)

    @property
    def state_size(self):
        """Sizes of the state, in its structure."""
        raise NotImplementedError("state_size: a cell must have one")

    @property
    def output_size(self):
        """Size of the outputs."""
        raise NotImplementedError("output_size: a cell must have one")

    def call(self, inputs, state):
        """Returns (outputs, new state). Subclasses give it."""
        raise NotImplementedError("call: a cell must have one")

    def zero_state(self, batch_size, dtype):
        """Returns a state of zeros.

        Args:
          batch_size: a number or a scalar int32 tensor.
          dtype: dtype of the state.
        """
        with tf.name_scope(f"{type(self).__name__}ZeroState"):
            return tf.nest.map_structure(lambda size: _zeros(batch_size, size, dtype), self.state_size)

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        """Returns a state of zeros; the inputs, if given, tell the batch and the dtype.

        Raises:
          ValueError: if neither the inputs nor both others are given.
        """
        if inputs is not None:
            inputs = tf.convert_to_tensor(inputs)
            batch_size, dtype = inputs.shape[0] or tf.shape(inputs)[0], inputs.dtype
        check(
            batch_size is not None and dtype is not None, "batch_size and dtype", "both, or inputs", (batch_size, dtype)
        )
        return self.zero_state(batch_size, dtype)


def _zeros(batch_size, size, dtype):
    known = tf.get_static_value(batch_size) if tf.is_tensor(batch_size) else batch_size
    tail = tf.TensorShape(size if hasattr(size, "__len__") or isinstance(size, tf.TensorShape) else [size])
    zeros = tf.zeros(tf.concat([[batch_size], tail.as_list()], 0), dtype)
    if not tf.executing_eagerly():
        zeros.set_shape(tf.TensorShape([known]).concatenate(tail))
    return zeros


class _Gated(RNNCell):
    """What the cells share: their arguments, and the affine maps of [inputs, state]."""

    def __init__(self, num_units, activation, reuse, name, dtype, **kwargs):
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        self._num_units = num_units
        self._activation = _function(activation)

    @property
    def state_size(self):
        return self._num_units

    @property
    def output_size(self):
        return self._num_units

    def _input_depth(self, inputs_shape):
        depth = inputs_shape[-1]
        check(inputs_shape.rank == 2 and depth, "inputs", "shape [batch, depth] with a known depth", inputs_shape)
        return depth

    def _affine(self, parts, kernel, bias):
        """Returns `[part, part] @ kernel + bias`."""
        return tf.nn.bias_add(tf.matmul(tf.concat(parts, 1), kernel), bias)


def _function(activation):
    """Returns the activation function: tanh for None, Keras's for a name."""
    if activation is None:
        return tf.tanh
    return tf.keras.activations.get(activation) if isinstance(activation, str) else activation


class BasicRNNCell(_Gated):
    """The plain cell: `outputs = state = activation([inputs, state] @ kernel + bias)`.

    Args:
      num_units: size of the state.
      activation: a function or its Keras name. Default: tanh.
      reuse, name, dtype: as for `Layer`.
    """

    def __init__(self, num_units, activation=None, reuse=None, name=None, dtype=None, **kwargs):
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)

    def build(self, inputs_shape):
        units = self._num_units
        self._kernel = self.add_weight("kernel", [self._input_depth(inputs_shape) + units, units])
        self._bias = self.add_weight("bias", [units], initializer="zeros")

    def call(self, inputs, state):
        outputs = self._activation(self._affine([inputs, state], self._kernel, self._bias))
        return outputs, outputs


class GRUCell(_Gated):
    """The gated recurrent unit of Cho et al., https://arxiv.org/abs/1406.1078.

    Args:
      num_units: size of the state.
      activation: a function or its Keras name. Default: tanh.
      reuse, name, dtype: as for `Layer`.
      kernel_initializer: of both kernels. Default: the scope's.
      bias_initializer: of both biases. Default: ones for the gates, zeros for the candidate.
    """

    def __init__(
        self,
        num_units,
        activation=None,
        reuse=None,
        kernel_initializer=None,
        bias_initializer=None,
        name=None,
        dtype=None,
        **kwargs,
    ):
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        self._kernel_initializer = kernel_initializer
        self._bias_initializer = bias_initializer

    def build(self, inputs_shape):
        depth = self._input_depth(inputs_shape) + self._num_units
        self._gates = self._pair("gates", depth, 2 * self._num_units, "ones")
        self._candidate = self._pair("candidate", depth, self._num_units, "zeros")

    def _pair(self, name, depth, units, bias_initializer):
        bias_initializer = self._bias_initializer or bias_initializer
        kernel = self.add_weight(f"{name}/kernel", [depth, units], initializer=self._kernel_initializer)
        return kernel, self.add_weight(f"{name}/bias", [units], initializer=bias_initializer)

    def call(self, inputs, state):
        reset, update = tf.split(tf.sigmoid(self._affine([inputs, state], *self._gates)), 2, axis=1)
        candidate = self._activation(self._affine([inputs, reset * state], *self._candidate))
        state = update * state + (1 - update) * candidate
        return state, state


class LSTMCell(_Gated):
    """Long short-term memory, with peepholes, clipping and projection: https://arxiv.org/abs/1402.1128.

    Args:
      num_units: size of the memory.
      use_peepholes: whether the gates see the memory.
      cell_clip: bound of the memory's magnitude, or None.
      initializer: of the kernels and peepholes. Default: the scope's.
      num_proj: size of the outputs, by a projection; or None for `num_units`.
      proj_clip: bound of the projected outputs' magnitude, or None.
      num_unit_shards, num_proj_shards: how many parts the kernels have, or None.
      forget_bias: added to the forget gate.
      state_is_tuple: whether the state is an `LSTMStateTuple`, or one tensor [c, h].
      activation: a function or its Keras name. Default: tanh.
      reuse, name, dtype: as for `Layer`.
    """

    # The order in which the peepholes' weights are made.
    _peephole_order = "fio"

    def __init__(
        self,
        num_units,
        use_peepholes=False,
        cell_clip=None,
        initializer=None,
        num_proj=None,
        proj_clip=None,
        num_unit_shards=None,
        num_proj_shards=None,
        forget_bias=1.0,
        state_is_tuple=True,
        activation=None,
        reuse=None,
        name=None,
        dtype=None,
        **kwargs,
    ):
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = initializer
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._shards = num_unit_shards, num_proj_shards
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple

    @property
    def state_size(self):
        sizes = self._num_units, self.output_size
        return LSTMStateTuple(*sizes) if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self):
        return self._num_proj or self._num_units

    def build(self, inputs_shape):
        units, outputs = self._num_units, self.output_size
        shape = [self._input_depth(inputs_shape) + outputs, 4 * units]
        self._kernel = self._weight("kernel", shape, self._shards[0])
        self._bias = self.add_weight("bias", [4 * units], initializer="zeros")
        if self._use_peepholes:
            self._peepholes = {gate: self._weight(f"w_{gate}_diag", [units]) for gate in self._peephole_order}
        if self._num_proj is not None:
            self._projection = self._weight("projection/kernel", [units, outputs], self._shards[1])

    def _weight(self, name, shape, shards=None):
        partitioner = None if shards is None else v1.fixed_size_partitioner(shards)
        return self.add_weight(name, shape, initializer=self._initializer, partitioner=partitioner)

    def _peeped(self, value, gate, memory):
        return value + self._peepholes[gate] * memory if self._use_peepholes else value

    def call(self, inputs, state):
        memory, previous = state if self._state_is_tuple else tf.split(state, [self._num_units, self.output_size], 1)
        gates = self._affine([inputs, previous], self._kernel, self._bias)
        add, new, forget, show = tf.split(gates, 4, axis=1)
        forget = tf.sigmoid(self._peeped(forget + self._forget_bias, "f", memory))
        add = tf.sigmoid(self._peeped(add, "i", memory))
        memory = _clipped(forget * memory + add * self._activation(new), self._cell_clip)
        outputs = tf.sigmoid(self._peeped(show, "o", memory)) * self._activation(memory)
        if self._num_proj is not None:
            outputs = _clipped(tf.matmul(outputs, self._projection), self._proj_clip)
        return outputs, LSTMStateTuple(memory, outputs) if self._state_is_tuple else tf.concat([memory, outputs], 1)


def _clipped(value, bound):
    return value if bound is None else tf.clip_by_value(value, -bound, bound)


class BasicLSTMCell(LSTMCell):
    """Long short-term memory of https://arxiv.org/abs/1409.2329, without extras.

    Args:
      num_units: size of the memory and of the outputs.
      forget_bias: added to the forget gate. Set it to 0 for a checkpoint of `CudnnLSTM`.
      state_is_tuple: whether the state is an `LSTMStateTuple`, or one tensor [c, h].
      activation: a function or its Keras name. Default: tanh.
      reuse, name, dtype: as for `Layer`.
    """

    def __init__(
        self,
        num_units,
        forget_bias=1.0,
        state_is_tuple=True,
        activation=None,
        reuse=None,
        name=None,
        dtype=None,
        **kwargs,
    ):
        super().__init__(
            num_units,
            forget_bias=forget_bias,
            state_is_tuple=state_is_tuple,
            activation=activation,
            reuse=reuse,
            name=name,
            dtype=dtype,
            **kwargs,
        )
