"""`LiftedStep`: one training step of a graph's train op, taken under a tape."""

from __future__ import annotations

import dataclasses

import tensorflow as tf

from .._lift import obstacles
from .._lift.graph_index import tensor_name
from .gradient_records import SlicedGradient
from .replicas import Replicas
from .step_parts import belongs_to_the_session, step_parts

v1 = tf.compat.v1


class LiftedStep:
    """A training step with the face of a `TrainStep`. Call it: it changes the variables and returns the loss.

    The model and its losses are lifted out of the graph and differentiated by a `tf.GradientTape`. The
    gradients go where the graph's own went: through the program's multipliers and clipping into its
    optimizer, which is lifted with its slots and its learning rate.

    Attributes:
      global_step: the `tf.Variable` that counts steps.
      checks_numerics: whether a loss that is inf or nan is an error.
      replicas: the one device that takes the step: a `Replicas`.
    """

    takes_arguments = False

    def __init__(self, lifted, graph, records, train_op, summary_op, global_step, checks_numerics):
        """Makes the functions. Nothing is run; the variables hold zeros.

        Args:
          lifted: the `LiftedGraph`.
          graph: the `tf.Graph`.
          records: its `GradientRecord`s.
          train_op: the name of the train op's tensor.
          summary_op: the name of the summaries' tensor, or None.
          global_step: the name of the variable that counts steps.
          checks_numerics: whether a loss that is inf or nan is an error.

        Raises:
          ValueError: if the train op's gradients are not known, or something can not be lifted.
        """
        self.checks_numerics = checks_numerics
        self.replicas = Replicas()
        self._lifted = lifted
        self._graph = graph
        train = tensor_name(train_op)
        self._plain = self._functions(records, [train])
        self._with_summary = None if summary_op is None else self._functions(records, [train, tensor_name(summary_op)])
        of_summary = [] if self._with_summary is None else self._with_summary.parts.fed
        self._batch = _batch_of(lifted.index, graph, self._plain.parts, of_summary)
        self.global_step = lifted.variable(global_step)
        for name in lifted.known:
            if lifted.known[name].is_global and name in lifted.index:
                lifted.variable(name)
        self._source = None

    @property
    def count(self):
        """How many steps were counted, an int."""
        return int(tf.convert_to_tensor(self.global_step))

    @property
    def fed(self):
        """The names of the tensors that the session gives with each batch."""
        return [str(tensor) for tensor in self._batch.fetched]

    @property
    def session_ops(self):
        """The names of the ops that the session runs beside."""
        return self._plain.parts.session_ops

    @property
    def parts(self):
        """The `StepParts` of the plain step."""
        return self._plain.parts

    @property
    def variables(self):
        """All global variables of the graph, the optimizer's too."""
        lifted = self._lifted
        return tuple(variable for name, variable in lifted.variables.items() if lifted.known[name].is_global)

    @property
    def trainable_variables(self):
        """The variables that the step differentiates by."""
        return tuple(self._plain.variables)

    def take_values(self, session):
        """Gives the variables their values in the session, and fills the tables anew."""
        known = {name: self._lifted.known[name].value for name in self._lifted.variables}
        self._lifted.assign(session.run({name: value for name, value in known.items() if value is not None}))
        self._lifted.initialize_rest()
        self._lifted.start_resources()

    def pushing(self, queue_runners):
        """Returns a function of the session that gives it the variables which its input depends on; or None.

        Args:
          queue_runners: those of the graph.
        """
        index, parts = self._lifted.index, self._plain.parts
        ops = [op.name for runner in queue_runners for op in runner.enqueue_ops]
        asked = index.part(self._batch.fetched, [*parts.session_ops, *ops]).nodes
        changed = index.changed_variables(parts.nodes)
        names = [name for name in self._lifted.variables_of(asked) if name in changed]
        if not names:
            return None
        assignments = {name: self._graph.get_operation_by_name(self._lifted.known[name].initializer) for name in names}

        def push(session):
            for name, assignment in assignments.items():
                session.run(assignment, {assignment.inputs[1]: self._lifted.variable(name).numpy()})

        return push

    def live(self, variables):
        """Returns the live variables in place of the graph's, as a dict of name in a checkpoint -> variable.

        Args:
          variables: a list of the graph's variables, or a dict of name in a checkpoint -> variable.
        """
        if not isinstance(variables, dict):
            variables = {variable.op.name: variable for variable in variables}
        return {name: self._lifted.variable(variable.op.name) for name, variable in variables.items()}

    def read_from(self, source):
        """Sets where batches come from: an `InputSession`."""
        self._source = source

    def __call__(self):
        """Takes one step; returns the loss before it, a scalar tensor.

        Raises:
          tf.errors.InvalidArgumentError: if the loss is inf or nan; the weights keep their values.
          tf.errors.OutOfRangeError: if the input has ended.
        """
        arrays = self._source.next()
        (loss,) = self._plain.take(self._plain.as_tensors(arrays[: len(self._plain.parts.fed)]))
        return loss

    def with_summaries(self, writer):
        """Takes one step and writes the graph's summaries of it; returns the loss.

        Args:
          writer: a `tf.summary` writer.
        """
        if self._with_summary is None:
            return self()
        functions = self._with_summary
        batch = dict(zip(self._batch.fetched, self._source.next()))
        later, given = self._batch.later, {str(tensor): batch[tensor] for tensor in self._batch.given}
        batch.update(zip(later, self._source.fetch([str(tensor) for tensor in later], given)))
        loss, summary = functions.take(functions.as_tensors([batch[tensor] for tensor in functions.parts.fed]))
        with writer.as_default(step=self.global_step):
            tf.summary.experimental.write_raw_pb(summary, step=self.global_step)
        return loss

    def learning_rate(self):
        """Returns None: the rate stands in the graph, and is among its summaries if the program put it there."""
        return None

    def _functions(self, records, outputs):
        return _StepFunctions(self._lifted, self._graph, records, outputs, self.checks_numerics)


@dataclasses.dataclass
class _Batch:
    """What the session gives, as `TensorName`s.

    Attributes:
      fetched: with each batch: what the plain step is fed, and then what belongs to the batch and the summaries need.
      later: what it computes for the summaries alone, when they are due.
      given: those of `fetched` that `later` is computed from.
    """

    fetched: list
    later: list
    given: list


def _batch_of(index, graph, plain, of_summary):
    """Returns the `_Batch` of a step.

    A node that gave the batch a part gives another when it is run again. So what the summaries need of it is
    fetched with the batch, and what is computed from that is given it.

    Args:
      index: the `GraphIndex`.
      graph: the `tf.Graph`.
      plain: the `StepParts` of the plain step.
      of_summary: `TensorName`s that the step with summaries is fed.
    """
    fetched, later, given = dict.fromkeys(plain.fed), [], {}
    others = [tensor for tensor in of_summary if tensor not in fetched]
    if not others:
        return _Batch(list(fetched), later, [])
    used = {name for name in index.part(plain.fed, plain.session_ops).nodes if _gives_another(index, graph, name)}
    for tensor in others:
        part = index.part([tensor], is_given=lambda source: source in fetched or source.node in used)
        if part.nodes & used:  # It waits for such a node, and would run it.
            fetched[tensor] = None
            continue
        fetched.update(part.given)
        if tensor not in part.given:
            later.append(tensor)
            given.update(part.given)
    return _Batch(list(fetched), later, list(given))


def _gives_another(index, graph, name):
    """Returns whether the node belongs to the session and is more than the handle of a queue or a reader."""
    if not belongs_to_the_session(index.node(name)):
        return False
    outputs = graph.get_operation_by_name(name).outputs
    # A handle is a resource, or a reference in old graphs.
    return not any(tensor.dtype == tf.resource or tensor.dtype != tensor.dtype.base_dtype for tensor in outputs)


class _StepFunctions:
    """The functions of one kind of step: with summaries, or without.

    Attributes:
      parts: its `StepParts`.
      variables: the variables that it differentiates by.
    """

    def __init__(self, lifted, graph, records, outputs, checks_numerics):
        self._lifted = lifted
        self._graph = graph
        self._checks_numerics = checks_numerics
        self.parts = parts = step_parts(lifted.index, records, outputs)
        names = dict.fromkeys(name for record in parts.records for name, _ in record.gradients)
        self.variables = [lifted.variable(name) for name in names]
        self._batch_specs = [self._spec(tensor) for tensor in parts.fed]
        self._forward = self._make_forward()
        self._apply = self._make_apply(outputs)
        self._step = tf.function(self._take, autograph=False, input_signature=[self._batch_specs])
        self._trace()

    def as_tensors(self, arrays):
        """Returns the batch as tensors of the dtypes that the graph says."""
        return [tf.convert_to_tensor(array, spec.dtype) for array, spec in zip(arrays, self._batch_specs)]

    def take(self, batch):
        """Takes one step; returns the outputs."""
        return self._step(batch)

    def _make_forward(self):
        parts = self.parts
        given = [tensor_name(name) for record in parts.records for name in record.loss_gradients if name]
        specs = dict(zip(parts.fed, self._batch_specs))
        return self._lifted.function(specs, [*parts.losses, *given, *parts.carried], is_done=self._in_the_session)

    def _make_apply(self, outputs):
        parts = self.parts
        gradients = [tensor_name(n) for record in parts.records for _, g in record.gradients for n in g.tensors]
        specs = {tensor: self._spec(tensor) for tensor in [*gradients, *parts.carried, *parts.fed]}

        def is_done(name):
            return name in parts.done_nodes or self._in_the_session(name)

        return self._lifted.function(specs, outputs, is_done=is_done)

    def _trace(self):
        """Traces the step, so that what has no gradient shows before anything is run."""
        try:
            self._step.get_concrete_function()
        except (AttributeError, TypeError) as error:
            loops = [n for n in sorted(self.parts.loss_nodes) if obstacles.is_loop_exit(self._lifted.index.node(n))]
            if not loops:
                raise
            raise ValueError(
                f"The op {loops[0]!r} ends a loop of TensorFlow 1's old kind, which no tape can go back through. "
                "Call tf.compat.v1.enable_control_flow_v2() at the program's start, or use the session engine."
            ) from error

    def _take(self, batch):
        with tf.GradientTape(persistent=len(self.parts.records) > 1, watch_accessed_variables=False) as tape:
            tape.watch(self.variables)
            results = iter(self._forward(*batch))
            losses = [[next(results) for _ in record.losses] for record in self.parts.records]
        given = [[next(results) if name else None for name in r.loss_gradients] for r in self.parts.records]
        carried = list(results)
        gradients = []
        for record, values, directions in zip(self.parts.records, losses, given):
            gradients += self._gradients(tape, record, values, directions)
        with tf.control_dependencies(self._checked(losses)):  # So that a bad loss leaves the weights alone.
            return self._apply(*gradients, *carried, *batch)

    def _gradients(self, tape, record, losses, directions):
        """Returns the tensors that stand for the record's gradients, in their order."""
        variables = [self._lifted.variable(name) for name, _ in record.gradients]
        found = tape.gradient(
            losses, variables, output_gradients=directions if any(d is not None for d in directions) else None
        )
        tensors = []
        for variable, gradient, (_, wanted) in zip(variables, found, record.gradients):
            gradient = tf.zeros_like(variable) if gradient is None else gradient
            tensors += _sliced(gradient) if isinstance(wanted, SlicedGradient) else [tf.convert_to_tensor(gradient)]
        return tensors

    def _checked(self, losses):
        if not self._checks_numerics:
            return []
        return [tf.debugging.check_numerics(loss, "LossTensor is inf or nan") for values in losses for loss in values]

    def _in_the_session(self, name):
        return belongs_to_the_session(self._lifted.index.node(name))

    def _spec(self, tensor):
        try:
            of_the_graph = self._graph.get_tensor_by_name(str(tensor))
        except (KeyError, ValueError):  # A read that lifting put in.
            node = self._lifted.index.node(tensor.node)
            return tf.TensorSpec(None, node.attr["dtype"].type)
        return tf.TensorSpec(of_the_graph.shape, of_the_graph.dtype.base_dtype)


def _sliced(gradient):
    """Returns [values, indices] of a gradient."""
    if isinstance(gradient, tf.IndexedSlices):
        return [gradient.values, gradient.indices]
    return [gradient, tf.range(tf.shape(gradient)[0])]
