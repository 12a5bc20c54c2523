"""What can not be lifted out of a graph, and what to do about it."""

from __future__ import annotations

from .references import WITHOUT_COUNTERPART

PYTHON = ("PyFunc", "PyFuncStateless", "EagerPyFunc")
PLACEHOLDERS = ("Placeholder", "PlaceholderV2")
# `PlaceholderWithDefault` needs nobody.

_SESSION_PREFIXES = ("Queue", "Reader", "Barrier", "Accumulator", "Stage", "Unstage", "MapStage", "MapUnstage")
_SESSION_PARTS = ("ReaderV2", "FIFOQueue", "ShuffleQueue", "PriorityQueue", "ConditionalAccumulator", "RecordInput")
_READERS = ("FixedLengthRecordReader", "IdentityReader", "TFRecordReader", "TextLineReader", "WholeFileReader")
ITERATORS = ("Iterator", "IteratorV2", "OneShotIterator")
_LOOP_EXITS = ("Exit", "RefExit")


def is_queue_op(node):
    """Returns True for an op of a queue or of what TensorFlow 1 put beside queues: readers, staging areas."""
    return node.op.startswith(_SESSION_PREFIXES) or node.op in _READERS or any(p in node.op for p in _SESSION_PARTS)


def is_python_op(node):
    """Returns True for an op that calls Python code of the process that built the graph."""
    return node.op in PYTHON


def is_loop_exit(node):
    """Returns True for the end of one of TensorFlow 1's loops, which a tape can not go through."""
    return node.op in _LOOP_EXITS


def require_liftable(node, remedy):
    """Raises ValueError, naming the op, if the node needs something that only a session has.

    Args:
      node: a `NodeDef`.
      remedy: what to do about it, a whole sentence.
    """
    found = obstacle(node)
    if found:
        raise ValueError(f"The op {node.name!r} ({node.op}) can not be lifted: {found}. {remedy}")


def require_no_python(functions, remedy):
    """Raises ValueError if one of the graph's functions calls Python code.

    Args:
      functions: a dict of name -> `FunctionDef`.
      remedy: what to do about it, a whole sentence.
    """
    for name, function in functions.items():
        for node in function.node_def:
            if is_python_op(node):
                raise ValueError(
                    f"The op {node.name!r} ({node.op}) of the graph's function {name!r} can not be lifted: "
                    f"it calls Python code of the process that built the graph. {remedy}"
                )


def obstacle(node):
    """Returns why the node can not be lifted, or None."""
    if is_python_op(node):
        return "it calls Python code of the process that built the graph"
    if is_queue_op(node):
        return "nobody feeds its queue, since queue runners belong to a session"
    if node.op in PLACEHOLDERS:
        return "it is a placeholder that nobody feeds"
    if node.op in WITHOUT_COUNTERPART:
        return "it uses a reference variable in a way for which resource variables have no counterpart"
    return None
