"""`run --engine tape`: `learning.train` lifts a program's graph and takes its steps under a tape."""

from __future__ import annotations

import tensorflow as tf

from .._engine import engines, gradient_records
from .._tf import gradient_calls


def put_in(ledger):
    """Makes the tape the engine of graphs, and makes graphs that a tape can go through.

    Variables become resource variables and control flow becomes functional: of TensorFlow 1's own kinds
    the first would be rewritten at lifting, and the second has gradients in its own graph alone. Every
    differentiation is remembered, since a program that builds its train op by hand tells nobody else.

    Args:
      ledger: the `Ledger` that notes what to put back.
    """
    tf.compat.v1.enable_resource_variables()
    tf.compat.v1.enable_control_flow_v2()
    module, name = gradient_calls.gradient_function()
    telling = gradient_calls.telling(getattr(module, name), _remember)
    ledger.set_attribute(module, name, telling)
    before = engines.use_for_graphs("tape")
    ledger.note(lambda: engines.use_for_graphs(before))


def _remember(losses, variables, loss_gradients, gradients):
    gradient_records.remember(losses, variables, loss_gradients, gradients)
