"""arg_scope: nesting, override, restoring, threads, decorated functions."""

import asyncio
import copy
import inspect
import pickle
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimshim.ops.arg_scope import (
    add_arg_scope,
    arg_scope,
    arg_scope_func_key,
    arg_scoped_arguments,
    current_arg_scope,
    has_arg_scope,
)


@add_arg_scope
def first(x, a="a", b="b", *, c="c"):
    """The first one's docstring."""
    return {"a": a, "b": b, "c": c}


@add_arg_scope
def second(x, a="a", b="b", c="c"):
    return {"a": a, "b": b, "c": c}


def plain(x, a=1):
    return a


FUNCTIONS = {"first": first, "second": second}
KWARGS = st.dictionaries(st.sampled_from("abc"), st.integers(), max_size=3)
LEVELS = st.lists(st.tuples(st.sets(st.sampled_from(sorted(FUNCTIONS)), min_size=1), KWARGS), max_size=6)


def _expected(levels, name, own):
    merged = {"a": "a", "b": "b", "c": "c"}
    for names, kwargs in levels:
        if name in names:
            merged.update(kwargs)
    return {**merged, **own}


def _call_nested(levels, name, own):
    if not levels:
        return FUNCTIONS[name](0, **own)
    (names, kwargs), *rest = levels
    with arg_scope([FUNCTIONS[n] for n in names], **kwargs):
        return _call_nested(rest, name, own)


@given(LEVELS, st.sampled_from(sorted(FUNCTIONS)), KWARGS)
def test_the_innermost_value_wins_and_a_call_wins_over_all(levels, name, own):
    assert _call_nested(levels, name, own) == _expected(levels, name, own)
    assert current_arg_scope() == {}


@given(LEVELS, st.integers(min_value=0, max_value=5))
def test_an_error_at_any_depth_restores_the_stack(levels, depth):
    def enter(remaining, left):
        if left == 0 or not remaining:
            raise KeyError("inside")
        (names, kwargs), *rest = remaining
        before = current_arg_scope()
        try:
            with arg_scope([FUNCTIONS[n] for n in names], **kwargs):
                enter(rest, left - 1)
        finally:
            assert current_arg_scope() is before

    with pytest.raises(KeyError):
        enter(levels, depth)
    assert current_arg_scope() == {}


@given(LEVELS)
def test_a_saved_scope_gives_the_same_defaults_later(levels):
    def innermost(remaining):
        if not remaining:
            return current_arg_scope()
        (names, kwargs), *rest = remaining
        with arg_scope([FUNCTIONS[n] for n in names], **kwargs) as scope:
            assert scope is current_arg_scope()
            return innermost(rest)

    saved = innermost(levels)
    with arg_scope([first], a="replaced"), arg_scope(saved):
        for name in FUNCTIONS:
            assert FUNCTIONS[name](0) == _expected(levels, name, {})


def test_a_rejected_inner_scope_leaves_the_outer_one_alone():
    with arg_scope([first], a=1):
        for bad in (lambda: arg_scope([plain], a=2), lambda: arg_scope(first, a=2), lambda: arg_scope({}, a=2)):
            with pytest.raises((ValueError, TypeError)):
                with bad():
                    raise AssertionError("must not be entered")
            assert first(0)["a"] == 1


def test_an_undecorated_function_is_named_in_the_error():
    with pytest.raises(ValueError, match=r"plain is not decorated with @add_arg_scope"):
        with arg_scope([plain], a=2):
            pass


def test_a_function_without_brackets_is_a_type_error_that_shows_the_brackets():
    with pytest.raises(TypeError, match=r"arg_scope\(\[conv2d\], \.\.\.\)"):
        with arg_scope(first, a=2):
            pass


def test_threads_do_not_see_each_others_scopes():
    seen, entered, leave = {}, threading.Event(), threading.Event()

    def other():
        with arg_scope([first], a="thread"):
            entered.set()
            leave.wait(10)
            seen["thread"] = first(0)["a"]

    thread = threading.Thread(target=other)
    with arg_scope([first], b="main"):
        thread.start()
        assert entered.wait(10)
        seen["main"] = first(0)
        leave.set()
        thread.join(10)
    assert seen["main"] == {"a": "a", "b": "main", "c": "c"}
    assert seen["thread"] == "thread"


def test_async_tasks_do_not_see_each_others_scopes():
    async def task(value):
        with arg_scope([first], a=value):
            await asyncio.sleep(0.01)
            return first(0)["a"]

    async def both():
        return await asyncio.gather(task(1), task(2))

    assert asyncio.run(both()) == [1, 2]


def test_a_decorated_function_keeps_its_signature_and_docstring():
    assert str(inspect.signature(first)) == "(x, a='a', b='b', *, c='c')"
    assert first.__doc__ == "The first one's docstring."
    assert first.__name__ == "first"


def test_arg_scoped_arguments_are_those_with_defaults():
    @add_arg_scope
    def with_locals(x, y, a=1, *, b=2):
        c = d = 3  # Local variables are no arguments.
        return x, y, a, b, c, d

    assert arg_scoped_arguments(first) == ("a", "b", "c")
    assert arg_scoped_arguments(with_locals) == ("a", "b")
    with pytest.raises(ValueError, match="plain is not decorated"):
        arg_scoped_arguments(plain)


def test_has_arg_scope_tells_decorated_functions_from_others():
    assert has_arg_scope(first)
    assert not has_arg_scope(plain)


def test_aliases_of_a_function_share_one_key():
    alias = first
    assert arg_scope_func_key(alias) == arg_scope_func_key(first)
    with arg_scope([alias], a=5):
        assert first(0)["a"] == 5


def test_methods_can_be_decorated():
    class Thing:
        @add_arg_scope
        def method(self, a=1):
            return self, a

    thing = Thing()
    with arg_scope([Thing.method], a=2):
        assert thing.method() == (thing, 2)
    with arg_scope([thing.method], a=3):
        assert thing.method() == (thing, 3)


def test_a_decorated_function_can_be_deep_copied_and_pickled():
    params = {"normalizer_fn": first}
    assert copy.deepcopy(params)["normalizer_fn"] is first
    assert copy.copy(first) is first


def test_pickling_goes_by_name():
    from slimshim.ops.variables import model_variable

    assert pickle.loads(pickle.dumps(model_variable)) is model_variable
