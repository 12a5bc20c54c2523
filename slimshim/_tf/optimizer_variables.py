"""The variables of TensorFlow 1's optimizers in TF2 mode, also those of a `tf.distribute` strategy.

The public `Optimizer.variables()` leaves out what was made in another thread, as a strategy does. So the
two private dicts behind it are read: there in TensorFlow 2.10 to 2.21. Can go with
`tf.compat.v1.train.Optimizer`.
"""

from __future__ import annotations


def eager_variables(optimizer):
    """Returns the slots and other variables that the optimizer has made outside any graph, sorted by name.

    Args:
      optimizer: a `tf.compat.v1.train.Optimizer`.
    """
    slots = [slot for of_variables in optimizer._slots.values() for slot in of_variables.values()]
    found = [v for v in [*optimizer._non_slot_variables(), *slots] if not v._in_graph_mode]
    return sorted(found, key=lambda variable: variable.name)
