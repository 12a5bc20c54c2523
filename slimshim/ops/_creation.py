"""Making variables. Every weight of the package is made by `variable`."""

from __future__ import annotations

import contextlib
import functools

import tensorflow as tf

from .._tf import in_graph_mode
from .arg_scope import add_arg_scope
from .collections import add_to_collection
from .scopes import store_for_call

v1 = tf.compat.v1


@add_arg_scope
def variable(
    name,
    shape=None,
    dtype=None,
    initializer=None,
    regularizer=None,
    trainable=True,
    collections=None,
    caching_device=None,
    device=None,
    partitioner=None,
    custom_getter=None,
    use_resource=None,
    synchronization=tf.VariableSynchronization.AUTO,
    aggregation=tf.VariableAggregation.NONE,
):
    """Returns the variable of that name in the current variable scope; makes it if there is none.

    Source: TF1 `tensorflow.contrib.framework.variable`.

    Args:
      name: the name within the current `tf.compat.v1.variable_scope`.
      shape: the variable's shape; fully defined, or None with an initializer that brings it.
      dtype: the variable's dtype. Default: the scope's, which is float32 if not set.
      initializer: a function of (shape, dtype), an initializer class, or a value. Default: the
        scope's, else Glorot uniform.
      regularizer: a function from the variable to a scalar loss or None. The loss joins the
        collection `REGULARIZATION_LOSSES`: when the variable is made (graph mode), or once a
        step (TF2 mode).
      trainable: if True, the variable also joins `TRAINABLE_VARIABLES`.
      collections: names of the collections to join. Default: `GLOBAL_VARIABLES`.
      caching_device: device on which reads are cached; graph mode alone.
      device: device of the variable: a string, or a function of the operation.
      partitioner: a function of (shape, dtype) to the number of parts on each axis; graph mode
        alone.
      custom_getter: a function to be called in place of `tf.compat.v1.get_variable`, with its
        arguments.
      use_resource: whether to make a resource variable. Default: as the scope says.
      synchronization: a `tf.VariableSynchronization`.
      aggregation: a `tf.VariableAggregation`.

    Raises:
      ValueError: if the name exists and the scope does not reuse, if it does not exist and the
        scope only reuses, or if a shared variable has another shape or dtype.
    """
    names = [v1.GraphKeys.GLOBAL_VARIABLES] if collections is None else list(dict.fromkeys(collections))
    getter = functools.partial(custom_getter, reuse=v1.get_variable_scope().reuse) if custom_getter else v1.get_variable
    with _device_scope(device), store_for_call(custom_getter) as extra, _regularized_once(regularizer) as regularizer:
        return getter(
            name,
            shape=shape,
            dtype=dtype,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
            collections=names,
            caching_device=caching_device,
            partitioner=partitioner,
            use_resource=use_resource,
            synchronization=synchronization,
            aggregation=aggregation,
            **extra,
        )


@contextlib.contextmanager
def _regularized_once(regularizer):
    """Yields the regularizer to give to `get_variable`; on leaving, adds the losses of what was made.

    TensorFlow 2's `get_variable` builds each loss twice and collects a stand-in that is no
    `tf.Tensor`. So it gets a regularizer that only notes the new variable (each part of a
    partitioned one), and the loss is built here, as TF1 did. In TF2 mode the store does that.
    """
    if regularizer is None:
        regularizer = v1.get_variable_scope().regularizer
    if regularizer is None or not in_graph_mode():
        yield regularizer
        return
    made = []
    yield made.append
    for variable in made:
        _add_regularization_loss(regularizer, variable)


def _add_regularization_loss(regularizer, variable):
    with tf.init_scope(), v1.colocate_with(variable.op), v1.name_scope(variable.op.name + "/Regularizer/"):
        loss = regularizer(variable)
    if loss is not None:
        add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, loss)


def _device_scope(device):
    # `tf.device` takes no function when executing eagerly.
    if not device:
        return contextlib.nullcontext()
    return v1.device(device)


@add_arg_scope
def model_variable(
    name,
    shape=None,
    dtype=tf.float32,
    initializer=None,
    regularizer=None,
    trainable=True,
    collections=None,
    caching_device=None,
    device=None,
    partitioner=None,
    custom_getter=None,
    use_resource=None,
    synchronization=tf.VariableSynchronization.AUTO,
    aggregation=tf.VariableAggregation.NONE,
):
    """Returns a `variable` that also belongs to the model: it joins `MODEL_VARIABLES`.

    Source: TF1 `tensorflow.contrib.framework.model_variable`.

    Args:
      name, shape, initializer, regularizer, trainable, caching_device, device, partitioner,
        custom_getter, use_resource, synchronization, aggregation: as for `variable`.
      dtype: the variable's dtype. Default: float32.
      collections: further collections; `GLOBAL_VARIABLES` and `MODEL_VARIABLES` always are among
        them.
    """
    names = list(collections or []) + [v1.GraphKeys.GLOBAL_VARIABLES, v1.GraphKeys.MODEL_VARIABLES]
    return variable(
        name,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=trainable,
        collections=names,
        caching_device=caching_device,
        device=device,
        partitioner=partitioner,
        custom_getter=custom_getter,
        use_resource=use_resource,
        synchronization=synchronization,
        aggregation=aggregation,
    )


def local_variable(initial_value, validate_shape=True, name=None, use_resource=None):
    """Returns a new variable of `LOCAL_VARIABLES`: not trained, and in no checkpoint.

    Args:
      initial_value: a tensor, or what converts to one.
      validate_shape: if False, the value may have an unknown shape.
      name: the variable's name; made unique within the graph.
      use_resource: as for `variable`.
    """
    return _untrained_variable(v1.GraphKeys.LOCAL_VARIABLES, initial_value, validate_shape, name, use_resource)


def global_variable(initial_value, validate_shape=True, name=None, use_resource=None):
    """Returns a new variable of `GLOBAL_VARIABLES` that is not trained.

    Args:
      initial_value, validate_shape, name, use_resource: as for `local_variable`.
    """
    return _untrained_variable(v1.GraphKeys.GLOBAL_VARIABLES, initial_value, validate_shape, name, use_resource)


def _untrained_variable(collection, initial_value, validate_shape, name, use_resource):
    if not in_graph_mode():
        with tf.init_scope():
            return tf.Variable(initial_value, trainable=False, validate_shape=validate_shape, name=name)
    return v1.Variable(
        initial_value,
        trainable=False,
        collections=[collection],
        validate_shape=validate_shape,
        name=name,
        use_resource=use_resource,
    )


class VariableDeviceChooser:
    """Chooses devices for variables: parameter servers in turn, or one device of this process.

    Give an instance as `device=` of `variable`, or to `tf.device`.
    Source: TF1 `tensorflow.contrib.framework.VariableDeviceChooser`.
    """

    def __init__(self, num_tasks=0, job_name="ps", device_type="CPU", device_index=0, replica=None):
        """Makes a chooser.

        Args:
          num_tasks: number of parameter server tasks. 0 means no parameter servers.
          job_name: the parameter servers' job.
          device_type: "CPU" or "GPU".
          device_index: index of the device within its task.
          replica: index of the replica, or None.
        """
        self._num_tasks = num_tasks
        self._job_name = job_name
        self._device_type = device_type
        self._device_index = device_index
        self._replica = replica
        self._next_task = 0

    def __call__(self, op):
        """Returns the device string for the next variable. `op` is not looked at."""
        parts = {"device_type": self._device_type, "device_index": self._device_index, "replica": self._replica}
        if self._num_tasks > 0:
            parts.update(job=self._job_name, task=self._next_task)
            self._next_task = (self._next_task + 1) % self._num_tasks
        return tf.DeviceSpec(**parts).to_string()
