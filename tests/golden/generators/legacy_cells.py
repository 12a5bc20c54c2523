"""Writes tests/golden/legacy_cells.json: recurrent cells and contrib's optimizers under TF 1.15.

To make it again: `python3 tests/golden/regenerate.py legacy_cells`.
The tests run the same functions on today's library: they use names that both share.
"""

import os
import tempfile

import numpy as np
import tensorflow.compat.v1 as tf
from golden_files import write_json

INPUTS = np.random.RandomState(1).uniform(-1, 1, (2, 4, 3)).astype(np.float32)
LENGTHS = [4, 2]


def weights_by_shape(shape, dtype=tf.float32, partition_info=None):
    """An initializer: numbers that only the shape decides, so that both versions start alike."""
    count = int(np.prod(shape))
    return tf.constant(np.cos(np.arange(count) * 1.7).reshape(shape) * 0.6, dtype)


def cells(cell, contrib_rnn):
    """Returns name -> a function that makes the cell. `cell` is tf.nn.rnn_cell."""
    return {
        "basic rnn": lambda: cell.BasicRNNCell(3),
        "basic rnn relu": lambda: cell.BasicRNNCell(3, activation=tf.nn.relu, name="own"),
        "gru": lambda: cell.GRUCell(3),
        "gru biases": lambda: cell.GRUCell(2, bias_initializer=tf.constant_initializer(0.3)),
        "basic lstm": lambda: cell.BasicLSTMCell(3),
        "basic lstm one tensor": lambda: cell.BasicLSTMCell(2, forget_bias=0.5, state_is_tuple=False),
        "lstm": lambda: cell.LSTMCell(3, use_peepholes=True, cell_clip=0.4, num_proj=2, proj_clip=0.3),
        "lstm one tensor": lambda: cell.LSTMCell(3, num_proj=2, state_is_tuple=False, initializer=weights_by_shape),
        "lstm block": lambda: contrib_rnn.LSTMBlockCell(3, use_peephole=True),
        "gru block": lambda: contrib_rnn.GRUBlockCellV2(3),
        "multi": lambda: cell.MultiRNNCell([cell.BasicLSTMCell(3), cell.GRUCell(2)]),
        "multi one tensor": lambda: cell.MultiRNNCell([cell.GRUCell(3), cell.GRUCell(2)], state_is_tuple=False),
        "residual": lambda: cell.ResidualWrapper(cell.GRUCell(3)),
        "kept": lambda: cell.DropoutWrapper(cell.BasicLSTMCell(2), input_keep_prob=1.0, output_keep_prob=1.0),
        "stack of wrappers": lambda: cell.MultiRNNCell(
            [cell.DropoutWrapper(cell.ResidualWrapper(cell.LSTMCell(3))) for _ in range(2)]
        ),
    }


def driven(make, drive):
    """Returns the variables' names and shapes, and the values, of a network around a cell."""
    with tf.Graph().as_default():
        tf.get_variable_scope().set_initializer(weights_by_shape)
        results = flat(drive(make, tf.constant(INPUTS)))
        gradients = tf.gradients([tf.reduce_sum(tf.sin(results[0]))], tf.trainable_variables())
        results += [tf.reduce_sum(tf.abs(one)) for one in gradients if one is not None]
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            values = session.run(results)
        return {
            "variables": [[one.op.name, one.shape.as_list()] for one in tf.trainable_variables()],
            "values": [value.tolist() for value in values],
        }


def flat(nested):
    """Returns the tensors of nested tuples and lists."""
    if isinstance(nested, (tuple, list)):
        return [tensor for part in nested for tensor in flat(part)]
    return [nested]


def dynamic(make, inputs):
    return tf.nn.dynamic_rnn(make(), inputs, sequence_length=LENGTHS, dtype=tf.float32)


def static(make, inputs):
    return tf.nn.static_rnn(make(), tf.unstack(inputs, axis=1), dtype=tf.float32)


def both_ways(make, inputs):
    return tf.nn.bidirectional_dynamic_rnn(make(), make(), inputs, LENGTHS, dtype=tf.float32)


def recurrent_networks(rnn_cell, contrib_rnn):
    """Returns every cell's variables and values, driven in three ways."""
    made = cells(rnn_cell, contrib_rnn)
    found = {"dynamic " + name: driven(make, dynamic) for name, make in made.items()}
    for name in ("basic lstm", "multi", "residual"):
        found["static " + name] = driven(made[name], static)
        found["both ways " + name] = driven(made[name], both_ways)

    def stacked(make, inputs):
        return contrib_rnn.stack_bidirectional_dynamic_rnn([make(), make()], [make(), make()], inputs, dtype=tf.float32)

    found["stacked gru"] = driven(made["gru"], stacked)
    return found


def optimizers(opt):
    """Returns name -> a function that makes the optimizer. `opt` is contrib.opt."""
    decayed = opt.extend_with_decoupled_weight_decay(tf.train.RMSPropOptimizer)
    return {
        "AdamW": lambda: opt.AdamWOptimizer(0.01, learning_rate=0.1),
        "MomentumW": lambda: opt.MomentumWOptimizer(0.02, 0.1, 0.9),
        "MomentumW nesterov": lambda: opt.MomentumWOptimizer(0.02, 0.1, 0.9, use_nesterov=True),
        "RMSProp decayed": lambda: decayed(0.05, learning_rate=0.1),
        "LARS": lambda: opt.LARSOptimizer(0.5, weight_decay=0.01),
        "LARS skip": lambda: opt.LARSOptimizer(0.5, 0.8, 0.01, 0.01, 1e-3, skip_list=["bias"], use_nesterov=True),
    }


def trained(make, slices=False, decay_list=False, resource=False):
    """Returns the values of all variables, by name, after each of three steps.

    The loss is linear in the weights: TF 1.15 decays them while it computes the gradient. With `slices` the
    kernel's gradient comes as slices alone, one row twice.
    """
    with tf.Graph().as_default(), tf.variable_scope("", use_resource=resource):
        kernel = tf.get_variable("layer/kernel", initializer=[[1.0, -2.0], [0.5, 0.25], [3.0, -1.0]])
        bias = tf.get_variable("layer/bias", initializer=[0.5, -0.5])
        step = tf.placeholder(tf.float32, [])
        loss = tf.reduce_sum([[1.0, -3.0], [2.0, 0.5], [0.3, 0.1]] * tf.gather(kernel, [0, 2, 0])) * step
        loss += tf.reduce_sum([0.4, -1.1] * bias) / step
        if not slices:
            loss += tf.reduce_sum([[0.2, 0.1], [0.3, -0.7], [0.9, 1.3]] * kernel)
        optimizer = make()
        more = {"decay_var_list": [kernel]} if decay_list else {}
        train = optimizer.apply_gradients(optimizer.compute_gradients(loss), **more)
        steps = []
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            for number in range(3):
                session.run(train, {step: number + 1.0})
                steps.append(session.run({one.op.name: one for one in tf.global_variables()}))
        return [{name: np.asarray(value).tolist() for name, value in step.items()} for step in steps]


def trajectories(opt):
    """Returns every optimizer's three steps; the decayed ones also with a list of what decays."""
    made = optimizers(opt)
    found = {name: trained(make) for name, make in made.items()}
    found.update({name + " resource": trained(make, resource=True) for name, make in made.items()})
    for name in ("AdamW", "MomentumW"):
        for resource in (False, True):
            key = name + (" of some, by slices, resource" if resource else " of some, by slices")
            found[key] = trained(made[name], slices=True, decay_list=True, resource=resource)
    for name in ("LARS", "LARS skip"):
        found[name + " by slices"] = trained(made[name], slices=True)
    return found


def written_summaries(summary):
    """Returns what event files hold: [step, tag, kind or value]. `summary` is contrib.summary."""
    folder = tempfile.mkdtemp()
    with tf.Graph().as_default():
        step = tf.train.get_or_create_global_step()
        more = tf.assign_add(step, 1)
        writer = summary.create_file_writer(folder, flush_millis=10000)
        with writer.as_default(), summary.record_summaries_every_n_global_steps(2, global_step=step):
            summary.scalar("loss", tf.cast(step, tf.float32) * 0.5)
            with tf.name_scope("outer"):
                summary.scalar("loss", 7)
                summary.scalar("in family", 1.5, family="fam")
                summary.histogram("weights", tf.constant([1.0, 2.0]))
            summary.image("picture", tf.zeros([2, 4, 4, 3]), max_images=1)
            summary.audio("sound", tf.zeros([1, 8, 1]), 8000, 1)
            with summary.always_record_summaries():
                summary.scalar("always", step, step=step + 100)
            with summary.never_record_summaries():
                summary.scalar("never", 1.0)
            with tf.Session() as session:
                session.run(tf.global_variables_initializer())
                summary.initialize(session=session)
                for _ in range(3):
                    session.run(summary.all_summary_ops())
                    session.run(more)
                session.run(writer.close())
    (name,) = os.listdir(folder)
    found = []
    for event in tf.train.summary_iterator(os.path.join(folder, name)):
        for value in event.summary.value:
            kind = value.WhichOneof("value")
            found.append([event.step, value.tag, value.simple_value if kind == "simple_value" else kind])
    return sorted(found, key=str)


def main():
    import tensorflow as tf1

    golden = {
        "networks": recurrent_networks(tf1.nn.rnn_cell, tf1.contrib.rnn),
        "summaries": written_summaries(tf1.contrib.summary),
        "optimizers": trajectories(tf1.contrib.opt),
    }
    write_json("legacy_cells.json", golden, sort_keys=True)


if __name__ == "__main__":
    main()
