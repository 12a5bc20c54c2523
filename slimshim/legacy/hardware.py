"""Today's hardware for a graph program that cannot be edited: XLA, mixed precision, devices, threads.

Environment variables reach what TensorFlow decides once for the process; the session's options reach what it
decides for each session. The command line is the last word: what the program puts into its own `ConfigProto`
for these options is overridden, everything else of it is kept.
"""

from __future__ import annotations

import dataclasses
import functools
import os

import tensorflow as tf

v1 = tf.compat.v1

# XLA compiles clusters of a graph by itself at level 2; on the CPU only when asked for.
_XLA_FLAGS = "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit"


@dataclasses.dataclass(frozen=True)
class Hardware:
    """What the command line asks for.

    Attributes:
      xla: whether XLA compiles clusters of the graph.
      mixed_precision: whether matrix products and convolutions on the CPU compute in bfloat16.
      cpu: whether GPUs are hidden.
      threads: how many threads an operation, and operations side by side, may use; None for TensorFlow's choice.
    """

    xla: bool = False
    mixed_precision: bool = False
    cpu: bool = False
    threads: int | None = None

    def set_environment(self):
        """Sets what TensorFlow reads at its first session: call it before there is one."""
        if self.cpu:
            os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
        if self.xla:
            os.environ["TF_XLA_FLAGS"] = f"{os.environ.get('TF_XLA_FLAGS', '')} {_XLA_FLAGS}".strip()
        if self.threads:
            os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = str(self.threads)

    def put_in(self, ledger):
        """Gives every session that is made from now on the options.

        Args:
          ledger: the `Ledger` that undoes it.

        Raises:
          ValueError: if mixed precision is asked for where the graph would run on a GPU.
        """
        if self.mixed_precision and not self.cpu and tf.config.list_physical_devices("GPU"):
            raise ValueError(
                "--mixed-precision computes in bfloat16 on the CPU. On a GPU TensorFlow's rewrite uses float16, "
                "which needs the loss to be scaled: let the program wrap its optimizer in "
                "tf.train.experimental.enable_mixed_precision_graph_rewrite, or add --cpu."
            )
        if not (self.mixed_precision or self.threads):
            return
        for kind in (v1.Session, v1.InteractiveSession):
            ledger.set_attribute(kind, "__init__", self._with_options(kind.__init__))

    def _with_options(self, make):
        @functools.wraps(make)
        def make_session(session, target="", graph=None, config=None):
            return make(session, target, graph, self.session_config(config))

        return make_session

    def session_config(self, config=None):
        """Returns a copy of the session's options, or new ones, with what the command line asks for."""
        mine = v1.ConfigProto()
        if config is not None:
            mine.CopyFrom(config)
        if self.mixed_precision:
            mine.graph_options.rewrite_options.auto_mixed_precision_onednn_bfloat16 = 1  # RewriterConfig.ON
        if self.threads:
            mine.intra_op_parallelism_threads = mine.inter_op_parallelism_threads = self.threads
            # Sessions of one process otherwise share the threads of the first.
            mine.use_per_session_threads = True
        return mine
