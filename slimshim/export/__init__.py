"""Models as files for elsewhere: SavedModel, TFLite, `.keras`, a frozen graph.

    model = Module(net, is_training=False).build(tf.TensorSpec([None, 224, 224, 3])).restore("model.ckpt")
    saved_model(model, "serving/1", tf.TensorSpec([None, 224, 224, 3], name="images"))
    tflite(model, "net.tflite", (1, 224, 224, 3), quantize="int8", representative_data=some_images)
    frozen_graph(model, "net.pb", (None, 224, 224, 3))

`model` is a `Module`, a Keras model, or anything that is called with tensors and has variables. The
same on the command line: `python -m slimshim export --help`.
"""

from __future__ import annotations

from ._frozen import FrozenGraph, frozen_graph
from ._keras import keras_file
from ._saved import saved_model
from ._signatures import signature
from ._tflite import tflite

__all__ = ["FrozenGraph", "frozen_graph", "keras_file", "saved_model", "signature", "tflite"]
