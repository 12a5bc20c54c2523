"""`LiftedGraph`: functions made of parts of a graph, with live variables and tables that they share."""

from __future__ import annotations

import tensorflow as tf

from .._tf.captured_variables import captured, captured_handle
from .graph_index import GraphIndex, TensorName, tensor_name
from .graph_resources import GraphResource, initializers_of, is_shared_resource
from .graph_variables import graph_variables, live_variable
from .meta_graphs import collection
from .obstacles import require_liftable, require_no_python
from .references import with_resource_variables

v1 = tf.compat.v1


class LiftedGraph:
    """What is lifted out of one graph. Use it in eager code.

    Attributes:
      index: the `GraphIndex` of the graph, without reference variables.
      known: a dict of variable name -> what the graph says of it.
    """

    def __init__(self, meta_graph, graph=None, remedy=""):
        """Prepares to lift parts of a graph.

        Args:
          meta_graph: its `MetaGraphDef`.
          graph: the `tf.Graph` itself, if it is of this process. Its Python code can be called then.
          remedy: what to do about an op that can not be lifted, a whole sentence.
        """
        self.index = GraphIndex(with_resource_variables(meta_graph.graph_def))
        self.known = graph_variables(meta_graph, self.index)
        starters = collection(meta_graph, v1.GraphKeys.TABLE_INITIALIZERS)
        self._at_the_start = self.index.part([], [tensor_name(op).node for op in starters]).nodes
        self._graph = graph  # Also keeps alive the Python functions that its ops call.
        self._remedy = remedy
        self._variables = {}
        self._valued = set()
        self._resources = {}
        self._started = set()

    @property
    def variables(self):
        """The live variables so far, a dict by name, in the order of the graph's collections."""
        return {name: self._variables[name] for name in self.known if name in self._variables}

    def variables_of(self, nodes):
        """Returns the names of the variables among the nodes."""
        return [name for name in self.known if name in nodes and self.index.node(name).op == "VarHandleOp"]

    def variable(self, name):
        """Returns the live variable of that name, which is made at the first call."""
        if name not in self._variables:
            self._variables[name] = live_variable(self.known[name], self.index.node(name))
        return self._variables[name]

    def resources_of(self, nodes):
        """Returns the names of the tables and iterators among the nodes."""
        return [name for name in sorted(nodes) if is_shared_resource(self.index.node(name))]

    def function(self, specs, outputs, ops=(), is_done=None, replaced=None):
        """Returns a function of tensors: a concrete function that a tape can go through.

        Args:
          specs: a dict of `TensorName` -> `tf.TensorSpec`: the function's arguments, in order.
          outputs: the `TensorName`s of what it returns, a list of tensors.
          ops: names of nodes that a call runs.
          is_done: a function that tells of a node's name whether it need not be waited for.
          replaced: a dict of node name -> bool, for nodes to be replaced by that constant.

        Raises:
          ValueError: if something in it can not be lifted; the message names the op.
        """
        replaced = replaced or {}
        given_nodes = {tensor.node for tensor in specs}
        part = self.index.part(
            outputs,
            ops,
            is_given=lambda tensor: tensor in specs or tensor.node in replaced,
            is_done=is_done or given_nodes.__contains__,
        )
        # The last of the graph first: what gives the tensor that the remedy speaks of, not what that is made of.
        for node in reversed(list(self.index.nodes)):
            if node.name in part.nodes:
                require_liftable(node, self._remedy)
        return v1.wrap_function(self._body(part, specs, outputs, ops, replaced), list(specs.values()))

    def initialize(self, names):
        """Gives the named variables the first values that the graph says."""
        names = self._with_their_sources(names)
        fresh = {TensorName(name, 0) for name in names}
        # What the graph computes from "the variable, or its first value if it has none yet".
        questions = (node.name for node in self.index.nodes if node.op == "VarIsInitializedOp")
        replaced = {name: False for name in questions if self.index.inputs(name)[0] in fresh}
        if names:
            self.function({}, [], [self.known[name].initializer for name in names], replaced=replaced)()
        self._valued.update(names)

    def assign(self, values):
        """Gives variables the values of a dict by name."""
        for name, value in values.items():
            self.variable(name).assign(value)
        self.have_values(values)

    def have_values(self, names):
        """Notes that the named variables have got their values, so that nobody initializes them."""
        self._valued.update(names)

    def initialize_rest(self):
        """Initializes the live variables that have got no value yet."""
        self.initialize([name for name in self.variables if name not in self._valued])

    def _with_their_sources(self, names):
        """Returns the names, and those of the variables that the first values are computed from."""
        found, waiting = {}, list(names)
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            initializer = self.known[name].initializer
            if initializer is None:
                raise ValueError(f"The graph does not say how to initialize the variable {name!r}. {self._remedy}")
            found[name] = None
            sources = self.variables_of(self.index.part([], [initializer]).nodes)
            waiting.extend(source for source in sources if source not in self._valued)
        return [name for name in self.known if name in found]

    def start_resources(self):
        """Fills the tables and starts the iterators that functions use so far."""
        for name in list(self._resources):
            self._start(name)

    def _start(self, name):
        if name in self._started:
            return
        self._started.add(name)
        ops = initializers_of(self.index, name, self._at_the_start, self._remedy)
        for other in self.resources_of(self.index.part([], ops).nodes):
            self._start(other)
        if ops:
            start = self.function({}, [], ops)
            self.initialize_rest()
            start()

    def _body(self, part, specs, outputs, ops, replaced):
        variables = self.variables_of(part.nodes)
        resources = self.resources_of(part.nodes)
        graph_def = self.index.graph_def_of(part.nodes, without=[*variables, *resources])
        if self._graph is None:
            require_no_python(self.index.functions_of(part.nodes), self._remedy)
        handles = {name: self.variable(name) for name in variables}
        tables = {name: self._resource(name) for name in resources}

        def body(*arguments):
            tensors = {tensor: argument for tensor, argument in zip(specs, arguments)}
            tensors.update({TensorName(name, 0): captured_handle(variable) for name, variable in handles.items()})
            tensors.update({TensorName(name, 0): captured(table.handle) for name, table in tables.items()})
            for tensor in part.given:
                if tensor.node in replaced:
                    tensors[tensor] = tf.constant(replaced[tensor.node])
            return _imported(graph_def, tensors, outputs, ops)

        return body

    def _resource(self, name):
        if name not in self._resources:
            self._resources[name] = GraphResource(self.index, name)
        return self._resources[name]


def _imported(graph_def, tensors, outputs, ops):
    """Returns the outputs of the nodes, which are added to the current graph.

    Args:
      graph_def: the nodes.
      tensors: a dict of `TensorName` -> tensor, for what they read from elsewhere.
      outputs: `TensorName`s, some perhaps among `tensors`.
      ops: names of nodes to run.
    """
    read = {source for node in graph_def.node for source in node.input}
    read = {name for name in tensors if str(name) in read or name.index == 0 and name.node in read}
    wanted = [output for output in outputs if output not in tensors]
    elements = tf.graph_util.import_graph_def(
        graph_def,
        input_map={str(name): tensors[name] for name in read},
        return_elements=[*map(str, wanted), *ops],
        name="lifted",
    )
    computed = {**tensors, **dict(zip(wanted, elements))}
    with tf.control_dependencies(elements[len(wanted) :]):
        # A function that returns nothing would not wait for the ops.
        return [tf.identity(computed[output]) for output in outputs] or [tf.constant(True)]
