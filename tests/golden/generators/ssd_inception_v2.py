"""Writes tests/golden/ssd_inception_v2.json: what TF 1.15 makes of SSD-InceptionV2.

Needs an environment of its own (Python 3.7):

    pip install tensorflow==1.15.5 'protobuf<3.21' 'numpy<1.19' tf-slim==1.1.0 \
        six 'pillow<10' matplotlib contextlib2 lxml 'scipy<1.8'
    pip install --no-deps tf-models-research-object-detection==2.8.0.post1

    python tests/golden/generators/ssd_inception_v2.py

The Object Detection API builds the model and its losses; the variables are listed as they are.
"""

import json
import pathlib

import tensorflow.compat.v1 as tf
from google.protobuf import text_format
from object_detection.builders import model_builder
from object_detection.protos import model_pb2

GOLDEN = pathlib.Path(__file__).resolve().parents[1]


def build_training_graph():
    """Builds the model with its losses on one image; returns the dict of losses."""
    config = model_pb2.DetectionModel()
    text_format.Parse((GOLDEN / "ssd_inception_v2.config").read_text(), config)
    model = model_builder.build(config, is_training=True)
    images = tf.placeholder(tf.float32, [1, 300, 300, 3], name="images")
    inputs, true_shapes = model.preprocess(images)
    model.provide_groundtruth(
        groundtruth_boxes_list=[tf.constant([[0.1, 0.1, 0.5, 0.5]])],
        groundtruth_classes_list=[tf.one_hot([3], 90)],
    )
    predictions = model.predict(inputs, true_shapes)
    return model.loss(predictions, true_shapes)


def describe(graph):
    """Returns what the graph holds, as plain data."""
    trainable = {v.name for v in tf.trainable_variables()}
    model = {v.name for v in tf.model_variables()}
    return {
        "variables": [
            {"name": v.op.name, "shape": v.shape.as_list(), "trainable": v.name in trainable, "model": v.name in model}
            for v in tf.global_variables()
        ],
        "regularization_losses": [t.op.name for t in tf.losses.get_regularization_losses()],
        "update_ops": len(tf.get_collection(tf.GraphKeys.UPDATE_OPS)),
    }


def readable_json(content):
    """Returns JSON with one line for each item of a list, so that differences can be read."""
    parts = []
    for key, value in content.items():
        if isinstance(value, list):
            value = "[\n  " + ",\n  ".join(json.dumps(item) for item in value) + "\n ]"
        else:
            value = json.dumps(value)
        parts.append(" {}: {}".format(json.dumps(key), value))
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main():
    with tf.Graph().as_default() as graph:
        losses = build_training_graph()
        content = {"tensorflow": tf.__version__, "losses": sorted(losses), **describe(graph)}
    (GOLDEN / "ssd_inception_v2.json").write_text(readable_json(content))
    print(len(content["variables"]), "variables,", len(content["regularization_losses"]), "regularization losses")


if __name__ == "__main__":
    main()
