"""Ten thousand eager steps hold constant memory and a constant number of losses."""

import gc
import resource
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim

v1 = tf.compat.v1

STEPS = 10_000
WARM_UP = 500
# Blocks of Python's allocator: a leak of one object in ten steps would take more.
BLOCKS_LIMIT = STEPS // 10
# TensorFlow's allocators keep some pages; a leak of one small tensor a step would take more.
RESIDENT_LIMIT = 8 * 2**20


def resident():
    """Returns the bytes of memory that the process holds now."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def kept_in_collections():
    graph = v1.get_default_graph()
    return len(graph.get_operations()), {key: len(graph.get_collection(key)) for key in graph.get_all_collection_keys()}


def grown(step, steps=STEPS):
    """Returns how many blocks of Python's, and how many resident bytes, the steps after the first ones take."""
    for _ in range(WARM_UP):
        step()
    gc.collect()
    collections, blocks, held = kept_in_collections(), sys.getallocatedblocks(), resident()
    for _ in range(steps - WARM_UP):
        step()
    gc.collect()
    assert kept_in_collections() == collections
    return sys.getallocatedblocks() - blocks, resident() - held


def loss_of(x, y):
    with slim.arg_scope([slim.fully_connected], weights_regularizer=slim.l2_regularizer(0.1)):
        x = slim.fully_connected(x, 2, normalizer_fn=slim.batch_norm, scope="fc")
    slim.losses.mean_squared_error(slim.dropout(x), y)
    return slim.losses.get_total_loss()


def module_step():
    module = slim.Module(loss_of)
    x, y = tf.constant(np.ones([2, 3], "float32")), tf.zeros([2, 2])

    def step():
        with tf.GradientTape() as tape:
            loss = module(x, y)
        assert len(module.losses) == 1
        variables = module.trainable_variables
        for variable, gradient in zip(variables, tape.gradient(loss, variables)):
            variable.assign_sub(0.01 * gradient)

    return step


def step_outside_any_module():
    x, y = tf.constant(np.ones([2, 3], "float32")), tf.zeros([2, 2])

    def step():
        outputs = slim.fully_connected(x, 2, weights_regularizer=slim.l2_regularizer(0.1), scope="memory_test")
        slim.losses.mean_squared_error(outputs, y)
        slim.summaries.add_scalar_summary(tf.reduce_mean(outputs), "mean")
        assert slim.losses.get_losses() == [] and slim.get_model_variables() == []

    return step


@pytest.mark.slow
@pytest.mark.parametrize("make", [module_step, step_outside_any_module])
def test_ten_thousand_eager_steps_hold_constant_memory(make):
    # In a process of its own: a global seed, or threads, of another test would move the resident memory, too.
    done = subprocess.run([sys.executable, __file__, make.__name__], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    blocks, held = map(int, done.stdout.split())
    assert blocks < BLOCKS_LIMIT
    assert held < RESIDENT_LIMIT


def test_the_measure_sees_a_leak_of_one_tensor_a_step():
    leak = []
    blocks, held = grown(lambda: leak.append(tf.zeros([1000]) + 1))
    assert blocks > BLOCKS_LIMIT
    assert held > RESIDENT_LIMIT


if __name__ == "__main__":
    print(*grown(globals()[sys.argv[1]]()))
