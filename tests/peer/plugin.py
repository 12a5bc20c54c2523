"""pytest plugin for one of tf_slim's own test files: the alias, the expected differences, a tally.

Loaded with `-p plugin` in a process of its own. `PEER_EXPECTED` holds JSON: test -> reason;
`PEER_TALLY` names the file that takes the outcome; `PEER_HELPER` is the wheel's own helper for its data
tests.
"""

import importlib.util
import json
import os
import sys
import types

import pytest

import slimshim
import slimshim.data

slimshim.install(numpy_aliases=True)


def _serve_the_wheels_helper():
    """Makes `from tf_slim.data import test_utils` give the wheel's file: it is a part of the tests."""
    spec = importlib.util.spec_from_file_location("tf_slim.data.test_utils", os.environ["PEER_HELPER"])
    helper = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = helper
    spec.loader.exec_module(helper)
    slimshim.data.test_utils = helper


def _serve_nose():
    """Gives the one function of nose that the tests use. nose does not import on Python 3.10 and newer."""

    def nottest(function):
        function.__test__ = False
        return function

    sys.modules["nose"] = types.ModuleType("nose")
    sys.modules["nose.tools"] = types.ModuleType("nose.tools")
    sys.modules["nose.tools"].nottest = nottest


_serve_the_wheels_helper()
_serve_nose()

_expected = json.loads(os.environ["PEER_EXPECTED"])
_tally = {"passed": [], "failed": [], "skipped": [], "expected": [], "no_longer_failing": []}


def _name(item):
    """Returns "Class.test" as the list of differences has it."""
    return ".".join(item.nodeid.split("::")[1:])


class _LikeInt(type):
    def __instancecheck__(cls, value):
        return isinstance(value, int)


class _Int(int, metaclass=_LikeInt):
    """`int`, but also of an array of one element: NumPy 2.4 refuses that, and the tests' setUp does it."""

    def __new__(cls, value=0, *base):
        return int(value.item() if hasattr(value, "item") else value, *base)


def pytest_collection_modifyitems(items):
    for item in items:
        item.module.int = _Int
        if _name(item) in _expected:
            item.add_marker(pytest.mark.xfail(reason=_expected[_name(item)], strict=False))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when != "call" and not (report.when == "setup" and report.outcome != "passed"):
        return
    listed = _name(item) in _expected
    if listed and report.outcome == "skipped":
        kind = "expected"
    elif listed and report.outcome == "passed":
        kind = "no_longer_failing"
    else:
        kind = report.outcome
    _tally[kind].append(_name(item))


def pytest_sessionfinish():
    with open(os.environ["PEER_TALLY"], "w") as file:
        json.dump(_tally, file)
