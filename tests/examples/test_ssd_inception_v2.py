"""The demo's own pieces; with --slow also the whole of it, in its short form."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

DEMO = pathlib.Path(__file__).parents[2] / "examples" / "ssd_inception_v2"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(autouse=True)
def demo_path(monkeypatch):
    """The demo's files import each other as programs do, from their own folder."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(DEMO))
    yield
    for name in set(sys.modules) - before:
        if str(DEMO) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]


def _canvases(count, seed=0, held_out=False):
    import canvases

    images, labels = canvases.load_digit_images()[int(held_out)]
    rng = np.random.default_rng(seed)
    return [canvases.draw_canvas(rng, images, labels, canvases.CanvasStyle()) for _ in range(count)]


def test_no_digit_image_is_both_in_training_and_held_out():
    from sklearn.datasets import load_digits

    import canvases

    (training, _), (held_out, _) = canvases.load_digit_images()
    assert len(training) + len(held_out) == len(load_digits().images)
    np.testing.assert_allclose(np.concatenate([training, held_out]) * 16, load_digits().images)


def test_the_same_seed_draws_the_same_canvases():
    for first, second in zip(_canvases(3, seed=5), _canvases(3, seed=5)):
        np.testing.assert_array_equal(first.image, second.image)
        np.testing.assert_array_equal(first.boxes, second.boxes)


def test_boxes_lie_on_the_canvas_and_do_not_overlap():
    import matching

    for canvas in _canvases(30):
        assert 1 <= len(canvas.boxes) <= 6
        assert canvas.boxes.min() >= 0 and canvas.boxes.max() <= canvas.image.shape[0]
        overlaps = matching.overlap(canvas.boxes, canvas.boxes)
        np.testing.assert_allclose(overlaps, np.eye(len(canvas.boxes)), atol=1e-6)


def test_a_box_holds_the_ink_tightly():
    import canvases

    plain = canvases.CanvasStyle(digits=(1, 1), noise=0.0, turn_degrees=0.0, stretch=0.0)
    square = np.zeros((1, 8, 8), np.float32)
    square[0, 2:6, 3:5] = 1.0  # Half as high as the digit image, a quarter as wide.
    rng = np.random.default_rng(3)
    for _ in range(20):
        top, left, bottom, right = canvases.draw_canvas(rng, square, np.array([1]), plain).boxes[0]
        assert (bottom - top) / (right - left) == pytest.approx(2.0, rel=0.2)
        assert plain.digit_pixels[0] / 2 <= bottom - top <= plain.digit_pixels[1] / 2 + 3


def test_records_give_back_what_was_written(tmp_path):
    import records

    drawn = _canvases(4)
    path = tmp_path / "some.record"
    assert records.write_canvases(path, iter(drawn), 4) == sum(len(canvas.digits) for canvas in drawn)
    for before, after in zip(drawn, records.read_canvases(path)):
        np.testing.assert_array_equal(after.digits, before.digits)
        np.testing.assert_allclose(after.boxes, before.boxes, atol=1e-3)
        # JPEG loses some of the noise, nothing else.
        assert np.abs(after.image.astype(float) - before.image).mean() < 10


def test_overlap_is_intersection_over_union():
    import matching

    boxes = np.array([[0, 0, 4, 4], [0, 0, 2, 2]], float)
    others = np.array([[2, 2, 6, 6], [0, 0, 4, 4], [10, 10, 11, 11]], float)
    expected = [[4 / 28, 1.0, 0.0], [0.0, 4 / 16, 0.0]]
    np.testing.assert_allclose(matching.overlap(boxes, others), expected)


def test_a_digit_counts_as_found_once_and_only_under_its_name():
    import canvases
    import matching

    boxes = np.array([[0, 0, 10, 10], [20, 20, 30, 30]], float)
    canvas = canvases.Canvas(image=None, boxes=boxes, digits=np.array([3, 8]))
    detections = matching.Detections(
        boxes=boxes[[0, 0, 1]], digits=np.array([3, 3, 5]), scores=np.array([0.9, 0.8, 0.7])
    )
    judgement = matching.judge(canvas, detections)
    assert judgement.right.tolist() == [True, False, False]
    assert judgement.found.tolist() == [True, False]


LOG = """INFO:tensorflow:global step 1: loss = 18.8690 (9.120 sec/step)
I1122 09:01:01 7 learning.py:511] global step 1: loss = 18.8690 (9.120 sec/step)
something else
INFO:tensorflow:global step 2: loss = 4.5000 (0.120 sec/step)
"""


def test_progress_shows_step_loss_and_the_time_left(capsys):
    import train

    progress = train.Progress(steps=4, every_seconds=0.0)
    for line in LOG.splitlines():
        progress.see(line)
    assert progress.seconds_to_first_step is not None
    assert "step 2/4  loss 4.500" in capsys.readouterr().out


def test_the_loss_curve_takes_each_step_of_the_log_once(tmp_path):
    import train

    log = tmp_path / "train.log"
    log.write_text(LOG)
    assert train.step_losses(log) == [(1, 18.869), (2, 4.5)]


def test_a_program_that_fails_ends_the_stage_with_its_last_words(tmp_path, monkeypatch):
    import program

    monkeypatch.setattr(program, "LAUNCHER", (sys.executable, "-c", "import sys; print('why'); sys.exit(3)"))
    with pytest.raises(SystemExit, match="(?s)some.module left with status 3.*why"):
        program.run_program("some.module", {}, tmp_path / "some.log")


def test_the_config_names_the_files_of_the_run(tmp_path):
    import canvases
    import layout
    import make_input

    files = layout.Layout(tmp_path)
    text = make_input.config_text(files, canvases.CanvasStyle(size=96), steps=30, held_out_canvases=5)
    for expected in (str(files.train_records), "num_steps: 30", "num_examples: 5", "height: 96", "warmup_steps: 2"):
        assert expected in text


def _short_form(demo_python, out, *flags):
    """Runs the demo's short form into a folder; checks what every stage left there."""
    command = [demo_python, DEMO / "run.py", "--no-setup", "--short", "--out", out, *flags]
    subprocess.run(command, check=True, timeout=1500)
    summary = json.loads((out / "summary.json").read_text())
    assert 0.0 <= summary["mAP@0.5"] <= 1.0
    assert summary["painted"] > 0
    for picture in ("loss_curve.png", "detections.png"):
        assert (out / "pictures" / picture).read_bytes().startswith(PNG)
    assert list((out / "train").glob("events.out.tfevents.*"))
    assert (out / "train" / f"model.ckpt-{summary['steps']}.index").exists()
    assert (out / "export" / "frozen_inference_graph.pb").stat().st_size > 1_000_000
    return summary


@pytest.mark.slow
def test_the_short_form_of_the_demo_passes_through_every_stage(demo_python, tmp_path):
    _short_form(demo_python, tmp_path)
    assert not (tmp_path / "train" / "tf2").exists()  # A session took the steps.


@pytest.mark.slow
def test_the_short_form_by_tape_and_then_both_engines_step_by_step(demo_python, tmp_path):
    summary = _short_form(demo_python, tmp_path, "--engine", "tape")
    assert (tmp_path / "train" / "tf2" / f"ckpt-{summary['steps']}.index").exists()  # The TF2 loop took them.
    command = [demo_python, DEMO / "compare_engines.py", "--out", tmp_path, "--steps", "4"]
    subprocess.run(command, check=True, timeout=1500)
    found = json.loads((tmp_path / "engines" / "comparison.json").read_text())
    assert [step for step, _, _ in found["losses"]] == [1, 2, 3, 4]
    for step, session, tape in found["losses"]:
        assert tape == pytest.approx(session, rel=1e-6), step
    assert (tmp_path / "engines" / "tape" / "tf2").exists()
    assert found["variables"] == 925
    assert found["largest_difference_of_variables"] <= 1e-5
