"""The session engine: opens a session, runs steps, keeps checkpoints and summaries.

Everything happens in the calling thread, with the graph entered, so that it works with v2
behaviour on and off; only the queue runners are threads, and they touch the session alone.
"""

from __future__ import annotations

import contextlib
import sys
import time

import tensorflow as tf

from .._tf.savers import reshapes, restored_variables
from ..ops._restore import check_restorable
from . import finite
from .keeper import Keeper
from .plan import make_plan
from .stop_signals import StopSignals

v1 = tf.compat.v1

# How long threads may take to end after a stop was asked for.
_STOP_GRACE_SECS = 120
# How long they may take before the session is closed, which ends those that wait inside it (the
# chief's queue runner of synchronous replicas waits for gradients that nobody sends any more).
_OWN_END_SECS = 2


def train(arguments):
    """Returns the last loss, or None if no step was made. See `learning.train`."""
    plan = make_plan(arguments)
    try:
        with plan.graph.as_default():
            return _train_until_not_aborted(plan)
    finally:
        if plan.writer is not None:
            plan.writer.close()


def _train_until_not_aborted(plan):
    while True:
        try:
            return _train_in_one_session(plan)
        except tf.errors.AbortedError as error:
            # One of the distributed servers was restarted.
            v1.logging.info("Retrying training! %s", error)


def _train_in_one_session(plan):
    session = open_session(plan)
    with StopSignals(on_stuck=session.close) as signals:
        try:
            with contextlib.closing(_Run(plan, session, signals)) as run:
                return run.steps_and_final_save()
        except tf.errors.AbortedError as error:
            if signals.received is None:
                raise
            # Whoever stopped this process stopped its servers, too: there is nothing to try again.
            v1.logging.info("Stopping Training. %s", error)
            return None


def open_session(plan):
    """Returns a session with the latest checkpoint restored, or newly initialized."""
    a = plan.arguments
    if not a.is_chief:
        return plan.session_manager.wait_for_session(a.master, config=a.session_config, max_wait_secs=7200)
    _check_latest_checkpoint(plan)
    return plan.session_manager.prepare_session(
        a.master,
        init_op=plan.init_op,
        saver=plan.saver,
        checkpoint_dir=a.logdir,
        config=a.session_config,
        init_feed_dict=a.init_feed_dict,
        init_fn=a.init_fn,
    )


def _check_latest_checkpoint(plan):
    latest = tf.train.latest_checkpoint(plan.arguments.logdir) if plan.saver is not None else None
    if latest:
        check_restorable(latest, restored_variables(plan.saver), reshapes(plan.saver))


class _Run:
    """One session from its first step to its end."""

    def __init__(self, plan, session, signals):
        self._plan = plan
        self._raw_session = session
        self._session = session
        self._signals = signals
        self._coordinator = v1.train.Coordinator()
        self._threads = []
        self._keeper = Keeper(plan, session)

    def steps_and_final_save(self):
        """Returns the last loss; keeps what went wrong for `close` to raise."""
        loss = None
        try:
            self._start()
            loss = self._steps()
            self._keeper.finish()
        except Exception as error:
            if self._signals.gave_up:
                v1.logging.error("The step was cancelled (%s); the last checkpoint stays.", type(error).__name__)
            else:
                # The first error wins: a queue runner's, if that is what made the step fail.
                self._report(self._explained(error))
        return loss

    def _report(self, error):
        # As a triple: of a bare exception the coordinator would take the one being handled.
        self._coordinator.request_stop((type(error), error, error.__traceback__))

    def close(self):
        """Ends threads, events and session, and raises the first error that was reported."""
        self._coordinator.request_stop()
        self._wait_for_threads(_OWN_END_SECS)
        self._raw_session.close()
        try:
            self._coordinator.join(
                self._threads,
                stop_grace_period_secs=_STOP_GRACE_SECS,
                ignore_live_threads=self._plan.arguments.ignore_live_threads,
            )
        finally:
            self._keeper.stop()

    def _wait_for_threads(self, secs):
        deadline = time.monotonic() + secs
        while time.monotonic() < deadline and any(thread.is_alive() for thread in self._threads):
            time.sleep(0.01)

    def _start(self):
        plan, a = self._plan, self._plan.arguments
        v1.logging.info("Starting Session.")
        if a.session_wrapper is not None:
            v1.logging.info("Wrapping session with wrapper function: %s", a.session_wrapper)
            self._session = a.session_wrapper(self._raw_session)
        self._keeper.start()
        if not a.is_chief and a.startup_delay_steps > 0:
            self._wait_for_step(min(a.startup_delay_steps, a.number_of_steps or sys.maxsize))
        v1.logging.info("Starting Queues.")
        self._start_threads(v1.get_collection(v1.GraphKeys.QUEUE_RUNNERS))
        self._start_threads(plan.chief_queue_runners)
        if plan.init_tokens_ops:
            self._session.run(plan.init_tokens_ops)

    def _start_threads(self, queue_runners):
        for runner in queue_runners:
            self._threads += runner.create_threads(self._session, coord=self._coordinator, daemon=True, start=True)

    def _wait_for_step(self, step):
        while not self._stopping() and self._raw_session.run(self._plan.global_step) < step:
            time.sleep(1.0)

    def _stopping(self):
        return self._coordinator.should_stop() or self._signals.received is not None

    def _steps(self):
        plan, a = self._plan, self._plan.arguments
        loss, should_stop = None, False
        try:
            while not (should_stop or self._stopping()):
                self._keeper.tick()
                loss, should_stop = a.train_step_fn(self._session, a.train_op, plan.global_step, plan.train_step_kwargs)
            v1.logging.info("Stopping Training.")
        except tf.errors.OutOfRangeError as error:
            v1.logging.info("Caught OutOfRangeError. Stopping Training. %s", error)
        self._signals.notice()
        return loss

    def _explained(self, error):
        if finite.is_non_finite_loss(error):
            return finite.with_advice(error, self._keeper.advice_after_non_finite())
        return error
