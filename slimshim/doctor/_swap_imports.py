"""The syntax of the swap: each import of slim as the same import of this package. Needs libcst."""

from __future__ import annotations

import importlib.util

import libcst as cst
from libcst.metadata import PositionProvider

from .verdicts import ROOT, own_path


class Swap(cst.CSTTransformer):
    """Turns imports of slim into this package's.

    Args:
      slim: {(line, column): path} of the expressions that reach slim by attributes of `tensorflow`: what an import
        of slim or an assignment has bound is not among them, it stays valid once that statement is swapped.
    """

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, slim):
        super().__init__()
        self._slim = slim

    def leave_SimpleStatementLine(self, original_node, updated_node):
        """Replaces the statements of a line; what becomes two statements becomes two lines."""
        lines = [[]]
        for before, statement in zip(original_node.body, updated_node.body):
            new = self._statements(before, statement)
            lines[-1].append(new[0])
            lines += [[more] for more in new[1:]]
        if len(lines) == 1 and all(new is old for new, old in zip(lines[0], updated_node.body)):
            return updated_node
        first = updated_node.with_changes(body=lines[0])
        return cst.FlattenSentinel([first, *(cst.SimpleStatementLine(body=line) for line in lines[1:])])

    def _statements(self, before, statement):
        if isinstance(statement, cst.Import):
            return [self._import(statement)]
        if isinstance(statement, cst.ImportFrom):
            return self._import_from(statement)
        if isinstance(statement, cst.Assign):
            return [self._assign(before, statement)]
        return [statement]

    def _import(self, statement):
        aliases = [self._import_alias(alias) for alias in statement.names]
        same = all(new is old for new, old in zip(aliases, statement.names))
        return statement if same else statement.with_changes(names=aliases)

    def _import_alias(self, alias):
        """`import tf_slim as slim`; also `import tf_slim`. One that binds a longer path's root stays."""
        name = _dotted(alias.name)
        own = own_path(name)
        if own is None or not _is_module(own):
            return alias
        if alias.asname is None:
            return alias.with_changes(name=_name(own), asname=_as(name)) if "." not in name else alias
        return alias.with_changes(name=_name(own))

    def _import_from(self, statement):
        if statement.relative or statement.module is None:
            return [statement]
        module = _dotted(statement.module)
        own = own_path(module)
        if own is not None:
            return [statement.with_changes(module=_name(own)) if _is_module(own) else statement]
        if module != "tensorflow.contrib" or isinstance(statement.names, cst.ImportStar):
            return [statement]
        slim = [alias for alias in statement.names if alias.name.value == "slim"]
        rest = [alias for alias in statement.names if alias.name.value != "slim"]
        if not slim:
            return [statement]
        new = [_import_as(ROOT, alias.asname.name.value if alias.asname else "slim") for alias in slim]
        if rest:
            rest[-1] = rest[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
            new.insert(0, statement.with_changes(names=rest))
        return new

    def _assign(self, before, statement):
        """`slim = tf.contrib.slim`: an assignment to one name of what an import can name; any other stays."""
        start = self.get_metadata(PositionProvider, before.value).start
        path = self._slim.get((start.line, start.column + 1))
        target = statement.targets[0].target
        if path is None or len(statement.targets) != 1 or not isinstance(target, cst.Name):
            return statement
        own = own_path(path)
        if not _is_dotted(statement.value) or not _is_module(own.rpartition(".")[0] or own):
            return statement
        return _import_as(own, target.value)


def _is_dotted(node):
    """Returns whether it is names and dots alone: `a.b.c`, not `a.b(x).c`."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return isinstance(node, cst.Name)


def _is_module(path):
    """Returns whether an import finds the path, and not attributes alone: a class, a function, a module's alias."""
    try:
        return importlib.util.find_spec(path) is not None
    except ModuleNotFoundError:  # Part of the way there is no package.
        return False


def _import_as(path, name):
    """Returns `import ROOT as name`, or `from ROOT.a import b as name`."""
    if path == ROOT:
        return cst.Import(names=[cst.ImportAlias(name=_name(path), asname=_as(name))])
    holder, _, last = path.rpartition(".")
    alias = cst.ImportAlias(name=cst.Name(last), asname=None if last == name else _as(name))
    return cst.ImportFrom(module=_name(holder), names=[alias])


def _as(name):
    return cst.AsName(name=cst.Name(name))


def _name(dotted):
    first, *rest = dotted.split(".")
    node = cst.Name(first)
    for part in rest:
        node = cst.Attribute(value=node, attr=cst.Name(part))
    return node


def _dotted(node):
    return node.value if isinstance(node, cst.Name) else f"{_dotted(node.value)}.{node.attr.value}"
