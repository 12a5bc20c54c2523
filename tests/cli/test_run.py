"""`run` in processes of its own: what a program finds, and what its end looks like from outside."""

import os
import pathlib
import subprocess
import sys
import textwrap

import pytest

import slimshim
from slimshim.cli import run

# Where the package is found under its name, which is a longer one in the rows with a vendored copy.
_REPOSITORY = str(pathlib.Path(slimshim.__file__).parents[slimshim.__name__.count(".") + 1])
PROGRAM = """
    import sys
    import numpy as np
    import tensorflow as tf
    import tf_slim
    from tensorflow.contrib import slim
    import library, named_library
    from helper import HELPED

    class Kept:
        pass

    x = tf.placeholder(tf.float32, [None])
    with tf.Session() as session:
        doubled = session.run(x * 2, {x: [1.5]}).tolist()
    from tensorflow import flags
    import pickle
    print(dict(
        argv=sys.argv, name=__name__, file=__file__, first=sys.path[0], doubled=doubled,
        main=sys.modules["__main__"].Kept is Kept and type(pickle.loads(pickle.dumps(Kept()))) is Kept,
        aliases=np.int is int and np.float_ is np.float64,
        slim=slim.arg_scope is tf_slim.arg_scope, app=callable(tf.app.run), contrib=tf.contrib.slim is slim,
        eager=tf.executing_eagerly(), library=library.PROBED, named=named_library.PROBED, helped=HELPED,
        v2=tf.keras.layers.Dense.__name__, flags=callable(flags.DEFINE_string),
        package=__package__, spec=__spec__ is None,
    ))
    """


def _run(arguments, folder, **more):
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(folder / "site-packages"), _REPOSITORY]))
    return subprocess.run(
        [sys.executable, "-m", "slimshim", "run", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        env=environment,
        **more,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    for name, text in {
        "app/train.py": PROGRAM,
        "app/helper.py": "import tensorflow as tf\nHELPED = hasattr(tf, 'placeholder')",
        "helper.py": "import tensorflow as tf\nHELPED = hasattr(tf, 'placeholder')",
        "site-packages/library.py": "import tensorflow as tf\nPROBED = hasattr(tf, 'placeholder')",
        "site-packages/named_library/__init__.py": "import tensorflow as tf\nPROBED = hasattr(tf, 'placeholder')",
        "site-packages/tool/__init__.py": "",
        "site-packages/tool/train.py": PROGRAM,
        "faces.py": FACES,
        "site-packages/keras_user.py": KERAS_USER,
        "leave.py": "import atexit, sys\natexit.register(print, 'bye')\nsys.exit(7)",
        "fail.py": "def deep():\n    raise KeyError('lost')\n\ndeep()",
        "broken.py": "print('x'",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text).lstrip())
    return folder


def test_a_script_finds_tensorflow_1_and_libraries_find_tensorflow_2(folder):
    script = os.path.join("app", "train.py")
    done = _run(["--tf1", "named_library", script, "--steps", "3"], folder)
    assert done.returncode == 0, done.stderr[-3000:]
    found = eval(done.stdout.splitlines()[-1])
    assert found == dict(
        argv=[script, "--steps", "3"],
        name="__main__",
        file=str(folder / script),
        first=os.path.realpath(folder / "app"),
        doubled=[3.0],
        main=True,
        aliases=True,
        slim=True,
        app=True,
        contrib=True,
        eager=False,
        library=False,
        named=True,
        helped=True,
        v2="Dense",
        flags=True,
        package=None,
        spec=True,
    )


FACES = """
    import importlib, sys
    import tensorflow as tf
    import tensorflow.compat.v1 as v1
    import tensorflow.contrib.slim as slim
    import tensorflow.keras.backend as K
    import tensorflow.nn as nn
    import tensorflow.python.ops.array_ops as array_ops
    from tensorflow import keras, losses
    from tensorflow.compat import v2 as tf2
    from tensorflow.contrib.slim.nets import resnet_v1
    from tensorflow.core.framework import graph_pb2
    from tensorflow.keras.layers import Dense
    from tensorflow.python.platform import gfile
    import keras_user

    real = sys.modules["tensorflow"]
    star, text = {}, {}
    exec("from tensorflow import *", star)
    exec("import tensorflow.losses as found", text)
    tf.added = 1
    x = tf.placeholder(tf.float32, [None, 4])
    with tf.Session() as session:
        dense = Dense(3)(x)
        session.run(tf.global_variables_initializer())
        shape = session.run(dense, {x: [[1.0, 2.0, 3.0, 4.0]]}).shape
    two_meanings = "losses metrics summary nn train data random image io math lookup feature_column config".split()
    print(dict(
        face=tf is not real and importlib.import_module("tensorflow") is real,
        v1=[name for name in two_meanings if getattr(tf, name) is not getattr(v1, name)],
        differ=tf.losses is not real.losses and tf.metrics is not real.metrics,
        paths=nn is v1.nn and losses is v1.losses and text["found"] is v1.losses and star["losses"] is v1.losses,
        contrib=tf.contrib.slim is slim and tf.contrib.slim.nets.resnet_v1 is resnet_v1,
        keras=tf.keras.layers.Dense is Dense and tf.keras.backend.epsilon() == K.epsilon() and callable(tf.layers.dense),
        compat=tf.compat.v1 is v1 is real.compat.v1 and callable(v1.layers.dense) and callable(tf.compat.as_bytes),
        v2=tf2.losses.Huber is tf.compat.v2.losses.Huber is real.losses.Huber, only2=tf.optimizers is real.optimizers,
        private=tf.python.ops.array_ops is array_ops and callable(tf.pywrap_tensorflow.NewCheckpointReader),
        graph_pb2=graph_pb2.GraphDef is tf.GraphDef, gfile=gfile.GFile is tf.gfile.GFile,
        kept_apart=not hasattr(real, "added"), estimator=hasattr(tf, "estimator"),
        shape=shape, trained=keras_user.TRAINED, library_tf=keras_user.tf is real, name=tf.__name__,
    ))
    """

# A library that needs TensorFlow 2's meaning of names: Keras layers, tf.data, TF2's losses and optimizers.
KERAS_USER = """
    import tensorflow as tf

    with tf.Graph().as_default():
        loss = tf.keras.losses.MeanSquaredError()
        layer = tf.keras.layers.Dense(1)
        outputs = layer(tf.zeros([2, 3]))
        TRAINED = type(loss(tf.zeros([2, 1]), outputs)).__name__, tf.losses.MeanSquaredError is type(loss)
    """


def test_the_programs_tensorflow_is_compat_v1_by_every_import_and_a_librarys_is_not(folder):
    done = _run(["faces.py"], folder)
    assert done.returncode == 0, done.stderr[-3000:]
    found = eval(done.stdout.splitlines()[-1])
    assert found.pop("v1") == []
    assert found.pop("shape") == (1, 3)
    assert found.pop("name") == "tensorflow"
    trained = found.pop("trained")
    assert trained[0].endswith("Tensor") and trained[1]
    assert not [name for name, right in found.items() if right is not True], found


def test_the_import_statement_is_pythons_own_again_after_uninstall():
    code = """
        import builtins, sys
        import slimshim, slimshim.legacy
        plain = builtins.__import__
        slimshim.legacy.behave_as_tensorflow_1()
        assert builtins.__import__ is not plain
        import tensorflow as tf
        assert tf is not sys.modules["tensorflow"] and tf.placeholder
        slimshim.uninstall()
        assert builtins.__import__ is plain
        import tensorflow as tf
        assert tf is sys.modules["tensorflow"] and not hasattr(tf, "placeholder")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=300,
        env=dict(os.environ, PYTHONPATH=_REPOSITORY),
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_a_module_of_an_installed_package_is_the_program(folder):
    done = _run(["-m", "tool.train", "a"], folder)
    assert done.returncode == 0, done.stderr[-3000:]
    found = eval(done.stdout.splitlines()[-1])
    assert found["argv"] == [str(folder / "site-packages" / "tool" / "train.py"), "a"]
    assert found["package"] == "tool" and found["spec"] is False
    assert found["doubled"] == [3.0] and found["main"]
    assert not found["library"] and not found["named"]


def test_exit_code_and_exit_handlers_are_the_programs(folder):
    done = _run(["leave.py"], folder)
    assert done.returncode == 7 and done.stdout == "bye\n"


@pytest.mark.parametrize("package", ["no_such_pkg", "no_such_pkg.part", "tool.no_such_part"])
def test_a_package_of_tf1_that_is_not_there_is_one_message_and_exit_code_2(folder, package):
    done = _run(["--tf1", package, "leave.py"], folder)
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.splitlines()[-1].startswith("python -m slimshim run: --tf1 " + package + ": there is no package")
    assert "Traceback" not in done.stderr


def test_an_error_reads_as_if_python_had_run_the_program(folder):
    done = _run(["fail.py"], folder)
    assert done.returncode == 1
    plain = subprocess.run([sys.executable, "fail.py"], capture_output=True, text=True, cwd=folder)
    assert done.stderr[done.stderr.index("Traceback") :] == plain.stderr


@pytest.mark.slow
def test_a_syntax_error_shows_the_programs_line_alone(folder):
    done = _run(["broken.py"], folder)
    assert done.returncode == 1
    assert "SyntaxError" in done.stderr and 'broken.py", line 1' in done.stderr
    assert "_launch" not in done.stderr and "Traceback" not in done.stderr


# A program that trains a step and tells what ran: the nodes of the graph as TensorFlow rewrote it.
HARDWARE = """
    import os
    import threading
    import tensorflow as tf

    x = tf.placeholder(tf.float32, [8, 64])
    weights = tf.get_variable("w", [64, 64])
    hidden = tf.nn.relu(tf.matmul(x, weights))
    hidden = tf.tanh(tf.matmul(hidden, weights) + 1.0) * hidden
    loss = tf.reduce_mean(tf.square(hidden))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    config = tf.ConfigProto(intra_op_parallelism_threads=7, allow_soft_placement=True)
    with tf.Session(config=config) as session:
        session.run(tf.global_variables_initializer())
        about = tf.RunMetadata()
        options = tf.RunOptions(output_partition_graphs=True)
        session.run([train, loss], {x: [[1.0] * 64] * 8}, options=options, run_metadata=about)
    with tf.Session() as plain:
        pass
    nodes = [node for graph in about.partition_graphs for node in graph.node]
    print(dict(
        xla=sorted({node.op for node in nodes if node.op.startswith("_Xla")}),
        matmul=sorted({tf.as_dtype(node.attr["T"].type).name for node in nodes if "MatMul" in node.op}),
        stored=weights.dtype.base_dtype.name,
        config=(session._config.intra_op_parallelism_threads, session._config.inter_op_parallelism_threads),
        kept=session._config.allow_soft_placement,
        plain=plain._config.inter_op_parallelism_threads if plain._config else 0,
        devices=[device.device_type for device in tf.python.client.device_lib.list_local_devices()],
        hidden=os.environ.get("CUDA_VISIBLE_DEVICES"),
    ))
    """


def _hardware(folder, *options):
    (folder / "hardware.py").write_text(textwrap.dedent(HARDWARE))
    done = _run([*options, "hardware.py"], folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return eval(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_without_options_the_graph_and_the_session_are_the_programs(folder):
    found = _hardware(folder)
    assert found["xla"] == [] and found["matmul"] == ["float32"]
    assert found["config"] == (7, 0) and found["plain"] == 0


def test_xla_compiles_clusters_and_threads_are_the_command_lines(folder):
    found = _hardware(folder, "--xla", "--cpu", "--threads", "2")
    assert "_XlaCompile" in found["xla"] and "_XlaRun" in found["xla"]
    assert found["config"] == (2, 2) and found["kept"] and found["plain"] == 2
    assert found["hidden"] == "-1" and set(found["devices"]) <= {"CPU", "XLA_CPU"}


def _has_bfloat16():
    try:
        with open("/proc/cpuinfo") as file:
            return "avx512_bf16" in file.read()
    except OSError:
        return False


@pytest.mark.skipif(not _has_bfloat16(), reason="this CPU has no bfloat16: TensorFlow leaves the graph alone")
def test_mixed_precision_multiplies_in_bfloat16_and_keeps_float32_variables(folder):
    found = _hardware(folder, "--mixed-precision", "--cpu")
    assert found["matmul"] == ["bfloat16"] and found["stored"] == "float32"
    assert found["config"] == (7, 0)


@pytest.mark.parametrize("words", [["--threads", "0"], ["--threads", "many"], ["--xl"]])
def test_a_wrong_option_is_named(capsys, words):
    with pytest.raises(SystemExit) as left:
        run.main([*words, "leave.py"], "python -m package run")
    assert left.value.code == 2 and words[0] in capsys.readouterr().err
