"""`tensorflow.contrib.rnn`: the basic cells under contrib's names, and functions that moved to `tf.nn`."""

from __future__ import annotations

import tensorflow as tf

from ..rnn_cells import GRUCell, LSTMCell

v1 = tf.compat.v1

static_bidirectional_rnn = v1.nn.static_bidirectional_rnn
static_rnn = v1.nn.static_rnn
static_state_saving_rnn = v1.nn.static_state_saving_rnn

__all__ = [
    "GRUBlockCellV2",
    "LSTMBlockCell",
    "stack_bidirectional_dynamic_rnn",
    "static_bidirectional_rnn",
    "static_rnn",
    "static_state_saving_rnn",
    "transpose_batch_time",
]


class LSTMBlockCell(LSTMCell):
    """The LSTM of https://arxiv.org/abs/1409.2329, whose step was one op of TF1's own library.

    Variables are named `lstm_cell/kernel`, as `LSTMCell`'s. XLA makes one kernel of the step again.

    Args:
      num_units: size of the memory and of the outputs.
      forget_bias: added to the forget gate.
      cell_clip: bound of the memory's magnitude, or None.
      use_peephole: whether the gates see the memory.
      dtype, reuse: as for `LSTMCell`.
      name: the scope's name.
    """

    _peephole_order = "ifo"

    def __init__(
        self, num_units, forget_bias=1.0, cell_clip=None, use_peephole=False, dtype=None, reuse=None, name="lstm_cell"
    ):
        super().__init__(
            num_units,
            forget_bias=forget_bias,
            cell_clip=cell_clip,
            use_peepholes=use_peephole,
            dtype=dtype,
            reuse=reuse,
            name=name,
        )


class GRUBlockCellV2(GRUCell):
    """The GRU whose step was one op of TF1's own library. Variables are `GRUCell`'s.

    Args:
      num_units: size of the state.
      cell_size: the older name of `num_units`.
      reuse, dtype: as for `GRUCell`.
      name: the scope's name.
    """

    def __init__(self, num_units=None, cell_size=None, reuse=None, name="gru_cell", dtype=None):
        super().__init__(num_units or cell_size, reuse=reuse, name=name, dtype=dtype)


def stack_bidirectional_dynamic_rnn(
    cells_fw,
    cells_bw,
    inputs,
    initial_states_fw=None,
    initial_states_bw=None,
    dtype=None,
    sequence_length=None,
    parallel_iterations=None,
    time_major=False,
    scope=None,
    swap_memory=False,
):
    """Returns (outputs, forward states, backward states) of bidirectional layers on top of each other.

    Each layer reads both directions of the one below, side by side.

    Args:
      cells_fw, cells_bw: lists of cells, one a layer.
      inputs: [batch, time, depth].
      initial_states_fw, initial_states_bw: lists of the layers' first states, or None.
      dtype, sequence_length, parallel_iterations, time_major, swap_memory: as for
        `tf.nn.bidirectional_dynamic_rnn`.
      scope: the variable scope. Default: "stack_bidirectional_rnn".

    Raises:
      ValueError: if there are no layers, or not as many of each.
    """
    layers = len(cells_fw or ())
    if not layers or layers != len(cells_bw):
        raise ValueError(f"cells_fw and cells_bw: expected as many of each. Received: {cells_fw!r}, {cells_bw!r}.")
    firsts = [states or [None] * layers for states in (initial_states_fw, initial_states_bw)]
    finals = [], []
    with v1.variable_scope(scope or "stack_bidirectional_rnn"):
        for layer, (forward, backward) in enumerate(zip(cells_fw, cells_bw)):
            with v1.variable_scope(f"cell_{layer}"):
                outputs, states = v1.nn.bidirectional_dynamic_rnn(
                    forward,
                    backward,
                    inputs,
                    initial_state_fw=firsts[0][layer],
                    initial_state_bw=firsts[1][layer],
                    sequence_length=sequence_length,
                    parallel_iterations=parallel_iterations,
                    dtype=dtype,
                    swap_memory=swap_memory,
                    time_major=time_major,
                )
            inputs = tf.concat(outputs, 2)
            for final, state in zip(finals, states):
                final.append(state)
    return inputs, tuple(finals[0]), tuple(finals[1])


def transpose_batch_time(x):
    """Returns the tensor with its first two dimensions swapped."""
    x = tf.convert_to_tensor(x)
    return tf.transpose(x, [1, 0, *range(2, x.shape.rank)])
