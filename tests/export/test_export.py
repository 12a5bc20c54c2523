"""What is exported gives what the model gives: read back as a stranger would, without this package."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim import export

v1 = tf.compat.v1
KERAS_FILES = hasattr(tf.keras.layers.Layer, "build_from_config")
IMAGES = np.random.RandomState(0).rand(6, 8, 8, 3).astype("float32")
SHAPE = (None, 8, 8, 3)


@tf.keras.utils.register_keras_serializable("export_tests")
def net(images, is_training=True):
    with slim.arg_scope([slim.batch_norm], is_training=is_training, decay=0.5):
        images = slim.conv2d(images, 4, 3, normalizer_fn=slim.batch_norm)
        images = slim.max_pool2d(slim.separable_conv2d(images, None, 3, 1, normalizer_fn=slim.batch_norm), 2)
    hidden = slim.dropout(slim.flatten(images), 0.5, is_training=is_training)
    logits = slim.fully_connected(hidden, 5, activation_fn=None)
    return logits, {"pooled": images, "Predictions": slim.softmax(logits), "net/block1": hidden}


@pytest.fixture(scope="module")
def module():
    model = slim.Module(net)
    for _ in range(4):  # Moving averages that are not those of the start.
        model(IMAGES, is_training=True)
    return model


@pytest.fixture(scope="module")
def expected(module):
    logits, end_points = module(IMAGES, is_training=False)
    return {"output": logits.numpy(), **{name: value.numpy() for name, value in end_points.items()}}


def same(found, expected, **tolerance):
    np.testing.assert_allclose(found, expected, **{"rtol": 1e-5, "atol": 1e-5, **tolerance})


def in_a_fresh_process(code, folder, python=sys.executable):
    # TensorFlow 2 sets TF2_BEHAVIOR, which TensorFlow 1.15 would follow.
    left_out = ("PYTHONPATH", "TF2_BEHAVIOR")
    environment = {key: value for key, value in os.environ.items() if key not in left_out}
    np.save(folder / "images.npy", IMAGES)
    code = "import numpy as np, tensorflow as tf\n" + textwrap.dedent(code)
    subprocess.run([python, "-c", code], cwd=folder, check=True, env=environment, timeout=300)
    return np.load(folder / "found.npz")


# --- SavedModel


def test_a_saved_model_serves_in_a_process_that_knows_nothing_of_this_package(module, expected, tmp_path):
    outputs = ["output", "Predictions", "net/block1"]
    assert export.saved_model(module, tmp_path / "saved", SHAPE, outputs, is_training=False) == str(tmp_path / "saved")
    found = in_a_fresh_process(
        """
        import sys
        serve = tf.saved_model.load("saved").signatures["serving_default"]
        assert list(serve.structured_input_signature[1]) == ["images"]
        np.savez("found.npz", **{k.replace("/", "."): v for k, v in serve(images=np.load("images.npy")).items()})
        assert not any(name.startswith("slimshim") for name in sys.modules)
        """,
        tmp_path,
    )
    for name in outputs:
        same(found[name.replace("/", ".")], expected[name])


def test_a_saved_model_of_several_signatures_shares_its_weights(module, expected, tmp_path):
    specs = {"images": tf.TensorSpec([2, 8, 8, 3])}
    signatures = {
        "serving_default": export.signature(module, SHAPE, is_training=False),
        "features": export.signature(module, specs, lambda result: {"f": result[1]["pooled"]}, is_training=False),
    }
    loaded = tf.saved_model.load(export.saved_model(module, tmp_path / "saved", signatures=signatures))
    same(loaded.signatures["serving_default"](images=IMAGES)["output"], expected["output"])
    same(loaded.signatures["features"](images=IMAGES[:2])["f"], expected["pooled"][:2])
    stored = slim.checkpoints.read(tmp_path / "saved")
    assert sorted(stored) == sorted(v.name.split(":")[0] for v in module.variables)


def test_a_lookup_table_of_the_model_is_saved(tmp_path):
    class Labeler(tf.Module):
        def __init__(self):
            super().__init__()
            names = tf.lookup.KeyValueTensorInitializer([0, 1], ["cat", "dog"], tf.int64, tf.string)
            self.table = tf.lookup.StaticHashTable(names, "?")

        def __call__(self, ids):
            return self.table.lookup(ids)

    labeler, spec = Labeler(), tf.TensorSpec([None], tf.int64, "ids")
    loaded = tf.saved_model.load(export.saved_model(labeler, tmp_path / "saved", spec))
    found = loaded.signatures["serving_default"](ids=tf.constant([1, 7], tf.int64))["output"]
    assert found.numpy().tolist() == [b"dog", b"?"]
    with pytest.raises(ValueError, match="model: expected a model of variables alone"):
        export.frozen_graph(labeler, tmp_path / "frozen.pb", spec)


def test_a_keras_model_says_its_inputs_itself(tmp_path):
    inputs = tf.keras.Input([8, 8, 3], name="pictures")
    model = tf.keras.Model(inputs, net(inputs, is_training=None)[0])
    serve = tf.saved_model.load(export.saved_model(model, tmp_path / "saved")).signatures["serving_default"]
    same(serve(pictures=IMAGES)["output"], model.predict(IMAGES, verbose=0))


def two_inputs(structure):
    """A Keras model of two inputs that are not alike, which takes them as a list, a tuple, or a dict."""
    zebra, apple = tf.keras.Input([4], name="zebra"), tf.keras.Input([4], name="apple")
    inputs = {
        "list": [zebra, apple],
        "nested": (zebra, [apple]),
        "dict": {"zebra": zebra, "apple": apple},
    }[structure]
    outputs = tf.keras.layers.Dense(3, name="head")(tf.keras.layers.Subtract()([zebra, apple]))
    return tf.keras.Model(inputs, outputs)


ZEBRA, APPLE = (np.random.RandomState(seed).rand(5, 4).astype("float32") for seed in (1, 2))


def two_expected(model):
    kernel, bias = model.get_weights()
    return (ZEBRA - APPLE) @ kernel + bias


@pytest.mark.parametrize("structure", ["list", "nested", "dict"])
@pytest.mark.parametrize("given", ["nothing", "list", "dict"])
def test_a_keras_model_of_several_inputs_gets_them_as_its_own_structure(tmp_path, structure, given):
    model = two_inputs(structure)
    specs = {"nothing": None, "list": [(None, 4), (None, 4)], "dict": {"zebra": (None, 4), "apple": (None, 4)}}[given]
    serve = tf.saved_model.load(export.saved_model(model, tmp_path / "saved", specs)).signatures["serving_default"]
    same(serve(zebra=ZEBRA, apple=APPLE)["output"], two_expected(model))


@pytest.mark.parametrize("structure", ["list", "dict"])
def test_a_keras_model_of_several_inputs_as_a_frozen_graph_and_tflite(tmp_path, structure):
    model = two_inputs(structure)
    wanted = two_expected(model)
    frozen = export.frozen_graph(model, tmp_path / "net.pb")
    graph_def = v1.GraphDef.FromString((tmp_path / "net.pb").read_bytes())
    with tf.Graph().as_default(), v1.Session() as session:
        tf.import_graph_def(graph_def, name="")
        fed = {frozen.inputs["zebra"]: ZEBRA, frozen.inputs["apple"]: APPLE}
        same(session.run(frozen.outputs["output"], fed), wanted)
    path = export.tflite(model, tmp_path / "net.tflite", {"zebra": (5, 4), "apple": (5, 4)})
    runner = interpreter(path).get_signature_runner("serving_default")
    same(runner(zebra=ZEBRA, apple=APPLE)["output"], wanted)


@pytest.mark.parametrize("specs", [[(None, 4)], {"zebra": (None, 4)}, {"zebra": (None, 4), "horse": (None, 4)}])
def test_inputs_that_are_not_the_keras_models_are_named(specs):
    with pytest.raises(ValueError, match=r"inputs: expected a spec for each of the inputs \['zebra', 'apple'\]"):
        export.signature(two_inputs("list"), specs)


# --- frozen graph


def run_frozen(frozen):
    graph_def = v1.GraphDef()
    with open(frozen.path, "rb") as file:
        graph_def.ParseFromString(file.read())
    with tf.Graph().as_default() as graph, v1.Session() as session:
        tf.import_graph_def(graph_def, name="")
        assert not [op for op in graph.get_operations() if "Var" in op.type]
        return graph_def, session.run(frozen.outputs, {frozen.inputs["images"]: IMAGES})


def test_a_frozen_graph_runs_in_a_session(module, expected, tmp_path):
    frozen = export.frozen_graph(module, tmp_path / "net.pb", SHAPE, ["output", "net/block1"], is_training=False)
    assert frozen.inputs == {"images": "images:0"} and frozen.outputs["output"] == "output:0"
    graph_def, found = run_frozen(frozen)
    for name, value in found.items():
        same(value, expected[name])
    constants = {node.name for node in graph_def.node if node.op == "Const"}
    assert {v.name.split(":")[0] for v in module.variables} <= constants


def test_a_frozen_graph_keeps_functions_and_branches(tmp_path):
    weights = tf.Variable(2.0, name="w")

    @tf.function
    def inner(x):
        return x * weights

    def branching(x):
        return tf.cond(tf.reduce_sum(x) > 0, lambda: inner(x), lambda: -x)

    frozen = export.frozen_graph(branching, tmp_path / "net.pb", (None,))
    graph_def = v1.GraphDef.FromString((tmp_path / "net.pb").read_bytes())
    with tf.Graph().as_default(), v1.Session() as session:
        tf.import_graph_def(graph_def, name="")
        output, fed = frozen.outputs["output"], frozen.inputs["x"]
        assert session.run(output, {fed: [1, 2]}).tolist() == [2, 4]
        assert session.run(output, {fed: [-1]}).tolist() == [1]


def test_a_frozen_graphs_ops_have_ascii_names_whatever_the_outputs_are_called(tmp_path):
    def sizes(x):
        return {"größe": x * 2.0, "大きさ": x * 3.0, "/_size": x * 4.0}

    frozen = export.frozen_graph(sizes, tmp_path / "net.pb", (None,))
    assert frozen.outputs == {"größe": "gr__e:0", "大きさ": "output:0", "/_size": "size:0"}


def test_a_frozen_graph_as_text(module, tmp_path):
    export.frozen_graph(module, tmp_path / "net.pbtxt", SHAPE, is_training=False)
    assert 'name: "Conv/weights"' in (tmp_path / "net.pbtxt").read_text()


@pytest.mark.skipif("SLIMSHIM_TF115_PYTHON" not in os.environ, reason="SLIMSHIM_TF115_PYTHON names no Python")
def test_tf_1_15_runs_a_frozen_graph(module, expected, tmp_path):
    export.frozen_graph(module, tmp_path / "net.pb", SHAPE, is_training=False)
    found = in_a_fresh_process(
        """
        assert tf.__version__.startswith("1.15")
        graph_def = tf.GraphDef.FromString(open("net.pb", "rb").read())
        (output,) = tf.import_graph_def(graph_def, return_elements=["output:0"], name="")
        with tf.Session() as session:
            np.savez("found.npz", output=session.run(output, {"images:0": np.load("images.npy")}))
        """,
        tmp_path,
        os.environ["SLIMSHIM_TF115_PYTHON"],
    )
    same(found["output"], expected["output"])


# --- TFLite


def interpreter(path):
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        Interpreter = tf.lite.Interpreter
    return Interpreter(str(path))


def run_tflite(path, images):
    runner = interpreter(path).get_signature_runner("serving_default")
    rows = [runner(images=image[None]) for image in images]
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def test_tflite_in_float_gives_what_the_module_gives(module, expected, tmp_path):
    outputs = ["output", "Predictions"]
    path = export.tflite(module, tmp_path / "net.tflite", (1, 8, 8, 3), outputs, is_training=False)
    found = run_tflite(path, IMAGES)
    for name in outputs:
        same(found[name], expected[name])


def test_tflite_in_int8_is_near_and_all_of_integers(module, expected, tmp_path):
    path = export.tflite(
        module,
        tmp_path / "net.tflite",
        (1, 8, 8, 3),
        "Predictions",
        quantize="int8",
        representative_data=IMAGES,
        io_dtype="int8",
        is_training=False,
    )
    network = interpreter(path)
    network.allocate_tensors()
    assert not [d["name"] for d in network.get_tensor_details() if d["dtype"] == np.float32]
    (inputs,), (outputs,) = network.get_input_details(), network.get_output_details()
    scale, zero = inputs["quantization"]
    quantized = np.clip(np.round(IMAGES / scale + zero), -128, 127).astype("int8")
    scale, zero = outputs["quantization"]
    found = (run_tflite(path, quantized)["Predictions"].astype("float32") - zero) * scale
    same(found, expected["Predictions"], atol=0.03, rtol=0)


@pytest.mark.parametrize(("quantize", "tolerance"), [("dynamic", 0.05), ("float16", 2e-3)])
def test_tflite_with_small_weights(module, expected, tmp_path, quantize, tolerance):
    path = export.tflite(module, tmp_path / "net.tflite", (1, 8, 8, 3), quantize=quantize, is_training=False)
    scale = np.abs(expected["output"]).max()
    same(run_tflite(path, IMAGES)["output"], expected["output"], atol=tolerance * scale, rtol=0)


def test_examples_of_several_inputs_go_by_name_or_in_the_order_of_the_call(tmp_path):
    def scaled(zebra, apple):  # A SavedModel sorts its inputs.
        return tf.nn.relu(zebra * tf.reduce_mean(apple, axis=1, keepdims=True))

    zebra, apple = np.ones([4, 1, 8], "float32") * 3, np.ones([4, 1, 2], "float32") * 0.5
    in_order = list(zip(zebra, apple))
    by_name = [{"apple": a, "zebra": z} for z, a in in_order]
    for number, data in enumerate((in_order, by_name, lambda: iter(in_order))):
        path = tmp_path / f"{number}.tflite"
        export.tflite(scaled, path, [(1, 8), (1, 2)], quantize="int8", representative_data=data)
        runner = interpreter(path).get_signature_runner("serving_default")
        same(runner(zebra=zebra[0], apple=apple[0])["output"], np.full([1, 8], 1.5), atol=0.05)


# --- .keras


@pytest.mark.skipif(not KERAS_FILES, reason="this Keras has no .keras files")
def test_a_module_becomes_a_keras_file(module, expected, tmp_path):
    logits = slim.Module(lambda_free_logits)
    logits.build(tf.TensorSpec(SHAPE))
    for mine, theirs in zip(logits.variables, module.variables):
        mine.assign(theirs)
    export.keras_file(logits, tmp_path / "net.keras", SHAPE)
    loaded = slim.keras_models.load_model(tmp_path / "net.keras")
    same(loaded.predict(IMAGES, verbose=0), expected["output"])


@tf.keras.utils.register_keras_serializable("export_tests")
def lambda_free_logits(images, is_training=False):
    return net(images, is_training)[0]


@pytest.mark.skipif(not KERAS_FILES, reason="this Keras has no .keras files")
def test_a_keras_model_becomes_a_keras_file(tmp_path):
    inputs = tf.keras.Input([8, 8, 3])
    model = tf.keras.Model(inputs, net(inputs, is_training=None)[0])
    path = export.keras_file(model, tmp_path / "net.keras")
    same(slim.keras_models.load_model(path).predict(IMAGES, verbose=0), model.predict(IMAGES, verbose=0))


# --- training and inference


def test_an_export_that_still_trains_is_warned_of(module, tmp_path):
    with pytest.warns(UserWarning, match="updates variables .* Pass is_training=False to export for inference"):
        export.saved_model(module, tmp_path / "saved", SHAPE)
    with pytest.warns(UserWarning, match="draws random numbers .* Pass is_training=False"):
        export.signature(slim.Module(lambda x, is_training=True: slim.dropout(x, is_training=is_training)), (None, 3))


@pytest.mark.filterwarnings("ignore:The exported function updates")
@pytest.mark.parametrize("write", [export.frozen_graph, export.tflite])
def test_formats_without_variables_refuse_it(module, tmp_path, write):
    with pytest.raises(ValueError, match="updates no variables, because .* pass is_training=False"):
        write(module, tmp_path / "net", SHAPE)
    assert not list(tmp_path.iterdir())


def test_inference_is_no_reason_for_a_warning(module, recwarn):
    export.signature(module, SHAPE, is_training=False)
    assert not [warning for warning in recwarn if "exported function" in str(warning.message)]


# --- what can go wrong


@pytest.mark.parametrize("write", [export.saved_model, export.frozen_graph, export.tflite])
def test_nothing_is_overwritten_unasked_nor_left_half_written(module, tmp_path, write, monkeypatch):
    path = tmp_path / "out"
    path.write_text("mine")
    with pytest.raises(ValueError, match="path: expected a path where nothing is yet"):
        write(module, path, SHAPE, is_training=False)
    assert path.read_text() == "mine"
    with pytest.raises(RuntimeError, match="disk full"), monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: (_ for _ in ()).throw(RuntimeError("disk full")))
        write(module, path, SHAPE, is_training=False, overwrite=True)
    assert path.read_text() == "mine" and [file.name for file in tmp_path.iterdir()] == ["out"]
    write(module, path, SHAPE, is_training=False, overwrite=True)
    assert path.is_dir() or path.read_bytes() != b"mine"
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


def test_a_module_without_variables_would_export_chance(tmp_path):
    with pytest.raises(ValueError, match="model: expected a model whose variables exist.*build.*restore"):
        export.saved_model(slim.Module(net), tmp_path / "saved", SHAPE, is_training=False)
    with pytest.raises(ValueError, match="model: expected a Module whose variables exist"):
        export.keras_file(slim.Module(net), tmp_path / "net.keras", SHAPE)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(outputs=["Prediction"]), r"outputs: expected names of the model's outputs.*Nearest: \['Predictions'\]"),
        (dict(outputs=[]), "outputs: expected at least one name"),
        (dict(outputs=lambda result: result[0]), "a function that returns a dict"),
        (dict(inputs=None), "inputs: expected a tf.TensorSpec for each input"),
        (dict(quantize="int4"), "quantize: expected one of"),
        (dict(quantize="int8"), "representative_data: expected examples"),
        (dict(quantize="int8", representative_data=[]), "representative_data: expected at least one example"),
        (dict(quantize="int8", representative_data=[(1, 2)]), r"examples of the inputs \['images'\]"),
        (dict(io_dtype="int8"), "io_dtype: expected one of 'float32'"),
    ],
)
def test_wrong_arguments_are_clear_errors(module, tmp_path, arguments, words):
    arguments = {"inputs": (1, 8, 8, 3), "is_training": False, **arguments}
    with pytest.raises(ValueError, match=words):
        export.tflite(module, tmp_path / "net.tflite", **arguments)
    assert not list(tmp_path.iterdir())
