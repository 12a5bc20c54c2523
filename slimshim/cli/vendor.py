"""`vendor`: a copy of this package inside another project, under a name of its own.

    python -m slimshim vendor third_party/slimshim            # from third_party import slimshim as slim
    python -m slimshim vendor third_party/slimshim --check    # changed by hand? out of date?
    python -m slimshim vendor third_party/slimshim --update   # this version in the older one's place

The copy stands next to an installed package of another version: neither sees the other.
`python -m third_party.slimshim` has the same commands.
"""

from __future__ import annotations

import argparse
import pathlib

from . import _copies


def main(arguments, program):
    """Makes, checks or updates a copy.

    Args:
      arguments: the words after `vendor`.
      program: what the user typed before them, for the help text.

    Returns:
      The exit code: 0 if the copy was made, updated, or is as it should be; 1 if `--check` found it
      changed or out of date; 2 if there was nothing to do it with or it was not done, with a sentence that
      says why.
    """
    parser = _parser(program)
    options = parser.parse_args(arguments)
    if options.force and not options.update:
        parser.error("--force goes with --update")
    target = pathlib.Path(options.destination)
    try:
        if options.check:
            return _check(target)
        if options.update:
            return _update(target, options.force)
        return _make(target, program)
    except (_copies.NoCopy, OSError) as error:
        parser.exit(2, f"{program}: {error}\n")


def _parser(program):
    parser = argparse.ArgumentParser(
        prog=program,
        description="Copies this package, with its licence and a stamp (version, file hashes), into a project.",
    )
    parser.add_argument("destination", metavar="DEST", help="the copy's own folder, such as third_party/slimshim")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="say whether a copy was changed or is out of date")
    what.add_argument("--update", action="store_true", help="replace a copy that nobody changed by this version")
    parser.add_argument("--force", action="store_true", help="with --update: also one that was changed")
    return parser


def _make(target, program):
    if (target / _copies.STAMP).is_file():
        raise _copies.NoCopy(f"{target} holds a copy already: see {program} --help for --check and --update")
    _copies.make(target)
    print(f"{target}: {_copies.PACKAGE} {_copies.version()}, with its licence and {_copies.STAMP}")
    return 0


def _check(target):
    state = _copies.state(target)
    _tell_changes(target, state)
    if _copies.is_this_package(target):
        print("  this copy is checking itself: ask an installed one whether there is a newer version")
    elif state.outdated:
        print(f"  out of date: {_copies.PACKAGE} here is {_difference(state)}; --update replaces the copy")
    return 1 if state.touched or state.outdated else 0


def _update(target, force):
    state = _copies.state(target)
    if _copies.is_this_package(target):
        raise _copies.NoCopy(f"{target} is the package that is running: update it from an installed one")
    if state.touched and not force:
        _tell_changes(target, state)
        raise _copies.NoCopy(f"{target} was changed, and nothing is overwritten; --force does")
    if not state.touched and not state.outdated:
        print(f"{target}: version {state.version} already, nothing to do")
        return 0
    _copies.replace(target)
    print(f"{target}: {_copies.PACKAGE} {_copies.version()} in place of {state.version}")
    return 0


def _tell_changes(target, state):
    print(f"{target}: version {state.version}, {'changed' if state.touched else 'as it was copied'}")
    for kind in ("changed", "missing", "added"):
        for path in getattr(state, kind):
            print(f"  {kind}: {path}")


def _difference(state):
    if state.version != _copies.version():
        return f"version {_copies.version()}"
    count = len(state.outdated)
    return f"the same version with {count} other file{'s' * (count > 1)} ({', '.join(state.outdated[:3])})"
