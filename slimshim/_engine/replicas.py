"""A step on several devices and in several processes: the `tf.distribute` strategy of a `TrainStep`."""

from __future__ import annotations

import contextvars

import tensorflow as tf

from .._checks import check, error_text


class Replicas:
    """The replicas of a step: those of a strategy, else the one device.

    Attributes:
      strategy: the `tf.distribute.Strategy`, or None.
    """

    def __init__(self, strategy=None):
        self.strategy = strategy
        self._sum = None

    @classmethod
    def of_the_scope(cls):
        """Returns the replicas of the strategy whose scope is open, else the one device."""
        return cls(tf.distribute.get_strategy() if tf.distribute.has_strategy() else None)

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
        if not self.spans_workers:
            return True
        resolver = self.strategy.cluster_resolver
        with_chief = "chief" in resolver.cluster_spec().as_dict()
        return resolver.task_type == "chief" or (not with_chief and resolver.task_id == 0)

    def agreed(self, *flags):
        """Returns for each flag whether it is set in any of the processes. All of them must ask at once."""
        if not self.spans_workers:
            return flags
        return tuple(total > 0 for total in self._summed([int(bool(flag)) for flag in flags]))

    def chief_says(self, flag):
        """Returns whether the flag is set in the chief. All processes must ask at once."""
        return self.agreed(self.is_chief and flag)[0]

    def differ_in(self, number):
        """Returns whether some process has another number than the chief. All of them must ask at once."""
        if not self.spans_workers:
            return False
        (sum_of_chiefs,) = self._summed([number if self.is_chief else 0])
        # The chief may have several replicas, each of which adds its number.
        own = number * (self.count // self._worker_count())
        return self.agreed(own != sum_of_chiefs)[0]

    def _worker_count(self):
        """Returns how many processes take part."""
        if not isinstance(self.strategy, tf.distribute.MultiWorkerMirroredStrategy):
            return 1
        jobs = self.strategy.cluster_resolver.cluster_spec().as_dict()
        return max(1, sum(len(jobs.get(job, ())) for job in ("chief", "worker")))

    def _summed(self, numbers):
        """Returns the sums of whole numbers over the replicas of all processes."""
        if self._sum is None:
            self._sum = tf.function(lambda own: self.run(_sum_over_replicas, (own,)), autograph=False)
        return self._sum(tf.constant(numbers, tf.int64)).numpy().tolist()

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


def _sum_over_replicas(own):
    # The identity stands on the replica's device; an argument stands on none.
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, tf.identity(own))


def share(gradient, count):
    """Returns one of `count` equal shares of a gradient: a tensor, a `tf.IndexedSlices` or None."""
    if gradient is None:
        return None
    if isinstance(gradient, tf.IndexedSlices):
        return tf.IndexedSlices(gradient.values / count, gradient.indices, gradient.dense_shape)
    return gradient / count
