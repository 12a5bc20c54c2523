"""Names of `tensorflow.python` that programs of the TensorFlow 1 years import: all of them resolve."""

import importlib
import sys

import pytest
import tensorflow as tf

import slimshim
from slimshim._tf import private_names

v1 = tf.compat.v1

# What 22 public programs that use slim import, below tensorflow.python.
IN_USE = """
client.session debug distribute.summary_op_util framework.constant_op framework.dtypes framework.function
framework.graph_util framework.graph_util.convert_variables_to_constants framework.ops framework.sparse_tensor
framework.tensor_shape framework.tensor_util framework.test_util keras.applications.resnet keras.backend
keras.engine.base_layer_utils layers.base lib.io.file_io ops.array_ops ops.check_ops ops.clip_ops
ops.control_flow_ops ops.control_flow_util ops.data_flow_ops ops.gen_image_ops ops.gen_logging_ops ops.gen_nn_ops
ops.init_ops ops.inplace_ops ops.math_ops ops.metrics_impl ops.nn ops.random_ops ops.resource_variable_ops
ops.rnn_cell_impl ops.state_ops ops.string_ops ops.summary_op_util ops.variable_scope ops.variables platform.app
platform.build_info platform.flags platform.gfile platform.tf_logging pywrap_tensorflow saved_model.loader
saved_model.signature_constants saved_model.tag_constants tf2 tools.freeze_graph tools.strip_unused_lib
tpu.bfloat16.bfloat16_scope tpu.functional tpu.ops.tpu_ops tpu.tpu tpu.tpu_function training.moving_averages
training.saver training.training training.training_ops util.deprecation.deprecated util.deprecation.deprecated_args
util.nest util.tf_inspect
""".split()


@pytest.fixture(scope="module")
def installed():
    slimshim.install()
    yield
    slimshim.uninstall()


@pytest.mark.parametrize("name", IN_USE)
def test_a_private_name_in_use_imports(installed, name):
    path = f"tensorflow.python.{name}"
    try:
        importlib.import_module(path)
    except ModuleNotFoundError:
        parent, _, child = path.rpartition(".")
        assert getattr(importlib.import_module(parent), child) is not None


@pytest.mark.parametrize(
    ("path", "name"), sorted((path, name) for path, name, _ in private_names._listed()), ids="-".join
)
def test_a_listed_name_is_there(installed, path, name):
    module = private_names._module(path)
    if module is None:
        pytest.skip("this TensorFlow has no such module")
    assert getattr(module, name) is not None


def test_names_that_another_private_module_has_are_the_same_objects(installed):
    from tensorflow.python.framework import ops, tensor_shape
    from tensorflow.python.util import nest

    value = ops.IndexedSlicesValue([1.0], [0], None)
    assert type(value).__module__.startswith("tensorflow.python.framework")
    assert nest.is_sequence([1]) and not nest.is_sequence("text")
    assert tensor_shape.scalar() == tf.TensorShape([])
    assert tensor_shape.matrix(2, None).as_list() == [2, None]


def test_the_optimizers_ops_work_under_their_old_module(installed, graph):
    from tensorflow.python.training import training_ops

    weights = v1.get_variable("w", initializer=[1.0, 2.0], use_resource=True)
    step = training_ops.resource_apply_gradient_descent(weights.handle, 0.5, tf.constant([1.0, 1.0]))
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        session.run(step)
        assert session.run(weights).tolist() == [0.5, 1.5]


def test_uninstall_takes_names_and_modules_away():
    was_installed = slimshim.legacy.is_installed()
    slimshim.uninstall()
    from tensorflow.python.framework import ops
    from tensorflow.python.util import nest

    lacked = [name for name in ("Tensor", "IndexedSlicesValue") if name not in vars(ops)]
    slimshim.install()
    importlib.import_module("tensorflow.python.training.training_ops")
    assert all(hasattr(ops, name) for name in lacked) and nest.is_sequence([])
    slimshim.uninstall()
    assert not any(hasattr(ops, name) for name in lacked)
    served = sys.modules.get("tensorflow.python.training.training_ops")
    assert served is None or type(served).__module__.startswith(("builtins", "tensorflow"))
    if was_installed:
        slimshim.install()
