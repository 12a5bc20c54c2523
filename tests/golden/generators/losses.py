"""Makes `losses.json`: values, gradients and names of every loss of TF 1.15's contrib.

To make it again: `python3 tests/golden/regenerate.py losses`.
The test runs `measure` again with today's library. It uses names that TF 1.15 and TF 2 share.
"""

import numpy as np
import tensorflow as tf
from golden_files import plain, write_cases

v1 = tf.compat.v1

RANDOM = np.random.RandomState(11)

GRID = (3, 4, 2)
PREDICTIONS = np.round(RANDOM.uniform(0.05, 0.95, GRID), 3).astype("float32")
LABELS = np.round(RANDOM.uniform(0.0, 1.0, GRID), 3).astype("float32")
LOGITS = np.round(3 * RANDOM.randn(4, 5), 3).astype("float32")
CLASSES = np.array([0, 3, 3, 1])
ONEHOT = np.eye(5, dtype="float32")[CLASSES]
MULTI = (RANDOM.rand(4, 5) > 0.5).astype("float32")

_HOLES = np.array([[1.0, 0.0, 2.5, 1.0], [0.0] * 4, [0.3, 1.0, 0.0, 4.0]], "float32")
GRID_WEIGHTS = {
    "default": None,
    "scalar": 2.3,
    "zero": 0.0,
    "one_element": np.array([2.3], "float32"),
    "one_element_zero": np.array([0.0], "float32"),
    "samples": np.array([1.2, 0.0, 3.4], "float32"),
    "samples_zero": np.zeros(3, "float32"),
    "column": np.array([[1.2], [0.0], [3.4]], "float32"),
    "rows": _HOLES,
    "rows_column": _HOLES[:, :, None],
    "all": np.stack([_HOLES, 1.0 - _HOLES], axis=2),
}
BATCH_WEIGHTS = {
    "default": None,
    "scalar": 1.7,
    "zero": 0.0,
    "one_element": np.array([0.7], "float32"),
    "samples": np.array([0.0, 1.0, 2.0, 0.5], "float32"),
    "column": np.array([[0.0], [1.0], [2.0], [0.5]], "float32"),
}

ROWS, DIMENSIONS = 9, 4
EMBEDDINGS = np.round(RANDOM.randn(ROWS, DIMENSIONS), 3).astype("float32")
POSITIVES = np.round(EMBEDDINGS + 0.3 * RANDOM.randn(ROWS, DIMENSIONS), 3).astype("float32")
GROUPS = np.array([0, 1, 2, 0, 1, 2, 0, 1, 1], "int32")
PAIRED = np.array([1, 0, 1, 1, 0, 0, 1, 0, 1], "int32")
MULTILABEL = (RANDOM.rand(ROWS, 6) > 0.5).astype("float32")
MULTILABEL[:, 0] = 1.0  # No row without a label.

# name of the case: (function, positional inputs that have gradients, other arguments)
CASES = {}


def _add_weighted(name, inputs, arguments, table, **more):
    for kind, weights in table.items():
        options = dict(arguments, **more)
        if weights is not None:
            options["weights"] = weights
        CASES[f"{name}/{kind}"] = (name, inputs, options)


for _name in ("absolute_difference", "mean_squared_error", "log_loss"):
    _add_weighted(_name, {"predictions": PREDICTIONS}, {"labels": LABELS}, GRID_WEIGHTS)
_add_weighted(
    "mean_pairwise_squared_error",
    {"predictions": PREDICTIONS},
    {"labels": LABELS},
    {k: v for k, v in GRID_WEIGHTS.items() if np.ndim(v) < 2},
)
_add_weighted(
    "cosine_distance",
    {"predictions": PREDICTIONS},
    {"labels": LABELS, "axis": 2},
    {k: v for k, v in GRID_WEIGHTS.items() if np.ndim(v) < 3},
)
CASES["cosine_distance/dim"] = (
    "cosine_distance",
    {"predictions": PREDICTIONS},
    {"labels": LABELS, "dim": 1, "scope": "mine"},
)
_add_weighted("compute_weighted_loss", {"losses": PREDICTIONS}, {}, GRID_WEIGHTS)
_add_weighted("softmax_cross_entropy", {"logits": LOGITS}, {"onehot_labels": ONEHOT}, BATCH_WEIGHTS)
_add_weighted("sigmoid_cross_entropy", {"logits": LOGITS}, {"multi_class_labels": MULTI}, BATCH_WEIGHTS)
_add_weighted("sparse_softmax_cross_entropy", {"logits": LOGITS}, {"labels": CLASSES}, BATCH_WEIGHTS)
CASES["softmax_cross_entropy/smoothed"] = (
    "softmax_cross_entropy",
    {"logits": LOGITS},
    {"onehot_labels": ONEHOT, "label_smoothing": 0.1},
)
CASES["sigmoid_cross_entropy/smoothed"] = (
    "sigmoid_cross_entropy",
    {"logits": LOGITS},
    {"multi_class_labels": MULTI, "label_smoothing": 0.2},
)
CASES["sparse_softmax_cross_entropy/column_labels"] = (
    "sparse_softmax_cross_entropy",
    {"logits": LOGITS},
    {"labels": CLASSES[:, None], "scope": "named"},
)
CASES["log_loss/epsilon"] = ("log_loss", {"predictions": PREDICTIONS}, {"labels": LABELS, "epsilon": 0.01})
CASES["hinge_loss"] = ("hinge_loss", {"logits": LOGITS}, {"labels": MULTI})

for _margin in (0.1, 1.0, 3.0):
    CASES[f"contrastive_loss/{_margin}"] = (
        "contrastive_loss",
        {"embeddings_anchor": EMBEDDINGS, "embeddings_positive": POSITIVES},
        {"labels": PAIRED, "margin": _margin},
    )
    for _name in ("triplet_semihard_loss", "lifted_struct_loss"):
        CASES[f"{_name}/{_margin}"] = (_name, {"embeddings": EMBEDDINGS}, {"labels": GROUPS, "margin": _margin})
CASES["npairs_loss"] = (
    "npairs_loss",
    {"embeddings_anchor": EMBEDDINGS, "embeddings_positive": POSITIVES},
    {"labels": GROUPS},
)
CASES["npairs_loss_multilabel"] = (
    "npairs_loss_multilabel",
    {"embeddings_anchor": EMBEDDINGS, "embeddings_positive": POSITIVES},
    {"sparse_labels": MULTILABEL, "reg_lambda": 0.1},
)
for _type, _pam in (("nmi", False), ("nmi", True), ("ami", True), ("ari", False), ("vmeasure", True), ("const", False)):
    CASES["cluster_loss/{}/{}".format(_type, "pam" if _pam else "greedy")] = (
        "cluster_loss",
        {"embeddings": EMBEDDINGS},
        {
            "labels": GROUPS[:, None].astype("int64"),  # TF 1.15's const takes no int32.
            "margin_multiplier": 3.0,
            "margin_type": _type,
            "enable_pam_finetuning": _pam,
        },
    )
for _squared in (False, True):
    CASES[f"pairwise_distance/{_squared}"] = ("pairwise_distance", {"feature": EMBEDDINGS}, {"squared": _squared})


def _sparse_rows(matrix):
    return [tf.SparseTensor(np.flatnonzero(row)[:, None].astype("int64"), row[row > 0], [len(row)]) for row in matrix]


def measure(losses, metric_learning, case):
    """Returns the value of a case's loss, its gradients, its name and what is in the collection."""
    name, inputs, options = CASES[case]
    with tf.Graph().as_default(), v1.Session() as session:
        tensors = {key: tf.constant(value) for key, value in inputs.items()}
        options = {key: tf.constant(v) if isinstance(v, np.ndarray) else v for key, v in options.items()}
        if "sparse_labels" in options:
            options["sparse_labels"] = _sparse_rows(MULTILABEL)
        function = getattr(losses, name, None) or getattr(metric_learning, name)
        loss = function(**dict(tensors, **options))
        order = sorted(tensors)
        gradients = v1.gradients(loss, [tensors[key] for key in order])
        value, gradients = session.run([loss, gradients])
        return {
            "value": plain(value, 12),
            "gradients": {key: plain(gradient, 12) for key, gradient in zip(order, gradients)},
            "name": loss.name if name in COLLECTED else None,
            "losses": [item.name for item in v1.get_collection("losses")],
            "summaries": sorted(item.op.name for item in v1.get_collection("summaries")),
        }


COLLECTED = {
    "absolute_difference",
    "compute_weighted_loss",
    "cosine_distance",
    "log_loss",
    "mean_pairwise_squared_error",
    "mean_squared_error",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
}


if __name__ == "__main__":
    from tensorflow.contrib import losses
    from tensorflow.contrib.losses.python.metric_learning import metric_loss_ops

    write_cases("losses.json", {case: measure(losses, metric_loss_ops, case) for case in CASES})
