"""`TrainStep`: a function that computes a loss, made into one step of training under a tape."""

from __future__ import annotations

import inspect
import numbers

import tensorflow as tf

from .._checks import check, error_text
from . import gradients, micro_steps
from .defaults import is_default
from .replicas import Replicas
from .step_optimizer import StepOptimizer
from .step_summaries import quiet_summaries, recording
from .step_variables import StepVariables

v1 = tf.compat.v1


class TrainStep:
    """A training step in TF2 mode. Call it: it changes the variables and returns the loss.

        def compute_the_loss():
            images, labels = next(batches)
            slim.losses.softmax_cross_entropy(model(images, is_training=True)[0], labels)
            return slim.losses.get_total_loss()

        step = slim.learning.create_train_op(compute_the_loss, optimizer)
        slim.learning.train(step, "logs", number_of_steps=1000)

    The function runs inside a `tf.function`. Made inside `with strategy.scope():` of a `tf.distribute`
    strategy, it runs in each replica, with the replica's part of the batch; the step goes by the mean
    of the replicas' losses and gradients. What it returns is what is minimized: it adds the
    regularization losses itself, as `get_total_loss()` does. Slim layers that it calls outside any
    Module keep their weights in a store of this step's own, under their TF1 names, as if the
    function were wrapped in a Module.

    Attributes:
      global_step: the int64 `tf.Variable` that counts steps, or None.
      jit_compile: whether XLA compiles the step; it may be set until the first one. The function
        must then take its data as arguments, for XLA can not read an iterator.
    """

    def __init__(
        self,
        function,
        optimizer,
        global_step,
        variables_to_train,
        transform,
        check_numerics,
        jit_compile,
        accumulate_steps,
    ):
        self.global_step = global_step
        self.jit_compile = jit_compile
        self._accumulate_steps = accumulate_steps
        self._function = function
        self._optimizer = optimizer
        self._chosen = variables_to_train
        self._transform = transform
        self._check_numerics = check_numerics
        self._variables = StepVariables()
        self._replicas = Replicas.of_the_scope()
        self._traced = None
        # (writer, traced step that writes to it).
        self._recording = (None, None)
        self._trained = {}

    def __call__(self, *args):
        """Takes one step; returns the loss before it, a scalar tensor.

        Args:
          *args: passed to the function: tensors, or what `tf.function` takes.

        Raises:
          tf.errors.InvalidArgumentError: if the loss is inf or nan; the weights keep their values,
            unless XLA compiled the step, which can not stop half-way.
          tf.errors.OutOfRangeError: if the function reads an iterator that has ended.
        """
        return self._checked_after(self._compiled()(*args))

    def build(self, *specs):
        """Makes all variables without taking a step; returns the TrainStep.

        Args:
          *specs: a `tf.TensorSpec` for each argument of the function.
        """
        self._compiled().get_concrete_function(*specs)
        return self

    def with_summaries(self, writer, *args):
        """Takes one step and writes its summaries; returns the loss. XLA never compiles it.

        Written are the summaries of `slim.summaries` and of `tf.compat.v1.summary` that the
        function makes; with TensorBoard installed those of `tf.summary` too.

        Args:
          writer: a `tf.summary` writer.
          *args: as for a call.
        """
        if self._recording[0] is not writer:
            step = recording(self._take_step, writer, self.global_step)
            self._recording = (writer, tf.function(step, autograph=False))
        return self._checked_after(self._recording[1](*args))

    @property
    def takes_arguments(self):
        """Whether the function needs arguments."""
        try:
            inspect.signature(self._function).bind()
        except TypeError:
            return True
        except ValueError:  # No signature to be had.
            return False
        return False

    @property
    def checks_numerics(self):
        """Whether a loss that is inf or nan is an error."""
        return self._check_numerics

    @property
    def variables(self):
        """All variables of the step: model, optimizer and global step. Empty before the first step or `build`."""
        return self._variables.used

    @property
    def trainable_variables(self):
        """The variables that the step changes by their gradients. Empty before the first step or `build`."""
        return tuple(self._trained.values())

    @property
    def count(self):
        """How many steps were counted, an int; None without a `global_step`."""
        return None if self.global_step is None else int(tf.convert_to_tensor(self.global_step))

    def distributed(self, data):
        """Returns the batches of `data` as the step takes them: for a strategy, each spread over its replicas."""
        return self._replicas.batches(data)

    @property
    def replicas(self):
        """The devices and processes that take the step: a `Replicas`."""
        return self._replicas

    @property
    def strategy(self):
        """The `tf.distribute` strategy in whose scope the step was made, or None."""
        return self._replicas.strategy

    def learning_rate(self):
        """Returns the optimizer's current learning rate as a float, or None where there is no telling."""
        return self._optimizer.learning_rate()

    def _compiled(self):
        if self._traced is None:
            remedy = "Leave jit_compile out: XLA compiles no step that spans several devices."
            check(self._replicas.count == 1 or not self.jit_compile, "jit_compile", "False", self.jit_compile, remedy)
            self._traced = tf.function(self._take_step, autograph=False, jit_compile=self.jit_compile or None)
        return self._traced

    def _take_step(self, *args):
        with quiet_summaries():
            loss = self._replicas.run(self._step_and_updates, args)
        with tf.control_dependencies([loss]):  # So that a bad loss leaves the counter alone.
            if self.global_step is not None:
                self.global_step.assign_add(1)
        self._remember(self.trainable_variables)
        return tf.identity(loss)

    def _step_and_updates(self, *args):
        """Takes the step in one replica; returns the loss of all."""
        loss, pairs = micro_steps.averaged(self._loss_and_gradients, self._accumulate_steps, args)
        self._trained.update((id(variable), variable) for _, variable in pairs)
        self._remember([variable for _, variable in pairs])
        self._replicas.require_own(self.trainable_variables, "variables_to_train")
        (loss,) = self._replicas.mean([loss])
        if self._replicas.count > 1:
            loss = self._checked(loss)
        pairs = _with_gradient(self._transformed(pairs))
        if self.strategy is not None:
            self._optimizer.build([variable for _, variable in pairs])
            self._replicas.require_own(self._optimizer.variables, "optimizer")
        with tf.control_dependencies([loss]):  # So that a bad loss leaves the weights alone.
            # Optimizers sum what comes from the replicas.
            self._optimizer.apply(self._replicas.shares(pairs))
        return loss

    def _transformed(self, pairs):
        """Returns the pairs as `transform_grads_fn` gives them for the gradients of the whole batch."""
        if self._transform is None:
            return pairs
        known = [(gradient, variable) for gradient, variable in pairs if gradient is not None]
        means = self._replicas.mean([gradient for gradient, _ in known])
        of_all = {id(variable): mean for mean, (_, variable) in zip(means, known)}
        return self._transform([(of_all.get(id(variable)), variable) for _, variable in pairs])

    def _loss_and_gradients(self, args):
        with tf.GradientTape() as tape:
            loss = self._loss(args)
        variables = self._variables_to_train(tape)
        return loss, list(zip(tape.gradient(loss, variables), variables))

    def _loss(self, args):
        self._offer_global_step()
        with self._variables.for_call():
            loss = tf.convert_to_tensor(self._function(*args))
        _require_scalar(loss)
        # Of several replicas the mean is checked, so that all of them stop and none waits for another.
        return self._checked(loss) if self._replicas.count == 1 else loss

    def _checked(self, loss):
        if self._check_numerics and not self.jit_compile:
            loss = tf.debugging.check_numerics(loss, "LossTensor is inf or nan")
        return loss

    def _checked_after(self, loss):
        """Checks the loss of a step that does not check it itself."""
        if self._check_numerics and self.jit_compile:
            tf.debugging.check_numerics(loss, "LossTensor is inf or nan")
        return loss

    def _offer_global_step(self):
        """Makes `tf.compat.v1.train.get_global_step` find it, for learning rates and losses that ask."""
        if self.global_step is None or tf.executing_eagerly():
            return
        if not v1.get_collection(v1.GraphKeys.GLOBAL_STEP):
            v1.add_to_collection(v1.GraphKeys.GLOBAL_STEP, self.global_step)

    def _variables_to_train(self, tape):
        variables = tape.watched_variables() if self._chosen is None else self._chosen
        if not variables:
            remedy = "The loss depends on no trainable variable. Compute it from a model inside the function."
            raise ValueError(error_text("variables_to_train", "at least one variable", self._chosen, remedy))
        return list(variables)

    def _remember(self, trained):
        counter = [] if self.global_step is None else [self.global_step]
        # The model's before the optimizer's.
        self._variables.note(trained)
        self._variables.note([*self._optimizer.variables, *counter])


def create_train_step(
    function,
    optimizer,
    *,
    global_step,
    update_ops,
    variables_to_train,
    transform_grads_fn,
    check_numerics,
    jit_compile,
    accumulate_steps,
):
    """Returns a `TrainStep` of `function`. See `learning.create_train_op` for the arguments."""
    remedy = "In TF2 mode updates run with the call that makes them. Leave update_ops out."
    check(update_ops is None, "update_ops", "None, because total_loss is a function", update_ops, remedy)
    whole = isinstance(accumulate_steps, numbers.Integral) and accumulate_steps > 0
    check(whole, "accumulate_steps", "a positive whole number", accumulate_steps)
    if is_default(global_step):
        aggregation = tf.VariableAggregation.ONLY_FIRST_REPLICA
        global_step = tf.Variable(0, trainable=False, dtype=tf.int64, name="global_step", aggregation=aggregation)
    return TrainStep(
        function,
        StepOptimizer(optimizer),
        global_step,
        _checked(variables_to_train),
        transform_grads_fn,
        bool(check_numerics),
        bool(jit_compile),
        accumulate_steps,
    )


def _checked(variables):
    """Returns the chosen variables as a list, or None; they must be trainable."""
    if variables is None:
        return None
    variables = require_variables(variables)
    check(bool(variables), "variables_to_train", "at least one variable", variables)
    fixed = [gradients.variable_name(v) for v in variables if not v.trainable]
    check(not fixed, "variables_to_train", "trainable variables alone", fixed)
    return variables


def require_variables(variables_to_train):
    """Returns the list of what was passed; raises ValueError if something in it is no variable."""
    name, expected = "variables_to_train", "a list of variables"
    # A tensor and a variable have an `__iter__` too, but in a graph it raises.
    single = _is_variable(variables_to_train) or isinstance(variables_to_train, (str, tf.Tensor))
    check(hasattr(variables_to_train, "__iter__") and not single, name, expected, variables_to_train)
    variables = list(variables_to_train)
    others = [value for value in variables if not _is_variable(value)]
    check(not others, name, expected, others)
    return variables


def _is_variable(value):
    # Keras 3's variables are no tf.Variable, but a tape and the optimizers take them.
    return isinstance(value, tf.Variable) or (hasattr(value, "trainable") and hasattr(value, "assign"))


def _with_gradient(pairs):
    """Returns the pairs that have a gradient; Keras would warn of the others at each trace."""
    kept = [(gradient, variable) for gradient, variable in pairs if gradient is not None]
    if not kept:
        names = [gradients.variable_name(variable) for _, variable in pairs]
        raise ValueError(
            f"No gradients provided for any variable: the loss does not depend on {names}. "
            "Compute it from them inside the function, with operations that have gradients."
        )
    return kept


def _require_scalar(loss):
    fits = loss.dtype.is_floating and loss.shape.rank in (0, None)
    check(fits, "total_loss", "a function that returns a floating-point scalar", loss)
