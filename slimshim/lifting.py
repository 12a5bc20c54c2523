"""`lift`: a finished TensorFlow 1 graph, or an old meta graph file, as a TF2 object with live variables."""

from __future__ import annotations

import tensorflow as tf

from ._checks import check, error_text
from ._lift.graph_index import TensorName, has_outputs, tensor_name
from ._lift.lifted_graph import LiftedGraph
from ._lift.meta_graphs import imported, meta_graph_of
from ._lift.surroundings import Surroundings
from ._tf import in_graph_mode
from ._tf.eager_within_graphs import eagerly
from .ops._restore import assign_from_checkpoint, open_checkpoint
from .ops.collections import add_to_collection

v1 = tf.compat.v1

__all__ = ["LiftedModule", "lift"]

_REMEDY = "Cut the graph behind it: pass the tensors that it gives as inputs, and compute them outside."


def lift(graph_or_metagraph, inputs, outputs, *, checkpoint=None, session=None, updates=True, name=None):
    """Returns a part of a TensorFlow 1 graph as a `LiftedModule`: a TF2 function with live variables.

        module = lift("old/model.ckpt-1000.meta", "images:0", {"logits": "logits:0"})
        module.restore("old/model.ckpt-1000")
        with tf.GradientTape() as tape:
            loss = loss_fn(module(images)["logits"])
        gradients = tape.gradient(loss, module.trainable_variables)

    Reference variables, which TensorFlow 1 wrote into every graph, become resource variables. Tables are
    filled, and iterators of `tf.data` started, anew. Devices that the graph names are left out.

    The values of the variables are, in this order, those of `session`, those of `checkpoint`, and what
    the graph's own initializers give.

    Args:
      graph_or_metagraph: a `tf.Graph`; a `MetaGraphDef` or `GraphDef`; or the path of a file that
        `tf.compat.v1.train.export_meta_graph` or a `Saver` wrote.
      inputs: which tensors of the graph a call gives: one, or a list of them for positional arguments,
        or a dict for keyword arguments. A tensor is a `tf.Tensor` of the graph or a name, "images:0"
        or "images". Any tensor will do, not placeholders alone. [] for none.
      outputs: what a call returns: a tensor, or a nest (lists, tuples, dicts) of them. A variable gives
        its value. An op, or the name of one without outputs, is run, and gives None.
      checkpoint: None, or the path of a TF1 checkpoint. Variables that it lacks are initialized.
      session: None, or a `tf.compat.v1.Session` of the graph in which the variables have their values.
      updates: whether a call also runs the graph's `UPDATE_OPS` (moving averages) that are computed
        from the same tensors as the outputs. False for inference with a graph that was built for
        training.
      name: the module's name for `tf.Module`.

    Raises:
      TypeError: if `graph_or_metagraph` is none of these.
      ValueError: if a name is not in the graph; or if the outputs need something that can not be
        lifted: a placeholder or queue that nobody feeds, Python code (`py_func`), a reference variable
        in a place where no resource variable can stand, an op that this TensorFlow does not know. The
        message names the op, and says what to do.
    """
    meta_graph, graph = meta_graph_of(graph_or_metagraph)
    check(session is None or graph is not None, "session", "None, because the graph comes without a session", session)
    with eagerly():
        lifted = LiftedGraph(meta_graph, graph, _REMEDY)
        module = LiftedModule(_Plan(lifted, meta_graph, graph, inputs, outputs, updates), name)
        _give_values(lifted, session, checkpoint)
        lifted.start_resources()
    return module


class LiftedModule(tf.Module):
    """A part of a TensorFlow 1 graph, callable in eager code and in `tf.function`. `lift` makes it.

    A call takes the tensors of `inputs` and returns `outputs`. Variables that the outputs use are in
    `variables`, under their TF1 names.

    During a call inside a `Module`, a `TrainStep` or a `tf.function` the graph's losses that belong to the
    outputs join the step's collections, so that `slim.losses.get_total_loss()` finds them.
    """

    def __init__(self, plan, name=None):
        super().__init__(name=name or "lifted")
        self._plan = plan
        self._lifted = plan.lifted
        self._function = plan.function()
        self._tracked = dict(plan.lifted.variables)
        self._losses = []

    def __call__(self, *args, **kwargs):
        """Computes the outputs.

        Args:
          *args: a tensor (or what can become one) for each of `inputs`, if they are a list or a single one.
          **kwargs: if they are a dict: a tensor for each of its keys.

        Raises:
          TypeError: if the arguments are not those of `inputs`.
          RuntimeError: in a graph; the module is for TF2 mode.
        """
        if in_graph_mode():
            raise RuntimeError("A LiftedModule works in TF2 mode alone: call it outside of any tf.Graph.")
        results = self._function(*self._plan.arguments(args, kwargs))
        outputs, losses, regularization = self._plan.sorted_results(results)
        for key, values in ((v1.GraphKeys.LOSSES, losses), (v1.GraphKeys.REGULARIZATION_LOSSES, regularization)):
            for value in values:
                add_to_collection(key, value)
        self._losses = regularization
        return outputs

    @property
    def variables(self):
        """All variables that the outputs use, in the order of the graph's collections."""
        return tuple(self._tracked.values())

    @property
    def trainable_variables(self):
        """Those among them that the graph has in its collection of trainable ones."""
        return tuple(variable for variable in self._tracked.values() if variable.trainable)

    @property
    def losses(self):
        """The regularization losses of the last call, of the variables that the outputs use."""
        return list(self._losses)

    def restore(self, checkpoint, ignore_missing=False):
        """Fills the variables from a TF1 checkpoint, by name; returns the module. Local ones stay.

        Args:
          checkpoint: the checkpoint's path, as `tf.train.latest_checkpoint` gives it.
          ignore_missing: if True, variables that the checkpoint lacks keep their values.

        Raises:
          ValueError: if a name is missing or a shape differs; the message says which, and the nearest
            names that exist. Nothing is changed then.
        """
        known = self._lifted.known
        saved = {name: variable for name, variable in self._tracked.items() if known[name].is_global}
        with eagerly():
            assign_from_checkpoint(checkpoint, saved, ignore_missing_vars=ignore_missing)
        return self


def _give_values(lifted, session, checkpoint):
    """Gives all live variables their values: of the session, of the checkpoint, or first ones."""
    if session is not None:
        known = {name: lifted.known[name].value for name in lifted.variables}
        lifted.assign(session.run({name: value for name, value in known.items() if value is not None}))
    elif checkpoint is not None:
        shapes = open_checkpoint(checkpoint).get_variable_to_shape_map()
        saved = {name: v for name, v in lifted.variables.items() if lifted.known[name].is_global and name in shapes}
        assign_from_checkpoint(checkpoint, saved)
        lifted.have_values(saved)
    lifted.initialize_rest()


class _Plan:
    """Inputs and outputs of a `LiftedModule`: their names in the graph, and their structure."""

    def __init__(self, lifted, meta_graph, graph, inputs, outputs, updates):
        self.lifted = lifted
        index = lifted.index
        self._keys = list(inputs) if isinstance(inputs, dict) else None
        listed = list(inputs.values()) if isinstance(inputs, dict) else inputs
        listed = list(listed) if isinstance(listed, (list, tuple)) else [listed]
        self._inputs = [_tensor(index, "inputs", value) for value in listed]
        self._structure = outputs
        found = [_output(index, value) for value in tf.nest.flatten(outputs)]
        self._outputs = [value for value in found if isinstance(value, TensorName)]
        self._is_op = [not isinstance(value, TensorName) for value in found]
        ops = [value for value in found if not isinstance(value, TensorName)]
        around = Surroundings(index, meta_graph, self._outputs, ops, self._inputs)
        self._losses = around.losses()
        self._regularization = around.regularization_losses()
        self._ops = [*ops, *(around.update_ops() if updates else [])]
        self._specs = self._input_specs(graph)

    def function(self):
        """Returns the concrete function of the inputs that gives outputs and losses."""
        wanted = [*self._outputs, *self._losses, *self._regularization]
        return self.lifted.function(self._specs, wanted, self._ops)

    def arguments(self, args, kwargs):
        """Returns the arguments of a call as tensors, in the order of the inputs."""
        values = args
        if self._keys is not None and not args:
            unknown = [key for key in kwargs if key not in self._keys]
            missing = [key for key in self._keys if key not in kwargs]
            expected = "keyword arguments " + ", ".join(self._keys)
            check(not (unknown or missing), "kwargs", expected, sorted(kwargs), error=TypeError)
            values = [kwargs[key] for key in self._keys]
        elif self._keys is not None or kwargs or len(args) != len(self._inputs):
            expected = (
                f"{len(self._inputs)} positional arguments, for {', '.join(map(str, self._inputs))}"
                if self._keys is None
                else "keyword arguments " + ", ".join(self._keys)
            )
            raise TypeError(error_text("args", expected, [*map(type, args), *sorted(kwargs)]))
        return [tf.convert_to_tensor(value, spec.dtype) for value, spec in zip(values, self._specs.values())]

    def sorted_results(self, results):
        """Returns (outputs in their structure, losses, regularization losses)."""
        first, second = len(self._outputs), len(self._outputs) + len(self._losses)
        tensors = iter(results[:first])
        flat = [None if is_op else next(tensors) for is_op in self._is_op]
        regularization = results[second : second + len(self._regularization)]
        return tf.nest.pack_sequence_as(self._structure, flat), results[first:second], regularization

    def _input_specs(self, graph):
        return {name: self._input_spec(name, graph) for name in self._inputs}

    def _input_spec(self, name, graph):
        index = self.lifted.index
        try:
            graph = graph or imported(index.graph_def_of(index.part([name]).nodes))
        except ValueError:
            # An op that this TensorFlow does not know: the reason to cut the graph here.
            dtype = next((value.type for value in index.node(name.node).attr.values() if value.type), None)
            if dtype is None:
                raise
            return tf.TensorSpec(None, dtype)
        tensor = graph.get_tensor_by_name(str(name))
        return tf.TensorSpec(tensor.shape, tensor.dtype.base_dtype)


def _tensor(index, argument, value):
    """Returns the `TensorName` of a tensor or a name."""
    text = value if isinstance(value, str) else getattr(value, "name", None)
    check(isinstance(text, str), argument, "tensors of the graph, or their names", value)
    name = tensor_name(text)
    check(name.node in index, argument, "tensors of the graph, or their names", text, "The graph has no such node.")
    return name


def _output(index, value):
    """Returns the `TensorName` of a tensor, a variable or a name; of an op its name."""
    if isinstance(value, tf.Operation):
        return value.name
    name = _tensor(index, "outputs", value)
    node = index.node(name.node)
    if node.op == "VarHandleOp":
        return index.read_of(name.node)
    return name if has_outputs(node) else name.node
