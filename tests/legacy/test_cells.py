"""Recurrent cells, layer objects, contrib's optimizers and summaries against TF 1.15.

The golden is tests/golden/legacy_cells.json; tests/golden/generators/legacy_cells.py wrote it, and its
functions run here again.
"""

import goldens
import numpy as np
import parity
import pytest
import tensorflow as tf

import slimshim

v1 = tf.compat.v1

generator = goldens.generator("legacy_cells")
golden = goldens.content("legacy_cells")


@pytest.fixture(scope="module")
def contrib():
    slimshim.install()
    yield tf.contrib
    slimshim.uninstall()


@pytest.fixture(scope="module")
def networks(contrib):
    return generator.recurrent_networks(v1.nn.rnn_cell, contrib.rnn)


@pytest.mark.golden
@pytest.mark.parametrize("name", sorted(golden["networks"]))
def test_a_recurrent_network_has_tf1s_variables_and_values(networks, name):
    got, expected = networks[name], golden["networks"][name]
    assert got["variables"] == expected["variables"]
    parity.same("tf.nn.rnn_cell", name, got["values"], expected["values"], rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def trajectories(contrib):
    return generator.trajectories(contrib.opt)


@pytest.mark.golden
@pytest.mark.parametrize("name", sorted(golden["optimizers"]))
def test_an_optimizer_of_contrib_takes_tf1s_steps(trajectories, name):
    got, expected = trajectories[name], golden["optimizers"][name]
    assert [sorted(step) for step in got] == [sorted(step) for step in expected]
    parity.same("contrib.opt", name, got, expected, rtol=1e-5, atol=1e-6)


def _run(tensors):
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        return session.run(tensors)


def test_a_cell_of_ones_own_may_use_get_variable_or_add_weight(contrib, graph):
    cells = v1.nn.rnn_cell

    class Own(cells.RNNCell):
        state_size = property(lambda self: 2)
        output_size = property(lambda self: 2)

        def build(self, inputs_shape):
            self.kernel = self.add_weight("kernel", [int(inputs_shape[-1]), 2])
            self.built = True

        def call(self, inputs, state):
            bias = v1.get_variable("bias", [2], initializer=v1.ones_initializer())
            state = tf.tanh(inputs @ self.kernel + state + bias)
            return state, state

    cell = Own()
    outputs, _ = v1.nn.static_rnn(cell, [tf.ones([1, 3])] * 3, dtype=tf.float32)
    assert len(outputs) == 3
    assert [one.op.name for one in v1.global_variables()] == ["rnn/own/kernel", "rnn/own/bias"]
    assert [one.op.name for one in cell.trainable_variables] == ["rnn/own/kernel", "rnn/own/bias"]


def test_two_cells_under_one_scope_collide_as_in_tf1(contrib, graph):
    inputs = tf.zeros([2, 4, 3])
    v1.nn.dynamic_rnn(v1.nn.rnn_cell.GRUCell(2), inputs, dtype=tf.float32)
    with pytest.raises(ValueError, match="already exists"):
        v1.nn.dynamic_rnn(v1.nn.rnn_cell.GRUCell(2), inputs, dtype=tf.float32)
    with v1.variable_scope("", reuse=True):
        v1.nn.dynamic_rnn(v1.nn.rnn_cell.GRUCell(2), inputs, dtype=tf.float32)
    assert len(v1.global_variables()) == 4


def test_a_cell_called_twice_shares_its_variables(contrib, graph):
    cell = v1.nn.rnn_cell.BasicLSTMCell(2)
    state = cell.zero_state(3, tf.float32)
    first, state_after = cell(tf.ones([3, 4]), state)
    second, _ = cell(tf.ones([3, 4]), state)
    assert len(v1.global_variables()) == 2
    found = _run([first, second, state_after.c, state_after.h])
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[3])


def test_dropout_keeps_the_memory_and_scales_what_it_keeps(contrib, graph):
    v1.get_variable_scope().set_initializer(v1.constant_initializer(0.1))
    plain = v1.nn.rnn_cell.BasicLSTMCell(200, name="cell")
    dropping = v1.nn.rnn_cell.DropoutWrapper(plain, state_keep_prob=0.5, output_keep_prob=0.25, seed=3)
    inputs, state = tf.ones([1, 5]), plain.zero_state(1, tf.float32)
    (kept, kept_state), (dropped, state_after) = plain(inputs, state), dropping(inputs, state)
    kept, memory, dropped, memory_after, h_after = _run([kept, kept_state.c, dropped, state_after.c, state_after.h])
    np.testing.assert_array_equal(memory, memory_after)
    for found, keep in ((dropped, 0.25), (h_after, 0.5)):
        shown = found != 0
        np.testing.assert_allclose(found[shown], kept[shown] / keep, rtol=1e-5)
        assert abs(shown.mean() - keep) < 0.15


def test_variational_dropout_drops_the_same_at_every_step(contrib, graph):
    v1.get_variable_scope().set_initializer(v1.constant_initializer(0.1))
    cell = v1.nn.rnn_cell.DropoutWrapper(
        v1.nn.rnn_cell.BasicRNNCell(50), output_keep_prob=0.5, variational_recurrent=True, dtype=tf.float32
    )
    outputs, _ = v1.nn.dynamic_rnn(cell, tf.ones([2, 4, 3]), dtype=tf.float32)
    dropped = _run(outputs) == 0
    assert dropped.any() and not dropped.all()
    assert (dropped == dropped[:1, :1]).all()


def test_cells_name_what_is_wrong(contrib, graph):
    cells = v1.nn.rnn_cell
    with pytest.raises(ValueError):
        cells.DropoutWrapper(cells.GRUCell(2), input_keep_prob=1.5)
    with pytest.raises(ValueError):
        cells.MultiRNNCell([])
    with pytest.raises(ValueError):
        cells.MultiRNNCell([cells.LSTMCell(2)], state_is_tuple=False)
    with pytest.raises(ValueError):
        cells.GRUCell(2)(v1.placeholder(tf.float32, [2, None]), tf.zeros([2, 2]))
    with pytest.raises(ValueError, match="momentum"):
        contrib.opt.LARSOptimizer(0.1, momentum=-1)


def test_recurrent_networks_train_in_a_session(contrib, graph):
    v1.set_random_seed(1)
    inputs = tf.constant(np.random.RandomState(0).normal(size=[8, 6, 2]).astype(np.float32))
    labels = tf.reduce_sum(inputs[:, :, 0], axis=1, keepdims=True)
    cell = v1.nn.rnn_cell.MultiRNNCell([v1.nn.rnn_cell.LSTMCell(8), v1.nn.rnn_cell.GRUCell(8)])
    outputs, _ = v1.nn.dynamic_rnn(cell, inputs, dtype=tf.float32)
    loss = v1.losses.mean_squared_error(labels, v1.layers.dense(outputs[:, -1], 1))
    train = contrib.opt.AdamWOptimizer(1e-4, 0.03).minimize(loss)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        first = session.run(loss)
        for _ in range(60):
            session.run(train)
        assert session.run(loss) < 0.2 * first


@pytest.mark.golden
def test_contrib_summary_writes_what_tf1_wrote(contrib):
    assert generator.written_summaries(contrib.summary) == golden["summaries"]


def test_contrib_summary_in_eager_mode_writes_at_once(contrib, tmp_path):
    summary = contrib.summary
    with summary.create_file_writer(str(tmp_path)).as_default():
        summary.scalar("unasked", 1.0, step=1)
        with summary.always_record_summaries():
            summary.scalar("loss", 2.5, step=3)
            summary.scalar("größe", 1.5, step=4)  # Scopes and ops have ASCII names.
    (file,) = tmp_path.iterdir()
    found = [(e.step, v.tag, v.simple_value) for e in v1.train.summary_iterator(str(file)) for v in e.summary.value]
    assert found == [(3, "loss", 2.5), (4, "gr__e", 1.5)]
    with pytest.raises(RuntimeError, match="eager"):
        summary.summary_writer_initializer_op()


def test_contrib_summary_writes_the_graph_and_names_what_is_missing(contrib, graph, tmp_path):
    summary = contrib.summary
    with v1.Session() as session:
        with pytest.raises(RuntimeError, match="no default writer"):
            summary.initialize(session=session)
        with summary.create_file_writer(str(tmp_path)).as_default() as writer:
            summary.initialize(graph=graph, session=session)
            session.run(writer.flush())
    with writer.as_default(), pytest.raises(ValueError, match="session"):
        summary.initialize()
    (file,) = tmp_path.iterdir()
    assert any(event.graph_def for event in v1.train.summary_iterator(str(file)))
    with summary.create_file_writer(None).as_default():
        pass
    assert summary.eval_dir("model", "first") == "model/eval_first"


def test_layer_objects_share_their_variables_under_tf1s_names(contrib, graph):
    layers = v1.layers
    images = tf.ones([2, 8, 8, 3])
    conv = layers.Conv2D(4, 3, padding="same", kernel_regularizer=lambda w: tf.reduce_sum(w))
    first, second = conv(images), conv(images)
    norm = layers.BatchNormalization()
    flat = layers.Flatten()(norm(first, training=True))
    dense = layers.Dense(5, name="own")
    out, again = dense(flat), dense.apply(layers.flatten(norm(second)))
    with v1.variable_scope("inner"):
        layers.Dense(2)(out)
        layers.dense(again, 2)
        pooled = layers.MaxPooling2D(2, 2)(images)
    assert [one.op.name for one in v1.global_variables()] == [
        *("conv2d/kernel", "conv2d/bias"),
        *(f"batch_normalization/{part}" for part in ("gamma", "beta", "moving_mean", "moving_variance")),
        *("own/kernel", "own/bias"),
        *("inner/dense/kernel", "inner/dense/bias", "inner/dense_1/kernel", "inner/dense_1/bias"),
    ]
    assert [one.op.name for one in norm.trainable_variables] == [
        "batch_normalization/gamma",
        "batch_normalization/beta",
    ]
    assert dense.scope_name == "own" and pooled.shape == [2, 4, 4, 3]
    assert len(v1.get_collection("regularization_losses")) == 1 and len(v1.get_collection("update_ops")) == 2
    found = _run([first, second])
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_the_rarer_convolutions_are_kerass_under_tf1s_names(contrib, padding):
    random = np.random.RandomState(3)
    row, volume = random.rand(2, 9, 3).astype(np.float32), random.rand(2, 3, 4, 5, 2).astype(np.float32)
    with tf.Graph().as_default(), v1.Session() as session:
        outputs = [
            v1.layers.separable_conv1d(tf.constant(row), 4, 3, strides=2, padding=padding, depth_multiplier=2),
            v1.layers.separable_conv1d(tf.constant(row), 4, 3, dilation_rate=2, padding=padding, name="wide"),
            v1.layers.conv3d_transpose(tf.constant(volume), 3, 2, strides=(1, 2, 3), padding=padding),
        ]
        variables = v1.global_variables()
        session.run(v1.global_variables_initializer())
        found, values = session.run([outputs, variables])
    assert {variable.op.name: variable.shape.as_list() for variable in variables} == {
        "separable_conv1d/depthwise_kernel": [3, 3, 2],
        "separable_conv1d/pointwise_kernel": [1, 6, 4],
        "separable_conv1d/bias": [4],
        "wide/depthwise_kernel": [3, 3, 1],
        "wide/pointwise_kernel": [1, 3, 4],
        "wide/bias": [4],
        "conv3d_transpose/kernel": [2, 2, 2, 3, 2],
        "conv3d_transpose/bias": [3],
    }
    keras = [
        (tf.keras.layers.SeparableConv1D(4, 3, strides=2, padding=padding, depth_multiplier=2), row, values[:3]),
        (tf.keras.layers.SeparableConv1D(4, 3, dilation_rate=2, padding=padding), row, values[3:6]),
        (tf.keras.layers.Conv3DTranspose(3, 2, strides=(1, 2, 3), padding=padding), volume, values[6:]),
    ]
    for (layer, given, weights), ours in zip(keras, found):
        layer.build(given.shape)
        layer.set_weights(weights)
        np.testing.assert_allclose(ours, layer(given), rtol=1e-4, atol=1e-5)


def test_the_rarer_convolutions_are_objects_too_and_know_their_shapes(contrib, graph):
    rows = v1.placeholder(tf.float32, [None, 3, 9])
    layer = v1.layers.SeparableConv1D(4, 3, data_format="channels_first", use_bias=False)
    assert layer(rows).shape.as_list() == layer(rows).shape.as_list() == [None, 4, 7]
    assert [variable.op.name for variable in layer.variables] == [
        "separable_conv1d/depthwise_kernel",
        "separable_conv1d/pointwise_kernel",
    ]
    volume = v1.placeholder(tf.float32, [None, 3, 4, 5, 2])
    larger = v1.layers.Conv3DTranspose(6, 3, strides=2, padding="same", name="up")
    assert larger(volume).shape.as_list() == [None, 6, 8, 10, 6]
    assert [variable.op.name for variable in larger.variables] == ["up/kernel", "up/bias"]
