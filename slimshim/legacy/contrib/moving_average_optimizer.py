"""`tensorflow.contrib.opt.MovingAverageOptimizer`: trains with an optimizer, saves the averages.

The Object Detection API's default training configuration uses it. Checkpoint keys are TensorFlow
1.15's: under a variable's own name stands its average, and under the average's name
(`<variable>/ExponentialMovingAverage`) stands the variable. So evaluation, which restores by plain
names, gets the averages without knowing of them.
"""

from __future__ import annotations

import tensorflow as tf

from ..._checks import error_text

v1 = tf.compat.v1


class MovingAverageOptimizer(v1.train.Optimizer):
    """An optimizer that also keeps exponential moving averages of what it trains.

    After every step, `average = decay * average + (1 - decay) * variable`.

    Args:
      opt: the `tf.compat.v1.train.Optimizer` that computes and applies gradients.
      average_decay: the decay, a float or scalar tensor. Default 0.9999.
      num_updates: a count of updates, or None. With it the decay is at most
        `(1 + num_updates) / (10 + num_updates)`, so that averages move faster early on.
      sequential_update: whether the averages are updated after the gradients are applied (True),
        or at the same time, in no fixed order (False).

    Source: TensorFlow 1.15, `tensorflow.contrib.opt.MovingAverageOptimizer`.
    """

    def __init__(self, opt, average_decay=0.9999, num_updates=None, sequential_update=True):
        super().__init__(use_locking=False, name="MovingAverageOptimizer")
        self._optimizer = opt
        self._ema = v1.train.ExponentialMovingAverage(average_decay, num_updates=num_updates)
        self._sequential_update = sequential_update
        self._partner_names = None

    def compute_gradients(self, *args, **kwargs):
        """Returns the wrapped optimizer's (gradient, variable) pairs."""
        return self._optimizer.compute_gradients(*args, **kwargs)

    def apply_gradients(self, grads_and_vars, global_step=None, name=None):
        """Returns the operation that applies the gradients and updates the averages.

        Args:
          grads_and_vars: (gradient, variable) pairs. Variables without gradient get no average.
          global_step: a variable to count up, or None.
          name: the name of the wrapped optimizer's operation.
        """
        pairs = list(grads_and_vars)
        train = self._optimizer.apply_gradients(pairs, global_step=global_step, name=name)
        trained = [variable for gradient, variable in pairs if gradient is not None]
        wait_for = [train] if self._sequential_update else []
        with tf.control_dependencies(wait_for):
            update_averages = self._ema.apply(trained)
        self._partner_names = self._pair_names(trained)
        return tf.group(train, update_averages, name="train_with_avg")

    def swapping_saver(self, var_list=None, name="swapping_saver", **kwargs):
        """Returns a `Saver` that swaps trained variables and their averages.

        Use it for training alone: call it after `minimize` and after every variable exists.
        Evaluate with an ordinary saver.

        Args:
          var_list: the variables to save, a list or a {checkpoint key: variable} dict. Default:
            all global variables.
          name: the saver's name.
          **kwargs: further arguments of `tf.compat.v1.train.Saver`.

        Raises:
          RuntimeError: if `apply_gradients` or `minimize` was not called yet.
          ValueError: if a variable is to be saved and its average is not, or the reverse.
        """
        if self._partner_names is None:
            raise RuntimeError(
                "swapping_saver() needs to know what is trained: call minimize() or apply_gradients() before it."
            )
        keyed = _by_key(v1.global_variables() if var_list is None else var_list)
        return v1.train.Saver(self._swap(keyed), name=name, **kwargs)

    def get_slot(self, var, name):
        """Returns the wrapped optimizer's slot."""
        return self._optimizer.get_slot(var, name)

    def get_slot_names(self):
        """Returns the names of the wrapped optimizer's slots."""
        return self._optimizer.get_slot_names()

    def variables(self):
        """Returns the variables that the wrapped optimizer made."""
        return self._optimizer.variables()

    def _pair_names(self, trained):
        """Returns {variable's name: average's name}, both ways round."""
        names = {}
        for variable in trained:
            average = self._ema.average(variable)
            names[_name(variable)] = _name(average)
            names[_name(average)] = _name(variable)
        return names

    def _swap(self, keyed):
        """Returns `keyed` with every variable and its average in each other's place."""
        by_name = {}
        for key, found in keyed.items():
            by_name.update({_name(part): part for part in found} if _is_parts(found) else {key: found})
        swapped = {}
        for key, found in keyed.items():
            if _is_parts(found):
                swapped[key] = [self._partner(_name(part), part, by_name) for part in found]
            else:
                swapped[key] = self._partner(key, found, by_name)
        return swapped

    def _partner(self, name, variable, by_name):
        partner = self._partner_names.get(name)
        if partner is None:
            return variable
        if partner not in by_name:
            text = error_text(
                "var_list",
                f"both {name!r} and {partner!r}, which are swapped",
                sorted(by_name),
                "Give the saver both, or neither.",
            )
            raise ValueError(text)
        return by_name[partner]


def _name(variable):
    """Returns the variable's name in checkpoints."""
    return variable.name.partition(":")[0]


def _is_parts(found):
    """Returns whether this is a partitioned variable, or the list of its parts."""
    return not isinstance(found, tf.Variable) and hasattr(found, "__iter__")


def _by_key(var_list):
    """Returns {checkpoint key: variable, or list of the parts of a partitioned variable}."""
    if isinstance(var_list, dict):
        return {key: list(v) if _is_parts(v) else v for key, v in var_list.items()}
    keyed = {}
    for variable in var_list:
        whole = _whole_name(variable)
        if whole is None:
            keyed[_name(variable)] = variable
        else:
            keyed.setdefault(whole, []).extend(variable if _is_parts(variable) else [variable])
    return keyed


def _whole_name(variable):
    """Returns the name of the partitioned variable that this is, or is a part of, else None."""
    if _is_parts(variable):
        return _name(variable)
    part_of = getattr(variable, "_get_save_slice_info", lambda: None)()
    return None if part_of is None else part_of.full_name
