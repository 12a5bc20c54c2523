"""The legacy door: old import paths resolve to this package.

    import slimshim
    slimshim.install()

    import tf_slim                            # this package
    from tensorflow.contrib import slim       # this package, with contrib's extra names
    import tensorflow as tf
    tf.contrib.training.HParams(rate=0.1)     # real, or raises on use and says what to use

`install()` adds finders to `sys.meta_path`, gives `tensorflow` its `contrib` attribute, gives
`tensorflow.compat.v1` what Keras 3 took from it (`layers`, `estimator`), and gives
`tensorflow.python` the names that moved. Modules load when they are imported. `uninstall()` puts
every bit back. Importing this package without calling `install()` changes nothing.
"""

from __future__ import annotations

import builtins
import sys

from .placeholders import UnavailableError

__all__ = ["UnavailableError", "install", "is_installed", "uninstall"]

_hook = None


def install(numpy_aliases=False):
    """Makes `tf_slim`, `tensorflow.contrib` and removed TensorFlow pieces importable.

    Call it before the program's own imports. A second call does nothing more.

    Args:
      numpy_aliases: whether NumPy's removed names (`np.int`, `np.float`, ...) come back too. They
        change NumPy for the whole process, so they are asked for; `run` always does.

    Raises:
      RuntimeError: if the real `tf_slim` is already imported (the program's parts would then use
        two different slims), or if another copy of this package is installed under another name.
    """
    if _hook is None:
        _put_in_hook()
    if numpy_aliases:
        from . import numpy_names

        numpy_names.give_back(_hook.ledger)


def _put_in_hook():
    global _hook
    _refuse_other_slim()
    from . import attributes, hook

    new = hook.Hook()
    new.put_in()
    try:
        attributes.give_back(new.ledger)
    except BaseException:
        new.take_out()
        raise
    _hook = new


def uninstall():
    """Takes back everything that `install()` changed. Without an `install()` it does nothing.

    Objects the program already holds keep working; only the old import paths are gone.
    """
    global _hook
    if _hook is None:
        return
    _hook.take_out()
    _hook = None


def is_installed():
    """Returns whether `install()` is in force."""
    return _hook is not None


def behave_as_tensorflow_1(folders=(), packages=(), hardware=None):
    """Switches the process to TensorFlow 1's behaviour and names, for `run`.

    `uninstall()` takes the names back; the behaviour, once graphs exist, stays.

    Args:
      folders: the program's own folders.
      packages: installed packages that belong to the program.
      hardware: a `hardware.Hardware` whose options all sessions get, or None.
    """
    install(numpy_aliases=True)
    import tensorflow as tf

    from .._quiet import quiet_tensorflow
    from . import program as programs
    from . import tf1_face, tf1_names

    with quiet_tensorflow():
        tf.compat.v1.disable_v2_behavior()
    if hardware is not None:
        hardware.put_in(_hook.ledger)
    program = programs.Program(folders, packages)
    _hook.ledger.set_attribute(tf, "__getattr__", tf1_names.FallBack(tf, program))
    _hook.ledger.set_attribute(builtins, "__import__", tf1_face.Importer(tf, program))


def train_graphs_under_a_tape():
    """Makes `learning.train` lift graphs and train them under a tape, for `run --engine tape`.

    Call it after `behave_as_tensorflow_1`, before the program builds a graph. `uninstall()` undoes it; the
    behaviour of variables and control flow stays.
    """
    from . import tape_engine

    tape_engine.put_in(_hook.ledger)


def _refuse_other_slim():
    other = sys.modules.get("tf_slim")
    if other is None:
        return
    own = __name__.rpartition(".")[0]
    if hasattr(other, "uninstall"):
        raise RuntimeError(
            f"{own}.install(): tf_slim is already served by {other.__name__}. Call {other.__name__}.uninstall() first."
        )
    raise RuntimeError(
        f"{own}.install(): the real tf_slim is already imported from "
        f"{getattr(other, '__file__', 'an unknown place')}. "
        "Call install() before the program's first import of tf_slim."
    )
