"""`tensorflow.contrib.summary`: summaries that are written by ops of the graph, without `merge` and `FileWriter`.

The ops are TensorFlow's own (`tf.raw_ops.WriteScalarSummary`, ...), so event files hold what TF 1.15 wrote.
Nothing is recorded until a program asks for it: `always_record_summaries()` or
`record_summaries_every_n_global_steps(n)`. The writer is the innermost `as_default()`'s.
"""

from __future__ import annotations

import contextlib
import contextvars
import os

import tensorflow as tf

from ..._checks import check

v1 = tf.compat.v1

__all__ = [
    "SummaryWriter",
    "all_summary_ops",
    "always_record_summaries",
    "audio",
    "create_file_writer",
    "create_summary_file_writer",
    "eval_dir",
    "flush",
    "generic",
    "graph",
    "histogram",
    "image",
    "import_event",
    "initialize",
    "never_record_summaries",
    "record_summaries_every_n_global_steps",
    "scalar",
    "should_record_summaries",
    "summary_writer_initializer_op",
]

_OPS = "contrib_summary_ops"
_INITIALIZERS = "contrib_summary_writer_initializers"

_writer = contextvars.ContextVar("contrib_summary_writer", default=None)
_recording = contextvars.ContextVar("contrib_summary_recording", default=False)


class SummaryWriter:
    """An event file to be written by ops. Made by `create_file_writer`."""

    def __init__(self, logdir, max_queue, flush_millis, suffix, name):
        self._settings = dict(logdir=logdir, max_queue=max_queue, flush_millis=flush_millis, filename_suffix=suffix)
        self.handle = tf.raw_ops.SummaryWriter(shared_name=name, container="")
        self._made = self._make()
        if not tf.executing_eagerly():
            v1.add_to_collection(_INITIALIZERS, self._made)

    def _make(self):
        return tf.raw_ops.CreateSummaryFileWriter(writer=self.handle, **self._settings)

    def init(self):
        """Returns the op that opens the file; in eager mode it is open already."""
        return self._made

    @contextlib.contextmanager
    def as_default(self):
        """Makes this the writer of the summaries made inside; flushes at the end in eager mode."""
        before = _writer.set(self)
        try:
            yield self
            if tf.executing_eagerly():
                self.flush()
        finally:
            _writer.reset(before)

    def set_as_default(self):
        """Makes this the writer of all summaries that follow in this thread."""
        _writer.set(self)

    def flush(self):
        """Returns the op that writes what is buffered."""
        return tf.raw_ops.FlushSummaryWriter(writer=self.handle)

    def close(self):
        """Returns the op that flushes and closes the file."""
        with tf.control_dependencies([one for one in [self.flush()] if one is not None]):
            return tf.raw_ops.CloseSummaryWriter(writer=self.handle)


class _NoWriter:
    """What `create_file_writer(None)` gives: it records nothing."""

    @contextlib.contextmanager
    def as_default(self):
        yield self

    def set_as_default(self):
        pass

    init = flush = close = set_as_default


def create_file_writer(logdir, max_queue=None, flush_millis=None, filename_suffix=None, name=None):
    """Returns a writer of event files. In a graph, `init()` or `initialize` opens the file.

    Args:
      logdir: the folder, or None for a writer that does nothing.
      max_queue: how many summaries are buffered. Default: 10.
      flush_millis: how long they are at most. Default: 2 minutes.
      filename_suffix: the end of the file's name. Default: ".v2".
      name: writers of one name in one session share the file. Default: the folder.
    """
    if logdir is None:
        return _NoWriter()
    with tf.device("cpu:0"):
        return SummaryWriter(
            tf.convert_to_tensor(logdir, tf.string),
            tf.constant(10 if max_queue is None else max_queue),
            tf.constant(2 * 60 * 1000 if flush_millis is None else flush_millis),
            tf.constant(".v2" if filename_suffix is None else filename_suffix),
            f"logdir:{logdir}" if name is None else name,
        )


create_summary_file_writer = create_file_writer


def should_record_summaries():
    """Returns a scalar bool tensor: whether summaries are recorded here."""
    recording = _recording.get()
    return tf.convert_to_tensor(recording() if callable(recording) else recording)


@contextlib.contextmanager
def _record(condition):
    before = _recording.set(condition)
    try:
        yield
    finally:
        _recording.reset(before)


def always_record_summaries():
    """Returns a context in which summaries are recorded."""
    return _record(True)


def never_record_summaries():
    """Returns a context in which no summaries are recorded."""
    return _record(False)


def record_summaries_every_n_global_steps(n, global_step=None):
    """Returns a context in which summaries are recorded when the step is a multiple of `n`.

    Args:
      n: a positive integer.
      global_step: a scalar integer tensor or variable. Default: the global step.
    """
    step = v1.train.get_or_create_global_step() if global_step is None else global_step
    if tf.executing_eagerly():
        return _record(lambda: tf.equal(step % n, 0))
    return _record(tf.equal(step % n, 0))


def scalar(name, tensor, family=None, step=None):
    """Returns the op that writes a scalar, of any real dtype.

    Args:
      name: the tag, below the current name scope.
      tensor: what to write.
      family: a prefix of the tag by which TensorBoard groups, or None.
      step: a scalar integer. Default: the global step.
    """
    return _write(name, tensor, family, step, lambda where, value: tf.raw_ops.WriteScalarSummary(**where, value=value))


def histogram(name, tensor, family=None, step=None):
    """Returns the op that writes a histogram of the tensor's values; arguments as for `scalar`."""
    return _write(
        name, tensor, family, step, lambda where, value: tf.raw_ops.WriteHistogramSummary(**where, values=value)
    )


def image(name, tensor, bad_color=None, max_images=3, family=None, step=None):
    """Returns the op that writes images.

    Args:
      tensor: [batch, height, width, channels] with 1, 3 or 4 channels; uint8, or floats that are scaled.
      bad_color: uint8 vector, the colour of pixels that are no finite number. Default: red.
      max_images: how many of the batch are written.
      name, family, step: as for `scalar`.
    """
    colour = tf.constant([255, 0, 0, 255] if bad_color is None else bad_color, tf.uint8)

    def write(where, value):
        return tf.raw_ops.WriteImageSummary(**where, tensor=value, bad_color=colour, max_images=max_images)

    return _write(name, tensor, family, step, write)


def audio(name, tensor, sample_rate, max_outputs, family=None, step=None):
    """Returns the op that writes audio clips.

    Args:
      tensor: float32 [batch, frames] or [batch, frames, channels], in [-1, 1].
      sample_rate: frames a second.
      max_outputs: how many of the batch are written.
      name, family, step: as for `scalar`.
    """

    def write(where, value):
        rate = tf.cast(sample_rate, tf.float32)
        return tf.raw_ops.WriteAudioSummary(**where, tensor=value, sample_rate=rate, max_outputs=max_outputs)

    return _write(name, tensor, family, step, write)


def generic(name, tensor, metadata=None, family=None, step=None):
    """Returns the op that writes any tensor.

    Args:
      metadata: a `SummaryMetadata`, its serialized bytes, or None.
      name, tensor, family, step: as for `scalar`.
    """
    text = metadata.SerializeToString() if hasattr(metadata, "SerializeToString") else metadata or b""

    def write(where, value):
        return tf.raw_ops.WriteSummary(**where, tensor=value, summary_metadata=text)

    return _write(name, tensor, family, step, write)


def _write(name, tensor, family, step, write):
    """Writes by `write(where, tensor)` if summaries are recorded here, and notes the op in the graph."""
    writer = _writer.get()
    if writer is None:
        return tf.no_op()
    name, family = _cleaned(name), family and _cleaned(family)
    with v1.name_scope(f"{family}/{name}" if family else name) as scope, tf.device("cpu:0"):
        # As TF1's tags: unique in the graph, and with the family in front.
        tag = f"{family}/{scope[:-1]}" if family else scope[:-1]
        step = _step(step)

        def recorded():
            where = dict(writer=writer.handle, step=step, tag=tag)
            with tf.control_dependencies([op for op in [write(where, tf.identity(tensor))] if op is not None]):
                return tf.constant(True)

        op = tf.cond(should_record_summaries(), recorded, lambda: tf.constant(False))
        if not tf.executing_eagerly():
            v1.add_to_collection(_OPS, op)
        return op


def _cleaned(name):
    """Returns the name with what no scope may hold as underscores."""
    cleaned = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_./") else "_" for letter in name)
    return cleaned.lstrip("_/-") or "summary"


def _step(step):
    step = v1.train.get_or_create_global_step() if step is None else step
    return tf.cast(tf.convert_to_tensor(step), tf.int64)


def graph(param, step=None, name=None):
    """Returns the op that writes a graph.

    Args:
      param: a string tensor with a serialized `GraphDef`; in eager mode also a `tf.Graph` or `GraphDef`.
      step: a scalar integer. Default: the global step.
      name: a name for the operation.
    """
    writer = _writer.get()
    if writer is None:
        return tf.no_op()
    text = param if tf.is_tensor(param) else _serialized(param)
    return tf.raw_ops.WriteGraphSummary(writer=writer.handle, step=_step(step), tensor=text, name=name)


def import_event(tensor, name=None):
    """Returns the op that writes a serialized `Event`, from a scalar string tensor."""
    return tf.raw_ops.ImportEvent(writer=_default_writer().handle, event=tensor, name=name)


def flush(writer=None, name=None):
    """Returns the op that writes what the writer, by default the current one, has buffered."""
    writer = writer or _writer.get()
    return tf.no_op() if writer is None else tf.raw_ops.FlushSummaryWriter(writer=writer.handle, name=name)


def initialize(graph=None, session=None):
    """Opens the graph's writers, and writes the graph if one is given. In eager mode it does nothing.

    Args:
      graph: a `tf.Graph` or `GraphDef`, or None.
      session: the session. Default: the current one.

    Raises:
      RuntimeError: if there is no default writer.
      ValueError: if there is no session.
    """
    if tf.executing_eagerly():
        return
    writer = _default_writer()
    session = session or v1.get_default_session()
    check(session is not None, "session", "a session, or a default session", session)
    session.run(summary_writer_initializer_op())
    if graph is not None:
        # Fed, since a graph that holds its own text would grow.
        with session.graph.as_default():
            text = v1.placeholder(tf.string, [])
            step = tf.constant(0, tf.int64)
            write = tf.raw_ops.WriteGraphSummary(writer=writer.handle, step=step, tensor=text)
        session.run(write, {text: _serialized(graph)})


def _default_writer():
    writer = _writer.get()
    if writer is None:
        raise RuntimeError("There is no default writer. Enter create_file_writer(...).as_default() first.")
    return writer


def _serialized(graph):
    graph_def = graph.as_graph_def(add_shapes=True) if isinstance(graph, tf.Graph) else graph
    return graph_def.SerializeToString()


def all_summary_ops():
    """Returns the ops of all summaries of the default graph; None in eager mode."""
    return None if tf.executing_eagerly() else v1.get_collection(_OPS)


def summary_writer_initializer_op():
    """Returns the ops that open the default graph's writers.

    Raises:
      RuntimeError: in eager mode, where writers are open at once.
    """
    if tf.executing_eagerly():
        raise RuntimeError("summary_writer_initializer_op is of a graph. In eager mode writers are open at once.")
    return v1.get_collection(_INITIALIZERS)


def eval_dir(model_dir, name=None):
    """Returns the folder of an evaluation's summaries: `<model_dir>/eval` or `<model_dir>/eval_<name>`."""
    return os.path.join(model_dir, f"eval_{name}" if name else "eval")
