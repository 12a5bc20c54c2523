"""Makes `old_meta_graph.*`: a meta graph with its checkpoint as TF 1.15 wrote them, and what the graph gave.

To make it again: `python3 tests/golden/regenerate.py old_meta_graph`.
The graph has what old meta graphs are full of: reference variables, batch norm in UPDATE_OPS, a moving
average, an embedding (a scattered update), TF1's `tf.cond` and a lookup table, and a train op of Adam.
"""

import numpy as np
import tensorflow as tf
from golden_files import plain, target, write_json

v1 = tf.compat.v1
STEPS = 3
RANDOM = np.random.RandomState(2)
IMAGES = RANDOM.uniform(-1, 1, (4, 5, 5, 2)).astype("float32")
WORDS = ["cat", "dog", "dog", "bird"]
LABELS = np.array([0, 2, 1, 2])


def build():
    """Builds the graph; returns its tensors by name."""
    from tensorflow.contrib import slim

    images = v1.placeholder(tf.float32, [None, 5, 5, 2], name="images")
    words = v1.placeholder(tf.string, [None], name="words")
    labels = v1.placeholder(tf.int64, [None], name="labels")
    bright = v1.placeholder_with_default(True, [], name="bright")
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["cat", "dog"], [0, 1]), 2)
    net = slim.conv2d(
        images, 3, 3, scope="conv", normalizer_fn=slim.batch_norm, weights_regularizer=slim.l2_regularizer(1e-3)
    )
    embedding = v1.get_variable("embedding", [3, 2], initializer=v1.random_normal_initializer(seed=1))
    gain = v1.get_variable("gain", [], initializer=v1.ones_initializer())
    net = tf.cond(bright, lambda: gain * tf.tanh(net), lambda: net - gain)
    net = tf.concat([slim.flatten(net), tf.nn.embedding_lookup(embedding, table.lookup(words))], 1)
    logits = tf.identity(slim.fully_connected(net, 3, activation_fn=None, scope="logits"), name="answer")
    slim.losses.sparse_softmax_cross_entropy(logits, labels)
    total_loss = tf.identity(slim.losses.get_total_loss(), name="total_loss")
    average = tf.train.ExponentialMovingAverage(0.5)
    v1.add_to_collection(v1.GraphKeys.UPDATE_OPS, average.apply([gain]))
    train_op = slim.learning.create_train_op(total_loss, v1.train.AdamOptimizer(0.05), clip_gradient_norm=1.0)
    return {
        "train_op": tf.identity(train_op, name="train"),
        "total_loss": total_loss,
        "answer": logits,
        "average": average.average(gain),
    }


def main():
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(5)
        tensors = build()
        saver = v1.train.Saver()
        gradients = tf.gradients(tensors["total_loss"], v1.trainable_variables())
        feed = {"images:0": IMAGES, "words:0": WORDS, "labels:0": LABELS}
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        facts = {"trainable": [variable.op.name for variable in v1.trainable_variables()]}
        facts["first_losses"] = [plain(session.run(tensors["train_op"], feed)) for _ in range(STEPS)]
        saver.save(session, str(target("old_meta_graph")), write_state=False)
        facts["answer"] = plain(session.run(tensors["answer"], feed))
        facts["answer_not_bright"] = plain(session.run(tensors["answer"], dict(feed, **{"bright:0": False})))
        facts["gradients"] = [plain(session.run(tf.convert_to_tensor(g), feed)) for g in gradients]
        facts["next_losses"] = [plain(session.run(tensors["train_op"], feed)) for _ in range(STEPS)]
        facts["average"] = plain(session.run(tensors["average"]))
        facts["variables"] = {v.op.name: plain(session.run(v)) for v in v1.global_variables()}
    write_json("old_meta_graph.json", facts)
    print({key: len(value) if hasattr(value, "__len__") else 1 for key, value in facts.items()})


if __name__ == "__main__":
    main()
