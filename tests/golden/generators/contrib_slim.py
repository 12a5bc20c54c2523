"""Makes `contrib_slim.json`: what tensorflow.contrib.slim of TF 1.15 showed besides slim: embeddings.

To make it again: `python3 tests/golden/regenerate.py contrib_slim`.
"""

import numpy as np
import tensorflow as tf
from by_name import weight_values
from golden_cases import Cases, outcome, run

v1 = tf.compat.v1
cases = CASES = Cases()

SLIM = "legacy.contrib.slim"
IDS = [[3, 0, 1], [0, 0, 0], [3, 3, 4]]
TABLE = np.arange(12, dtype=np.float32).reshape(6, 2) / 4 - 1


def _values_and_facts(outputs):
    """Returns values with every variable drawn from its name, and what the graph has."""
    losses = v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES)
    gradients = v1.gradients(tf.reduce_sum(tf.square(outputs)), v1.trainable_variables())
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        for v in v1.global_variables():
            session.run(v.initializer, {v.initial_value: weight_values(v.op.name, v.shape.as_list())})
        values = session.run([outputs, losses, [tf.convert_to_tensor(g) for g in gradients]])
    variables = [
        [v.op.name, v.shape, v in v1.trainable_variables(), v in v1.get_collection("model_variables")]
        for v in v1.global_variables()
    ]
    return values, outputs.shape, variables


def _penalty(weights):
    return 0.5 * tf.reduce_sum(weights)


@cases.of(SLIM + ".embed_sequence")
def sequences(lib):
    return _values_and_facts(lib(SLIM).embed_sequence(tf.constant(IDS), 6, 2, regularizer=_penalty))


@cases.of(SLIM + ".embed_sequence")
def sequences_of_one_shared_variable(lib):
    first = lib(SLIM).embed_sequence(tf.constant(IDS), 6, 2, unique=True, scope="words")
    second = lib(SLIM).embed_sequence(tf.constant(IDS, tf.int64), scope="words", reuse=True)
    return _values_and_facts(tf.concat([first, second], axis=2)), outcome(lib(SLIM).embed_sequence, tf.constant(IDS))


@cases.of(SLIM + ".embed_sequence")
def sequences_not_trained(lib):
    outputs = lib(SLIM).embed_sequence(v1.placeholder_with_default(IDS, [None, 3]), 6, 2, trainable=False)
    return run(outputs * 0), outputs.shape, len(v1.trainable_variables())


@cases.of(SLIM + ".bow_encoder")
def bags(lib):
    return _values_and_facts(lib(SLIM).bow_encoder(tf.constant(IDS), 6, 2, regularizer=_penalty))


@cases.of(SLIM + ".bow_encoder")
def bags_with_padding_counted(lib):
    return _values_and_facts(lib(SLIM).bow_encoder(tf.constant(IDS), 6, 2, sparse_lookup=False, scope="bag"))


@cases.of(SLIM + ".bow_encoder")
def bags_of_sparse_ids(lib):
    sparse = tf.SparseTensor([[0, 1], [2, 0], [2, 4]], [1, 5, 2], [3, 5])
    found = _values_and_facts(lib(SLIM).bow_encoder(sparse, 6, 2, scope="bag"))
    return found, outcome(lib(SLIM).bow_encoder, sparse, 6, 2, sparse_lookup=False)


@cases.of(SLIM + ".embedding_lookup_unique")
def unique_look_ups(lib):
    function = lib(SLIM).embedding_lookup_unique
    parts = [tf.constant(TABLE[:3]), tf.constant(TABLE[3:])]
    found = [
        function(tf.constant(TABLE), tf.constant(IDS)),
        function(parts, tf.constant(IDS), "div"),
        function(parts, tf.constant([5, 0, 5])),
    ]
    return run(found), [f.shape for f in found]


def _sparse(values, dtype):
    return tf.SparseTensor([[0, 0], [0, 2], [2, 0], [2, 1], [3, 0]], tf.constant(values, dtype), [5, 3])


@cases.of(SLIM + ".safe_embedding_lookup_sparse")
def safe_look_ups(lib):
    function, table = lib(SLIM).safe_embedding_lookup_sparse, [tf.constant(TABLE)]
    ids, weights = _sparse([1, 3, -1, 2, -1], tf.int64), _sparse([1.0, 2.0, 5.0, 0.5, 1.0], tf.float32)
    return run(
        [
            function(table, ids, combiner="mean"),
            function(table, ids, weights, combiner="sum"),
            function(table, ids, weights, combiner="sqrtn", default_id=4),
            function([tf.constant(TABLE[:3]), tf.constant(TABLE[3:])], ids, combiner="sum", partition_strategy="div"),
            function(table, ids, combiner="mean", max_norm=0.5),
        ]
    )


@cases.of(SLIM + ".embedding_lookup_sparse_with_distributed_aggregation")
def look_ups_combined_on_servers(lib):
    function = lib(SLIM).embedding_lookup_sparse_with_distributed_aggregation
    ids = tf.SparseTensor([[0, 0], [0, 2], [1, 0]], tf.constant([1, 3, 5], tf.int64), [2, 3])
    weights = tf.SparseTensor([[0, 0], [0, 2], [1, 0]], [0.5, 2.0, 3.0], [2, 3])
    parts = [tf.constant(TABLE[::2]), tf.constant(TABLE[1::2])]
    return run(
        [function(parts, ids, weights, combiner=combiner) for combiner in ("sum", "mean", "sqrtn")]
        + [function(parts, ids, None, combiner="mean")]
    )


@cases.of(SLIM + ".zero_initializer")
def a_variable_set_to_zero(lib):
    made = v1.get_variable("w", initializer=[1.0, 2.0], use_resource=False)
    zero = lib(SLIM).zero_initializer(made)
    with v1.Session() as session:
        session.run(zero)
        return session.run(made)


@cases.of(SLIM + ".deprecated", SLIM + ".deprecated_arg_values", SLIM + ".experimental")
def decorators_that_log(lib):
    slim = lib(SLIM)

    def double(x, times=2):
        return times * x

    decorated = [
        slim.deprecated("2017-01-01", "Use another.")(double),
        slim.experimental(double),
        slim.deprecated_arg_values("2017-01-01", "Use 2.", times=3)(double),
    ]
    wrong = [outcome(slim.deprecated, "soon", "Use another."), outcome(slim.deprecated, "2017-01-01", "")]
    return [[f(2), f(2, times=3), f.__name__] for f in decorated], wrong


if __name__ == "__main__":
    cases.write("contrib_slim.json")
