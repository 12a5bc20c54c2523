"""Writes tests/golden/ssd_inception_v2.json: what TF 1.15 makes of SSD-InceptionV2.

To make it again: `python3 tests/golden/regenerate.py ssd_inception_v2`.
The Object Detection API builds the model and its losses; the variables are listed as they are.
"""

import json
import pathlib
import sys

import tensorflow.compat.v1 as tf
from google.protobuf import text_format

GOLDEN = pathlib.Path(__file__).resolve().parents[1]
sys.path.append(str(GOLDEN / "shared"))

from golden_files import write_text  # noqa: E402


def build_training_graph():
    """Builds the model with its losses on one image; returns the dict of losses."""
    from object_detection.builders import model_builder
    from object_detection.protos import model_pb2

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
        parts.append(f" {json.dumps(key)}: {value}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main():
    import research_slim

    research_slim.make_importable()
    with tf.Graph().as_default() as graph:
        losses = build_training_graph()
        content = {"tensorflow": tf.__version__, "losses": sorted(losses), **describe(graph)}
    write_text("ssd_inception_v2.json", readable_json(content))
    print(len(content["variables"]), "variables,", len(content["regularization_losses"]), "regularization losses")


if __name__ == "__main__":
    main()
