"""`tensorflow.contrib.opt.LARSOptimizer`: a learning rate for each layer, from the norms of its weights."""

from __future__ import annotations

import tensorflow as tf

from ..._checks import check

v1 = tf.compat.v1

__all__ = ["LARSOptimizer"]


class LARSOptimizer(v1.train.MomentumOptimizer):
    """Layer-wise adaptive rate scaling, https://arxiv.org/abs/1708.03888, as TF 1.15 had it.

    With w and g the norms of the weights and of their gradient: the step's rate is
    `learning_rate * eeta * w / (g + weight_decay * w + epsilon)`, and `weight_decay * weights` joins the
    gradient. Where w or g is 0 the rate is `learning_rate`. A gradient of slices takes a plain momentum step,
    without scaling and decay.

    Args:
      learning_rate: a number or a scalar tensor.
      momentum: at least 0.
      weight_decay: at least 0.
      eeta: the paper's coefficient of trust.
      epsilon: added below, for tiny gradients.
      name: the name of the slots, and of the operations.
      skip_list: a variable whose name contains one of these is neither scaled nor decayed.
      use_nesterov: whether the momentum is Nesterov's.

    Raises:
      ValueError: if the momentum or the weight decay is negative.
    """

    def __init__(
        self,
        learning_rate,
        momentum=0.9,
        weight_decay=0.0001,
        eeta=0.001,
        epsilon=0.0,
        name="LARSOptimizer",
        skip_list=None,
        use_nesterov=False,
    ):
        check(momentum >= 0, "momentum", "at least 0", momentum)
        check(weight_decay >= 0, "weight_decay", "at least 0", weight_decay)
        super().__init__(learning_rate, momentum, name=name, use_nesterov=use_nesterov)
        self._weight_decay = weight_decay
        self._eeta = eeta
        self._epsilon = epsilon
        self._skip_list = skip_list or ()

    def compute_lr(self, grad, var):
        """Returns (the variable's learning rate, the gradient with the weight decay)."""
        rate, grad = self._scale(grad, var)
        return self._learning_rate * rate, grad

    def _scale(self, grad, var):
        if any(part in var.name for part in self._skip_list):
            return tf.ones([], grad.dtype), grad
        weights, gradients = tf.norm(var), tf.norm(grad)
        trust = self._eeta * weights / (gradients + self._weight_decay * weights + self._epsilon)
        usable = tf.logical_and(weights > 0, gradients > 0)
        return tf.where(usable, trust, tf.ones_like(trust)), grad + self._weight_decay * var

    def _apply_dense(self, grad, var):
        return self._momentum_step(super()._apply_dense, grad, var)

    def _resource_apply_dense(self, grad, var):
        return self._momentum_step(super()._resource_apply_dense, grad, var)

    def _momentum_step(self, step, grad, var):
        """Takes a momentum step of rate 1 with the scaled gradient: the momentum holds scaled gradients."""
        rate, grad = self.compute_lr(grad, var)
        before = self._learning_rate_tensor
        self._learning_rate_tensor = tf.ones_like(before)
        try:
            return step(tf.cast(rate, grad.dtype) * grad, var)
        finally:
            self._learning_rate_tensor = before
