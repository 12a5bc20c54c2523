"""A step on several devices: the `tf.distribute` strategy that a `TrainStep` was made under."""

from __future__ import annotations

import contextvars

import tensorflow as tf

from .._checks import check, error_text


class Replicas:
    """The replicas of a step: those of the strategy whose scope is open where this is made, else the one device.

    Attributes:
      strategy: the `tf.distribute.Strategy`, or None.
    """

    def __init__(self):
        self.strategy = tf.distribute.get_strategy() if tf.distribute.has_strategy() else None
        self._agree = None

    @property
    def count(self):
        """How many replicas take part in a step."""
        return 1 if self.strategy is None else self.strategy.num_replicas_in_sync

    @property
    def spans_workers(self):
        """Whether replicas are in several processes, each of which runs this program."""
        return self._worker_count() > 1

    @property
    def is_chief(self):
        """Whether this process is the one that writes checkpoints and events."""
        resolver = getattr(self.strategy, "cluster_resolver", None)
        if not self.spans_workers:
            return True
        with_chief = "chief" in resolver.cluster_spec().as_dict()
        return resolver.task_type == "chief" or (not with_chief and resolver.task_id == 0)

    def _worker_count(self):
        resolver = getattr(self.strategy, "cluster_resolver", None)
        if resolver is None:
            return 1
        jobs = resolver.cluster_spec().as_dict()
        return sum(len(jobs.get(job, ())) for job in ("chief", "worker"))

    def agreed(self, *flags):
        """Returns for each flag whether it is set in any of the processes; all of them must ask at once."""
        if not self.spans_workers:
            return flags
        if self._agree is None:
            self._agree = tf.function(lambda own: self.run(self._sum_over_replicas, (own,)), autograph=False)
        return tuple(bool(total) for total in self._agree(tf.constant(flags, tf.float32)).numpy())

    @staticmethod
    def _sum_over_replicas(own):
        # The identity stands on the replica's device; an argument stands on none.
        return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, tf.identity(own))

    def run(self, function, args):
        """Runs `function(*args)` in each replica, in a trace; returns the loss, which is the same in all.

        Args:
          function: returns a scalar that the replicas agree on.
          args: a tuple; a value per replica is split among them.
        """
        if self.strategy is None:
            return function(*args)
        # Replicas are threads of their own, which would not see the scopes that are open here.
        outside = contextvars.copy_context()
        losses = self.strategy.run(lambda *own: outside.copy().run(function, *own), args)
        return self.strategy.experimental_local_results(losses)[0]

    def mean(self, values):
        """Returns the mean over the replicas of each of a list of tensors. Called in each replica."""
        if self.count == 1:
            return list(values)
        shares = [share(value, self.count) for value in values]
        return list(tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, shares))

    def shares(self, pairs):
        """Returns gradient and variable pairs scaled so that their sum over the replicas is the mean."""
        return pairs if self.count == 1 else [(share(gradient, self.count), v) for gradient, v in pairs]

    def batches(self, data):
        """Returns `data` so that each of its batches is spread over the replicas.

        Args:
          data: a `tf.data.Dataset` of whole batches, one that is distributed already, or a function of
            a `tf.distribute.InputContext` that returns the dataset of one input pipeline.
        """
        if self.strategy is None:
            return data
        if isinstance(data, (tf.distribute.DistributedDataset, tf.distribute.DistributedIterator)):
            return data
        if isinstance(data, tf.data.Dataset):
            return self.strategy.experimental_distribute_dataset(data)
        if callable(data):
            return self.strategy.distribute_datasets_from_function(data)
        expected = "a tf.data.Dataset, a distributed one, or a function of a tf.distribute.InputContext"
        raise TypeError(error_text("data", expected, data, "The step belongs to a tf.distribute strategy."))

    def require_own(self, variables, argument):
        """Raises ValueError for a variable that was made outside the strategy's scope."""
        if self.strategy is None:
            return
        own = self.strategy.extended.variable_created_in_scope
        others = [variable.name for variable in variables if not own(variable)]
        remedy = "Make the model and the optimizer inside `with strategy.scope():`, as create_train_op is."
        check(not others, argument, "variables of the strategy alone", others, remedy)


def share(gradient, count):
    """Returns one of `count` equal shares of a gradient: a tensor, a `tf.IndexedSlices` or None."""
    if gradient is None:
        return None
    if isinstance(gradient, tf.IndexedSlices):
        return tf.IndexedSlices(gradient.values / count, gradient.indices, gradient.dense_shape)
    return gradient / count
