"""`tf.nn.rnn_cell` of TensorFlow 1: cells made of other cells."""

from __future__ import annotations

import hashlib

import tensorflow as tf

from .._checks import check
from .rnn_cells import LSTMStateTuple, RNNCell

v1 = tf.compat.v1

__all__ = ["DeviceWrapper", "DropoutWrapper", "MultiRNNCell", "ResidualWrapper"]


class MultiRNNCell(RNNCell):
    """Cells in a row: the outputs of one are the inputs of the next.

    Args:
      cells: a list of cells; the i-th has its variables below `cell_<i>`.
      state_is_tuple: whether the state is a tuple of the cells' states, or one tensor of them in a row.

    Raises:
      ValueError: if there is no cell, or if a state that is to be one tensor is nested.
      TypeError: if `cells` is no list.
    """

    def __init__(self, cells, state_is_tuple=True):
        super().__init__()
        check(isinstance(cells, (list, tuple)), "cells", "a list of cells", cells, error=TypeError)
        check(cells, "cells", "at least one cell", cells)
        self._cells = list(cells)
        self._state_is_tuple = state_is_tuple
        nested = [cell.state_size for cell in cells if tf.nest.is_nested(cell.state_size)]
        check(state_is_tuple or not nested, "cells", "states of one tensor with state_is_tuple=False", nested)

    @property
    def state_size(self):
        sizes = tuple(cell.state_size for cell in self._cells)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self):
        return self._cells[-1].output_size

    def zero_state(self, batch_size, dtype):
        if not self._state_is_tuple:
            return super().zero_state(batch_size, dtype)
        return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)

    def call(self, inputs, state):
        states = state if self._state_is_tuple else tf.split(state, [cell.state_size for cell in self._cells], 1)
        new_states = []
        for place, (cell, one_state) in enumerate(zip(self._cells, states)):
            with v1.variable_scope(f"cell_{place}"):
                inputs, new_state = cell(inputs, one_state)
                new_states.append(new_state)
        return inputs, tuple(new_states) if self._state_is_tuple else tf.concat(new_states, 1)


class _Wrapper(RNNCell):
    """A cell around a cell, with no variable scope of its own."""

    def __init__(self, cell, dtype=None, **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        check(hasattr(cell, "state_size") and callable(cell), "cell", "a cell", cell, error=TypeError)
        self.cell = cell

    @property
    def wrapped_cell(self):
        """The cell inside."""
        return self.cell

    @property
    def state_size(self):
        return self.cell.state_size

    @property
    def output_size(self):
        return self.cell.output_size

    @property
    def variables(self):
        return self.cell.variables

    weights = variables

    def zero_state(self, batch_size, dtype):
        return self.cell.zero_state(batch_size, dtype)

    def __call__(self, inputs, state, scope=None):
        return self.around(inputs, state, lambda *given: self.cell(*given, scope=scope))


class ResidualWrapper(_Wrapper):
    """A cell whose inputs are added to its outputs.

    Args:
      cell: a cell.
      residual_fn: a function of (inputs, outputs) in place of the sum.
    """

    def __init__(self, cell, residual_fn=None, **kwargs):
        super().__init__(cell, **kwargs)
        self._residual_fn = residual_fn

    def around(self, inputs, state, cell):
        outputs, state = cell(inputs, state)
        if self._residual_fn is not None:
            return self._residual_fn(inputs, outputs), state
        tf.nest.assert_same_structure(inputs, outputs)
        for one, other in zip(tf.nest.flatten(inputs), tf.nest.flatten(outputs)):
            one.shape.assert_is_compatible_with(other.shape)
        return tf.nest.map_structure(lambda one, other: one + other, inputs, outputs), state


class DeviceWrapper(_Wrapper):
    """A cell that runs on a device.

    Args:
      cell: a cell.
      device: a device's name, or a function of the operation.
    """

    def __init__(self, cell, device, **kwargs):
        super().__init__(cell, **kwargs)
        self._device = device

    def zero_state(self, batch_size, dtype):
        with v1.device(self._device):
            return super().zero_state(batch_size, dtype)

    def around(self, inputs, state, cell):
        with v1.device(self._device):
            return cell(inputs, state)


class DropoutWrapper(_Wrapper):
    """A cell with dropout of its inputs, outputs and states.

    Args:
      cell: a cell.
      input_keep_prob, output_keep_prob, state_keep_prob: which part is kept: a number in [0, 1], or a scalar
        tensor. 1 means no dropout.
      variational_recurrent: whether every step drops the same, as in https://arxiv.org/abs/1512.05287.
      input_size: size of the inputs; needed by variational dropout of them.
      dtype: dtype of inputs, outputs and state; needed by variational dropout.
      seed: an integer.
      dropout_state_filter_visitor: a function of a part of the state that returns True, False, or a nest of
        them: what is dropped. Default: all but the memory `c` of an `LSTMStateTuple`.

    Raises:
      ValueError: if a number is outside [0, 1], or if variational dropout lacks a size or dtype.
    """

    def __init__(
        self,
        cell,
        input_keep_prob=1.0,
        output_keep_prob=1.0,
        state_keep_prob=1.0,
        variational_recurrent=False,
        input_size=None,
        dtype=None,
        seed=None,
        dropout_state_filter_visitor=None,
        **kwargs,
    ):
        super().__init__(cell, dtype=dtype, **kwargs)
        self._keep = {"input": input_keep_prob, "state": state_keep_prob, "output": output_keep_prob}
        for which, keep in self._keep.items():
            known = keep if not tf.is_tensor(keep) else tf.get_static_value(keep)
            check(known is None or 0 <= known <= 1, f"{which}_keep_prob", "a number in [0, 1]", keep)
        self._seed = seed
        self._filter = dropout_state_filter_visitor or _all_but_memory
        self._noise = None
        if variational_recurrent:
            check(dtype is not None, "dtype", "a dtype with variational_recurrent=True", dtype)
            sizes = {"input": input_size, "state": cell.state_size, "output": cell.output_size}
            check(not self._drops("input") or input_size is not None, "input_size", "the inputs' size", input_size)
            self._noise = {which: self._noises(which, sizes[which], dtype) for which in sizes if self._drops(which)}

    def _drops(self, which):
        keep = self._keep[which]
        return tf.is_tensor(keep) or keep < 1

    def _noises(self, which, sizes, dtype):
        """Returns a list of uniform noise, one for each of the sizes; all of a batch share it."""
        flat = tf.nest.flatten(sizes)
        shapes = [[1, *tf.TensorShape(size if hasattr(size, "__len__") else [size])] for size in flat]
        return [
            tf.random.uniform(shape, seed=self._seed_of(which, place), dtype=dtype)
            for place, shape in enumerate(shapes)
        ]

    def _seed_of(self, which, place):
        """Returns TensorFlow 1's seed of a dropout, from the wrapper's."""
        if self._seed is None:
            return None
        text = f"{self._seed}{which}_{place}".encode()
        return int(hashlib.md5(text, usedforsecurity=False).hexdigest()[:8], 16) & 0x7FFFFFFF

    def around(self, inputs, state, cell):
        inputs = self._dropped("input", inputs)
        outputs, state = cell(inputs, state)
        state = self._dropped("state", state, self._filter)
        return self._dropped("output", outputs), state

    def _dropped(self, which, values, choose=lambda part: True):
        """Returns the nest with dropout where `choose` says so."""
        if not self._drops(which):
            return values
        flat, chosen = tf.nest.flatten(values), _choices(values, choose)
        dropped = [
            self._drop(which, place, value) if yes else value for place, (value, yes) in enumerate(zip(flat, chosen))
        ]
        return tf.nest.pack_sequence_as(values, dropped)

    def _drop(self, which, place, value):
        keep = tf.cast(self._keep[which], value.dtype)
        if self._noise is None:
            return tf.nn.dropout(value, rate=1 - keep, seed=self._seed_of(which, place))
        dropped = value / keep * tf.floor(keep + self._noise[which][place])
        dropped.set_shape(value.shape)
        return dropped


def _all_but_memory(part):
    """TensorFlow 1's default: an LSTM's memory keeps everything."""
    return LSTMStateTuple(c=False, h=True) if isinstance(part, LSTMStateTuple) else True


def _choices(values, choose):
    """Returns a flat list of bools, one for each tensor of the nest."""
    said = choose(values)
    if tf.nest.is_nested(said):
        parts = zip(tf.nest.flatten(values), tf.nest.flatten(said))
        return [yes for _, yes in parts]
    if not said or not tf.nest.is_nested(values):
        return [bool(said)] * len(tf.nest.flatten(values))
    return [yes for part in values for yes in _choices(part, choose)]
