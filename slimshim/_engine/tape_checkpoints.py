"""What the TF2 loop saves: a checkpoint by TF1 names, and an object-based one beside it."""

from __future__ import annotations

import contextlib
import os

import tensorflow as tf

from .._quiet import quiet_tensorflow
from .._tf.savers import restored_variables
from ..ops._restore import assign_from_checkpoint, open_checkpoint
from .gradients import variable_name

v1 = tf.compat.v1

_FOLDER = "tf2"
_KEPT = 5


class TapeCheckpoints:
    """The checkpoints of one `TrainStep` in `logdir`.

    `model.ckpt-STEP` holds the variables by name, as TF1's `Saver` writes them, and is what
    `tf.train.latest_checkpoint(logdir)` finds. `tf2/ckpt-STEP` is of a `tf.train.CheckpointManager`.
    Each is complete before the file that lists it changes, so a kill at any moment leaves a whole
    one.
    """

    def __init__(self, logdir, step, saver=None):
        self._logdir = logdir
        self._step = step
        self._named = named_variables(step.variables)
        self._own_saver = saver
        self._saved = Saveable(self._named)
        with quiet_saver():
            self._saver = saver or v1.train.Saver(self._saved.variables, max_to_keep=_KEPT)
        saved = self._saved.variables
        counter = next((saved[n] for n, variable in self._named.items() if variable is step.global_step), None)
        objects = tf.train.Checkpoint(global_step=step.global_step if counter is None else counter, variables=saved)
        folder = os.path.join(logdir, _FOLDER)
        self._manager = tf.train.CheckpointManager(objects, folder, max_to_keep=_KEPT, checkpoint_name="ckpt")
        self._objects = objects

    @property
    def newest_step(self):
        """The step of the newest checkpoint of either kind; -1 if there is none."""
        return max(map(_step_of, (tf.train.latest_checkpoint(self._logdir), self._manager.latest_checkpoint)))

    def restore(self):
        """Restores the newest checkpoint of either kind; returns its path, or None."""
        by_name, by_object = tf.train.latest_checkpoint(self._logdir), self._manager.latest_checkpoint
        state = tf.train.get_checkpoint_state(self._logdir)
        if state is not None:
            self._take_over(state)
        if by_name is None and by_object is None:
            return None
        ahead = _step_of(by_object) - _step_of(by_name)
        # Ahead when killed between the two. A saver of the program's own may have saved less than all.
        if by_object is not None and (ahead > 0 or ahead == 0 and self._own_saver is not None):
            self._restore_objects(by_object)
            return by_object
        self._restore_by_name(by_name)
        return by_name

    def save(self):
        """Writes both checkpoints; returns the step."""
        step = self._step.count
        path = os.path.join(self._logdir, "model.ckpt")
        v1.logging.info("Saving checkpoint to path %s-%d", path, step)
        self._saved.refresh()  # In all processes, for a variable may be a mean over them.
        if not self._step.replicas.is_chief:
            return step
        self._manager.save(checkpoint_number=step)
        self._saver.save(None, path, global_step=step, write_meta_graph=False)
        return step

    @property
    def latest(self):
        """The path of the latest checkpoint by names, or None."""
        return tf.train.latest_checkpoint(self._logdir)

    def _take_over(self, state):
        """Makes the saver delete the checkpoints of earlier runs in turn, too."""
        with quiet_saver():
            self._saver.recover_last_checkpoints(state.all_model_checkpoint_paths)

    def _restore_objects(self, path):
        v1.logging.info("Restoring parameters from %s", path)
        with _explained():
            self._objects.restore(path).assert_existing_objects_matched()
        self._saved.hand_back()

    def _restore_by_name(self, path):
        v1.logging.info("Restoring parameters from %s", path)
        with _explained():
            assign_from_checkpoint(path, self._named if self._own_saver is None else self._names_in(path))

    def _names_in(self, path):
        """Returns a dict of name -> variable for a checkpoint of the program's own saver.

        What the saver leaves out is looked for under its own name, since a checkpoint of before may have it.
        """
        told = restored_variables(self._own_saver)
        if not isinstance(told, dict):
            told = {variable_name(variable): variable for variable in told}
        covered = {id(v) for value in told.values() for v in (value if isinstance(value, (list, tuple)) else [value])}
        left_out = {name: variable for name, variable in self._named.items() if id(variable) not in covered}
        reader = open_checkpoint(path)
        missing = [name for name in left_out if name in told or not reader.has_tensor(name)]
        if missing:
            raise ValueError(
                f"The program's saver leaves out {missing}, {path} does not have them, and the folder {_FOLDER!r} "
                "has no checkpoint of that step, which would."
            )
        return {**told, **left_out}


class Saveable:
    """Variables in the form that TensorFlow 1's saver takes, and one process alone can save.

    Of variables of a `tf.distribute` strategy it has copies.

    Attributes:
      variables: a dict of name -> variable for `tf.compat.v1.train.Saver`.
    """

    def __init__(self, named):
        of_strategies = {name: v for name, v in named.items() if isinstance(v, tf.distribute.DistributedValues)}
        self._copies = [(tf.Variable(v.read_value(), trainable=False), v) for v in of_strategies.values()]
        self.variables = {**named, **dict(zip(of_strategies, (copy for copy, _ in self._copies)))}

    def refresh(self):
        """Gives the copies the values that are to be saved."""
        for copy, variable in self._copies:
            copy.assign(variable.read_value())

    def hand_back(self):
        """Gives the strategy's variables the values of the copies."""
        for copy, variable in self._copies:
            variable.assign(copy)


@contextlib.contextmanager
def quiet_saver():
    """A context in which TensorFlow does not say that its saver is not for eager code.

    Its reason is that names may not be unique; here they are.
    """
    with quiet_tensorflow():
        yield


def named_variables(variables):
    """Returns a dict of TF1 name -> variable; variables of one name get `_1`, `_2`, ... in turn."""
    named = {}
    for variable in variables:
        name = base = variable_name(variable)
        count = 0
        while name in named:
            count += 1
            name = f"{base}_{count}"
        if count:
            v1.logging.warning("Two variables are named %s; the checkpoint calls one of them %s.", base, name)
        named[name] = variable
    return named


@contextlib.contextmanager
def _explained():
    """A context in which a checkpoint of something else is an error that says what to do."""
    try:
        yield
    except (AssertionError, ValueError) as error:
        raise ValueError(
            f"logdir: expected an empty directory, or checkpoints of this model and optimizer. {error} "
            "To start from the weights alone, pass another logdir and an init_fn."
        ) from error


def _step_of(path):
    """Returns the number at the end of a checkpoint's path; -1 if there is none."""
    number = "" if path is None else path.rpartition("-")[2]
    return int(number) if number.isdigit() else -1
