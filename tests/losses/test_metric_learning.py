"""Metric learning losses against NumPy, written out loop by loop, and in every mode."""

import itertools
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tensorflow as tf
from sklearn import metrics as sklearn_metrics

from slimshim.losses import clustering, metric_learning

v1 = tf.compat.v1
RANDOM = np.random.RandomState(4)
EMBEDDINGS = RANDOM.randn(10, 3).astype("float32")
POSITIVES = (EMBEDDINGS + 0.4 * RANDOM.randn(10, 3)).astype("float32")
LABELS = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 2])
DISTANCES = np.sqrt(((EMBEDDINGS[:, None] - EMBEDDINGS[None]).astype("float64") ** 2).sum(-1))


def _positive_pairs():
    return [(i, j) for i, j in itertools.permutations(range(len(LABELS)), 2) if LABELS[i] == LABELS[j]]


def test_pairwise_distance_is_euclidean():
    np.testing.assert_allclose(metric_learning.pairwise_distance(EMBEDDINGS), DISTANCES, rtol=1e-3, atol=1e-5)
    squared = metric_learning.pairwise_distance(EMBEDDINGS, squared=True)
    np.testing.assert_allclose(squared, DISTANCES**2, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("squared", [False, True])
def test_equal_rows_have_distance_zero_and_no_gradient(squared):
    rows = tf.ones([3, 2])
    with tf.GradientTape() as tape:
        tape.watch(rows)
        distances = metric_learning.pairwise_distance(rows, squared=squared)
    assert not distances.numpy().any()
    np.testing.assert_array_equal(tape.gradient(distances, rows), np.zeros((3, 2)))


def test_masked_extremes_look_at_picked_elements_alone():
    data = tf.constant([[1.0, 5.0, -2.0], [3.0, 2.0, 4.0]])
    mask = tf.constant([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    assert metric_learning.masked_maximum(data, mask).numpy().tolist() == [[1.0], [2.0]]
    assert metric_learning.masked_minimum(data, mask).numpy().tolist() == [[-2.0], [4.0]]
    assert metric_learning.masked_maximum(data, tf.ones_like(data), dim=0).numpy().tolist() == [[3.0, 5.0, 4.0]]


def test_contrastive_loss_is_the_mean_over_pairs():
    together = (LABELS > 0).astype("float64")
    distances = np.linalg.norm(EMBEDDINGS.astype("float64") - POSITIVES, axis=1)
    expected = np.mean(together * distances**2 + (1 - together) * np.maximum(1.5 - distances, 0) ** 2)
    found = metric_learning.contrastive_loss(LABELS > 0, EMBEDDINGS, POSITIVES, margin=1.5)
    assert found.numpy() == pytest.approx(expected, rel=1e-5)


def test_contrastive_loss_of_equal_embeddings_has_a_finite_gradient():
    anchors = tf.constant(EMBEDDINGS)
    with tf.GradientTape() as tape:
        tape.watch(anchors)
        loss = metric_learning.contrastive_loss(LABELS > 0, anchors, EMBEDDINGS)
    assert np.isfinite(tape.gradient(loss, anchors)).all()


@pytest.mark.parametrize("margin", [0.2, 1.0, 4.0])
def test_triplet_loss_takes_the_nearest_negative_beyond_the_positive(margin):
    squared = DISTANCES**2
    found = []
    for anchor, positive in _positive_pairs():
        negatives = squared[anchor, LABELS != LABELS[anchor]]
        beyond = negatives[negatives > squared[anchor, positive]]
        negative = beyond.min() if beyond.size else negatives.max()
        found.append(max(margin + squared[anchor, positive] - negative, 0.0))
    loss = metric_learning.triplet_semihard_loss(LABELS, EMBEDDINGS, margin=margin)
    assert loss.numpy() == pytest.approx(np.mean(found), rel=1e-4)


@pytest.mark.parametrize("margin", [0.5, 1.0, 3.0])
def test_lifted_loss_sees_all_negatives_of_both_ends(margin):
    found = []
    for i, j in _positive_pairs():
        negatives = np.concatenate([DISTANCES[i, LABELS != LABELS[i]], DISTANCES[j, LABELS != LABELS[j]]])
        found.append(max(DISTANCES[i, j] + np.log(np.exp(margin - negatives).sum()), 0.0) ** 2)
    loss = metric_learning.lifted_struct_loss(LABELS, EMBEDDINGS, margin=margin)
    assert loss.numpy() == pytest.approx(np.mean(found) / 2, rel=1e-4)


def test_lifted_loss_does_not_overflow():
    loss = metric_learning.lifted_struct_loss(LABELS, 30 * EMBEDDINGS, margin=200.0)
    assert np.isfinite(loss.numpy())


def _npairs(shared, reg_lambda):
    products = EMBEDDINGS.astype("float64") @ POSITIVES.T
    log_softmax = products - np.log(np.exp(products).sum(1, keepdims=True))
    xent = -(shared / shared.sum(1, keepdims=True) * log_softmax).sum(1).mean()
    return xent + 0.25 * reg_lambda * ((EMBEDDINGS**2).sum(1).mean() + (POSITIVES**2).sum(1).mean())


def test_npairs_loss_is_a_cross_entropy_and_a_penalty():
    expected = _npairs((LABELS[:, None] == LABELS[None]).astype("float64"), 0.1)
    loss = metric_learning.npairs_loss(LABELS, EMBEDDINGS, POSITIVES, reg_lambda=0.1)
    assert loss.numpy() == pytest.approx(expected, rel=1e-4)


def test_npairs_loss_of_several_labels_counts_shared_ones():
    has_label = (RANDOM.rand(10, 6) > 0.6).astype("float32")
    has_label[:, 2] = 1.0
    sparse = [tf.sparse.from_dense(row) for row in has_label]
    expected = _npairs((has_label @ has_label.T).astype("float64"), 0.002)
    loss = metric_learning.npairs_loss_multilabel(sparse, EMBEDDINGS, POSITIVES)
    assert loss.numpy() == pytest.approx(expected, rel=1e-4)


def test_npairs_loss_prints_both_parts(capfd):
    metric_learning.npairs_loss(LABELS, EMBEDDINGS, POSITIVES, print_losses=True)
    printed = capfd.readouterr().out
    assert "cross entropy:" in printed and "l2loss:" in printed


def test_dense_labels_are_refused_where_sparse_ones_are_expected():
    with pytest.raises(TypeError, match="sparse_labels: expected a list of SparseTensors"):
        metric_learning.npairs_loss_multilabel([tf.ones([3])], EMBEDDINGS[:1], POSITIVES[:1])


@pytest.mark.parametrize("loss", ["triplet_semihard_loss", "lifted_struct_loss"])
def test_labels_of_rank_two_are_refused(loss):
    with pytest.raises(ValueError, match="labels: expected a tensor of rank 1"):
        getattr(metric_learning, loss)(LABELS[:, None], EMBEDDINGS)


# Each loss with what it takes of labels, anchors (or embeddings) and positives.
BY_NAME = {
    "contrastive_loss": lambda labels, a, p: metric_learning.contrastive_loss(labels, a, p),
    "triplet_semihard_loss": lambda labels, a, p: metric_learning.triplet_semihard_loss(labels, a),
    "lifted_struct_loss": lambda labels, a, p: metric_learning.lifted_struct_loss(labels, a),
    "npairs_loss": lambda labels, a, p: metric_learning.npairs_loss(labels, a, p),
    "cluster_loss": lambda labels, a, p: metric_learning.cluster_loss(labels, a, 1.0, False, "const"),
}


@pytest.mark.parametrize("labels", [LABELS[:1], LABELS[:9]], ids=["one", "fewer"])
@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_labels_of_another_batch_size_are_refused_and_never_spread(name, labels):
    with pytest.raises(ValueError, match=r"labels: expected the batch size of embeddings.*\(10, 3\)"):
        BY_NAME[name](labels, EMBEDDINGS, POSITIVES)
    with tf.Graph().as_default(), v1.Session() as session:
        fed = v1.placeholder(labels.dtype, [None])
        loss = BY_NAME[name](fed, tf.constant(EMBEDDINGS), tf.constant(POSITIVES))
        # TensorFlow's graph optimizer may let an op of the clustering fail before the check does.
        named = None if name == "cluster_loss" else "labels: expected the batch size of embeddings"
        with pytest.raises(tf.errors.InvalidArgumentError, match=named):
            session.run(loss, {fed: labels})


@pytest.mark.parametrize("positives", [POSITIVES[:1], POSITIVES[:9], POSITIVES[:, :1]], ids=["one", "fewer", "thin"])
@pytest.mark.parametrize("name", ["contrastive_loss", "npairs_loss"])
def test_positives_of_another_shape_are_refused_and_never_spread(name, positives):
    with pytest.raises(ValueError, match=r"embeddings_positive: expected the shape of embeddings_anchor, \(10, 3\)"):
        BY_NAME[name](LABELS, EMBEDDINGS, positives)


def test_lists_of_labels_of_another_length_are_refused():
    sparse = [tf.sparse.from_dense([1.0, 0.0])] * 9
    with pytest.raises(ValueError, match="sparse_labels: expected the batch size of embeddings_anchor"):
        metric_learning.npairs_loss_multilabel(sparse, EMBEDDINGS, POSITIVES)


def test_pairs_with_a_column_of_labels_are_refused():
    with pytest.raises(ValueError, match="labels: expected a tensor of rank 1"):
        metric_learning.contrastive_loss(LABELS[:, None], EMBEDDINGS, POSITIVES)


def _losses(labels, embeddings, positives):
    return [
        metric_learning.contrastive_loss(labels > 0, embeddings, positives),
        metric_learning.triplet_semihard_loss(labels, embeddings),
        metric_learning.lifted_struct_loss(labels, embeddings),
        metric_learning.npairs_loss(labels, embeddings, positives),
    ]


def test_embedding_losses_are_the_same_in_a_graph_of_unknown_batch_and_in_a_function():
    eager = [loss.numpy() for loss in _losses(LABELS, EMBEDDINGS, POSITIVES)]
    traced = tf.function(_losses)(LABELS, EMBEDDINGS, POSITIVES)
    np.testing.assert_allclose(traced, eager, rtol=1e-5)
    with tf.Graph().as_default(), v1.Session() as session:
        labels = v1.placeholder(tf.int64, [None])
        embeddings, positives = (v1.placeholder(tf.float32, [None, 3]) for _ in range(2))
        feed = {labels: LABELS, embeddings: EMBEDDINGS, positives: POSITIVES}
        np.testing.assert_allclose(session.run(_losses(labels, embeddings, positives), feed), eager, rtol=1e-5)


# --- clustering ---------------------------------------------------------------------------------


def _assign(medoids):
    nearest = DISTANCES[medoids].argmin(0)
    nearest[medoids] = np.arange(len(medoids))
    return nearest


def _objective(medoids, multiplier, score):
    return -DISTANCES[medoids].min(0).sum() + multiplier * (1 - score(LABELS, _assign(medoids)))


def _true_energy():
    return -sum(DISTANCES[np.ix_(LABELS == c, LABELS == c)].sum(0).min() for c in np.unique(LABELS))


SCORES = {
    "nmi": sklearn_metrics.normalized_mutual_info_score,
    "ami": lambda a, b: max(sklearn_metrics.adjusted_mutual_info_score(a, b), 0.0),
    "ari": lambda a, b: max(sklearn_metrics.adjusted_rand_score(a, b), 0.0),
    "vmeasure": sklearn_metrics.v_measure_score,
    "const": lambda a, b: float((a == b).all()),
}


def _greedy(multiplier, score):
    medoids = []
    for _ in np.unique(LABELS):
        rest = [i for i in range(len(LABELS)) if i not in medoids]
        medoids.append(max(rest, key=lambda i: _objective([*medoids, i], multiplier, score)))
    return medoids


@pytest.mark.parametrize("margin_type", sorted(SCORES))
def test_greedy_search_adds_the_medoid_that_makes_the_objective_greatest(margin_type):
    medoids = _greedy(2.0, SCORES[margin_type])
    found = metric_learning.compute_augmented_facility_locations(
        tf.constant(DISTANCES, tf.float32), LABELS, tf.range(10), 2.0, margin_type
    )
    assert found.numpy().tolist() == medoids
    loss = metric_learning.cluster_loss(LABELS[:, None], EMBEDDINGS, 2.0, False, margin_type)
    expected = max(_objective(medoids, 2.0, SCORES[margin_type]) - _true_energy(), 0.0)
    assert loss.numpy() == pytest.approx(expected, rel=1e-4)


def test_swaps_do_not_make_the_objective_worse():
    distances = tf.constant(DISTANCES, tf.float32)
    start = tf.constant([0, 1, 2])
    improved = metric_learning.compute_augmented_facility_locations_pam(distances, LABELS, 2.0, "nmi", start)
    assert len(set(improved.numpy())) == 3
    score = SCORES["nmi"]
    assert _objective(improved.numpy(), 2.0, score) >= _objective([0, 1, 2], 2.0, score)


def test_one_swap_takes_the_best_member_of_the_cluster():
    members = np.array([0, 3, 6, 8])
    within = DISTANCES[np.ix_(members, members)]
    chosen = [0, 1, 2]

    def worth(position):
        candidate = members[position]
        return 2.0 * (1 - SCORES["nmi"](LABELS, _assign([candidate, 1, 2]))) - within[:, position].sum()

    best = members[max(range(4), key=worth)]
    for subset, ids in ((within, members), (within[:, None, None, :], members[:, None])):
        found = metric_learning.update_medoid_per_cluster(
            tf.constant(DISTANCES, tf.float32),
            tf.constant(subset, tf.float32),
            LABELS,
            tf.constant(chosen),
            ids,
            0,
            2.0,
            "nmi",
        )
        assert found.numpy().tolist() == [best, 1, 2]


def test_a_centroid_belongs_to_itself_even_at_equal_distance():
    assert metric_learning.get_cluster_assignment(tf.zeros([4, 4]), tf.constant([2, 1])).numpy().tolist() == [
        0,
        1,
        0,
        0,
    ]


def test_update_1d_tensor_replaces_one_element():
    assert metric_learning.update_1d_tensor(tf.constant([5, 6, 7]), 1, tf.constant([[9]])).numpy().tolist() == [5, 9, 7]


def test_energy_and_true_score_are_sums_of_distances():
    distances = tf.constant(DISTANCES, tf.float32)
    energy = metric_learning.compute_facility_energy(distances, tf.constant([3, 4]))
    assert energy.numpy() == pytest.approx(-DISTANCES[[3, 4]].min(0).sum(), rel=1e-5)
    true = metric_learning.compute_gt_cluster_score(distances, LABELS)
    assert true.numpy() == pytest.approx(_true_energy(), rel=1e-5)


def test_cluster_loss_and_its_gradient_are_the_same_in_a_graph_and_in_a_function():
    def loss_and_gradient(embeddings):
        with tf.GradientTape() as tape:
            tape.watch(embeddings)
            loss = metric_learning.cluster_loss(LABELS, embeddings, 2.0, True, "nmi")
        return loss, tape.gradient(loss, embeddings)

    loss, gradient = loss_and_gradient(tf.constant(EMBEDDINGS))
    assert np.abs(gradient).max() > 0.1
    traced_loss, traced_gradient = tf.function(loss_and_gradient)(tf.constant(EMBEDDINGS))
    with tf.Graph().as_default(), v1.Session() as session:
        embeddings = tf.constant(EMBEDDINGS)
        graph_loss = metric_learning.cluster_loss(LABELS, embeddings, 2.0, True, "nmi")
        names = {item.op.name for item in v1.get_collection("summaries")}
        graph_loss, graph_gradient = session.run([graph_loss, v1.gradients(graph_loss, embeddings)[0]])
    assert names == {"losses/score_pred", "losses/nmi", "losses/score_gt"}
    np.testing.assert_allclose([traced_loss, graph_loss], [loss, loss], rtol=1e-5)
    np.testing.assert_allclose(traced_gradient, gradient, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(graph_gradient, gradient, rtol=1e-4, atol=1e-5)


def test_an_unknown_margin_type_lists_those_that_exist():
    with pytest.raises(ValueError, match="margin_type: expected one of 'nmi'"):
        metric_learning.compute_clustering_score(LABELS, LABELS, "mutual")


def test_without_sklearn_scores_say_what_to_install_and_const_still_works(monkeypatch):
    monkeypatch.setattr(clustering, "HAS_SKLEARN", False)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        metric_learning.cluster_loss(LABELS, EMBEDDINGS, 1.0)
    assert np.isfinite(metric_learning.cluster_loss(LABELS, EMBEDDINGS, 1.0, False, "const").numpy())


def test_importing_the_losses_does_not_import_sklearn():
    code = """
        import sys
        import tensorflow  # Keras imports sklearn where it is installed.
        for name in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
            del sys.modules[name]
        from slimshim.losses import metric_learning
        assert metric_learning.HAS_SKLEARN
        assert "sklearn" not in sys.modules
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
