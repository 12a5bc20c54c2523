"""Variables inside a function that is being traced from nodes of a `GraphDef`.

Nodes read a variable by its handle, and so TensorFlow does not notice that the function uses the
variable, which it does when Python code reads one. `FuncGraph.capture` and `watch_variable` are no
public names, and are the same in TensorFlow 2.10 to 2.21. Can go with `tf.compat.v1.wrap_function`.
"""

from __future__ import annotations

import tensorflow as tf


def captured_handle(variable):
    """Returns the variable's handle in the function that is being traced, which a tape will watch."""
    graph = tf.compat.v1.get_default_graph()
    graph.watch_variable(variable)
    return graph.capture(variable.handle)


def captured(tensor):
    """Returns an eager tensor as a tensor of the function that is being traced; also a resource's handle."""
    return tf.compat.v1.get_default_graph().capture(tensor)
