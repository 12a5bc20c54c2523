"""`doctor`: what a project asks of slim, contrib and TensorFlow 1, and what it gets here.

A project is read, never run. `reading` finds its files, `uses` follows the names through their
aliases, `verdicts` asks this TensorFlow and the import hook's own table what stands behind each,
`report` writes it down, `swap` makes the one-line edit.
"""

from __future__ import annotations

from .report import Report, examine

__all__ = ["Report", "examine"]
