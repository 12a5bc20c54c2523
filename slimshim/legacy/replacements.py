"""What to use in place of an old piece that has no counterpart: one table, longest prefix wins."""

from __future__ import annotations

REPLACEMENTS = {
    "tensorflow.contrib.cluster_resolver": "tf.distribute.cluster_resolver",
    "tensorflow.contrib.crf": "tensorflow_addons.text.crf, or a layer of your own",
    "tensorflow.contrib.cudnn_rnn": "tf.keras.layers.LSTM or GRU, which run on cuDNN by themselves",
    "tensorflow.contrib.data": "tf.data",
    "tensorflow.contrib.distribute": "tf.distribute",
    "tensorflow.contrib.distributions": "tensorflow_probability.distributions",
    "tensorflow.contrib.eager": "TensorFlow 2's eager mode",
    "tensorflow.contrib.estimator": "slim.learning.train and slim.evaluation",
    "tensorflow.contrib.feature_column": "tf.feature_column or Keras preprocessing layers",
    "tensorflow.contrib.filter_variables": "slim.filter_variables",
    "tensorflow.contrib.framework.nest": "tf.nest",
    "tensorflow.contrib.hooks": "tf.compat.v1.train hooks",
    "tensorflow.contrib.image": "tf.image, or keras.layers' image augmentation",
    "tensorflow.contrib.keras": "tf.keras",
    "tensorflow.contrib.layers": "tf.feature_column or Keras preprocessing layers",
    "tensorflow.contrib.learn": "slim.learning.train and slim.evaluation",
    "tensorflow.contrib.legacy_seq2seq": "keras.layers' attention and recurrent layers",
    "tensorflow.contrib.lookup": "tf.lookup",
    "tensorflow.contrib.mixed_precision": "keras.mixed_precision, or a keras LossScaleOptimizer",
    "tensorflow.contrib.opt": "an optimizer of tf.compat.v1.train or tf.keras.optimizers",
    "tensorflow.contrib.predictor": "tf.saved_model.load",
    "tensorflow.contrib.quantize": "the tensorflow_model_optimization package, "
    "or quantization while converting to TFLite",
    "tensorflow.contrib.rnn": "tf.keras.layers' recurrent cells",
    "tensorflow.contrib.saved_model": "tf.saved_model",
    "tensorflow.contrib.seq2seq": "keras.layers' attention and recurrent layers",
    "tensorflow.contrib.signal": "tf.signal",
    "tensorflow.contrib.stateless": "tf.random.stateless_*",
    "tensorflow.contrib.summary": "tf.summary",
    "tensorflow.contrib.tensorrt": "tf.experimental.tensorrt",
    "tensorflow.contrib.tpu": "tf.distribute.TPUStrategy",
    "tensorflow.contrib.training": "tf.data and slim.training",
    "tensorflow.contrib.training.Hparams": "tf.contrib.training.HParams, which is spelled so",
    "tensorflow.compat.v1.estimator": "slim.learning.train and slim.evaluation",
    "tensorflow.compat.v1.layers": "the slim layer of the same kind, or tf.keras.layers",
    "tensorflow.compat.v1.nn.rnn_cell": "tf.keras.layers' recurrent cells",
    "tensorflow.estimator": "slim.learning.train and slim.evaluation",
    "tensorflow.tools.graph_transforms": "tf.compat.v1.graph_util, or the TFLite converter",
}


def replacement_for(name):
    """Returns the words for the longest listed prefix of the dotted `name`, or None."""
    while name:
        if name in REPLACEMENTS:
            return REPLACEMENTS[name]
        name = name.rpartition(".")[0]
    return None
