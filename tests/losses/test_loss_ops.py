"""What the losses do in every mode, with every kind of weights, and what they refuse."""

import inspect

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import slimshim
from slimshim import losses

v1 = tf.compat.v1
RANDOM = np.random.RandomState(0)
PREDICTIONS = RANDOM.uniform(0.1, 0.9, (4, 3)).astype("float32")
LABELS = RANDOM.uniform(0.1, 0.9, (4, 3)).astype("float32")
ONEHOT = np.eye(3, dtype="float32")[[0, 2, 1, 1]]
CLASSES = np.array([0, 2, 1, 1])
SAMPLE_WEIGHTS = np.array([0.0, 1.0, 2.5, 0.5], "float32")

# Each loss with the labels it takes.
LOSSES = {
    "absolute_difference": LABELS,
    "mean_squared_error": LABELS,
    "mean_pairwise_squared_error": LABELS,
    "log_loss": LABELS,
    "sigmoid_cross_entropy": ONEHOT,
    "softmax_cross_entropy": ONEHOT,
    "sparse_softmax_cross_entropy": CLASSES,
    "cosine_distance": LABELS,
}


def _call(name, predictions, labels, weights=1.0):
    options = {"axis": 1} if name == "cosine_distance" else {}
    return getattr(losses, name)(predictions, labels, weights=weights, **options)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_a_loss_is_the_same_in_a_graph_eagerly_and_in_a_function(name):
    with tf.Graph().as_default(), v1.Session() as session:
        loss = _call(name, tf.constant(PREDICTIONS), tf.constant(LOSSES[name]), SAMPLE_WEIGHTS)
        in_graph = session.run(loss)
    eager = _call(name, tf.constant(PREDICTIONS), tf.constant(LOSSES[name]), SAMPLE_WEIGHTS)
    traced = tf.function(lambda p, w: _call(name, p, LOSSES[name], w))(PREDICTIONS, SAMPLE_WEIGHTS)
    assert eager.numpy() == pytest.approx(in_graph, rel=1e-5)
    assert traced.numpy() == pytest.approx(in_graph, rel=1e-5)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_a_loss_joins_the_losses_of_its_graph(name, graph):
    loss = _call(name, PREDICTIONS, LOSSES[name])
    assert [item is loss for item in losses.get_losses()] == [True]


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_weights_of_none_are_refused(name):
    with pytest.raises(ValueError, match="weights: expected"):
        _call(name, PREDICTIONS, LOSSES[name], weights=None)


@pytest.mark.parametrize("name", sorted(set(LOSSES) - {"sparse_softmax_cross_entropy"}))
@pytest.mark.parametrize("labels", [None, np.ones((4, 2), "float32")], ids=["none", "other_shape"])
def test_labels_that_do_not_fit_are_refused(name, labels):
    with pytest.raises(ValueError, match="labels: expected"):
        _call(name, PREDICTIONS, labels)


def test_hinge_loss_gives_each_element_and_joins_no_losses(graph):
    loss = losses.hinge_loss(tf.constant([-0.7, 1.4, 3.0]), tf.constant([0.0, 0.0, 1.0]))
    with v1.Session() as session:
        np.testing.assert_allclose(session.run(loss), [0.3, 2.4, 0.0], rtol=1e-6)
    assert losses.get_losses() == []


def test_predictions_come_before_labels_in_every_signature():
    for name in LOSSES:
        first, second = list(inspect.signature(getattr(losses, name)).parameters)[:2]
        assert first in ("predictions", "logits") and "labels" in second


# --- class numbers ------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [3, -1])
def test_a_label_that_is_no_class_is_named_with_the_range(wrong):
    labels = np.array([0, 2, wrong, 1])
    named = rf"label value of {wrong} .*valid range of \[0, 3\)"
    with pytest.raises(tf.errors.InvalidArgumentError, match=named):
        losses.sparse_softmax_cross_entropy(PREDICTIONS, labels)
    with pytest.raises(tf.errors.InvalidArgumentError, match=named):
        tf.function(losses.sparse_softmax_cross_entropy)(tf.constant(PREDICTIONS), tf.constant(labels))
    with tf.Graph().as_default(), v1.Session() as session:
        fed = v1.placeholder(tf.int64, [None])
        loss = losses.sparse_softmax_cross_entropy(tf.constant(PREDICTIONS), fed)
        with pytest.raises(tf.errors.InvalidArgumentError, match=named):
            session.run(loss, {fed: labels})


def test_compiled_by_xla_a_label_that_is_no_class_makes_the_loss_nan():
    compiled = tf.function(losses.sparse_softmax_cross_entropy, jit_compile=True)
    assert np.isfinite(compiled(tf.constant(PREDICTIONS), tf.constant(CLASSES)))
    assert np.isnan(compiled(tf.constant(PREDICTIONS), tf.constant([0, 2, 3, 1], tf.int64)))


@pytest.mark.parametrize("labels", [CLASSES[:3], CLASSES.reshape(2, 2), np.int64(1), np.ones((4, 2), "int64")])
@pytest.mark.parametrize("mode", ["graph", "tf2"])
def test_labels_that_are_not_one_for_each_row_are_refused(labels, mode):
    with tf.Graph().as_default() if mode == "graph" else tf.init_scope():
        with pytest.raises(ValueError, match=r"labels: expected one class number for each row of logits"):
            losses.sparse_softmax_cross_entropy(tf.constant(PREDICTIONS), tf.constant(labels))


def test_hinge_loss_refuses_labels_of_another_shape():
    with pytest.raises(ValueError, match="labels: expected the shape of logits"):
        losses.hinge_loss(PREDICTIONS, np.ones((4, 2), "float32"))


# --- weights ------------------------------------------------------------------------------------


def _weighted_mean(values, weights):
    """The formula, with the weights spread over the axes they lack."""
    weights = np.asarray(weights, "float64")
    if weights.ndim > 1 and weights.shape[-1] == 1:
        weights = weights[..., 0]
    spread = np.broadcast_to(weights.reshape(weights.shape + (1,) * (values.ndim - weights.ndim)), values.shape)
    present = np.count_nonzero(spread)
    return (values * spread).sum() / present if present else 0.0


_SHAPES = st.sampled_from([(3,), (2, 3), (3, 1), (2, 4, 3), (1, 2, 2), (2, 3, 1, 2)])


@settings(max_examples=60, deadline=None)
@given(shape=_SHAPES, rank=st.integers(0, 4), column=st.booleans(), seed=st.integers(0, 10**6))
def test_the_weighted_loss_is_the_mean_over_what_has_a_weight(shape, rank, column, seed):
    rank = min(rank, len(shape))
    random = np.random.RandomState(seed)
    values = random.randn(*shape).astype("float32")
    weights = random.choice([0.0, 1.0, 2.5], size=shape[:rank]).astype("float32")
    if column and 0 < rank < len(shape):
        weights = weights[..., None]
    # Shapes like [1] and [n, 1] have a meaning of their own; see the next tests.
    if weights.ndim and weights.shape != (1,) and (weights.ndim == 1 or column or weights.shape[-1] != 1):
        found = losses.compute_weighted_loss(values, weights)
        assert found.numpy() == pytest.approx(_weighted_mean(values.astype("float64"), weights), rel=1e-4, abs=1e-5)


def test_one_weight_in_a_vector_divides_by_the_elements_of_one_sample_as_in_tf1():
    values = np.ones((4, 3), "float32")
    assert losses.compute_weighted_loss(values, 2.0).numpy() == 2.0
    assert losses.compute_weighted_loss(values, [2.0]).numpy() == 8.0


def test_no_weight_at_all_gives_zero_and_no_gradient():
    predictions = tf.constant(PREDICTIONS)
    with tf.GradientTape() as tape:
        tape.watch(predictions)
        loss = losses.mean_squared_error(predictions, LABELS, weights=np.zeros(4, "float32"))
    assert loss.numpy() == 0.0
    assert not tape.gradient(loss, predictions).numpy().any()


@pytest.mark.parametrize(
    "weights", [np.ones(3), np.ones((4, 2)), np.ones((4, 3, 2)), np.ones((2, 3))], ids=lambda w: str(w.shape)
)
def test_weights_of_a_shape_that_does_not_fit_are_refused_in_every_mode(weights):
    with pytest.raises(ValueError, match="weights: expected a shape that fits"):
        losses.mean_squared_error(PREDICTIONS, LABELS, weights=weights)
    with tf.Graph().as_default(), pytest.raises(ValueError, match="weights: expected a shape that fits"):
        losses.mean_squared_error(PREDICTIONS, LABELS, weights=weights)


def test_unknown_ranks_are_refused_and_named(graph):
    unknown = v1.placeholder(tf.float32)
    with pytest.raises(ValueError, match="losses: expected a tensor of known rank"):
        losses.compute_weighted_loss(unknown)
    with pytest.raises(ValueError, match="weights: expected a tensor of known rank"):
        losses.compute_weighted_loss(PREDICTIONS, unknown)


def test_unknown_sizes_are_found_out_at_run_time(graph):
    predictions = v1.placeholder(tf.float32, [None, None])
    weights = v1.placeholder(tf.float32, [None])
    loss = losses.mean_squared_error(predictions, tf.zeros_like(predictions), weights=weights)
    with v1.Session() as session:
        value = session.run(loss, {predictions: PREDICTIONS, weights: SAMPLE_WEIGHTS})
    assert value == pytest.approx(_weighted_mean(PREDICTIONS.astype("float64") ** 2, SAMPLE_WEIGHTS), rel=1e-5)


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float64])
def test_the_weighted_loss_has_the_dtype_of_the_losses(dtype):
    assert losses.compute_weighted_loss(tf.cast(PREDICTIONS, dtype), 2.0).dtype == dtype


def test_pairwise_error_refuses_weights_of_single_elements():
    with pytest.raises(ValueError, match="weights: expected a shape that fits"):
        losses.mean_pairwise_squared_error(PREDICTIONS, LABELS, weights=np.ones((4, 3), "float32"))


def test_pairwise_error_is_the_mean_over_pairs():
    diffs = (PREDICTIONS - LABELS).astype("float64")
    pairs = (diffs[:, :, None] - diffs[:, None, :]) ** 2
    found = losses.mean_pairwise_squared_error(PREDICTIONS, LABELS, weights=SAMPLE_WEIGHTS).numpy()
    assert found == pytest.approx((pairs.mean(axis=(1, 2)) * SAMPLE_WEIGHTS).sum(), rel=1e-4)


def test_softmax_labels_get_no_gradient():
    labels = tf.constant(ONEHOT)
    with tf.GradientTape() as tape:
        tape.watch(labels)
        loss = losses.softmax_cross_entropy(tf.constant(PREDICTIONS), labels)
    assert tape.gradient(loss, labels) is None


def test_cosine_distance_takes_axis_or_dim_and_not_both_or_none():
    by_axis = losses.cosine_distance(PREDICTIONS, LABELS, axis=1)
    assert losses.cosine_distance(PREDICTIONS, LABELS, dim=1).numpy() == by_axis.numpy()
    with pytest.raises(ValueError, match="dim: expected None"):
        losses.cosine_distance(PREDICTIONS, LABELS, axis=1, dim=1)
    with pytest.raises(ValueError, match="axis: expected an int"):
        losses.cosine_distance(PREDICTIONS, LABELS)


# --- collections --------------------------------------------------------------------------------


def test_the_total_is_the_sum_of_losses_and_regularization_losses(graph):
    losses.add_loss(tf.constant(1.5))
    losses.add_loss(tf.constant(2.0))
    v1.add_to_collection("regularization_losses", tf.constant(10.0))
    total, without = losses.get_total_loss(), losses.get_total_loss(add_regularization_losses=False, name="plain")
    assert (total.op.name, without.op.name) == ("total_loss", "plain")
    with v1.Session() as session:
        assert session.run([total, without]) == [13.5, 3.5]
    assert len(losses.get_losses()) == 2, "asking for the total must not change the collection"


def test_the_total_of_no_losses_says_what_to_do(graph):
    with pytest.raises(ValueError, match="Call a loss function or add_loss first"):
        losses.get_total_loss()


def test_losses_can_be_filtered_by_scope(graph):
    losses.absolute_difference(PREDICTIONS, LABELS, scope="first")
    second = losses.absolute_difference(PREDICTIONS, LABELS, scope="second")
    assert [item is second for item in losses.get_losses(scope="second")] == [True]
    assert second.name == "second/value:0"


def test_arg_scope_can_send_losses_elsewhere(graph):
    with slimshim.arg_scope([losses.add_loss], loss_collection="mine"):
        loss = losses.mean_squared_error(PREDICTIONS, LABELS)
    with slimshim.arg_scope([losses.add_loss], loss_collection=None):
        losses.mean_squared_error(PREDICTIONS, LABELS)
    assert losses.get_losses() == []
    assert [item is loss for item in losses.get_losses(loss_collection="mine")] == [True]


def test_in_tf2_mode_losses_belong_to_the_call_of_the_module():
    def net(labels):
        losses.mean_squared_error(PREDICTIONS, labels)
        losses.add_loss(tf.constant(2.0))
        return losses.get_total_loss(), len(losses.get_losses())

    module = slimshim.Module(net)
    plain = float(np.mean((PREDICTIONS - LABELS) ** 2))
    for step in (module, tf.function(module)):
        for _ in range(3):
            total, count = step(tf.constant(LABELS))
            assert int(count) == 2
            assert float(total) == pytest.approx(plain + 2.0, rel=1e-5)


def test_outside_a_module_nothing_piles_up_in_tf2_mode():
    for _ in range(3):
        losses.mean_squared_error(PREDICTIONS, LABELS)
    assert losses.get_losses() == []
    assert v1.get_default_graph().get_collection("losses") == []
