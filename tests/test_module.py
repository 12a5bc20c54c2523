"""`Module`: a slim model function in TF2 mode. (Automatic names: test_module_scopes.py.)"""

import gc
import threading
import warnings
import weakref

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim.ops import scopes

v1 = tf.compat.v1

IMAGES = np.random.RandomState(0).uniform(-1, 1, (3, 6, 6, 2)).astype("float32")
NAMES = [
    "Conv/weights",
    "Conv/BatchNorm/beta",
    "Conv/BatchNorm/moving_mean",
    "Conv/BatchNorm/moving_variance",
    "block/Conv/weights",
    "block/Conv/biases",
    "block/scale",
    "Conv_1/weights",
    "Conv_1/biases",
]


def _net(images, is_training=True, depth=3):
    """Named and automatic scopes, regularizers, batch norm and a raw get_variable."""
    with slim.arg_scope([slim.conv2d], weights_regularizer=slim.l2_regularizer(0.1)):
        normalizer = {"is_training": is_training, "decay": 0.5}
        net = slim.conv2d(images, depth, 3, normalizer_fn=slim.batch_norm, normalizer_params=normalizer)
        with v1.variable_scope("block"):
            net = slim.conv2d(net, 2, 1)
            net *= v1.get_variable("scale", [2], initializer=v1.ones_initializer())
        return slim.conv2d(net, 2, 1, activation_fn=None)


def _names(module):
    return [v.name.removesuffix(":0") for v in module.variables]


def _value(module, name):
    (found,) = [v for v in module.variables if v.name == name + ":0"]
    return found.numpy()


# --- variables --------------------------------------------------------------------------------


def test_variables_have_the_names_and_order_of_a_graph():
    with tf.Graph().as_default():
        _net(tf.constant(IMAGES))
        in_graph = [v.op.name for v in v1.global_variables()]
    module = slim.Module(_net)
    module(IMAGES)
    assert _names(module) == in_graph == NAMES


def test_variables_are_made_once_in_eager_calls_functions_and_retraces():
    module = slim.Module(_net)
    function = tf.function(module)
    first = module(tf.constant(IMAGES))
    variables = module.variables
    traces = 0
    for batch in (1, 2, 3):
        for is_training in (True, False):
            function(tf.constant(IMAGES[:batch]), is_training=is_training)
            traces += 1
    module(tf.constant(IMAGES), is_training=False)
    assert function.experimental_get_tracing_count() == traces
    assert all(now is before for now, before in zip(module.variables, variables)) and len(variables) == len(NAMES)
    np.testing.assert_allclose(module(tf.constant(IMAGES)), first, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(function(tf.constant(IMAGES)), first, rtol=1e-5, atol=1e-6)


def test_a_function_may_be_the_first_to_call_a_module():
    module = slim.Module(_net)
    result = tf.function(lambda images: module(images))(tf.constant(IMAGES))
    assert _names(module) == NAMES
    np.testing.assert_allclose(module(tf.constant(IMAGES)), result, rtol=1e-5, atol=1e-6)


def test_two_modules_of_one_function_share_nothing():
    one, other = slim.Module(_net), slim.Module(_net)
    one(IMAGES), other(IMAGES)
    assert _names(one) == _names(other)
    one.variables[0].assign_add(tf.ones_like(one.variables[0]))
    assert np.abs(one.variables[0] - other.variables[0]).min() > 0
    assert {v.ref() for v in one.variables}.isdisjoint({v.ref() for v in other.variables})


def test_a_module_within_a_modules_function_keeps_its_own_variables():
    inner = slim.Module(lambda x: slim.fully_connected(x, 2, scope="fc"))
    outer = slim.Module(lambda x: slim.fully_connected(inner(x), 3, scope="fc"))
    outer(IMAGES[:, 0, 0])
    assert [tuple(v.shape) for v in inner.variables] == [(2, 2), (2,)]
    assert [tuple(v.shape) for v in outer.variables] == [(2, 3), (3,)]


def test_a_tf_module_that_holds_one_tracks_its_variables():
    class Holder(tf.Module):
        pass

    holder = Holder()
    holder.net = slim.Module(_net)
    holder.net(IMAGES)
    assert [v.ref() for v in holder.net.trainable_variables] == [
        v.ref() for v in holder.net.variables if "moving" not in v.name
    ]
    assert {v.ref() for v in holder.variables} == {v.ref() for v in holder.net.variables}
    assert {v.ref() for v in holder.trainable_variables} == {v.ref() for v in holder.net.trainable_variables}


def test_a_saved_model_holds_the_variables(tmp_path):
    module = slim.Module(_net)
    expected = module(IMAGES, is_training=False)
    serve = tf.function(lambda images: module(images, is_training=False), [tf.TensorSpec([None, 6, 6, 2])])
    tf.saved_model.save(module, str(tmp_path), signatures=serve)
    loaded = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    (outputs,) = loaded(tf.constant(IMAGES)).values()
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)


def test_checkpoint_objects_save_and_restore_a_module(tmp_path):
    module = slim.Module(_net)
    expected = module(IMAGES, is_training=False)
    path = tf.train.Checkpoint(net=module).write(str(tmp_path / "objects"))
    again = slim.Module(_net)
    again.build(tf.TensorSpec(IMAGES.shape))
    tf.train.Checkpoint(net=again).read(path).assert_consumed()
    np.testing.assert_allclose(again(IMAGES, is_training=False), expected, rtol=1e-6)


def test_a_raw_get_variable_and_a_regularizer_of_its_own_are_caught():
    def net(x):
        with v1.variable_scope("raw", regularizer=lambda w: 2.0 * tf.reduce_sum(w), initializer=v1.ones_initializer()):
            return x * v1.get_variable("w", [2]) + v1.get_variable("b", [2], trainable=False)

    module = slim.Module(net)
    for _ in range(2):
        module(tf.zeros([2]))
        assert _names(module) == ["raw/w", "raw/b"]
        assert [float(loss) for loss in module.losses] == [4.0, 4.0]
    assert [v.name for v in module.trainable_variables] == ["raw/w:0"]


def test_reuse_within_a_call_gives_one_variable_and_one_loss():
    def net(x):
        for _ in range(2):
            with v1.variable_scope("shared", reuse=v1.AUTO_REUSE):
                x = slim.fully_connected(x, 2, weights_regularizer=slim.l2_regularizer(1.0), scope="fc")
        return x

    module = slim.Module(net)
    module(tf.ones([1, 2]))
    assert _names(module) == ["shared/fc/weights", "shared/fc/biases"]
    assert len(module.losses) == 1


def test_another_shape_under_a_known_name_is_an_error_that_names_it():
    module = slim.Module(_net)
    module(IMAGES)
    with pytest.raises(ValueError, match=r"Trying to share variable Conv/weights, but specified shape \(3, 3, 2, 4\)"):
        module(IMAGES, depth=4)
    assert _names(module) == NAMES


def test_functions_of_slim_find_the_variables_within_a_call():
    found = {}

    def net(x):
        slim.fully_connected(slim.flatten(x), 2, normalizer_fn=slim.batch_norm, scope="fc")
        found["model"] = [v.name for v in slim.get_model_variables()]
        found["trained"] = [v.name for v in slim.get_trainable_variables("fc")]
        found["by_name"] = [v.name for v in slim.get_variables_by_name("moving_mean")]
        found["unique"] = slim.get_unique_variable("fc/weights").name
        return x

    slim.Module(net)(IMAGES)
    assert found["trained"] == ["fc/weights:0", "fc/BatchNorm/beta:0"]
    assert found["model"] == [*found["trained"], "fc/BatchNorm/moving_mean:0", "fc/BatchNorm/moving_variance:0"]
    assert found["by_name"] == ["fc/BatchNorm/moving_mean:0"] and found["unique"] == "fc/weights:0"


# --- losses and memory ------------------------------------------------------------------------


def test_regularization_losses_belong_to_the_last_call():
    module = slim.Module(_net)
    assert module.losses == []
    module(IMAGES)
    first = [float(loss) for loss in module.losses]
    for name, loss in zip(["Conv/weights", "block/Conv/weights", "Conv_1/weights"], first):
        np.testing.assert_allclose(loss, 0.1 * (_value(module, name) ** 2).sum() / 2, rtol=1e-5)
    module.variables[0].assign(2 * module.variables[0])
    module(IMAGES)
    np.testing.assert_allclose([float(loss) for loss in module.losses], [4 * first[0], *first[1:]], rtol=1e-5)


def test_losses_and_memory_do_not_grow_over_a_thousand_eager_steps():
    module = slim.Module(
        lambda x: slim.fully_connected(
            x, 2, weights_regularizer=slim.l2_regularizer(0.1), normalizer_fn=slim.batch_norm
        )
    )
    x = tf.ones([2, 2])
    graph = v1.get_default_graph()

    def kept():
        gc.collect()
        return len(graph.get_operations()), sum(
            len(graph.get_collection_ref(k)) for k in graph.get_all_collection_keys()
        )

    for _ in range(10):
        module(x)
    before, old = kept(), weakref.ref(module.losses[0])
    for _ in range(990):
        module(x)
    assert len(module.losses) == 1
    assert kept() == before
    assert old() is None


def test_a_functions_losses_are_those_of_its_own_call():
    module = slim.Module(_net)

    @tf.function
    def total(images):
        module(images)
        return tf.add_n(module.losses)

    first = total(tf.constant(IMAGES))
    module.variables[0].assign(2 * module.variables[0])
    assert total(tf.constant(IMAGES)) > first + 1e-3


# --- scopes -----------------------------------------------------------------------------------


def test_the_arg_scope_around_the_construction_holds_in_every_call_and_thread():
    with slim.arg_scope([slim.fully_connected], activation_fn=None, biases_initializer=None):
        module = slim.Module(slim.fully_connected, num_outputs=2)
    x = -tf.ones([1, 2])
    module(x)
    module.variables[0].assign(tf.ones([2, 2]))
    results = [module(x)]
    with slim.arg_scope([slim.fully_connected], activation_fn=tf.nn.relu):
        results.append(module(x))
    thread = threading.Thread(target=lambda: results.append(module(x)))
    thread.start(), thread.join()
    results.append(tf.function(module)(x))
    assert len(module.variables) == 1
    for result in results:
        np.testing.assert_array_equal(result, [[-2.0, -2.0]])


def test_arguments_given_at_construction_are_defaults_of_the_calls():
    module = slim.Module(lambda a, b, c=1: (a, b, c), 5, c=7, name="odd name")
    assert module(6) == (5, 6, 7) and module(6, c=8) == (5, 6, 8)
    assert module.name == "odd_name"
    assert slim.Module(_net).name == "net" and slim.Module(_net, name="3d").name == "module_3d"


def test_something_that_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match="fn: expected a function that builds the model. Received: fn=3"):
        slim.Module(3)


def test_an_error_in_the_function_leaves_no_scope_open():
    def net(x, fail):
        with v1.variable_scope("outer"), slim.arg_scope([slim.conv2d], stride=2):
            if fail:
                raise RuntimeError("stop")
            return slim.conv2d(x, 2, 1)

    module = slim.Module(net)
    with pytest.raises(RuntimeError, match="stop"):
        module(IMAGES, fail=True)
    assert v1.get_variable_scope().name == "" and slim.current_arg_scope() == {}
    module(IMAGES, fail=False)
    assert _names(module) == ["outer/Conv/weights", "outer/Conv/biases"]


# --- build, restore, summary ------------------------------------------------------------------


def test_build_makes_the_variables_and_no_losses_of_a_trace():
    module = slim.Module(_net)
    assert module.build(tf.TensorSpec([None, None, None, 2]), is_training=False) is module
    assert _names(module) == NAMES and module.losses == []
    np.testing.assert_array_equal(_value(module, "Conv/BatchNorm/moving_mean"), 0.0)
    module(IMAGES)
    assert len(module.losses) == 3


def _written(module, path, **changes):
    """Writes a TF1 checkpoint with the Module's names; `changes` are name -> array, or None to leave it out."""
    values = {v.name[:-2]: v.numpy() + 1.0 for v in module.variables}
    values.update(changes)
    with tf.Graph().as_default(), v1.Session() as session:
        variables = [v1.get_variable(n, initializer=v) for n, v in values.items() if v is not None]
        session.run(v1.global_variables_initializer())
        return values, v1.train.Saver(variables).save(session, str(path / "model.ckpt"), write_meta_graph=False)


def test_restore_fills_every_variable_by_name(tmp_path):
    module = slim.Module(_net).build(tf.TensorSpec(IMAGES.shape))
    values, path = _written(module, tmp_path, other=np.zeros(3, "float32"))
    assert module.restore(path) is module
    for name in NAMES:
        np.testing.assert_array_equal(_value(module, name), values[name])


def test_restore_takes_a_directory_with_a_checkpoint(tmp_path):
    module = slim.Module(_net).build(tf.TensorSpec(IMAGES.shape))
    values, _ = _written(module, tmp_path)
    module.restore(str(tmp_path))
    np.testing.assert_array_equal(_value(module, "block/scale"), values["block/scale"])


@pytest.mark.parametrize(
    "changes, words",
    [
        (
            {"Conv_1/biases": None},
            r"has no 'Conv_1/biases'.*Nearest names there: \['(Conv_1/weights|block/Conv/biases)'",
        ),
        (
            {"Conv_1/weights": np.zeros((1, 1, 2, 5), "float32")},
            r"Conv_1/weights: expected shape \(1, 1, 2, 2\).*\(1, 1, 2, 5\)",
        ),
    ],
    ids=["missing", "misshapen"],
)
def test_a_missing_or_misshapen_name_is_an_error_and_changes_nothing(tmp_path, changes, words):
    module = slim.Module(_net).build(tf.TensorSpec(IMAGES.shape))
    before = [v.numpy() for v in module.variables]
    _, path = _written(module, tmp_path, **changes)
    with pytest.raises(ValueError, match=words):
        module.restore(path)
    for variable, value in zip(module.variables, before):
        np.testing.assert_array_equal(variable, value)


def test_missing_names_can_be_left_as_they_are(tmp_path):
    module = slim.Module(_net).build(tf.TensorSpec(IMAGES.shape))
    before = _value(module, "block/scale")
    values, path = _written(module, tmp_path, **{"block/scale": None})
    module.restore(path, ignore_missing=True)
    np.testing.assert_array_equal(_value(module, "block/scale"), before)
    np.testing.assert_array_equal(_value(module, "Conv/weights"), values["Conv/weights"])


def test_restore_before_the_first_call_says_what_to_do(tmp_path):
    with pytest.raises(ValueError, match="no variables yet. Call it once, or build"):
        slim.Module(_net).restore(str(tmp_path))


def test_no_checkpoint_is_an_error_that_names_the_path(tmp_path):
    module = slim.Module(_net).build(tf.TensorSpec(IMAGES.shape))
    with pytest.raises(ValueError, match=f"no checkpoint found in the directory {tmp_path}"):
        module.restore(str(tmp_path))
    with pytest.raises(ValueError, match="cannot open .*absent"):
        module.restore(str(tmp_path / "absent"))


def test_summary_lists_names_shapes_and_counts():
    module = slim.Module(_net).build(tf.TensorSpec(IMAGES.shape))
    lines = module.summary().splitlines()
    assert [line.split()[0] for line in lines[:-1]] == NAMES
    assert lines[0].split()[1:] == ["(3,", "3,", "2,", "3)", "float32", "54"]
    total = sum(v.numpy().size for v in module.variables)
    assert lines[-1] == f"{len(NAMES)} variables, {total} elements, of them {total - 6} trainable"
    assert slim.Module(_net).summary() == "0 variables, 0 elements, of them 0 trainable"


# --- training ---------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [lambda f: f, tf.function], ids=["eager", "function"])
def test_moving_averages_move_once_a_step(wrap):
    module = slim.Module(lambda x, is_training: slim.batch_norm(x, decay=0.5, is_training=is_training))
    module.build(tf.TensorSpec([4, 2]), is_training=True)
    x = tf.constant(np.random.RandomState(1).rand(4, 2).astype("float32"))
    step = wrap(lambda x: module(x, is_training=True))
    mean = x.numpy().mean(0)
    for steps in (1, 2, 3):
        step(x)
        np.testing.assert_allclose(_value(module, "BatchNorm/moving_mean"), (1 - 0.5**steps) * mean, rtol=1e-5)
    wrap(lambda x: module(x, is_training=False))(x)
    np.testing.assert_allclose(_value(module, "BatchNorm/moving_mean"), 0.875 * mean, rtol=1e-5)


@pytest.mark.parametrize("wrap", [lambda f: f, tf.function], ids=["eager", "function"])
def test_gradients_reach_every_trainable_variable_and_are_those_of_a_graph(wrap):
    module = slim.Module(_net)
    module(IMAGES)

    def gradients(images):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(module(images) ** 2) + tf.add_n(module.losses)
        return tape.gradient(loss, module.trainable_variables)

    found = wrap(gradients)(tf.constant(IMAGES))
    values = {name: _value(module, name) for name in NAMES}
    with tf.Graph().as_default(), v1.Session() as session:
        loss = tf.reduce_sum(_net(tf.constant(IMAGES)) ** 2) + tf.add_n(slim.losses.get_regularization_losses())
        expected = v1.gradients(loss, v1.trainable_variables())
        session.run(v1.global_variables_initializer())
        for variable in v1.global_variables():
            variable.load(values[variable.op.name], session)
        expected = session.run(expected)
    assert len(found) == len(expected) == 7
    for ours, theirs in zip(found, expected):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def test_training_lowers_the_loss():
    module = slim.Module(_net)
    optimizer = tf.keras.optimizers.Adam(0.05)
    target = tf.constant(IMAGES[..., ::-1])
    module.build(tf.TensorSpec(IMAGES.shape))
    random = np.random.RandomState(2)
    for variable in module.trainable_variables:  # From some other starts the units die.
        if len(variable.shape) == 4:
            variable.assign(random.normal(0, 0.4, variable.shape))

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((module(tf.constant(IMAGES)) - target) ** 2)
        optimizer.apply_gradients(zip(tape.gradient(loss, module.trainable_variables), module.trainable_variables))
        return loss

    losses = [float(step()) for _ in range(60)]
    assert losses[-1] < 0.1 * losses[0]


def test_a_module_in_a_graph_shares_its_variables_and_fills_the_graphs_collections_once(graph):
    module = slim.Module(_net)
    outputs = [module(tf.constant(IMAGES), is_training=False) for _ in range(2)]
    assert [v.op.name for v in v1.global_variables()] == NAMES == _names(module)
    assert [v.op.name for v in v1.trainable_variables()] == [n for n in NAMES if "moving" not in n]
    assert len(module.losses) == len(slim.losses.get_regularization_losses()) == 3
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        np.testing.assert_array_equal(*session.run(outputs))
        v1.train.Saver()


# --- outside any Module -----------------------------------------------------------------------


@pytest.fixture
def fresh_root(monkeypatch):
    """A process in which nothing was called outside a Module yet."""
    monkeypatch.setattr(scopes, "_root_store", scopes.VariableStore())
    monkeypatch.setattr(scopes, "_lines_that_made_weights", set())
    monkeypatch.setattr(scopes, "_lines_warned_of", set())


def test_explicit_scopes_share_weights_outside_a_module(fresh_root):
    x = tf.ones([1, 3])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results = [slim.fully_connected(x, 2, scope="shared") for _ in range(3)]
        with v1.variable_scope("outer"):
            slim.fully_connected(x, 2)
        with v1.variable_scope("outer"):
            slim.fully_connected(x, 2)
    np.testing.assert_array_equal(results[0], results[2])
    assert [v.name for v in scopes.root_store().variables] == [
        "shared/weights:0",
        "shared/biases:0",
        "outer/fully_connected/weights:0",
        "outer/fully_connected/biases:0",
    ]


def test_calls_without_a_scope_make_new_weights_and_warn_once_with_the_line(fresh_root):
    x = tf.ones([1, 3])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results = [slim.fully_connected(x, 2, activation_fn=None) for _ in range(4)]
    assert np.abs(results[0] - results[1]).max() > 0
    assert len(caught) == 1
    (warning,) = caught
    assert warning.filename == __file__ and f"{__file__}:{warning.lineno} makes new weights again" in str(
        warning.message
    )
    assert "Wrap the model function in Module(fn)" in str(warning.message)
    assert scopes.root_store().variables == []


def test_two_lines_without_a_scope_do_not_warn(fresh_root):
    x = tf.ones([1, 3])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        slim.fully_connected(x, 2, normalizer_fn=slim.batch_norm)
        slim.fully_connected(x, 2, normalizer_fn=slim.batch_norm)
