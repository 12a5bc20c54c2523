"""install() and uninstall(): what resolves, to what, and that every bit is put back."""

import importlib
import subprocess
import sys
import textwrap

import pytest
import tensorflow as tf

import slimshim
from slimshim.legacy import numpy_names, table
from slimshim.legacy.placeholders import Placeholder, UnavailableError

v1 = tf.compat.v1


@pytest.fixture
def installed():
    slimshim.install()
    yield
    slimshim.uninstall()


def _run(code):
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize(
    ("old", "own"),
    [
        ("tf_slim", ""),
        ("tf_slim.layers", ".layers"),
        ("tf_slim.layers.initializers", ".layers.initializers"),
        ("tf_slim.ops.arg_scope", ".ops.arg_scope"),
        ("tf_slim.training.evaluation", ".training.evaluation"),
        ("tensorflow.contrib.slim.python.slim.learning", ".learning"),
        ("tensorflow.contrib.slim.python.slim.data", ".data"),
        ("tensorflow.contrib.layers.python.layers.utils", ".layers.utils"),
        ("tensorflow.contrib.framework.python.ops.variables", ".ops.variables"),
        ("tensorflow.contrib.framework.python.ops.arg_scope", ".ops.arg_scope"),
        ("tensorflow.contrib.losses.python.losses.loss_ops", ".losses.loss_ops"),
        ("tensorflow.contrib.losses.metric_learning", ".losses.metric_learning"),
        ("tensorflow.contrib.metrics.python.ops.metric_ops", ".metrics.metric_ops"),
        ("tensorflow.contrib.training.python.training.training", ".training.training"),
        ("tensorflow.contrib.training.python.training.hparam", ".legacy.contrib.hparam"),
    ],
)
def test_an_old_path_is_the_packages_own_module(installed, old, own):
    module = importlib.import_module(own, "slimshim") if own else slimshim
    spec = module.__spec__
    assert importlib.import_module(old) is module
    assert module.__spec__ is spec and module.__name__ == f"slimshim{own}"


def test_a_module_is_no_package_for_having_had_an_old_path():
    slimshim.install()
    try:
        learning = importlib.import_module("tf_slim.learning")
    finally:
        slimshim.uninstall()
    assert learning is slimshim.learning and not hasattr(learning, "__path__")
    assert slimshim.layers.__path__


def test_every_source_in_the_table_exists(installed):
    entries = [*table.MODULES.values(), *table.MISSING.values()]
    sources = {s for entry in entries for s in getattr(entry, "sources", None) or [getattr(entry, "target", "tf")]}
    sources |= set(table.TREES.values()) | set(table.MISSING_TREES.values())
    for source in sorted(sources - {".nets"}):
        assert table.resolve(source) is not None, source


def test_the_nets_are_found_under_contribs_paths(installed):
    from tensorflow.contrib.slim.nets import resnet_v1
    from tensorflow.contrib.slim.python.slim.nets import vgg

    from slimshim import nets

    assert importlib.import_module("tensorflow.contrib.slim.nets") is nets
    assert resnet_v1 is importlib.import_module("slimshim.nets.resnet_v1")
    assert vgg is importlib.import_module("slimshim.nets.vgg")


def test_from_imports_of_slim_programs_resolve(installed):
    from tensorflow.contrib import slim
    from tensorflow.contrib.framework import arg_scope
    from tensorflow.contrib.framework.python.ops.variables import get_or_create_global_step
    from tensorflow.contrib.layers.python.layers import regularizers

    assert slim.arg_scope is arg_scope is slimshim.arg_scope
    assert slim.learning is slimshim.learning
    assert get_or_create_global_step is slimshim.get_or_create_global_step
    assert regularizers is slimshim.regularizers


def test_contrib_is_an_attribute_of_tensorflow_in_both_versions(installed):
    assert tf.contrib is v1.contrib is sys.modules["tensorflow.contrib"]
    assert tf.contrib.slim.l2_regularizer is slimshim.l2_regularizer
    assert tf.contrib.layers.python.layers.initializers is slimshim.initializers
    assert tf.contrib.framework.sort is tf.sort
    from tensorflow.compat.v1 import contrib

    assert contrib is tf.contrib


def test_star_import_of_contrib_slim_brings_its_names(installed):
    names = {}
    exec("from tensorflow.contrib.slim import *", names)
    assert names["arg_scope"] is slimshim.arg_scope
    assert not isinstance(names["arg_scope"], Placeholder)


def test_a_piece_without_counterpart_imports_and_raises_on_use_with_its_name(installed):
    from tensorflow.contrib import quantize
    from tensorflow.contrib.quantize.python import graph_matcher

    with pytest.raises(UnavailableError, match=r"tensorflow\.contrib\.quantize\.create_training_graph .*optimization"):
        quantize.create_training_graph()
    with pytest.raises(UnavailableError, match="graph_matcher.OpTypePattern"):
        graph_matcher.OpTypePattern("Conv2D")


def test_removed_estimator_imports_and_raises_on_use(installed):
    from tensorflow.compat.v1 import estimator

    if isinstance(getattr(estimator, "EstimatorSpec", None), type):
        pytest.skip("this TensorFlow still has tf.estimator")
    with pytest.raises(UnavailableError, match="EstimatorSpec"):
        estimator.EstimatorSpec("train")
    with pytest.raises(UnavailableError):
        v1.estimator.RunConfig()


def test_removed_keras_applications_path_is_kerass(installed):
    from tensorflow.python.keras.applications import resnet

    assert resnet.ResNet50 is tf.keras.applications.resnet.ResNet50


def test_moved_private_names_are_given_back(installed):
    from tensorflow.python.framework import ops
    from tensorflow.python.ops import array_ops, control_flow_ops, variable_scope

    assert ops.Tensor is tf.Tensor and ops.IndexedSlices is tf.IndexedSlices
    assert array_ops.stack is v1.stack
    assert control_flow_ops.case is v1.case and control_flow_ops.Assert is v1.Assert
    assert variable_scope.resource_variables_enabled() in (True, False)


def test_a_missing_submodule_of_tf_slim_is_an_import_error(installed):
    with pytest.raises(ModuleNotFoundError, match="tf_slim.no_such_room"):
        importlib.import_module("tf_slim.no_such_room")


def test_importing_changes_nothing_until_install_and_uninstall_puts_all_back():
    out = _run(
        """
        import sys
        import numpy as np
        import tensorflow as tf
        import tensorflow.compat.v1 as v1
        from tensorflow.python.framework import ops
        from tensorflow.python.ops import control_flow_ops
        import slimshim

        holders = [tf, v1, v1.nn, ops, control_flow_ops, np, slimshim]
        def state():
            return [dict(vars(h)) for h in holders], list(sys.meta_path), v1.layers
        import slimshim.legacy, slimshim.layers.utils
        tf.keras.applications                      # TensorFlow loads Keras late, by itself
        slimshim.install(); slimshim.uninstall()   # loads what the first install loads for good
        attributes, finders, layers = state()
        modules = dict(sys.modules)

        slimshim.install()
        slimshim.install()
        import tf_slim.layers.utils
        import tensorflow.contrib.slim as slim
        from tensorflow.contrib.quantize.python import graph_matcher
        from tensorflow.python.keras.applications import resnet
        slim.arg_scope, tf.contrib.training, v1.layers.conv2d
        assert len(sys.meta_path) == len(finders) + 3
        slimshim.uninstall()
        slimshim.uninstall()

        after, after_finders, after_layers = state()
        assert after_finders == finders and after_layers is layers
        for holder, before, now in zip(holders, attributes, after):
            loaded = {k for k in now if k not in before and holder is slimshim}
            assert {k for k in now if k not in before} == loaded, (holder, set(now) - set(before))
            assert all(now[k] is before[k] for k in before), holder
        new = set(sys.modules) - set(modules)
        assert not [n for n in new if n.startswith(("tensorflow.contrib", "tf_slim")) or "estimator" in n], new
        assert all(sys.modules.get(n) is m for n, m in modules.items())
        assert slimshim.layers.utils is sys.modules["slimshim.layers.utils"]
        import importlib.util
        left = importlib.util.find_spec("tf_slim")  # the real one may be installed
        assert left is None or "legacy" not in type(left.loader).__module__
        print("clean")
        slimshim.install()
        import tf_slim
        print(tf_slim is slimshim)
        """
    )
    assert out.split() == ["clean", "True"]


def test_install_after_the_real_tf_slim_says_so():
    out = _run(
        """
        import sys, types
        import slimshim
        real = types.ModuleType("tf_slim"); real.__file__ = "site/tf_slim/__init__.py"
        sys.modules["tf_slim"] = real
        try:
            slimshim.install()
        except RuntimeError as error:
            print(error)
        print(len([f for f in sys.meta_path if "legacy" in type(f).__module__]))
        """
    )
    assert "already imported from site/tf_slim/__init__.py" in out
    assert out.split()[-1] == "0"


def test_install_twice_under_two_names_says_who_is_first(installed, monkeypatch):
    import tf_slim

    monkeypatch.setattr("slimshim.legacy._hook", None)
    with pytest.raises(RuntimeError, match="already served by slimshim"):
        slimshim.install()
    assert tf_slim is slimshim


def test_install_leaves_numpy_alone_and_run_gives_its_names_back(installed):
    import numpy as np

    from slimshim.legacy.ledger import Ledger

    before = dict(vars(np))
    ledger = Ledger()
    numpy_names.give_back(ledger)
    assert np.int is int and np.float is float and np.object is object
    assert np.NaN != np.NaN and np.float_ is np.float64
    ledger.undo()
    assert {name: vars(np).get(name) for name in before} == before
    assert set(vars(np)) == set(before)


def test_installing_loads_no_room_that_a_program_may_not_need():
    loaded = _run(
        """
        import sys
        import slimshim
        slimshim.install()
        print(*(name for name in sys.modules if name.startswith("slimshim.")))
        """
    ).split()
    assert "slimshim.legacy.hook" in loaded
    rooms = "_engine data evaluation keras_models learning legacy.contrib losses metrics nets training".split()
    needless = tuple(f"slimshim.{room}" for room in rooms)
    assert not [name for name in loaded if name.startswith(needless)]


def test_numpy_aliases_come_with_install_when_asked_for_and_go_with_uninstall():
    code = """
        import numpy as np
        import slimshim
        slimshim.install()
        assert "int" not in vars(np)
        slimshim.install(numpy_aliases=True)
        assert np.int is int
        slimshim.uninstall()
        assert "int" not in vars(np)
    """
    _run(code)
