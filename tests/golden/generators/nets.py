"""Makes `nets.json` and `nets.npz`: the networks of TF 1.15's `tensorflow.contrib.slim.nets`.

To make it again: `python3 tests/golden/regenerate.py nets`.
The test runs `measure` again with today's library, so this file speaks both Python 3.7 and now.
Weights and images are not stored: both are drawn from names (shared/by_name.py).

nets.json holds for each case, by line: a layer's variables with shapes ("fixed" where they are not
trained, and further collections), or the name of the case that has the same; the end points with static
shapes; the number of losses and updates.
nets.npz holds for cases that run, in each of their modes, `digest_row` of each end point, the values of the
regularization losses, and the moving averages after a step.

Batch norm in training makes rounding errors grow from layer to layer, up to a thousandth of the values of
the last one. So those nets train in float64, which the fused op does not know; inference has float32.
Some of the small ones also train in float32 with the fused op: mode "fused_train".
"""

import importlib
import itertools
import sys

import numpy as np
import tensorflow as tf
from by_name import digest_row, weight_values
from golden_files import write_arrays, write_json

v1 = tf.compat.v1
CLASSES = 7
WITHOUT_BATCH_NORM = ("alexnet", "overfeat", "vgg")
USUAL_COLLECTIONS = ("variables", "model_variables", "trainable_variables")

# name -> Case
CASES = {}


class Case:
    """One network: module, function, arg scope function, input shape and arguments.

    Attributes:
      runs: whether its numbers are compared, not only its variables and shapes.
      heavy: whether it takes many seconds.
      modes: in which modes: "train" (the names and shapes are its), "inference", "fused_train".
    """

    def __init__(self, module, net, scope, shape, runs=False, heavy=False, fused=False, scope_args=None, **kwargs):
        self.module, self.net, self.scope, self.shape = module, net, scope, shape
        self.runs, self.heavy, self.scope_args, self.kwargs = runs, heavy, scope_args or {}, kwargs
        self.modes = ("train",) + ("inference",) * runs + ("fused_train",) * fused

    def dtype(self, mode):
        """Returns the dtype of the images."""
        return "float64" if mode == "train" and self.runs and self.module not in WITHOUT_BATCH_NORM else "float32"


def case(name, module, net, scope, size, batch=2, **options):
    CASES[name] = Case(module, net, scope, (batch, size, size, 3), **options)


def inception(version, name, net, size, **options):
    module = f"inception_v{version}"
    case(name, module, net, module + "_arg_scope", size, **options)


def resnet(version, depth, name, size, **options):
    module = f"resnet_v{version}"
    options.setdefault("num_classes", CLASSES)
    case(name, module, f"{module}_{depth}", "resnet_arg_scope", size, **options)


# The sizes of the first three are the least at which fc6 fits.
case(
    "alexnet_v2",
    "alexnet",
    "alexnet_v2",
    "alexnet_v2_arg_scope",
    195,
    batch=1,
    runs=True,
    heavy=True,
    num_classes=CLASSES,
)
case("overfeat", "overfeat", "overfeat", "overfeat_arg_scope", 231, batch=1, runs=True, heavy=True, num_classes=CLASSES)
case("vgg_a", "vgg", "vgg_a", "vgg_arg_scope", 224, batch=1, runs=True, heavy=True, num_classes=CLASSES)
case("vgg_16", "vgg", "vgg_16", "vgg_arg_scope", 224)
case("vgg_19", "vgg", "vgg_19", "vgg_arg_scope", 256, spatial_squeeze=False)
for _name in ("vgg_16", "vgg_19"):
    case(_name + "_forward", "vgg", _name, "vgg_arg_scope", 224, batch=1, runs=True, heavy=True)

for _version, _small, _full, _stop in ((1, 193, 224, "Mixed_4c"), (2, 64, 224, "Mixed_4c"), (3, 107, 299, "Mixed_6d")):
    _name = f"inception_v{_version}"
    inception(
        _version,
        _name,
        _name,
        _small,
        batch=2 if _version == 1 else 4,
        runs=True,
        num_classes=CLASSES,
        spatial_squeeze=_version != 2,
    )
    inception(_version, _name + "_full_size", _name, _full)
    inception(_version, _name + "_base", _name + "_base", _full)
    inception(_version, _name + "_base_part", _name + "_base", _full, final_endpoint=_stop)
inception(1, "inception_v1_without_batch_norm", "inception_v1", 224, scope_args={"use_batch_norm": False})
inception(2, "inception_v2_thin", "inception_v2_base", 64, runs=True, fused=True, depth_multiplier=0.25, min_depth=24)
inception(3, "inception_v3_thin", "inception_v3", 107, depth_multiplier=0.5)
inception(3, "inception_v3_stem", "inception_v3_base", 75, runs=True, fused=True, final_endpoint="MaxPool_5a_3x3")

for _version in (1, 2):
    _name = f"resnet_v{_version}_"
    for _depth in (101, 152, 200):
        resnet(_version, _depth, _name + str(_depth), 224, heavy=_depth > 101)
        resnet(_version, _depth, _name + f"{_depth}_forward", 33, runs=True, heavy=True)
    resnet(_version, 50, _name + "50", 65, runs=True, fused=True)
    resnet(_version, 50, _name + "50_full_size", 224)
    resnet(_version, 50, _name + "50_features", 224, num_classes=None, global_pool=False)
    for _stride in (8, 16):
        resnet(_version, 50, _name + f"50_stride_{_stride}", 33, runs=True, output_stride=_stride, global_pool=False)
    resnet(_version, 50, _name + "50_stride_4", 64, output_stride=4, num_classes=None)


def build(package, name, mode):
    """Builds a case in the default graph; returns (output, end points).

    Args:
      package: the path of the slim package whose `nets` it is.
      name: the case's name.
      mode: one of the case's; training is without dropout.
    """
    one, is_training = CASES[name], mode != "inference"
    module = importlib.import_module(f"{package}.nets.{one.module}")
    slim = importlib.import_module(package)
    kwargs = dict(one.kwargs)
    if not one.net.endswith("_base"):
        kwargs["is_training"] = is_training
        if not one.module.startswith("resnet"):
            kwargs["dropout_keep_prob"] = 1.0
    dtype = one.dtype(mode)
    images = v1.placeholder(dtype, one.shape, name="images")
    scope_args = dict(one.scope_args)
    options = {"is_training": is_training}
    if dtype == "float64":
        options["fused"] = False
        if one.module == "inception_v3":
            scope_args["use_fused_batchnorm"] = False
    with slim.arg_scope(getattr(module, one.scope)(**scope_args)):
        with slim.arg_scope([slim.batch_norm], **options):
            return getattr(module, one.net)(images, **kwargs)


def facts(output, end_points):
    """Returns what the default graph has, as readable lines."""
    losses = v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES)
    return {
        "output": _line(output.op.name, output),
        "layers": _layers(),
        "end_points": [_line(name, value) for name, value in end_points.items()],
        "losses": [len(losses)] + [loss.op.name for loss in losses[:1] + losses[-1:]],
        "updates": len(v1.get_collection(v1.GraphKeys.UPDATE_OPS)),
    }


def _line(name, tensor):
    return "{} {}".format(name, "x".join(str(size) for size in tensor.shape.as_list()))


def _layers():
    """Returns a line for each run of variables of one layer: "scope: variable|variable shape, ..."."""
    runs = []  # Of [scope, [leaf, ...], what follows the leaves].
    for variable in v1.global_variables():
        scope, leaf = _split(variable.op.name)
        text = " ".join([_line("", variable)] + _marks(variable))
        if runs and (runs[-1][0], runs[-1][2]) == (scope, text):
            runs[-1][1].append(leaf)
        else:
            runs.append([scope, [leaf], text])
    return ["{}: {}".format(scope, ", ".join(texts)) for scope, texts in _by_scope(runs)]


def _split(name):
    """Returns (layer, variable), where a batch norm belongs to its layer."""
    scope, _, leaf = name.rpartition("/")
    inner = "/BatchNorm"
    return (scope[: -len(inner)], inner[1:] + "/" + leaf) if scope.endswith(inner) else (scope, leaf)


def _by_scope(runs):
    return [
        (scope, ["|".join(leaves) + text for _, leaves, text in group])
        for scope, group in itertools.groupby(runs, lambda run: run[0])
    ]


def _marks(variable):
    graph = v1.get_default_graph()
    keys = [key for key in graph.get_all_collection_keys() if _is_in(variable, graph.get_collection_ref(key))]
    trained = [] if "trainable_variables" in keys else ["fixed"]
    model = [] if "model_variables" in keys else ["not_of_the_model"]
    return trained + model + sorted(set(keys) - set(USUAL_COLLECTIONS))


def _is_in(item, collection):
    return any(item is other for other in collection)


def images(shape):
    return np.random.RandomState(0).uniform(-1, 1, shape).astype("float32")


def numbers(end_points, shape):
    """Returns a dict of arrays: digests of the end points, losses, moving averages after a step."""
    variables = v1.global_variables()
    moving = [v for v in variables if "/moving_" in v.op.name]
    with v1.Session() as session:
        values = {v.initial_value: weight_values(v.op.name, v.shape.as_list()) for v in variables}
        session.run([v.initializer for v in variables], values)
        del values
        feed = {"images:0": images(shape)}
        found = session.run(list(end_points.values()), feed)
        losses = session.run(v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES))
        session.run(v1.get_collection(v1.GraphKeys.UPDATE_OPS), feed)
        moved = session.run(moving)
    return {
        "end_points": np.array([digest_row(value) for value in found], np.float32),
        "losses": np.array(losses, np.float32),
        "moving": np.array([digest_row(value)[:2] for value in moved], np.float32),
    }


def measure(package, name, mode, run):
    """Returns (facts, arrays) of a case.

    Args:
      package: the path of the slim package.
      name: the case's name.
      mode: one of the case's.
      run: whether to compute the arrays.
    """
    with tf.Graph().as_default():
        output, end_points = build(package, name, mode)
        return facts(output, end_points), numbers(end_points, CASES[name].shape) if run else {}


def _shortened(found, earlier):
    """Returns the facts; where an earlier case has the same layers, with its name for them."""
    same = [name for name, other in earlier.items() if other["layers"] == found["layers"]]
    return dict(found, layers=same[0]) if same else found


def main():
    readable, arrays = {}, {}
    package = "tensorflow.contrib.slim"
    sys.modules[package + ".nets"] = importlib.import_module(package + ".python.slim.nets")
    for name, one in CASES.items():
        for mode in one.modes:
            found, values = measure(package, name, mode, one.runs)
            if mode == "train":
                readable[name] = _shortened(found, readable)
            arrays.update({f"{name}|{mode}|{key}": value for key, value in values.items()})
        print(name, len(found["layers"]), len(found["end_points"]), flush=True)
    write_json("nets.json", readable)
    write_arrays("nets.npz", arrays)


if __name__ == "__main__":
    main()
