"""`tensorflow.contrib.opt`: optimizers whose weight decay is no part of the gradient.

Source: TF 1.15's `tf.contrib.opt`; the method is from https://arxiv.org/abs/1711.05101.
"""

from __future__ import annotations

import tensorflow as tf

v1 = tf.compat.v1

__all__ = [
    "AdamWOptimizer",
    "DecoupledWeightDecayExtension",
    "MomentumWOptimizer",
    "extend_with_decoupled_weight_decay",
]


class DecoupledWeightDecayExtension:
    """Mix-in before an optimizer's class: `w -= weight_decay * w`, and then the optimizer's own step.

    The decay is not multiplied by the learning rate. Of a variable whose gradient is slices, only the rows that
    occur decay, each once; with plain gradient descent, which takes slices by a way of its own, none does, as in
    TF 1.15.

    Args:
      weight_decay: a number, a scalar tensor, or a function without arguments that returns one.
      **kwargs: the optimizer's arguments.
    """

    def __init__(self, weight_decay, *args, **kwargs):
        self._weight_decay = weight_decay
        self._decayed = None
        super().__init__(*args, **kwargs)

    def minimize(self, loss, *args, decay_var_list=None, **kwargs):
        """Returns the training op, as the optimizer's `minimize`.

        Args:
          loss: the loss.
          *args, **kwargs: the other arguments of `minimize`.
          decay_var_list: the variables that decay. Default: all that are trained.
        """
        self._keep_list(decay_var_list)
        return super().minimize(loss, *args, **kwargs)

    def apply_gradients(self, grads_and_vars, global_step=None, name=None, decay_var_list=None):
        """Returns the training op, as the optimizer's `apply_gradients`; see `minimize`."""
        # `minimize` calls this method without a list, and must not lose its own.
        if decay_var_list is not None:
            self._keep_list(decay_var_list)
        return super().apply_gradients(grads_and_vars, global_step=global_step, name=name)

    def _keep_list(self, variables):
        self._decayed = {variable.ref() for variable in variables} if variables else None

    def _decays(self, variable):
        return self._decayed is None or variable.ref() in self._decayed

    def _rate(self, variable):
        rate = self._weight_decay() if callable(self._weight_decay) else self._weight_decay
        return tf.cast(rate, variable.dtype.base_dtype)

    def _after_decay(self, variable, grad, indices=None):
        """Opens a context whose operations run after the variable's decay.

        The decay waits for the gradient, which is that of the weights before. (TF 1.15 let the two race.)
        """
        if not self._decays(variable):
            return tf.control_dependencies([])
        with tf.control_dependencies([grad]):
            if indices is None:
                return tf.control_dependencies([variable.assign_sub(self._rate(variable) * variable)])
            # One row may occur twice among the indices: it decays once.
            rows, _ = tf.unique(indices)
            less = tf.IndexedSlices(self._rate(variable) * tf.gather(variable, rows), rows)
            return tf.control_dependencies([variable.scatter_sub(less)])

    def _apply_dense(self, grad, var):
        with self._after_decay(var, grad):
            return super()._apply_dense(grad, var)

    def _resource_apply_dense(self, grad, handle):
        with self._after_decay(handle, grad):
            return super()._resource_apply_dense(grad, handle)

    def _apply_sparse(self, grad, var):
        with self._after_decay(var, grad.values, grad.indices):
            return super()._apply_sparse(grad, var)

    def _resource_apply_sparse(self, grad, handle, indices):
        with self._after_decay(handle, grad, indices):
            return super()._resource_apply_sparse(grad, handle, indices)


def extend_with_decoupled_weight_decay(base_optimizer):
    """Returns a class: the optimizer with decoupled weight decay, whose first argument is `weight_decay`.

    Args:
      base_optimizer: a class of `tf.compat.v1.train`'s optimizers. Its step must not depend on the weights.
    """

    class OptimizerWithDecoupledWeightDecay(DecoupledWeightDecayExtension, base_optimizer):
        __doc__ = f"{base_optimizer.__name__} with decoupled weight decay; see `DecoupledWeightDecayExtension`."

    return OptimizerWithDecoupledWeightDecay


class MomentumWOptimizer(DecoupledWeightDecayExtension, v1.train.MomentumOptimizer):
    """SGDW: momentum with decoupled weight decay.

    Args:
      weight_decay: as for `DecoupledWeightDecayExtension`.
      learning_rate, momentum, use_locking, name, use_nesterov: as for `tf.compat.v1.train.MomentumOptimizer`.
    """

    def __init__(self, weight_decay, learning_rate, momentum, use_locking=False, name="MomentumW", use_nesterov=False):
        super().__init__(weight_decay, learning_rate, momentum, use_locking, name, use_nesterov)


class AdamWOptimizer(DecoupledWeightDecayExtension, v1.train.AdamOptimizer):
    """AdamW: Adam with decoupled weight decay.

    Args:
      weight_decay: as for `DecoupledWeightDecayExtension`.
      learning_rate, beta1, beta2, epsilon, use_locking, name: as for `tf.compat.v1.train.AdamOptimizer`.
    """

    def __init__(
        self,
        weight_decay,
        learning_rate=0.001,
        beta1=0.9,
        beta2=0.999,
        epsilon=1e-8,
        use_locking=False,
        name="AdamW",
    ):
        super().__init__(weight_decay, learning_rate, beta1, beta2, epsilon, use_locking, name)
