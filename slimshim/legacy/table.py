"""Which old module path is served by what: the one table behind the import hook.

Two kinds of entry:

* `Alias(".x")`: the old path *is* this package's module `x`, the very same object;
* `Face(a, b, …)`: a module of its own under the old path. A name comes from the first source that
  has it; what no source has becomes a placeholder that raises on use.

A source or target that starts with a dot is a module of this package. One that starts with `tf.` is
TensorFlow's public attribute of that path.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util

ROOT = __name__.rpartition(".legacy.")[0]


@dataclasses.dataclass(frozen=True)
class Alias:
    """The old path is this module of the package."""

    target: str


@dataclasses.dataclass(frozen=True, init=False)
class Face:
    """The old path is a module of its own, served by `sources` in order, open ended."""

    sources: tuple[str, ...] = ()

    def __init__(self, *sources):
        object.__setattr__(self, "sources", sources)


_FRAMEWORK = Face(".ops.arg_scope", ".ops.variables", ".legacy.contrib.framework")
_LAYERS = Face(".layers", ".layers.layers", ".layers.summaries", ".layers.normalization", ".legacy.contrib.embeddings")
_EMBEDDINGS = Face(".legacy.contrib.embeddings")
_LOSSES = Face(".losses.loss_ops", ".losses")
_METRICS = Face(".metrics", ".legacy.contrib.sets")
_TRAINING = Face(".training.training", ".training.evaluation", ".legacy.contrib.hparam", ".training")
_OPT = Face(".legacy.contrib.moving_average_optimizer", ".legacy.contrib.weight_decay", ".legacy.contrib.lars")
_IMAGE = Face(".legacy.contrib.image", ".legacy.contrib.matching")
_LOOKUP = Face(".legacy.contrib.lookup", "tf.compat.v1.lookup")
# A TensorFlow that has its own cells keeps them, so that an `isinstance` of either name holds.
_RNN = Face(".legacy.contrib.rnn", "tf.compat.v1.nn.rnn_cell")
_PROFILE = Face(".legacy.contrib.model_analyzer")

# One module path, one entry. Paths below these are looked up on their own.
MODULES = {
    "tensorflow.contrib": Face(),
    "tensorflow.contrib.autograph": Face("tf.autograph"),
    "tensorflow.contrib.cluster_resolver": Face("tf.distribute.cluster_resolver"),
    "tensorflow.contrib.data": Face(".legacy.contrib.data", "tf.compat.v1.data.experimental"),
    "tensorflow.contrib.distribute": Face("tf.distribute"),
    "tensorflow.contrib.distributions": Face("tf.compat.v1.distributions"),
    "tensorflow.contrib.feature_column": Face("tf.feature_column"),
    "tensorflow.contrib.framework": _FRAMEWORK,
    "tensorflow.contrib.framework.nest": Alias(".legacy.contrib.nest"),
    "tensorflow.contrib.framework.python": _FRAMEWORK,
    "tensorflow.contrib.framework.python.framework": _FRAMEWORK,
    "tensorflow.contrib.framework.python.framework.tensor_util": _FRAMEWORK,
    "tensorflow.contrib.framework.python.framework.checkpoint_utils": _FRAMEWORK,
    "tensorflow.contrib.framework.python.ops": _FRAMEWORK,
    "tensorflow.contrib.framework.python.ops.ops": _FRAMEWORK,
    "tensorflow.contrib.image": _IMAGE,
    "tensorflow.contrib.image.python.ops.image_ops": _IMAGE,
    "tensorflow.contrib.keras": Face("tf.keras"),
    "tensorflow.contrib.keras.api.keras": Face("tf.keras"),
    "tensorflow.contrib.layers": _LAYERS,
    "tensorflow.contrib.layers.python": Face(),
    "tensorflow.contrib.layers.python.layers": _LAYERS,
    "tensorflow.contrib.layers.python.layers.embedding_ops": _EMBEDDINGS,
    "tensorflow.contrib.layers.python.layers.encoders": _EMBEDDINGS,
    "tensorflow.contrib.linalg": Face("tf.linalg"),
    "tensorflow.contrib.lite": Face("tf.compat.v1.lite"),
    "tensorflow.contrib.lookup": _LOOKUP,
    "tensorflow.contrib.lookup.lookup_ops": _LOOKUP,
    "tensorflow.contrib.losses": _LOSSES,
    "tensorflow.contrib.losses.metric_learning": Alias(".losses.metric_learning"),
    "tensorflow.contrib.losses.python.losses": _LOSSES,
    "tensorflow.contrib.losses.python.metric_learning": Alias(".losses.metric_learning"),
    "tensorflow.contrib.losses.python.metric_learning.metric_loss_ops": Face(".losses.metric_learning"),
    "tensorflow.contrib.metrics": _METRICS,
    "tensorflow.contrib.metrics.python.metrics": _METRICS,
    "tensorflow.contrib.metrics.python.ops": _METRICS,
    "tensorflow.contrib.metrics.python.ops.set_ops": Face(".legacy.contrib.sets"),
    "tensorflow.contrib.nn": Face("tf.compat.v1.nn"),
    "tensorflow.contrib.opt": _OPT,
    "tensorflow.contrib.opt.python.training.lars_optimizer": _OPT,
    "tensorflow.contrib.opt.python.training.moving_average_optimizer": _OPT,
    "tensorflow.contrib.opt.python.training.weight_decay_optimizers": _OPT,
    "tensorflow.contrib.rnn": _RNN,
    "tensorflow.contrib.rnn.python.ops.core_rnn_cell": _RNN,
    "tensorflow.contrib.rnn.python.ops.core_rnn_cell_impl": _RNN,
    "tensorflow.contrib.rnn.python.ops.rnn": _RNN,
    "tensorflow.contrib.rnn.python.ops.rnn_cell": _RNN,
    "tensorflow.contrib.signal": Face("tf.compat.v1.signal"),
    "tensorflow.contrib.slim": Face(".legacy.contrib.slim", "."),
    "tensorflow.contrib.slim.evaluation": Alias(".evaluation"),
    "tensorflow.contrib.slim.learning": Alias(".learning"),
    "tensorflow.contrib.slim.python": Face(),
    "tensorflow.contrib.slim.python.slim": Face("."),
    "tensorflow.contrib.slim.queues": Alias(".queues"),
    "tensorflow.contrib.summary": Face(".legacy.contrib.summary"),
    "tensorflow.contrib.summary.summary": Face(".legacy.contrib.summary"),
    "tensorflow.contrib.tfprof": Face(".legacy.contrib.tfprof"),
    "tensorflow.contrib.tfprof.model_analyzer": _PROFILE,
    "tensorflow.contrib.tpu": Face("tf.compat.v1.tpu"),
    "tensorflow.contrib.training": _TRAINING,
    "tensorflow.contrib.training.python.training": _TRAINING,
    "tensorflow.contrib.training.python.training.hparam": Alias(".legacy.contrib.hparam"),
    "tensorflow.contrib.util": Face(".legacy.contrib.util"),
}

# Every path at or below the left side is the module of the same tail below the right side.
TREES = {
    "tf_slim": ".",
    "tensorflow.contrib.framework.python.ops": ".ops",
    "tensorflow.contrib.layers.python.layers": ".layers",
    "tensorflow.contrib.layers.python.ops": ".layers",
    "tensorflow.contrib.losses.python.losses": ".losses",
    "tensorflow.contrib.metrics.python.metrics": ".metrics",
    "tensorflow.contrib.metrics.python.ops": ".metrics",
    "tensorflow.contrib.slim.nets": ".nets",
    "tensorflow.contrib.slim.python.slim": ".",
    "tensorflow.contrib.training.python.training": ".training",
}

# Below these every path imports, served or not.
OPEN = ("tensorflow.contrib",)

# These are asked last, for paths that neither TensorFlow nor another package has.
MISSING = {
    "tensorflow.estimator": Face(),
    "tensorflow.python.estimator": Face(),
    "tensorflow.python.keras.applications": Face("tf.keras.applications"),
    "tensorflow.tools.graph_transforms": Face(),
}
MISSING_TREES = {"tensorflow.python.keras.applications": "tf.keras.applications"}
MISSING_OPEN = ("tensorflow.estimator", "tensorflow.python.estimator")


def lookup(name):
    """Returns the entry for a path that is always ours, or None."""
    if name in MODULES:
        return MODULES[name]
    tail = _below(name, TREES)
    if tail is not None:
        prefix, rest = tail
        target = _join(TREES[prefix], rest)
        if _module_exists(target):
            return Alias(target)
    return Face() if _is_under(name, OPEN) else None


def lookup_missing(name):
    """Returns the entry for a path that is ours only because nobody else has it, or None."""
    if name in MISSING:
        return MISSING[name]
    tail = _below(name, MISSING_TREES)
    if tail is not None:
        return Face(f"{MISSING_TREES[tail[0]]}.{tail[1]}")
    return Face() if _is_under(name, MISSING_OPEN) else None


def serves_below(name):
    """Returns whether some path at or below the module path `name` has real behaviour."""
    served = [path for path, entry in MODULES.items() if entry != Face()]
    return any(_is_under(path, (name,)) for path in [*served, *TREES])


def resolve(source):
    """Returns the module or object that a source or target of an entry names."""
    if source == ".":
        return importlib.import_module(ROOT)
    if source.startswith("."):
        return importlib.import_module(ROOT + source)
    found = importlib.import_module("tensorflow")
    for part in source.split(".")[1:]:
        found = getattr(found, part)
    return found


def _below(name, trees):
    """Returns (prefix, rest) for the longest tree that `name` stands at or below, or None."""
    prefix = name
    while prefix:
        if prefix in trees:
            return prefix, name[len(prefix) + 1 :]
        prefix = prefix.rpartition(".")[0]
    return None


def _join(base, rest):
    if not rest:
        return base
    return f".{rest}" if base == "." else f"{base}.{rest}"


def _is_under(name, prefixes):
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def _module_exists(target):
    if target == ".":
        return True
    try:
        return importlib.util.find_spec(ROOT + target) is not None
    except ModuleNotFoundError:
        return False
