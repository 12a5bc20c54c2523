"""What batch_norm promises besides TF1's numbers (those: test_norm_and_shape_goldens.py)."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim

v1 = tf.compat.v1

IMAGES = np.random.RandomState(0).uniform(-1, 3, (6, 4, 5, 3)).astype("float32")
AXES = (0, 1, 2)


def _moving(model):
    """Returns (moving_mean, moving_variance) of a Module with one batch norm."""
    found = {v.name.rpartition("/")[2]: v.numpy() for v in model.variables}
    return found["moving_mean:0"], found["moving_variance:0"]


# --- against NumPy and Keras ------------------------------------------------------------------


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("rank", [2, 3, 4, 5])
def test_outputs_and_moving_averages_are_those_of_numpy(rank, fused):
    x = np.random.RandomState(rank).normal(2.0, 3.0, (7, 2, 3, 4)[: rank - 1] + (5,)).astype("float32")
    model = slim.Module(slim.batch_norm, decay=0.8, epsilon=0.01, fused=fused)
    axes = tuple(range(rank - 1))
    expected = (x - x.mean(axes)) / np.sqrt(x.var(axes) + 0.01)
    np.testing.assert_allclose(model(tf.constant(x)), expected, rtol=1e-4, atol=1e-4)
    mean, variance = _moving(model)
    bessel = 1 if fused and rank in (2, 4) else 0
    np.testing.assert_allclose(mean, 0.2 * x.mean(axes), rtol=1e-4)
    np.testing.assert_allclose(variance, 0.8 + 0.2 * x.var(axes, ddof=bessel), rtol=1e-4)


def test_inference_is_that_of_keras():
    model = slim.Module(slim.batch_norm, scale=True, is_training=False)
    ours = model(tf.constant(IMAGES))
    theirs = tf.keras.layers.BatchNormalization(epsilon=0.001)(tf.constant(IMAGES), training=False)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("mode", ["eager", "function"])
def test_channels_first_gives_the_transposed_result_and_gradient(training, fused, mode):
    def results(x, data_format):
        model = slim.Module(slim.batch_norm, fused=fused, is_training=training, data_format=data_format)
        model.build(tf.TensorSpec(x.shape))

        def step(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                outputs = model(x)
                total = tf.reduce_sum(outputs**3)
            return outputs, tape.gradient(total, x)

        return (tf.function(step) if mode == "function" else step)(tf.constant(x))

    last = results(IMAGES, "NHWC")
    first = results(IMAGES.transpose(0, 3, 1, 2), "NCHW")
    for one, other in zip(last, first):
        np.testing.assert_allclose(one, np.transpose(other, (0, 2, 3, 1)), rtol=1e-3, atol=1e-4)


def test_equal_weights_give_the_result_without_weights():
    plain = slim.Module(slim.batch_norm, fused=False, decay=0.5)
    weighted = slim.Module(lambda x: slim.batch_norm(x, decay=0.5, batch_weights=tf.fill([6], 3.0)))
    np.testing.assert_allclose(plain(IMAGES), weighted(IMAGES), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(_moving(plain), _moving(weighted), rtol=1e-5)


# --- precision --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("kwargs", [{}, {"fused": False}, {"batch_weights": [1.0] * 6}])
def test_low_precision_inputs_keep_float32_variables(dtype, kwargs):
    model = slim.Module(slim.batch_norm, scale=True, **kwargs)
    outputs = model(tf.cast(IMAGES, dtype))
    assert outputs.dtype == dtype
    assert {v.dtype for v in model.variables} == {tf.float32}
    np.testing.assert_allclose(tf.reduce_mean(tf.cast(outputs, tf.float32)), 0.0, atol=0.01)


def test_float64_inputs_keep_their_precision():
    model = slim.Module(slim.batch_norm)  # The fused op knows no float64, so TF1 failed.
    x = IMAGES.astype("float64")
    expected = (x - x.mean(AXES)) / np.sqrt(x.var(AXES) + 0.001)
    np.testing.assert_allclose(model(x), expected, rtol=1e-12)
    assert {v.dtype for v in model.variables} == {tf.float64}


# --- is_training ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "is_training, trains",
    [(True, True), (1, True), (np.bool_(True), True), (False, False), (0, False), (None, False)],
)
def test_a_known_is_training_decides_while_the_graph_is_built(graph, is_training, trains):
    slim.batch_norm(v1.placeholder(tf.float32, [None, 2, 2, 3]), is_training=is_training)
    assert len(v1.get_collection("update_ops")) == (2 if trains else 0)
    assert not any("cond" in op.name for op in graph.get_operations())


def test_a_constant_is_training_counts_as_known(graph):
    slim.batch_norm(v1.placeholder(tf.float32, [None, 2, 2, 3]), is_training=tf.constant(False))
    assert v1.get_collection("update_ops") == []


def test_a_placeholder_with_a_default_is_not_known(graph):
    is_training = v1.placeholder_with_default(False, [])
    outputs = slim.batch_norm(tf.constant(IMAGES), is_training=is_training)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        inferred, trained = session.run(outputs), session.run(outputs, {is_training: True})
    np.testing.assert_allclose(inferred, IMAGES / np.sqrt(1.001), rtol=1e-5)
    np.testing.assert_allclose(trained.mean(AXES), 0.0, atol=1e-5)


@pytest.mark.parametrize("make", [tf.constant, tf.Variable], ids=["tensor", "variable"])
@pytest.mark.parametrize("wrap", [lambda f: f, tf.function], ids=["eager", "function"])
def test_is_training_as_a_tensor_switches_updates_in_tf2_mode(make, wrap):
    model = slim.Module(slim.batch_norm, decay=0.5)
    model.build(tf.TensorSpec(IMAGES.shape), is_training=True)
    flag = make(False)
    call = wrap(lambda x, flag: model(x, is_training=flag))
    np.testing.assert_allclose(call(IMAGES, flag), IMAGES / np.sqrt(1.001), rtol=1e-5)
    np.testing.assert_array_equal(_moving(model)[0], 0.0)
    call(IMAGES, make(True))
    np.testing.assert_allclose(_moving(model)[0], 0.5 * IMAGES.mean(AXES), rtol=1e-5)


# --- updates ----------------------------------------------------------------------------------


@pytest.mark.parametrize("collections", ["update_ops", None, ["mine"]])
@pytest.mark.parametrize("wrap", [lambda f: f, tf.function], ids=["eager", "function"])
def test_averages_move_once_a_call_in_tf2_mode(wrap, collections):
    model = slim.Module(slim.batch_norm, decay=0.5, updates_collections=collections)
    model.build(tf.TensorSpec(IMAGES.shape))
    call = wrap(lambda x: model(x))
    for _ in range(2):
        call(tf.constant(IMAGES))
    np.testing.assert_allclose(_moving(model)[0], 0.75 * IMAGES.mean(AXES), rtol=1e-5)


def test_a_traced_function_finds_its_updates():
    found = []

    def model_fn(x):
        outputs = slim.batch_norm(x)
        found.append(v1.get_collection(v1.GraphKeys.UPDATE_OPS))  # Once for each trace.
        with tf.control_dependencies(found[-1]):
            return tf.identity(outputs)

    slim.Module(model_fn).build(tf.TensorSpec(IMAGES.shape))
    assert [len(updates) for updates in found] == [2] * len(found)


def test_a_shared_layer_adds_its_updates_at_each_use(graph):
    x = v1.placeholder(tf.float32, [None, 2, 2, 3])
    slim.batch_norm(x, scope="bn")
    slim.batch_norm(x, scope="bn", reuse=True)
    assert len(v1.get_collection("update_ops")) == 4
    assert len(v1.global_variables()) == 3


def test_updates_run_before_the_outputs_when_they_go_to_no_collection(graph):
    outputs = slim.batch_norm(tf.constant(IMAGES), updates_collections=None, decay=0.5)
    (mean,) = slim.get_variables_by_name("moving_mean")
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        session.run(outputs)
        np.testing.assert_allclose(session.run(mean), 0.5 * IMAGES.mean(AXES), rtol=1e-5)


def test_arg_scope_reaches_batch_norm(graph):
    with slim.arg_scope([slim.batch_norm], is_training=False, scale=True):
        slim.batch_norm(v1.placeholder(tf.float32, [None, 2, 2, 3]))
    assert [v.op.name for v in slim.get_variables_by_name("gamma")] == ["BatchNorm/gamma"]
    assert v1.get_collection("update_ops") == []


@pytest.mark.parametrize("fused", [True, False])
def test_moving_averages_are_not_split_by_a_partitioner(graph, fused):
    with v1.variable_scope("s", partitioner=v1.fixed_size_partitioner(3)):
        slim.batch_norm(tf.constant(IMAGES), scale=True, zero_debias_moving_mean=True, fused=fused)
    shapes = {v.op.name.rpartition("BatchNorm/")[2]: v.shape.as_list() for v in v1.global_variables()}
    assert shapes["moving_mean"] == shapes["moving_mean/biased"] == shapes["moving_variance"] == [3]
    assert shapes["beta/part_0"] == shapes["gamma/part_2"] == [1]


def test_a_second_call_joins_the_variables_to_the_collections_that_it_names(graph):
    x = v1.placeholder(tf.float32, [None, 3])
    slim.batch_norm(x, scope="bn", variables_collections=["first"])
    for _ in range(2):
        slim.batch_norm(x, scope="bn", reuse=True, variables_collections={"beta": "second"})
    assert [v.op.name for v in v1.get_collection("second")] == ["bn/beta"]
    assert len(v1.get_collection("first")) == 3


def test_training_by_gradient_descent_learns_scale_and_offset():
    model = slim.Module(slim.batch_norm, scale=True)
    optimizer = tf.keras.optimizers.SGD(0.3)
    target = 2.0 * (IMAGES - IMAGES.mean(AXES)) / IMAGES.std(AXES) - 1.0
    model.build(tf.TensorSpec(IMAGES.shape))

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(tf.constant(IMAGES)) - target) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    losses = [float(step()) for _ in range(40)]
    assert losses[-1] < 1e-3 < losses[0]
    learned = {v.name: v.numpy() for v in model.trainable_variables}
    np.testing.assert_allclose(learned["BatchNorm/gamma:0"], 2.0, atol=0.05)
    np.testing.assert_allclose(learned["BatchNorm/beta:0"], -1.0, atol=0.05)


_TWO_REPLICAS = """
import json, numpy as np, tensorflow as tf, slimshim as slim
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
x = np.random.RandomState(0).rand(4, 5, 5, 3).astype("float32")
strategy = tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])
with strategy.scope():
    model = slim.Module(slim.batch_norm, decay=0.5)
    model.build(tf.TensorSpec([None, 5, 5, 3]))
values = strategy.experimental_distribute_values_from_function(
    lambda context: tf.constant(x * (context.replica_id_in_sync_group + 1)))
tf.function(lambda v: strategy.run(model, args=(v,)))(values)
found = {v.name: tf.convert_to_tensor(v).numpy().tolist() for v in model.variables}
wanted = 0.5 * 1.5 * x.mean((0, 1, 2)), 0.5 + 0.5 * 2.5 * x.var((0, 1, 2), ddof=1)
print(json.dumps([found, [w.tolist() for w in wanted]]))
"""


@pytest.mark.slow
def test_replicas_average_their_moving_averages():
    done = subprocess.run([sys.executable, "-c", _TWO_REPLICAS], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    found, (mean, variance) = json.loads(done.stdout.strip().splitlines()[-1])
    np.testing.assert_allclose(found["BatchNorm/moving_mean:0"], mean, rtol=1e-5)
    np.testing.assert_allclose(found["BatchNorm/moving_variance:0"], variance, rtol=1e-5)


# --- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape, kwargs, error, words",
    [
        ([2, 2, 2, 3], {"data_format": "CHWN"}, ValueError, "data_format has to be either NCHW or NHWC"),
        (None, {}, ValueError, "undefined rank"),
        ([2, 2, 2, None], {}, ValueError, "undefined"),
        ([2, None, 2, 3], {"data_format": "NCHW"}, ValueError, "undefined"),
        ([3], {"data_format": "NCHW"}, ValueError, "rank that has channels"),
        ([2, 3], {"renorm": True, "zero_debias_moving_mean": True}, ValueError, "renorm is not supported"),
        ([2, 3], {"renorm": True, "updates_collections": None}, ValueError, "renorm is not supported"),
        ([2, 3], {"renorm": True, "renorm_clipping": {"rmux": 1}}, ValueError, "rmux.*contains keys not in"),
        ([2, 3], {"batch_weights": [1.0, 1.0, 1.0]}, ValueError, "incompatible"),
    ],
)
def test_a_bad_argument_is_named(graph, shape, kwargs, error, words):
    with pytest.raises(error, match=words):
        slim.batch_norm(v1.placeholder(tf.float32, shape), **kwargs)


def test_integer_inputs_are_refused(graph):
    with pytest.raises(TypeError, match="floating"):
        slim.batch_norm(v1.placeholder(tf.int32, [2, 3]))
