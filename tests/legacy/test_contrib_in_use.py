"""What 22 public programs that use slim ask of `tensorflow.contrib`: every name is real, or says what to use."""

import importlib
import types

import pytest

import slimshim
from slimshim.legacy.placeholders import LegacyModule, UnavailableError, is_placeholder, unavailable
from slimshim.legacy.table import serves_below

# Names with real behaviour.
REAL = """
cluster_resolver cluster_resolver.TPUClusterResolver data.batch_and_drop_remainder data.parallel_interleave distribute framework
framework.add_arg_scope framework.arg_scope framework.deprecated framework.filter_variables framework.get_variables
framework.is_tensor framework.model_variable framework.python.ops.add_arg_scope framework.python.ops.arg_scope
framework.python.ops.variables framework.python.ops.variables.get_or_create_global_step image
image.python.ops.image_ops image.rotate image.transform image.translate layers layers.batch_norm layers.flatten
layers.fully_connected layers.group_norm layers.l2_regularizer layers.optimize_loss
layers.python.layers.initializers layers.python.layers.utils layers.summarize_collection
layers.variance_scaling_initializer layers.xavier_initializer lookup lookup.HashTable
lookup.KeyValueTensorInitializer metrics metrics.python.ops.set_ops metrics.streaming_accuracy
metrics.streaming_mean_iou nn opt opt.MovingAverageOptimizer rnn rnn.LSTMBlockCell rnn.LSTMCell slim slim.arg_scope
slim.conv2d slim.losses slim.nets.resnet_v1 slim.nets.vgg slim.parallel_reader
slim.python.slim.data.parallel_reader slim.python.slim.nets.resnet_utils slim.python.slim.nets.resnet_v1
slim.python.slim.nets.resnet_v1.resnet_v1_152 slim.python.slim.nets.resnet_v1.resnet_v1_block
slim.python.slim.nets.resnet_v2.resnet_v2_152 slim.python.slim.nets.vgg slim.queues.QueueRunners
slim.tfexample_decoder summary tfprof tpu tfprof.model_analyzer.FLOAT_OPS_OPTIONS
tfprof.model_analyzer.TRAINABLE_VARS_PARAMS_STAT_OPTIONS tfprof.model_analyzer.print_model_analysis
tpu.CrossShardOptimizer tpu.bfloat16_scope tpu.initialize_system tpu.outside_compilation tpu.rewrite
tpu.shutdown_system training training.HParams training.checkpoints_iterator util
""".split()

# name -> a word of what stands in for it.
REPLACED = {
    "cudnn_rnn": "keras",
    "cudnn_rnn.BasicLSTMCell": "keras",
    "cudnn_rnn.CudnnLSTM": "keras",
    "eager.python.tfe": "eager",
    "filter_variables": "slim.filter_variables",
    "learn": "slim.learning",
    "learn.Experiment": "slim.learning",
    "learn.utils.saved_model_export_utils.make_export_strategy": "slim.learning",
    "mixed_precision": "mixed_precision",
    "predictor.from_saved_model": "saved_model",
    "quantize": "TFLite",
    "quantize.create_eval_graph": "TFLite",
    "quantize.create_training_graph": "TFLite",
    "quantize.experimental_create_eval_graph": "TFLite",
    "quantize.experimental_create_training_graph": "TFLite",
    "quantize.python.graph_matcher": "TFLite",
    "seq2seq": "keras",
    "tpu.RunConfig": "TPUStrategy",
    "tpu.TPUConfig": "TPUStrategy",
    "tpu.TPUEstimator": "TPUStrategy",
    "tpu.TPUEstimatorSpec": "TPUStrategy",
    "tpu.python.tpu.tpu_config": "TPUStrategy",
    "tpu.python.tpu.tpu_estimator": "TPUStrategy",
    "training.Hparams": "HParams",
}


@pytest.fixture(scope="module", autouse=True)
def installed():
    slimshim.install()
    yield
    slimshim.uninstall()


def _imported(name):
    """Returns what `from tensorflow.contrib.<parent> import <name>` gives."""
    parent, _, child = f"tensorflow.contrib.{name}".rpartition(".")
    namespace = {}
    exec(f"from {parent} import {child} as found", namespace)
    return namespace["found"]


def _reached(name):
    """Returns what `tf.contrib.<name>` gives."""
    found = importlib.import_module("tensorflow").contrib
    for part in name.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("name", REAL)
def test_a_name_in_use_is_real(name):
    for found in (_reached(name), _imported(name)):
        assert not is_placeholder(found)
        if isinstance(found, LegacyModule):
            assert serves_below(found.__name__)
        else:
            assert callable(found) or isinstance(found, (types.ModuleType, dict))


@pytest.mark.parametrize(("name", "word"), REPLACED.items())
def test_a_name_in_use_that_is_not_served_says_what_to_use(name, word):
    for found in (_reached(name), _imported(name)):
        assert is_placeholder(found) or not serves_below(found.__name__)
        with pytest.raises(UnavailableError) as raised:
            if isinstance(found, LegacyModule):
                found.any_function()
            found()
        assert word in str(raised.value).partition("Use ")[2]
    assert word in str(unavailable(f"tensorflow.contrib.{name}"))
