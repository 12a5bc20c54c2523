"""compat_matrix.yaml: what it must hold, how its rows are run, and what is made of it."""

import importlib
import json
import pathlib
import re
import signal
import subprocess
import sys
import types

import pytest
import row_checks

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMES = ("check", "compat", "matrix_row", "matrix")


@pytest.fixture(scope="module")
def tools():
    """The modules of tools/, as they see each other when they run as scripts."""
    before = {name: sys.modules.pop(name, None) for name in NAMES}
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        yield types.SimpleNamespace(**{name: importlib.import_module(name) for name in NAMES})
    finally:
        sys.path.remove(str(ROOT / "tools"))
        for name, module in before.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module


@pytest.fixture(scope="module")
def matrix(tools):
    return tools.compat.Matrix.read()


# --- what the file must hold


def test_every_tensorflow_from_the_oldest_to_the_newest_has_a_row(matrix):
    kinds = {(row.tensorflow, row.keras, row.install) for row in matrix.rows}
    wanted = {(f"2.{minor}", "2" if minor < 16 else "3", "wheel") for minor in range(10, 22)}
    wanted |= {("2.16", "tf_keras", "wheel"), ("2.21", "tf_keras", "wheel")}
    wanted |= {("2.15", "2", "vendored"), ("2.21", "3", "vendored")}
    assert wanted <= kinds
    assert {"2.20", "2.21"} & {row.tensorflow for row in matrix.rows if row.python == "3.13"}


def test_the_oldest_row_is_what_importing_accepts(matrix):
    def number(version):
        return tuple(map(int, version.split(".")))

    for kind in ("tensorflow", "python"):
        oldest = min((getattr(row, kind) for row in matrix.rows), key=number)
        assert oldest == matrix.accepts[f"oldest_{kind}"]
    setup = (ROOT / "setup.cfg").read_text()
    assert f"python_requires = >={matrix.accepts['oldest_python']}" in setup
    assert f"tensorflow>={matrix.accepts['oldest_tensorflow']}" in setup


def test_ci_always_runs_the_newest_row_whole_an_old_one_whole_a_copy_and_tf_slims_own_tests(matrix):
    always = {(row.tensorflow, row.install, row.runs, row.slow) for row in matrix.rows if row.ci == "always"}
    assert {("2.21", "wheel", "all", True), ("2.15", "wheel", "all", False)} <= always
    assert any(install == "vendored" for _, install, _, _ in always) and any(runs == "peer" for _, _, runs, _ in always)
    # A fresh machine has this Python alone.
    assert {row.python for row in matrix.rows if row.ci == "always"} == {"3.11"}
    assert "tools/check.py --ci" in (ROOT / ".ci" / "run").read_text()
    assert re.search(r"matrix\.py.*--ci", (ROOT / "tools" / "check.py").read_text())


def test_the_core_tests_exist(matrix):
    assert [path for path in matrix.core if not (ROOT / path.partition("::")[0]).exists()] == []


def test_the_page_is_made_of_the_file(tools, matrix):
    assert (ROOT / "docs" / "compatibility.md").read_text() == tools.compat.page(matrix), "run tools/matrix.py page"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('keras: "3"', 'keras: "4"', "keras is one of 2, 3, tf_keras, not '4'"),
        ("install: wheel", "install: egg", "install is one of wheel, vendored, not 'egg'"),
        ("    ci: always\n", "", "ci"),
        ("name: py311-tf215\n", "name: py311-tf221\n", "two rows have one name"),
        ("exceptions: []", "exceptions: [{tests: tests/ops}]", "an exception has tests and a reason"),
    ],
)
def test_what_the_file_cannot_mean_is_told(tools, old, new, told):
    text = (ROOT / "compat_matrix.yaml").read_text()
    assert old in text
    with pytest.raises(tools.compat.BadMatrix, match=re.escape(told)):
        tools.compat.Matrix(text.replace(old, new, 1))


# --- results


RESULT = {"date": "2000-01-02", "passed": 3, "failed": 0, "skipped": 1, "seconds": 9}


def test_a_result_is_written_into_its_row_and_nothing_else_changes(tools):
    text = (ROOT / "compat_matrix.yaml").read_text()
    new = tools.compat.with_result(text, "py311-tf215", RESULT)
    changed = [pair for pair in zip(text.splitlines(), new.splitlines()) if pair[0] != pair[1]]
    line = "    result: {date: 2000-01-02, passed: 3, failed: 0, skipped: 1, seconds: 9}"
    assert [pair[1] for pair in changed] == [line] and new.count("\n") == text.count("\n")
    matrix = tools.compat.Matrix(new)
    assert matrix.row("py311-tf215").result["passed"] == 3 and matrix.row("py311-tf215").green
    assert not tools.compat.Matrix(tools.compat.with_result(new, "py311-tf215", None)).row("py311-tf215").green
    with pytest.raises(tools.compat.BadMatrix, match="no_such_row"):
        tools.compat.with_result(text, "no_such_row", RESULT)


@pytest.mark.parametrize("more", [{"failed": 1}, {"passed": 0}])
def test_a_row_that_failed_or_ran_no_test_is_not_green(tools, more):
    text = tools.compat.with_result((ROOT / "compat_matrix.yaml").read_text(), "py311-tf215", {**RESULT, **more})
    assert not tools.compat.Matrix(text).row("py311-tf215").green


def test_the_page_says_what_did_not_run_and_what_failed(tools):
    text = (ROOT / "compat_matrix.yaml").read_text()
    for name in re.findall(r"- name: (\S+)", text):
        text = tools.compat.with_result(text, name, RESULT)
    text = tools.compat.with_result(text, "py311-tf215", None)
    text = tools.compat.with_result(text, "py311-tf216", {**RESULT, "failed": 2})
    matrix = tools.compat.Matrix(text)
    page = tools.compat.page(matrix)
    count = len(matrix.rows)
    assert f"{count - 2} of {count} rows passed; 1 did not run, which counts as not passed; 1 failed." in page
    assert "**did not run**" in page and "**2 failed**, 3 passed, 1 skipped" in page


REPORT = """<testsuites><testsuite time="1.5"><testcase/><testcase/>
<testcase><skipped type="pytest.skip"/></testcase><testcase><skipped type="pytest.xfail"/></testcase>{}
</testsuite></testsuites>"""


@pytest.mark.parametrize(
    ("more", "code", "failed"),
    [("", 0, 0), ("<testcase><failure/></testcase><testcase><error/></testcase>", 1, 2), ("", 3, 1)],
)
def test_a_result_is_what_pytest_reports_and_how_it_ended(tools, tmp_path, more, code, failed):
    (tmp_path / "report.xml").write_text(REPORT.format(more))
    result = tools.matrix_row.result_of(tmp_path / "report.xml", code, {"tensorflow": "2.21.0"})
    counts = {key: result[key] for key in ("passed", "failed", "skipped", "excepted", "seconds", "tensorflow")}
    assert counts == dict(passed=2, failed=failed, skipped=1, excepted=1, seconds=2, tensorflow="2.21.0")


def test_a_run_that_broke_off_before_its_report_is_a_failure(tools, tmp_path):
    result = tools.matrix_row.result_of(tmp_path / "none.xml", 139, {})
    assert (result["passed"], result["failed"]) == (0, 1)


# --- running


def test_tests_that_hang_are_broken_off_and_show_where_they_stood(tools, tmp_path, capfdbinary):
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "test_hangs.py").write_text("import time\n\ndef test_it():\n    time.sleep(300)\n")
    python = pathlib.Path(sys.executable)
    code = tools.check.run_pytest(python, tmp_path, ["-p", "no:cacheprovider"], {}, minutes=0.1)
    assert code == -signal.SIGABRT
    log = (tmp_path / "pytest.log").read_text()
    assert re.search(r'test_hangs.py", line 4 in test_it', log)
    assert "broken off after 0.1 minutes" in capfdbinary.readouterr().out.decode()


def test_a_sign_of_life_says_how_far_the_tests_are_and_where(tools, matrix, tmp_path):
    log = tmp_path / "log"
    log.write_text("tests/cli/test_run.py ....... [  7%]\ntests/engine/test_kills.py .")
    job = tools.matrix._Job(matrix.rows[0], None, log, None, tools.matrix.time.monotonic() - 120)
    assert tools.matrix._sign_of_life(job) == "py311-tf221: 2 min, 7 %, in tests/engine/test_kills.py"


def test_the_running_python_is_found_and_one_that_is_not_there_is_not(tools):
    found = tools.matrix_row.find_python(tools.check.OWN_PYTHON)
    assert found and tools.matrix_row._is_python(found, tools.check.OWN_PYTHON)
    assert tools.matrix_row.find_python("3.99") is None
    assert not tools.matrix_row._is_python(found, "3.99")


def test_a_row_without_its_python_is_a_failure_and_is_not_called_run(tools, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(tools.matrix_row, "find_python", lambda version: None)
    report = tmp_path / "report.json"
    assert tools.matrix.main(["run", "py311-tf216", "--report", str(report)]) == 1
    assert json.loads(report.read_text()) == {"py311-tf216": None}
    told = capsys.readouterr().out
    assert "no Python 3.11 on this machine" in told and "did not run, which is a failure" in told
    assert told.splitlines()[-1] == "total: 0 passed, 1 failed, 0 skipped"


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ({"a": RESULT}, 0),
        ({"a": RESULT, "b": None}, 1),
        ({"a": {**RESULT, "failed": 1}}, 1),
        ({"a": {**RESULT, "passed": 0}}, 1),
    ],
)
def test_rows_pass_when_each_of_them_ran_and_passed(tools, results, code, capsys):
    assert tools.matrix._close(results) == code


def test_ci_leaves_out_rows_whose_python_is_missing_and_those_that_do_not_fit(tools, matrix, monkeypatch, capsys):
    monkeypatch.setattr(tools.matrix, "find_python", lambda version: "python" if version == "3.11" else None)
    options = tools.matrix._parse(["run", "--ci"])
    chosen = tools.matrix._chosen(options, matrix)
    assert {row.python for row in chosen} == {"3.11"}
    assert {row for row in matrix.rows if row.ci == "always"} <= set(chosen)
    assert "py313-tf220" in capsys.readouterr().out
    row = matrix.row("py311-tf216")
    now = tools.matrix.time.monotonic()
    assert tools.matrix._fits(row, now, 60) and not tools.matrix._fits(row, now - 59 * 60, 60)


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("import slimshim as slim", "import third_party.slimshim as slim"),
        ("from slimshim.ops import variables", "from third_party.slimshim.ops import variables"),
        ("slimshim.install()", "third_party.slimshim.install()"),
        ('[python, "-m", "slimshim", "run"]', '[python, "-m", "third_party.slimshim", "run"]'),
        ('f"slimshim.{room}"', 'f"third_party.slimshim.{room}"'),
        ("ROOT / 'slimshim/layers'", "ROOT / 'slimshim/layers'"),
        ("my_slimshim = x.slimshim", "my_slimshim = x.slimshim"),
    ],
)
def test_a_vendored_rows_tests_say_the_copys_name(tools, text, renamed):
    assert tools.matrix_row.renamed(text) == renamed


def test_tox_has_every_row(tools, matrix, tmp_path):
    pytest.importorskip("tox")
    command = [sys.executable, "-m", "tox", "--workdir", tmp_path, "-c", ROOT / "tox.ini"]
    listed = subprocess.run([*command, "list", "--no-desc"], check=True, capture_output=True, text=True, timeout=120)
    assert {row.name for row in matrix.rows} <= set(listed.stdout.split())
    shown = [*command, "config", "-e", "py311-tf216-tf_keras", "-k", "deps", "base_python", "commands"]
    told = subprocess.run(shown, check=True, capture_output=True, text=True, timeout=120).stdout
    for words in (
        "tensorflow-cpu==2.16.*",
        "tf_keras==2.16.*",
        "hypothesis",
        "python3.11",
        "here py311-tf216-tf_keras",
    ):
        assert words in told


# --- pytest --row


def test_an_environment_that_is_not_the_rows_is_refused():
    row = {"name": "odd", "python": "2.7", "tensorflow": "1.15", "keras": "2", "install": "wheel"}
    with pytest.raises(pytest.UsageError, match="python is 3.*, not 2.7; tensorflow is 2.*, not 1.15"):
        row_checks.check_environment(row)
    row.update(python=row_checks.python(), tensorflow=row_checks.tensorflow())
    row.update(keras=row_checks.keras(), install=row_checks.install())
    row_checks.check_environment(row)


class _Item:
    def __init__(self, nodeid):
        self.nodeid, self.marks = nodeid, []

    def add_marker(self, mark):
        self.marks.append(mark)


def test_known_exceptions_must_fail_with_their_reason():
    items = [_Item("tests/a.py::test_x[1]"), _Item("tests/a.py::test_xy"), _Item("tests/b.py::test_x")]
    row = {"name": "r", "exceptions": [{"tests": "tests/a.py::test_x", "reason": "why"}]}
    row_checks.apply_exceptions(row, items)
    (mark,) = items[0].marks
    assert mark.name == "xfail" and mark.kwargs == {"reason": "why", "strict": True}
    assert not items[1].marks and not items[2].marks
    row["exceptions"][0]["tests"] = "tests/a.py::test_gone"
    with pytest.raises(pytest.UsageError, match="there is no test tests/a.py::test_gone"):
        row_checks.apply_exceptions(row, items)


def test_a_row_that_is_not_in_the_file_is_told():
    with pytest.raises(pytest.UsageError, match="has no row 'py27-tf1'"):
        row_checks.read("py27-tf1")
