"""pytest plugin for one of tf_slim's own test files: the alias, the expected differences, a tally.

Loaded with `-p plugin` in a process of its own. `PEER_EXPECTED` holds JSON: test -> reason;
`PEER_TALLY` names the file that takes the outcome.
"""

import json
import os

import pytest
import slimshim

slimshim.install()

_expected = json.loads(os.environ["PEER_EXPECTED"])
_tally = {"passed": [], "failed": [], "skipped": [], "expected": [], "no_longer_failing": []}


def _name(item):
    """Returns "Class.test" as the list of differences has it."""
    return ".".join(item.nodeid.split("::")[1:])


def pytest_collection_modifyitems(items):
    for item in items:
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
