"""What a training run leaves in its logdir: checkpoints, summaries, the graph."""

from __future__ import annotations

import os

import tensorflow as tf

from . import finite
from .periodic import EverySecs, StepRate

v1 = tf.compat.v1

_PREFIX = "model.ckpt"


class Keeper:
    """Writes checkpoints and events of one session, when `tick` finds that it is time.

    Without a logdir it writes events alone, and these only to the program's own writer. A process
    that is not the chief keeps nothing.
    """

    def __init__(self, plan, session):
        self._plan = plan
        self._session = session
        self._save_path = os.path.join(plan.arguments.logdir, _PREFIX) if plan.saves else None
        self._actions = []
        self._rate = None
        # Whether anything is kept: False until `start` says so.
        self._keeps = False

    def start(self):
        """Writes the graph and the START event, and begins to count time."""
        writer = self._plan.writer
        if writer is not None:
            writer.reopen()  # The program's own may have been closed by an earlier training.
        elif not self._plan.saves:
            return
        a, step = self._plan.arguments, self._step()
        restored = self._plan.saves and _name_of_latest(a.logdir) == f"{_PREFIX}-{step}"
        if restored and self._plan.last_step is not None and step >= self._plan.last_step:
            # The loop ends after one step, which gives the loss to return. Were it saved, each new
            # start of a finished training would go one step further.
            v1.logging.info("Step %d of %d is reached already: nothing will be saved.", step, self._plan.last_step)
            return
        self._keeps = True
        self._write_graph()
        if writer is not None:
            writer.add_session_log(v1.SessionLog(status=v1.SessionLog.START), step)
            if a.save_summaries_secs:
                self._add_summary_actions(a.save_summaries_secs, step)
        if self._plan.saves and a.save_interval_secs:
            saving = EverySecs(a.save_interval_secs, self._save_between_steps)
            self._actions.append(saving.skip_first() if restored else saving)

    def tick(self):
        """Does what is due. Called between steps."""
        for action in self._actions:
            action.tick()

    def finish(self):
        """Saves the state after the last step."""
        if not self._keeps:
            return
        if self._plan.saves:
            v1.logging.info("Finished training! Saving model to disk.")
            self._save()
        if self._rate is not None:
            self._write_rate()

    def stop(self):
        """Writes the STOP event, if there was a START."""
        if self._keeps and self._plan.writer is not None:
            self._plan.writer.add_session_log(v1.SessionLog(status=v1.SessionLog.STOP))

    def advice_after_non_finite(self):
        """Returns what to tell somebody whose loss or weights became inf or nan."""
        last = tf.train.latest_checkpoint(self._plan.arguments.logdir) if self._plan.saves else None
        return finite.advice(last, saves=self._plan.saves)

    def _add_summary_actions(self, secs, step):
        if self._plan.summary_op is not None:
            self._actions.append(EverySecs(secs, self._write_summary))
        self._rate = StepRate(step)
        # A rate needs two points in time, so the first comes after the first interval.
        self._actions.append(EverySecs(secs, self._write_rate).skip_first())

    def _step(self):
        return int(self._session.run(self._plan.global_step))

    def _write_graph(self):
        plan = self._plan
        graph_def = plan.graph.as_graph_def(add_shapes=True)
        saver_def = None
        if plan.saves:
            tf.io.write_graph(graph_def, plan.arguments.logdir, "graph.pbtxt")
            saver_def = plan.saver.as_saver_def()
        if plan.writer is not None:
            plan.writer.add_graph(plan.graph)
            plan.writer.add_meta_graph(
                v1.train.export_meta_graph(graph=plan.graph, graph_def=graph_def, saver_def=saver_def)
            )

    def _write_summary(self):
        summary, step = self._session.run([self._plan.summary_op, self._plan.global_step])
        v1.logging.info("Recording summary at step %s.", step)
        self._plan.writer.add_summary(summary, step)

    def _write_rate(self):
        step = self._step()
        rate = self._rate.since_last(step)
        if rate is None:
            return
        tag = f"{self._plan.global_step.op.name}/sec"
        v1.logging.info("%s: %g", tag, rate)
        self._plan.writer.add_summary(v1.Summary(value=[v1.Summary.Value(tag=tag, simple_value=rate)]), step)

    def _save_between_steps(self):
        step = self._save()
        if self._plan.writer is not None:
            log = v1.SessionLog(status=v1.SessionLog.CHECKPOINT, checkpoint_path=self._save_path)
            self._plan.writer.add_session_log(log, step)

    def _save(self):
        """Writes a checkpoint, unless the weights are inf or nan; returns the step."""
        self._plan.guard.check(self._session, self.advice_after_non_finite)
        step = self._step()
        v1.logging.info("Saving checkpoint to path %s-%d", self._save_path, step)
        self._plan.saver.save(self._session, self._save_path, global_step=step)
        return step


def _name_of_latest(logdir):
    """Returns the last part of the latest checkpoint's path; the rest depends on how the directory was named then."""
    return os.path.basename(tf.train.latest_checkpoint(logdir) or "")
