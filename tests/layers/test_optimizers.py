"""What optimize_loss takes and refuses. Numbers and names of TF 1.15: see test_helper_goldens."""

import numpy as np
import pytest
import tensorflow as tf

from slimshim.layers import optimizers

v1 = tf.compat.v1


@pytest.fixture
def model(graph):
    """A loss of |3 w| with w = 10, so that its gradient is 3, and the global step."""
    weight = v1.get_variable("w", [], initializer=v1.constant_initializer(10.0))
    return tf.abs(3.0 * weight), v1.train.create_global_step(), weight


def _step(train, *fetches):
    """Runs one step from the start; returns the loss and what is fetched after it."""
    with v1.Session() as session:
        session.run([v1.global_variables_initializer(), v1.local_variables_initializer()])
        return [session.run(train), *session.run(list(fetches))]


SGD = v1.train.GradientDescentOptimizer
WAYS = {
    "name": ("SGD", 0.1),
    "class": (SGD, 0.1),
    "instance": (lambda: SGD(0.1), "made in the graph"),
    "function of the rate": (lambda rate: SGD(rate), 0.1),
    "function without a rate": (lambda: SGD(0.1), None),
}


@pytest.mark.parametrize("way", WAYS)
def test_an_optimizer_is_named_given_or_made(way, model):
    loss, step, weight = model
    optimizer, rate = WAYS[way]
    if rate == "made in the graph":
        optimizer, rate = optimizer(), None
    train = optimizers.optimize_loss(loss, step, rate, optimizer)
    before, after, steps = _step(train, weight, step)
    assert (before, after, steps) == (30.0, pytest.approx(9.7), 1)


@pytest.mark.parametrize("name", sorted(optimizers.OPTIMIZER_CLS_NAMES))
def test_every_named_optimizer_takes_a_step(name, model):
    loss, step, weight = model
    assert _step(optimizers.optimize_loss(loss, step, 0.1, name), weight)[1] < 10.0


def test_the_rate_may_be_a_tensor_or_a_variable(model):
    loss, step, weight = model
    train = optimizers.optimize_loss(loss, step, tf.constant(0.2), "SGD", increment_global_step=False)
    assert _step(train, weight, step)[1:] == [pytest.approx(9.4), 0]
    rate = v1.get_variable("rate", [], initializer=v1.constant_initializer(1.0), trainable=False)
    assert _step(optimizers.optimize_loss(loss, step, rate, "SGD"), weight)[1] == pytest.approx(7.0)


WRONG = {
    "loss of none": (dict(loss=None), "loss: expected a scalar tensor"),
    "loss of rank 1": (dict(loss=[1.0]), "loss: expected a scalar tensor"),
    "negative rate": (dict(learning_rate=-0.1), "learning_rate: expected a float of at least 0.0"),
    "rate of int": (dict(learning_rate=1), "learning_rate: expected a float"),
    "rate of rank 1": (dict(learning_rate="a tensor of rank 1"), "learning_rate: expected a float"),
    "unknown name": (dict(optimizer="sgd"), "optimizer: expected one of 'Adagrad'"),
    "other class": (dict(optimizer=str), "optimizer: expected a function that returns"),
    "other object": (dict(optimizer=object()), "optimizer: expected a name, a subclass"),
    "function of none": (dict(optimizer=lambda rate: None), "optimizer: expected a function that returns"),
    "name without rate": (dict(learning_rate=None), "learning_rate: expected a learning rate to make"),
    "class without rate": (dict(learning_rate=None, optimizer=SGD), "learning_rate: expected a learning rate"),
    "summary": (dict(summaries=["loss", "losses"]), "summaries: expected one of 'learning_rate'"),
    "clipping": (dict(clip_gradients="hard"), "clip_gradients: expected None, a float or a function"),
    "no variables": (dict(variables=[]), "[Nn]o variables|at least one variable"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(case, model):
    loss, step, _ = model
    options, message = WRONG[case]
    options = {**dict(loss=loss, global_step=step, learning_rate=0.1, optimizer="SGD"), **options}
    if case == "rate of rank 1":
        options["learning_rate"] = tf.constant([0.1])
    with pytest.raises(ValueError, match=message):
        optimizers.optimize_loss(**options)


def test_a_global_step_that_is_none_is_refused_by_type(model):
    loss, _, _ = model
    with pytest.raises(TypeError):
        optimizers.optimize_loss(loss, v1.get_variable("step", [], tf.float32, trainable=False), 0.1, "SGD")
    with pytest.raises(AttributeError):
        optimizers.optimize_loss(loss, tf.constant(1, tf.int64), 0.1, "SGD")


def test_decay_needs_a_step(graph):
    loss = tf.abs(v1.get_variable("w", []))
    with pytest.raises(ValueError, match="global_step is required for learning_rate_decay_fn"):
        optimizers.optimize_loss(loss, None, 0.1, "SGD", learning_rate_decay_fn=lambda rate, step: rate)


def test_without_a_step_anywhere_training_still_works(graph):
    weight = v1.get_variable("w", [], initializer=v1.ones_initializer())
    assert _step(optimizers.optimize_loss(tf.abs(weight), None, 0.5, "SGD"), weight)[1] == 0.5


def test_the_decayed_rate_is_the_one_used(model):
    loss, step, weight = model
    train = optimizers.optimize_loss(
        loss, step, 0.1, "SGD", learning_rate_decay_fn=lambda rate, step: rate * tf.cast(step + 2, tf.float32)
    )
    assert _step(train, weight)[1] == pytest.approx(9.4)


@pytest.mark.parametrize("key", ["w:0", "variable", "reference"])
def test_gradients_are_multiplied_by_variable_or_name(key, model):
    loss, step, weight = model
    key = {"variable": weight, "reference": weight.ref()}.get(key, key)
    train = optimizers.optimize_loss(loss, step, 0.1, "SGD", gradient_multipliers={key: 2.0})
    assert _step(train, weight)[1] == pytest.approx(9.4)


def test_clipping_by_norm_and_by_function(model):
    loss, step, weight = model
    assert _step(optimizers.optimize_loss(loss, step, 0.1, "SGD", clip_gradients=1.0), weight)[1] == pytest.approx(9.9)
    halve = lambda pairs: [(gradient / 2, variable) for gradient, variable in pairs]  # noqa: E731
    assert _step(optimizers.optimize_loss(loss, step, 0.1, "SGD", clip_gradients=halve), weight)[1] == pytest.approx(
        9.85
    )


def test_noise_is_added_to_dense_and_sparse_gradients_and_to_no_other(graph):
    table = v1.get_variable("table", [4, 2], initializer=v1.zeros_initializer())
    v1.get_variable("unused", [3], initializer=v1.zeros_initializer())
    loss = tf.reduce_sum(tf.gather(table, [0])) * 0.0
    train = optimizers.optimize_loss(loss, None, 0.1, "SGD", gradient_noise_scale=5.0)
    _, values, unused = _step(train, *v1.trainable_variables())
    assert (values != 0).all() and not unused.any()
    assert np.abs(values).max() <= 0.1 * 5.0 * 2.0


def test_updates_run_first_and_those_given_replace_the_collection(model):
    loss, step, _ = model
    counters = [v1.get_variable(name, [], initializer=v1.zeros_initializer(), trainable=False) for name in "ab"]
    updates = [v1.assign_add(counter, 1.0) for counter in counters]
    v1.add_to_collection(v1.GraphKeys.UPDATE_OPS, updates[0])
    v1.add_to_collection(v1.GraphKeys.UPDATE_OPS, updates[0])  # Twice: it still runs once a step.
    assert _step(optimizers.optimize_loss(loss, step, 0.1, "SGD"), *counters)[1:] == [1.0, 0.0]
    given = optimizers.optimize_loss(loss, step, 0.1, "SGD", update_ops=[updates[1]])
    assert _step(given, *counters)[1:] == [0.0, 1.0]


def test_only_the_variables_given_are_trained(model):
    loss, step, weight = model
    other = v1.get_variable("other", [], initializer=v1.ones_initializer())
    train = optimizers.optimize_loss(loss + other, step, 0.5, "SGD", variables=[other])
    assert _step(train, weight, other)[1:] == [10.0, 0.5]


def test_adaptive_clipping_learns_the_usual_norm(graph):
    gradient = v1.placeholder(tf.float32, [])
    step = v1.train.create_global_step()
    weight = v1.get_variable("w", [], initializer=v1.zeros_initializer())
    clip = optimizers.adaptive_clipping_fn(std_factor=1.0, decay=0.9, global_step=step, report_summary=True)
    (clipped, _), (missing, _) = clip([(gradient, weight), (None, weight)])
    assert missing is None
    assert {v.op.name for v in v1.global_variables()} == {
        "global_step",
        "w",
        "AdaptiveMaxNorm/mean",
        "AdaptiveMaxNorm/sq_mean",
    }
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        for n in range(20):
            session.run(step.assign(n))
            session.run(clipped, {gradient: 2.0 + 0.1 * (n % 2)})
        usual = session.run(clipped, {gradient: 2.0})
        outlier = session.run(clipped, {gradient: 1000.0})
    assert usual == pytest.approx(2.0, rel=0.05)
    assert outlier < 10.0


def test_adaptive_clipping_keeps_slices_sparse_and_obeys_the_limit(graph):
    table = v1.get_variable("table", [4, 2])
    slices = tf.IndexedSlices(tf.ones([1, 2]), tf.constant([3]), tf.constant([4, 2]))
    clip = optimizers.adaptive_clipping_fn(static_max_norm=0.5)
    ((clipped, _),) = clip([(slices, table)])
    assert isinstance(clipped, tf.IndexedSlices)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        assert np.linalg.norm(session.run(clipped.values)) <= 0.5 + 1e-6


def test_eager_calls_say_what_to_use_instead():
    with pytest.raises(RuntimeError, match="create_train_op"):
        optimizers.optimize_loss(tf.constant(1.0), None, 0.1, "SGD")
