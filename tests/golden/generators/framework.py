"""Makes `framework.json`: variables, arg_scope, layer utilities, summaries and the like of TF 1.15.

To make it again: `python3 tests/golden/regenerate.py framework`.
"""

import os
import tempfile

import numpy as np
import tensorflow as tf
from golden_cases import Cases, names, outcome, run

v1 = tf.compat.v1
cases = CASES = Cases()


def _ones(shape):
    return v1.ones_initializer() if shape is None else tf.ones(shape)


def _facts(variable):
    keys = [
        key
        for key in v1.get_default_graph().get_all_collection_keys()
        if any(item is variable for item in v1.get_collection_ref(key))
    ]
    return [variable.op.name, variable.shape.as_list(), variable.dtype.base_dtype, sorted(keys), variable.device]


def _some_variables(lib):
    """Makes variables in two scopes, trainable and not, of the model and not."""
    variables = lib("ops.variables")
    with v1.variable_scope("a"):
        variables.model_variable("weights", [2, 3], initializer=_ones(None))
        variables.variable("biases", [3], initializer=v1.zeros_initializer())
        variables.local_variable(0, name="count")
        with v1.variable_scope("inner"):
            variables.model_variable("weights", [1], initializer=_ones(None), trainable=False)
    with v1.variable_scope("ab"):
        variables.model_variable("weights", [4], initializer=_ones(None))
        variables.global_variable(7.0, name="moving_mean")
    return variables


# --- variables: how they are made


@cases.of("ops.variables.variable")
def variable_by_initializer_and_regularizer(lib):
    made = lib("ops.variables").variable(
        "w", [2, 2], initializer=v1.constant_initializer(3.0), regularizer=lambda w: 0.5 * tf.reduce_sum(w)
    )
    losses = v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES)
    return _facts(made), run([made, losses])


@cases.of("ops.variables.variable")
def variable_in_collections_and_on_a_device(lib):
    made = lib("ops.variables").variable(
        "w",
        [2],
        dtype=tf.int32,
        initializer=v1.zeros_initializer(),
        trainable=False,
        collections=["mine", "yours"],
        device="/cpu:0",
    )
    return _facts(made)


@cases.of("ops.variables.variable")
def variable_in_parts(lib):
    with v1.variable_scope("s", partitioner=v1.fixed_size_partitioner(2)):
        made = lib("ops.variables").variable("w", [5, 2], initializer=v1.ones_initializer())
    return [_facts(part) for part in made], run(tf.convert_to_tensor(made))


@cases.of("ops.variables.variable")
def variable_again(lib):
    variables = lib("ops.variables")
    first = variables.variable("w", initializer=_ones([2]))
    with v1.variable_scope("", reuse=True):
        second = variables.variable("w", [2])
    return first is second, outcome(variables.variable, "w", [2])


@cases.of("ops.variables.variable")
def variable_by_a_custom_getter(lib):
    def getter(name, shape, initializer, **kwargs):  # It stands in for get_variable, and is given none.
        return v1.get_variable("renamed_" + name, shape, initializer=initializer), sorted(kwargs)

    made, others = lib("ops.variables").variable(
        "w", [2], initializer=v1.ones_initializer(), custom_getter=getter, trainable=False
    )
    return _facts(made), others


@cases.of("ops.variables.model_variable")
def model_variable_is_in_the_models_collection(lib):
    made = lib("ops.variables").model_variable("w", [2], initializer=v1.ones_initializer(), device="cpu:0")
    return _facts(made)


@cases.of("ops.variables.model_variable", "ops.arg_scope.arg_scope")
def model_variable_in_an_arg_scope(lib):
    variables, scopes = lib("ops.variables"), lib("ops.arg_scope")
    with scopes.arg_scope([variables.model_variable], collections=["mine"], trainable=False):
        return _facts(variables.model_variable("w", [2], initializer=v1.ones_initializer()))


@cases.of("ops.variables.global_variable")
def global_variable_is_not_trainable(lib):
    made = lib("ops.variables").global_variable([1.0, 2.0], name="g")
    return _facts(made), run(made)


@cases.of("ops.variables.local_variable")
def local_variable_is_saved_nowhere(lib):
    made = lib("ops.variables").local_variable(tf.constant(3, tf.int64), name="l")
    return _facts(made), run(made)


@cases.of("ops.variables.VariableDeviceChooser")
def device_chooser_goes_round_the_servers(lib):
    variables = lib("ops.variables")
    chooser = variables.VariableDeviceChooser(num_tasks=2, job_name="params", replica=1)
    made = [variables.variable(f"v{i}", [1], initializer=v1.ones_initializer(), device=chooser) for i in range(3)]
    with v1.device(variables.VariableDeviceChooser(device_type="GPU", device_index=1)):
        made.append(variables.model_variable("w", [1], initializer=v1.ones_initializer()))
        other = tf.constant(1.0)
    return [v.device for v in made], other.device


# --- variables: how they are found


@cases.of("ops.variables.get_variables")
def variables_by_scope_and_suffix(lib):
    variables = _some_variables(lib)
    return [
        names(variables.get_variables(*args))
        for args in [
            (),
            ("a",),
            ("a/",),
            (None, "weights"),
            ("a", "weights"),
            ("ab", None, "trainable_variables"),
            ("nothing",),
        ]
    ]


@cases.of("ops.variables.get_variables")
def variables_of_a_scope_object(lib):
    variables = _some_variables(lib)
    with v1.variable_scope("a") as scope:
        return names(variables.get_variables(scope))


@cases.of(
    "ops.variables.get_model_variables", "ops.variables.get_local_variables", "ops.variables.get_trainable_variables"
)
def variables_by_kind(lib):
    variables = _some_variables(lib)
    return [
        [names(function()), names(function("a")), names(function(suffix="weights"))]
        for function in (
            variables.get_model_variables,
            variables.get_local_variables,
            variables.get_trainable_variables,
        )
    ]


@cases.of("ops.variables.get_variables_by_name", "ops.variables.get_variables_by_suffix")
def variables_by_name(lib):
    variables = _some_variables(lib)
    return [
        names(variables.get_variables_by_name("weights")),
        names(variables.get_variables_by_name("weights", "a")),
        names(variables.get_variables_by_name("eights")),
        names(variables.get_variables_by_suffix("eights")),
        names(variables.get_variables_by_suffix("s", "ab")),
    ]


@cases.of("ops.variables.get_unique_variable")
def unique_variable(lib):
    variables = _some_variables(lib)
    return (
        variables.get_unique_variable("a/biases").op.name,
        outcome(variables.get_unique_variable, "weights"),
        outcome(variables.get_unique_variable, "none"),
    )


@cases.of("ops.variables.get_variable_full_name")
def full_name_of_a_part_is_that_of_the_whole(lib):
    variables = lib("ops.variables")
    whole = variables.variable("v", [2], initializer=v1.ones_initializer())
    with v1.variable_scope("s", partitioner=v1.fixed_size_partitioner(2)):
        parts = variables.variable("w", [4], initializer=v1.ones_initializer())
    return [variables.get_variable_full_name(v) for v in [whole] + list(parts)]


@cases.of("ops.variables.get_variables_to_restore")
def variables_to_restore(lib):
    variables = _some_variables(lib)
    return [
        names(variables.get_variables_to_restore(**kwargs))
        for kwargs in [
            {},
            {"include": ["a"]},
            {"exclude": ["a/inner", "moving"]},
            {"include": ["a", "ab"], "exclude": ["a/weights"]},
        ]
    ]


@cases.of("ops.variables.filter_variables")
def filtered_variables(lib):
    variables = _some_variables(lib)
    everything = v1.global_variables()
    return [
        names(variables.filter_variables(everything, **kwargs))
        for kwargs in [
            {},
            {"include_patterns": ["weights"]},
            {"exclude_patterns": ["inner", "^ab"]},
            {"include_patterns": ["inner"], "reg_search": False},
            {"include_patterns": ["a/.*s$", "moving"], "exclude_patterns": ["inner"], "reg_search": False},
        ]
    ]


@cases.of("ops.variables.add_model_variable")
def a_model_variable_is_added_once(lib):
    made = v1.get_variable("w", [1])
    for _ in range(2):
        lib("ops.variables").add_model_variable(made)
    return names(v1.get_collection("model_variables"))


# --- the global step


@cases.of("ops.variables.create_global_step", "ops.variables.get_global_step")
def global_step(lib):
    variables = lib("ops.variables")
    before = variables.get_global_step()
    made = variables.create_global_step()
    return before, _facts(made), variables.get_global_step() is made, outcome(variables.create_global_step)


@cases.of("ops.variables.get_or_create_global_step")
def global_step_of_another_graph(lib):
    variables, graph = lib("ops.variables"), tf.Graph()
    made = variables.get_or_create_global_step(graph)
    return made.graph is graph, variables.get_or_create_global_step(graph) is made, variables.get_global_step()


@cases.of("ops.variables.assert_global_step", "ops.variables.assert_or_get_global_step")
def global_step_is_checked(lib):
    variables = lib("ops.variables")
    good = v1.get_variable("step", initializer=0, trainable=False)
    bad = v1.get_variable("bad", [2])
    one = variables.create_global_step()
    return (
        outcome(variables.assert_global_step, good),
        outcome(variables.assert_global_step, bad),
        variables.assert_or_get_global_step() is one,
        variables.assert_or_get_global_step(global_step_tensor=good) is good,
        variables.assert_or_get_global_step(global_step_tensor=one) is one,
    )


# --- values from elsewhere


@cases.of("ops.variables.assign_from_values", "ops.variables.assign_from_values_fn")
def values_are_assigned(lib):
    variables = _some_variables(lib)
    first, second = (
        {"a/biases": np.float32([1, 2, 3])},
        {"ab/moving_mean": np.float32(5.0), "a/weights": np.full([2, 3], 4.0)},
    )
    assign, feed = variables.assign_from_values(first)
    assign_second = variables.assign_from_values_fn(second)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        session.run(assign, feed)
        assign_second(session)
        return session.run({v.op.name: v for v in v1.global_variables()})


def _checkpoint():
    """Saves two variables; returns the checkpoint's path."""
    with tf.Graph().as_default(), v1.Session() as session:
        v1.get_variable("a/weights", initializer=[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        v1.get_variable("old", initializer=[7.0, 8.0, 9.0])
        session.run(v1.global_variables_initializer())
        return v1.train.Saver().save(session, os.path.join(tempfile.mkdtemp(), "model"))


@cases.of("ops.variables.assign_from_checkpoint")
def checkpoint_is_assigned_under_other_names(lib):
    variables = _some_variables(lib)
    found = {v.op.name: v for v in v1.global_variables()}
    assign, feed = variables.assign_from_checkpoint(
        _checkpoint(), {"a/weights": found["a/weights"], "old": [found["a/biases"]]}
    )
    missing = outcome(variables.assign_from_checkpoint, _checkpoint(), {"none": found["a/biases"]})
    shape = outcome(variables.assign_from_checkpoint, _checkpoint(), {"old": found["ab/weights"]})
    _, less = variables.assign_from_checkpoint(_checkpoint(), {"none": found["a/biases"]}, ignore_missing_vars=True)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        session.run(assign, feed)
        return session.run([found["a/weights"], found["a/biases"]]), missing, shape, len(less)


@cases.of("ops.variables.assign_from_checkpoint_fn")
def checkpoint_is_assigned_by_a_function(lib):
    variables = _some_variables(lib)
    found = {v.op.name: v for v in v1.global_variables()}
    plain = variables.assign_from_checkpoint_fn(
        _checkpoint(), [found["a/weights"], found["a/biases"]], ignore_missing_vars=True
    )
    flat = v1.get_variable("flat", initializer=tf.zeros([6]))
    reshaped = variables.assign_from_checkpoint_fn(_checkpoint(), {"a/weights": flat}, reshape_variables=True)
    nothing = variables.assign_from_checkpoint_fn(_checkpoint(), [found["a/biases"]], ignore_missing_vars=True)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        plain(session)
        reshaped(session)
        return session.run([found["a/weights"], found["a/biases"], flat]), nothing


# --- arg_scope and scopes


def _scoped(lib):
    scopes = lib("ops.arg_scope")

    @scopes.add_arg_scope
    def first(a, b=2, c=3):
        return [a, b, c]

    @scopes.add_arg_scope
    def second(a, b=5, **kwargs):
        return [a, b, sorted(kwargs.items())]

    return scopes, first, second


@cases.of("ops.arg_scope.arg_scope", "ops.arg_scope.add_arg_scope")
def nested_scopes(lib):
    scopes, first, second = _scoped(lib)
    with scopes.arg_scope([first, second], b=10):
        with scopes.arg_scope([second], b=20, other=1):
            inside = [first(0), second(0), second(0, other=2), first(0, c=4, b=None)]
        with scopes.arg_scope([first], c=30):
            inside += [first(0), second(0)]
    return inside, first(0), second(0)


@cases.of("ops.arg_scope.arg_scope", "ops.arg_scope.current_arg_scope")
def a_kept_scope_replaces_the_open_one(lib):
    scopes, first, second = _scoped(lib)
    with scopes.arg_scope([first], b=10) as kept:
        pass
    with scopes.arg_scope([first, second], b=1, c=7):
        with scopes.arg_scope(kept):
            inside = [first(0), second(0)]
            found = sorted(sorted(entry.items()) for entry in scopes.current_arg_scope().values())
    return inside, found, len(scopes.current_arg_scope())


@cases.of("ops.arg_scope.arg_scope")
def scopes_that_are_refused(lib):
    scopes, first, _ = _scoped(lib)

    def enter(*args, **kwargs):
        with scopes.arg_scope(*args, **kwargs):
            return "entered"

    return [outcome(enter, [first], b=1), outcome(enter, [len], b=1), outcome(enter, {}, b=1), outcome(enter, 3, b=1)]


@cases.of("ops.arg_scope.arg_scope_func_key", "ops.arg_scope.has_arg_scope")
def keys_of_functions(lib):
    scopes, first, second = _scoped(lib)
    with scopes.arg_scope([first], b=1) as scope:
        return (
            scopes.arg_scope_func_key(first) in scope,
            scopes.arg_scope_func_key(second) in scope,
            scopes.has_arg_scope(first),
            scopes.has_arg_scope(len),
        )


@cases.of("ops.arg_scope.arg_scoped_arguments")
def arguments_that_a_scope_may_set(lib):
    scopes, first, _ = _scoped(lib)
    return sorted(scopes.arg_scoped_arguments(first))


@cases.of("ops.framework_ops.get_name_scope", later=True)
def name_scope_of_the_graph(lib):
    function = lib("ops.framework_ops").get_name_scope
    with v1.name_scope("a"):
        with v1.name_scope("b"):
            return function()


@cases.of("ops.framework_ops.get_graph_from_inputs", later=True)
def graph_of_inputs(lib):
    function, graph = lib("ops.framework_ops").get_graph_from_inputs, v1.get_default_graph()
    with tf.Graph().as_default() as other:
        elsewhere = tf.constant(1.0)
    here = tf.constant(2.0)
    return (
        function([here]) is graph,
        function([elsewhere, elsewhere.op]) is other,
        function([]) is graph,
        function([3.0, here], graph) is graph,
        outcome(function, [here, elsewhere]),
        outcome(function, [elsewhere], graph),
    )


# --- layers.utils


@cases.of("layers.utils.collect_named_outputs")
def named_outputs(lib):
    collect = lib("layers.utils").collect_named_outputs
    first, second = tf.constant(1.0, name="x"), tf.constant(2.0, name="y")
    collect("ends", "a", first)
    collect(["ends", "more"], "b", second)
    collect(None, "c", first)
    collect("ends", "again", first)
    return names(v1.get_collection("ends")), names(v1.get_collection("more")), first.aliases, second.aliases


@cases.of("layers.utils.constant_value")
def constant_values(lib):
    function = lib("layers.utils").constant_value
    return [
        function(True),
        function(3, tf.int32),
        function(tf.constant(False)),
        function(tf.constant([1, 2])),
        function(v1.placeholder(tf.bool, [])),
    ]


@cases.of("layers.utils.static_cond", "layers.utils.smart_cond")
def branches(lib):
    utils = lib("layers.utils")
    known = [utils.static_cond(pred, lambda: "yes", lambda: "no") for pred in (True, 0)]
    fed = v1.placeholder(tf.bool, [])
    chosen = utils.smart_cond(fed, lambda: tf.constant(1), lambda: tf.constant(2))
    known += [
        utils.smart_cond(tf.constant(False), lambda: "yes", lambda: "no"),
        outcome(utils.static_cond, True, "yes", "no"),
    ]
    return known, run([chosen], {fed: True}), run([chosen], {fed: False})


@cases.of("layers.utils.get_variable_collections")
def collections_of_a_variable(lib):
    function = lib("layers.utils").get_variable_collections
    return [
        function(["a"], "weights"),
        function({"weights": ["w"]}, "weights"),
        function({"weights": ["w"]}, "biases"),
        function(None, "weights"),
    ]


@cases.of("layers.utils.channel_dimension", "layers.utils.last_dimension")
def dimensions(lib):
    utils = lib("layers.utils")
    shape = tf.TensorShape([2, 3, None, 5])
    return [
        int(utils.channel_dimension(shape, "NHWC")),
        int(utils.channel_dimension(shape, "NCHW")),
        int(utils.last_dimension(shape)),
        outcome(utils.last_dimension, tf.TensorShape([2, None])),
        outcome(utils.last_dimension, shape, 5),
        outcome(utils.channel_dimension, tf.TensorShape(None), "NHWC"),
    ]


@cases.of("layers.utils.two_element_tuple", "layers.utils.n_positive_integers")
def sizes(lib):
    utils = lib("layers.utils")
    values = [3, (4, 5), [6, 7], tf.TensorShape([8, 9]), [1], 0, -1, "23", [1.5, 2]]
    return (
        [outcome(utils.two_element_tuple, value) for value in values],
        [outcome(utils.n_positive_integers, 2, value) for value in values],
        utils.n_positive_integers(3, 4),
        outcome(utils.n_positive_integers, 0, 4),
        outcome(utils.n_positive_integers, 2, tf.TensorShape([2, None])),
    )


# --- summaries


def _summary_ops():
    return sorted([item.op.type, item.op.name] for item in v1.get_collection("summaries"))


@cases.of(
    "layers.summaries.summarize_variables",
    "layers.summaries.summarize_weights",
    "layers.summaries.summarize_biases",
    "layers.summaries.summarize_collection",
)
def summaries_of_variables(lib):
    _some_variables(lib)
    v1.add_to_collection(v1.GraphKeys.WEIGHTS, v1.global_variables()[0])
    v1.add_to_collection(v1.GraphKeys.BIASES, v1.global_variables()[1])
    summaries = lib("layers.summaries")
    summaries.summarize_variables(name_filter="ab")
    summaries.summarize_weights()
    summaries.summarize_biases(name_filter="a/b")
    made = summaries.summarize_collection("local_variables", summarizer=lambda v: v.op.name)
    return _summary_ops(), made


@cases.of("layers.summaries.summarize_tensors", "layers.summaries.summarize_tensor")
def summaries_of_tensors(lib):
    tensors = [tf.constant(1.0, name="scalar"), tf.constant([1, 2], name="whole"), tf.constant("text", name="text")]
    made = lib("layers.summaries").summarize_tensors(tensors)
    return [None if item is None else item.op.name for item in made], _summary_ops()


@cases.of("summaries.add_scalar_summaries", "summaries.add_scalar_summary")
def scalar_summaries(lib):
    summaries = lib("summaries")
    tensors = [tf.constant(1.0, name="x"), tf.constant(2.0, name="y")]
    made = summaries.add_scalar_summaries(tensors, prefix="eval")
    printed = summaries.add_scalar_summary(tensors[0], name="other name", prefix="p", print_summary=True)
    return names(made), len(_summary_ops()), _tags(made + [printed])


@cases.of("summaries.add_histogram_summaries", "summaries.add_histogram_summary")
def histogram_summaries(lib):
    made = lib("summaries").add_histogram_summaries([tf.constant([1.0, 2.0], name="x")], prefix="eval")
    made.append(lib("summaries").add_histogram_summary(tf.constant([1.0], name="x")))
    return names(made), _tags(made)


@cases.of("summaries.add_image_summaries", "summaries.add_image_summary")
def image_summaries(lib):
    made = lib("summaries").add_image_summaries([tf.zeros([2, 2, 2, 3], name="image")], prefix="eval")
    made.append(lib("summaries").add_image_summary(tf.zeros([1, 2, 2, 1]), name="named"))
    return names(made), _tags(made)


@cases.of("summaries.add_zero_fraction_summaries", "summaries.add_zero_fraction_summary")
def zero_fraction_summaries(lib):
    tensor = tf.constant([0.0, 1.0, 0.0, 2.0], name="x")
    made = lib("summaries").add_zero_fraction_summaries([tensor], prefix="eval")
    made.append(lib("summaries").add_zero_fraction_summary(tensor, name="named", prefix="p"))
    return names(made), _tags(made)


def _tags(made):
    """Returns (tag, value of scalars) of what summary ops give."""
    found = []
    for text in run(made):
        for value in v1.Summary.FromString(text).value:
            found.append([value.tag, value.simple_value if value.WhichOneof("value") == "simple_value" else None])
    return found


# --- other rooms


@cases.of("model_analyzer.tensor_description", "model_analyzer.analyze_vars", "model_analyzer.analyze_ops")
def analysis(lib):
    analyzer = lib("model_analyzer")
    made = v1.get_variable("w", [3, 4], use_resource=False)
    fed = v1.placeholder(tf.float64, [2, 3], name="fed")
    graph = tf.Graph()
    with graph.as_default():
        tf.add(v1.placeholder(tf.float32, [2, 3]), 1.0)
        v1.placeholder(tf.float32, [None, 3])
    return (
        [analyzer.tensor_description(fed), analyzer.tensor_description(tf.constant(1))],
        analyzer.analyze_vars([made]),
        analyzer.analyze_ops(graph, print_info=True),
    )


@cases.of("queues.QueueRunners", "queues.NestedQueueRunnerError")
def queue_runners(lib):
    queues = lib("queues")
    item = v1.train.input_producer([1, 2, 3], shuffle=False).dequeue()
    with v1.Session() as session:
        session.run([v1.global_variables_initializer(), v1.local_variables_initializer()])
        with queues.QueueRunners(session):
            found = [session.run(item) for _ in range(5)]
            try:
                with queues.QueueRunners(session):
                    nested = "entered"
            except queues.NestedQueueRunnerError as error:
                nested = type(error).__mro__[1].__name__
    return found, nested


@cases.of(
    "losses.loss_ops.add_loss",
    "losses.loss_ops.get_losses",
    "losses.loss_ops.get_regularization_losses",
    "losses.loss_ops.get_total_loss",
)
def losses_of_a_graph(lib):
    losses = lib("losses.loss_ops")
    with v1.name_scope("tower"):
        losses.add_loss(tf.constant(2.0, name="one"))
    losses.add_loss(tf.constant(3.0, name="two"))
    losses.add_loss(tf.constant(5.0), loss_collection=None)
    v1.add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, tf.constant(0.5, name="tower/penalty"))
    totals = [losses.get_total_loss(), losses.get_total_loss(add_regularization_losses=False, name="bare")]
    return (
        names(losses.get_losses()),
        names(losses.get_losses("tower")),
        names(losses.get_regularization_losses()),
        names(losses.get_regularization_losses("none")),
        names(totals),
        run(totals),
    )


@cases.of("metrics.classification.accuracy")
def accuracy(lib):
    function = lib("metrics.classification").accuracy
    found, truth = tf.constant([1, 2, 3, 4]), tf.constant([1, 0, 3, 3])
    return (
        run([function(found, truth), function(found, truth, [1.0, 2.0, 0.5, 0.0])]),
        outcome(function, tf.constant([1.0]), tf.constant([1])),
        outcome(function, found, tf.constant([1, 2])),
    )


@cases.of("metrics.metric_ops.aggregate_metrics", "metrics.metric_ops.aggregate_metric_map")
def metrics_together(lib):
    metrics = lib("metrics.metric_ops")
    pairs = [("v1", "u1"), ("v2", "u2")]
    return (
        metrics.aggregate_metrics(*pairs),
        outcome(metrics.aggregate_metrics),
        metrics.aggregate_metric_map({"one": pairs[0], "two": pairs[1]}),
    )


if __name__ == "__main__":
    cases.write("framework.json")
