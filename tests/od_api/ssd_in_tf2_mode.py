"""Trains the Object Detection API's SSD-InceptionV2 for a few steps in TF2 mode; prints JSON.

The API's `preprocess`, `predict` and `loss` are called, unmodified, inside a `tf.function` under a
`tf.GradientTape`. The Module holds what the graph held: variables by TF1 name and regularization losses.
"""

import json
import pathlib

import slimshim

slimshim.install(numpy_aliases=True)

import tensorflow as tf  # noqa: E402
from google.protobuf import text_format  # noqa: E402

# The API asks `tf2.enabled()`, and then chooses its Keras models instead of its slim ones; they need
# Keras 2. So that flag is off here, and all that makes TF2 mode is on.
tf.compat.v1.disable_v2_behavior()
tf.compat.v1.enable_eager_execution()
tf.compat.v1.enable_resource_variables()
tf.compat.v1.enable_control_flow_v2()
tf.compat.v1.enable_v2_tensorshape()
tf.compat.v1.enable_tensor_equality()

from object_detection.builders import model_builder  # noqa: E402
from object_detection.protos import model_pb2  # noqa: E402

GOLDEN = pathlib.Path(__file__).parents[1] / "golden"
STEPS = 4


def main():
    config = model_pb2.DetectionModel()
    text_format.Parse((GOLDEN / "ssd_inception_v2.config").read_text(), config)
    # Hard example mining picks other boxes from step to step: off, so that the loss can be followed.
    config.ssd.loss.ClearField("hard_example_miner")
    model = model_builder.build(config, is_training=True)
    tf.random.set_seed(0)
    images = tf.random.uniform([2, 300, 300, 3], maxval=255.0)
    module = slimshim.Module(losses_of(model))
    optimizer = tf.keras.optimizers.SGD(1e-3)

    @tf.function(autograph=False)
    def step(images):
        with tf.GradientTape() as tape:
            losses = module(images)
            total = tf.add_n(list(losses.values())) + tf.add_n(module.losses)
        variables = module.trainable_variables
        gradients = tape.gradient(total, variables)
        optimizer.apply_gradients((g, v) for g, v in zip(gradients, variables) if g is not None)
        return total

    module.build(tf.TensorSpec([2, 300, 300, 3]))
    optimizer.build(module.trainable_variables)
    means = [v for v in module.variables if v.name.endswith("moving_mean:0")]
    before = [m.numpy() for m in means]
    totals = [float(step(images)) for _ in range(STEPS)]
    result = {
        "variables": {v.name.split(":")[0]: v.shape.as_list() for v in module.variables},
        "regularization_losses": len(module.losses),
        "totals": totals,
        "moved": sum(bool((m.numpy() != b).any()) for m, b in zip(means, before)),
        "moving_means": len(means),
    }
    print("RESULT" + json.dumps(result))


def losses_of(model):
    """Returns the function from images to the API's dict of losses."""

    def losses(images):
        inputs, true_shapes = model.preprocess(images)
        model.provide_groundtruth(
            groundtruth_boxes_list=[tf.constant([[0.1, 0.1, 0.5, 0.5]]), tf.constant([[0.4, 0.4, 0.9, 0.8]])],
            groundtruth_classes_list=[tf.one_hot([3], 90), tf.one_hot([7], 90)],
        )
        predictions = model.predict(inputs, true_shapes)
        return model.loss(predictions, true_shapes)

    return losses


if __name__ == "__main__":
    main()
