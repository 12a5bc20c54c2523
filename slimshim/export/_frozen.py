"""A frozen graph: a GraphDef whose variables are constants."""

from __future__ import annotations

import typing

import tensorflow as tf

from .._checks import error_text
from .._outputs import whole_output
from .._quiet import quiet_tensorflow
from ._signatures import input_names, require_inference, signature

v1 = tf.compat.v1


class FrozenGraph(typing.NamedTuple):
    """A frozen graph that was written.

    Attributes:
      path: the file.
      inputs: a dict of input name -> tensor name in the graph ("images:0").
      outputs: a dict of output name -> tensor name in the graph.
    """

    path: str
    inputs: dict
    outputs: dict


def frozen_graph(model, path, inputs=None, outputs=None, *, overwrite=False, **kwargs):
    """Writes the model as a GraphDef with constants, as TF1's `freeze_graph` did; returns a `FrozenGraph`.

    Constants have the variables' names. Attributes with their default values are left out, so that
    an older TensorFlow, 1.15 too, imports it where it knows the ops.

    Args:
      model, inputs, outputs, **kwargs: see `signature`.
      path: the file to write: binary, or text if it ends in ".pbtxt".
      overwrite: if True, what is at `path` is replaced.

    Raises:
      ValueError: if something is at `path`, the call updates variables, the model uses a lookup table,
        or as `signature` does.
    """
    path = str(path)
    concrete = signature(model, inputs, outputs, **kwargs)
    require_inference(concrete, "a frozen graph")
    graph_def, output_names = _frozen(concrete)
    named_inputs = {name: f"{tensor.op.name}:0" for name, tensor in zip(input_names(concrete), concrete.inputs)}
    with whole_output(path, overwrite) as partial:
        folder, _, name = partial.rpartition("/")
        v1.train.write_graph(graph_def, folder, name, as_text=path.endswith(".pbtxt"))
    return FrozenGraph(path, named_inputs, output_names)


def _frozen(concrete):
    """Returns (the GraphDef, {output name: tensor name})."""
    captures = _captured_values(concrete)  # Out here, where they can be read.
    # Quiet: it would say how many variables it froze, and that it is of TF1.
    with tf.Graph().as_default() as graph, v1.Session() as session, quiet_tensorflow():
        graph_def = concrete.graph.as_graph_def()
        names = {node.name for node in graph_def.node}
        input_map = {placeholder: _copy(name, value, session, names) for placeholder, name, value in captures}
        tensors = {name: tensor.name for name, tensor in concrete.structured_outputs.items()}
        found = tf.graph_util.import_graph_def(graph_def, input_map, list(tensors.values()), name="")
        outputs = {name: tf.identity(tensor, _op_name(name)).name for name, tensor in zip(tensors, found)}
        kept = [name.split(":")[0] for name in outputs.values()]
        kept += [tensor.op.name for tensor in _arguments(concrete)]
        constants = v1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), kept)
    return _without_defaults(constants), outputs


def _arguments(concrete):
    return concrete.inputs[: len(concrete.inputs) - len(concrete.graph.captures)]


def _captured_values(concrete):
    """Returns a list of (placeholder in the function, name of the variable or None, value)."""
    variables = {id(variable.handle): variable for variable in concrete.graph.variables}
    found = []
    for captured, placeholder in concrete.graph.captures:
        variable = variables.get(id(captured))
        if variable is None and captured.dtype == tf.resource:
            remedy = "Export a SavedModel instead, or compute what comes out of the table outside the model."
            raise ValueError(error_text("model", "a model of variables alone", placeholder.name, remedy))
        if variable is None:
            found.append((placeholder.name, None, captured.numpy()))
        else:
            found.append((placeholder.name, variable.name.split(":")[0], variable.numpy()))
    return found


def _copy(base, value, session, taken):
    """Returns what stands for a captured value in the current graph: a constant, or a variable's handle."""
    if base is None:
        return tf.constant(value)
    name, count = base, 0
    while name in taken:
        count += 1
        name = f"{base}_{count}"
    taken.add(name)
    fed = v1.placeholder(value.dtype, value.shape)
    copy = v1.Variable(fed, name=name, use_resource=True, trainable=False)
    session.run(copy.initializer, {fed: value})
    return copy.handle


def _op_name(name):
    cleaned = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_./-") else "_" for letter in name)
    return cleaned.lstrip("_./-") or "output"


def _without_defaults(graph_def):
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(graph_def, name="")
        return v1.train.export_meta_graph(graph=graph, clear_devices=True, strip_default_attrs=True).graph_def
