"""Runs one program of the Object Detection API, unmodified, through `python -m slimshim run -m`."""

import collections
import os
import pathlib
import subprocess
import sys
import time

LAUNCHER = (sys.executable, "-m", "slimshim", "run")


def run_program(program, flags, log, on_line=None, append=False, engine=None, environment=None):
    """Runs `program` with `--name=value` flags and returns the seconds it took; its output goes to the file `log`.

    Args:
      program: a module's name, or the `pathlib.Path` of a file.
      flags: dict of flag names and values.
      log: path of the log file.
      on_line: called with every line of output as it comes, for progress.
      append: whether the log keeps what earlier runs wrote to it.
      engine: "session" or "tape", what takes the steps of a training; None for the default.
      environment: environment variables to set besides.

    Raises:
      SystemExit: if the program fails; the message holds the end of its output.
    """
    words = [f"--engine={engine}"] if engine else []
    words += [str(program)] if isinstance(program, pathlib.Path) else ["-m", program]
    command = [*LAUNCHER, *words, *(f"--{name}={value}" for name, value in flags.items())]
    log.parent.mkdir(parents=True, exist_ok=True)
    print(f"python -m slimshim run {' '.join(words)} ...   (output: {log})", flush=True)
    start = time.time()
    last_lines = collections.deque(maxlen=30)
    with log.open("a" if append else "w") as file:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, **(environment or {})},
        )
        try:
            for line in process.stdout:
                file.write(line)
                file.flush()
                last_lines.append(line)
                if on_line:
                    on_line(line.rstrip("\n"))
            status = process.wait()
        except KeyboardInterrupt:
            # Ctrl-C reached the program too: it saves a checkpoint before it leaves.
            process.wait()
            raise
    if status:
        raise SystemExit(f"{program} left with status {status}. The end of {log}:\n\n{''.join(last_lines)}")
    return time.time() - start
