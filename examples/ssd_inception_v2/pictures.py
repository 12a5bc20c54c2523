"""The two pictures of a run: the loss curve, and detections drawn on held-out canvases."""

import numpy as np

RIGHT, WRONG, MISSED = "#31e05b", "#ff3b3b", "#ffe94a"


def draw_loss(path, step_losses, event_scalars):
    """Draws the total loss of every step and the parts that TensorBoard's events hold, to the PNG `path`.

    Args:
      path: where the PNG goes.
      step_losses: [(step, loss)] of the total loss.
      event_scalars: {tag: [(step, value)]} of the training run's event files.
    """
    plt = _pyplot()
    figure, axes = plt.subplots(figsize=(9, 5), layout="constrained")
    if step_losses:
        steps, losses = np.array(step_losses).T
        axes.plot(steps, losses, color="#9db7d5", linewidth=0.7, label="total loss, every step")
        axes.plot(*_smoothed(steps, losses), color="#1f5fa8", linewidth=2, label="total loss, smoothed")
    for tag, label, colour in (
        ("classification_loss", "classification part (summaries)", "#d9822b"),
        ("localization_loss", "localization part (summaries)", "#3a9a5b"),
    ):
        points = [points for name, points in event_scalars.items() if name.endswith("Loss/" + tag)]
        if points:
            axes.plot(*np.array(points[0]).T, "o:", color=colour, markersize=5, linewidth=1, label=label)
    axes.set(xlabel="step", ylabel="loss", yscale="log", title="SSD-InceptionV2 learns handwritten digits")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    _save(figure, path)


def draw_detections(path, canvases, detections, judgements, rows=3, columns=4):
    """Draws the first canvases with their boxes, digits and scores to the PNG `path`.

    Right detections are green, wrong ones red; a painted digit that was not found gets a dashed yellow box.
    """
    plt = _pyplot()
    shown = min(rows * columns, len(canvases))
    rows = -(-shown // columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(3.6 * columns, 3.6 * rows + 0.6), layout="constrained", squeeze=False
    )
    for axes in grid.flat:
        axes.axis("off")
    for axes, canvas, found, judgement in zip(grid.flat, canvases, detections, judgements):
        axes.imshow(canvas.image, interpolation="bilinear")
        for box in canvas.boxes[~judgement.found]:
            _draw_box(axes, box, MISSED, dashed=True)
        for box, digit, score, right in zip(found.boxes, found.digits, found.scores, judgement.right):
            _draw_box(axes, box, RIGHT if right else WRONG)
            _write(axes, box, f"{digit}  {score:.2f}", RIGHT if right else WRONG, canvas.image.shape[1])
    figure.suptitle(
        "Held-out canvases: green is right, red is wrong, dashed yellow is a digit that was not found", fontsize=14
    )
    _save(figure, path)


def _smoothed(steps, losses, window=41):
    """Returns steps and losses averaged over `window` neighbours, or both unchanged if there are too few."""
    if len(losses) < 2 * window:
        return steps, losses
    half = window // 2
    return steps[half:-half], np.convolve(losses, np.ones(window) / window, mode="valid")


def _draw_box(axes, box, colour, dashed=False):
    from matplotlib.patches import Rectangle

    top, left, bottom, right = box - 0.5  # Pixel i covers i - 0.5 to i + 0.5 on these axes.
    style = (0, (3, 2)) if dashed else "-"
    axes.add_patch(
        Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=colour, linewidth=2, linestyle=style)
    )


def _write(axes, box, text, colour, canvas_width):
    """Writes above the box, or where the canvas ends inside it; never beyond the right edge."""
    top, left, _, right = box
    above = top > 9
    to_the_right = left < canvas_width - 24
    axes.text(
        left if to_the_right else right,
        top - 1.5 if above else top + 1.5,
        text,
        fontsize=9,
        weight="bold",
        color="black",
        ha="left" if to_the_right else "right",
        va="bottom" if above else "top",
        bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.2, "alpha": 0.9},
    )


def _pyplot():
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def _save(figure, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    _pyplot().close(figure)
