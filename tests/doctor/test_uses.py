"""Which names a file uses: imports, aliases and attributes, followed without running it."""

import ast
import textwrap

import pytest

from slimshim.doctor import uses

CASES = {
    "plain import": ("import tf_slim as slim\nslim.conv2d(x, 3)", ["tf_slim", "tf_slim.conv2d"]),
    "dotted import": (
        "import tensorflow.contrib.slim\ntensorflow.contrib.slim.conv2d",
        ["tensorflow.contrib.slim", "tensorflow.contrib.slim.conv2d"],
    ),
    "from contrib": (
        "from tensorflow.contrib import slim as s\ns.nets.vgg.vgg_16(x)",
        ["tensorflow.contrib.slim", "tensorflow.contrib.slim.nets.vgg.vgg_16"],
    ),
    "attribute of tf": (
        "import tensorflow as tf\ntf.contrib.layers.l2_regularizer(0.1)",
        ["tensorflow.contrib.layers.l2_regularizer"],
    ),
    "assigned alias": (
        "import tensorflow as tf\nslim = tf.contrib.slim\nslim.conv2d(x)",
        ["tensorflow.contrib.slim", "tensorflow.contrib.slim.conv2d"],
    ),
    "alias below its use": (
        "import tensorflow as tf\ndef f():\n    return slim.conv2d\nslim = tf.contrib.slim",
        ["tensorflow.contrib.slim", "tensorflow.contrib.slim.conv2d"],
    ),
    "alias of an alias": (
        "import tensorflow as tf\na = tf.contrib\nb = a.slim\nb.conv2d",
        ["tensorflow.contrib", "tensorflow.contrib.slim", "tensorflow.contrib.slim.conv2d"],
    ),
    "a parameter hides it": ("import tf_slim as slim\ndef f(slim):\n    return slim.conv2d", ["tf_slim"]),
    "a lambda's parameter hides it": ("import tf_slim as slim\ng = lambda slim: slim.conv2d", ["tf_slim"]),
    "a loop's name hides it": ("import tf_slim as slim\nfor slim in y:\n    slim.conv2d", ["tf_slim"]),
    "a comprehension hides it inside alone": (
        "import tf_slim as slim\n[slim.conv2d for slim in y]\nslim.dropout",
        ["tf_slim", "tf_slim.dropout"],
    ),
    "another import takes the name": ("import tf_slim as slim\nimport mine as slim\nslim.conv2d", ["tf_slim"]),
    "a function takes the name": ("import tf_slim as slim\ndef slim(): pass\nslim.conv2d", ["tf_slim"]),
    "a class's names stay in it": (
        "import tf_slim as slim\nclass A:\n    slim = 1\n    def f(self):\n        return slim.conv2d",
        ["tf_slim", "tf_slim.conv2d"],
    ),
    "decorator and default": (
        "import tf_slim as slim\n@slim.add_arg_scope\ndef f(x, act=slim.relu): pass",
        ["tf_slim", "tf_slim.add_arg_scope", "tf_slim.relu"],
    ),
    "what the try got counts": (
        "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n    import tensorflow as tf\ntf.Session()",
        ["tensorflow.compat.v1", "tensorflow.compat.v1.Session"],
    ),
    "getattr of a word": ("import tf_slim as slim\ngetattr(slim, 'conv2d')", ["tf_slim", "tf_slim.conv2d"]),
    "getattr that is ready for less": ("import tf_slim as slim\ngetattr(slim, 'conv9d', None)", ["tf_slim"]),
    "import by name": (
        "import importlib\nimportlib.import_module('tensorflow.contrib.slim')",
        ["tensorflow.contrib.slim"],
    ),
    "an imported function": ("from tf_slim import conv2d\nconv2d(x)", ["tf_slim.conv2d", "tf_slim.conv2d"]),
    "an annotated alias": (
        "import tensorflow as tf\nslim: object = tf.contrib.slim\nslim.conv2d",
        ["tensorflow.contrib.slim", "tensorflow.contrib.slim.conv2d"],
    ),
    "the project's own slim": ("from . import slim\nimport slim.nets\nslim.conv2d", []),
    "tensorflow itself": ("import tensorflow as tf\nprint(tf)", []),
}


@pytest.mark.parametrize(("code", "paths"), CASES.values(), ids=CASES)
def test_names_are_followed(code, paths):
    assert sorted(use.path for use in uses.find_uses(ast.parse(code))) == sorted(paths)


def test_a_use_says_where_it_is_and_how_it_was_written():
    code = textwrap.dedent(
        """
        import tensorflow as tf
        slim = tf.contrib.slim

        def net(x):
            return slim.conv2d(
                x, 3)
        """
    )
    use = uses.find_uses(ast.parse(code))[-1]
    assert (use.line, use.column, use.written) == (6, 12, "slim.conv2d")
    assert (use.imported, use.assigned) == ("tensorflow", "tensorflow.contrib.slim")


@pytest.mark.parametrize("code", ["from tensorflow.contrib.slim import *", "import tf_slim as s\ngetattr(s, name)"])
def test_what_only_a_run_could_tell_is_unknown(code):
    assert uses.find_uses(ast.parse(code))[-1].unknown
