"""Follows the names of slim, contrib and TensorFlow through one file: imports, aliases, attributes."""

from __future__ import annotations

import ast
import dataclasses

# The top-level packages whose names are followed.
ROOTS = ("tensorflow", "tf_slim", "numpy")


@dataclasses.dataclass(frozen=True)
class Use:
    """One place where a file names something of the followed packages.

    Attributes:
      line, column: where, both counted from 1.
      path: what is meant, from its top-level package on: `tensorflow.contrib.slim.conv2d`.
      written: the words in the file: `slim.conv2d`.
      imported: the leading part of `path` that an import statement names; attributes lead on.
      assigned: the path of the assignment that the name came through (`slim = tf.contrib.slim`), or None.
      unknown: why what is meant cannot be told, or None.
      statement: whether it stands in an import statement.
    """

    line: int
    column: int
    path: str
    written: str
    imported: str
    assigned: str | None = None
    unknown: str | None = None
    statement: bool = False


@dataclasses.dataclass(frozen=True)
class _Binding:
    path: str
    imported: str
    assigned: str | None = None


def find_uses(tree):
    """Returns the `Use`s in an `ast.Module`, by line."""
    reader = _Reader()
    reader.read(tree)
    return sorted(set(reader.uses), key=lambda use: (use.line, use.column, use.path))


class _Reader(ast.NodeVisitor):
    """Walks statements in the order of execution: function bodies come after the code around them."""

    def __init__(self):
        self.uses = []
        self._scopes = [{}]
        self._waiting = []
        self._kept = set()  # Names that an exception handler must not rebind.

    def read(self, tree):
        self.visit(tree)
        while self._waiting:
            self._scopes, node = self._waiting.pop(0)
            self._function_body(node)

    # --- names

    def _lookup(self, name):
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        return None

    def _bind(self, name, binding):
        if name not in self._kept:
            self._scopes[-1][name] = binding

    def _follow(self, node):
        """Returns (binding, attribute names) of a dotted expression, or None if it is not followed."""
        names = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name):
            binding = self._lookup(node.id)
            if binding is not None:
                return binding, names[::-1]
        return None

    def _use(self, node, binding, names, **more):
        path = ".".join([binding.path, *names])
        if path not in ROOTS or (path == "tf_slim" and more.get("statement")):
            written = more.pop("written", None) or ast.unparse(node)
            place = (node.lineno, node.col_offset + 1)
            self.uses.append(Use(*place, path, written, binding.imported, binding.assigned, **more))
        return path

    # --- imports

    def visit_Import(self, node):
        for alias in node.names:
            root = alias.name.partition(".")[0]
            if root not in ROOTS:
                self._bind(alias.asname or root, None)
                continue
            whole = _Binding(alias.name, alias.name)
            self._use(node, whole, [], written=f"import {alias.name}", statement=True)
            self._bind(alias.asname or root, whole if alias.asname else _Binding(root, root))

    def visit_ImportFrom(self, node):
        followed = not node.level and node.module.partition(".")[0] in ROOTS
        for alias in node.names:
            if not followed:
                self._bind(alias.asname or alias.name, None)
            elif alias.name == "*":
                why = "names come from a star import"
                words = f"from {node.module} import *"
                self._use(node, _Binding(node.module, node.module), ["*"], written=words, unknown=why, statement=True)
            else:
                path = f"{node.module}.{alias.name}"
                whole = _Binding(path, path)
                words = f"from {node.module} import {alias.name}"
                self._use(node, whole, [], written=words, statement=True)
                self._bind(alias.asname or alias.name, whole)

    # --- expressions

    def visit_Attribute(self, node):
        found = self._follow(node)
        if found is None:
            self.generic_visit(node)
        else:
            self._use(node, *found)

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load):
            found = self._follow(node)
            if found is not None:
                self._use(node, *found)
        else:
            self._bind(node.id, None)

    def visit_Call(self, node):
        if not self._dynamic(node):
            self.generic_visit(node)

    def _dynamic(self, node):
        """Reads `getattr(slim, …)` and `import_module("tensorflow.…")`; returns whether it was one."""
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
        first = node.args[0] if node.args else None
        if called == "getattr" and len(node.args) >= 2:
            return self._getattr(node, first, node.args[1])
        if called in ("import_module", "__import__") and isinstance(first, ast.Constant):
            name = first.value
            if isinstance(name, str) and name.partition(".")[0] in ROOTS:
                self._use(node, _Binding(name, name), [], statement=True)
                return True
        return False

    def _getattr(self, node, holder, name):
        found = self._follow(holder)
        if found is None:
            return False
        binding, names = found
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            if len(node.args) == 2:  # With a default the program is ready for its absence.
                self._use(node, binding, [*names, name.value])
        else:
            self._use(node, binding, [*names, "?"], unknown="the name is computed when the program runs")
            self.visit(name)
        for rest in node.args[2:]:
            self.visit(rest)
        return True

    # --- what binds names

    def visit_Assign(self, node):
        binding = self._assigned(node.value)
        self.visit(node.value)
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._bind(target.id, binding)
            else:
                self.visit(target)

    def visit_AnnAssign(self, node):
        self.visit(node.annotation)
        if node.value is not None:
            self.visit_Assign(ast.copy_location(ast.Assign([node.target], node.value), node))

    def _assigned(self, value):
        found = self._follow(value)
        if found is None:
            return None
        path = ".".join([found[0].path, *found[1]])
        return _Binding(path, found[0].imported, path)

    def visit_Try(self, node):
        """What the body binds holds: handlers are for a TensorFlow that lacks it."""
        before = dict(self._scopes[-1])
        for statement in node.body + node.orelse:
            self.visit(statement)
        bound = {name for name, found in self._scopes[-1].items() if found and before.get(name) is not found}
        kept, self._kept = self._kept, self._kept | bound
        for handler in node.handlers:
            self.visit(handler)
        self._kept = kept
        for statement in node.finalbody:
            self.visit(statement)

    visit_TryStar = visit_Try

    def visit_ExceptHandler(self, node):
        if node.name:
            self._bind(node.name, None)
        self.generic_visit(node)

    def visit_For(self, node):
        self.visit(node.iter)
        self.visit(node.target)
        for statement in node.body + node.orelse:
            self.visit(statement)

    visit_AsyncFor = visit_For

    def visit_FunctionDef(self, node):
        for outside in [*node.decorator_list, *_signature_parts(node)]:
            self.visit(outside)
        self._bind(node.name, None)
        self._waiting.append(([scope for scope in self._scopes if not scope.get("class body")], node))

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        for outside in _signature_parts(node):
            self.visit(outside)
        self._scopes.append(dict.fromkeys(_parameters(node)))
        self.visit(node.body)
        self._scopes.pop()

    def visit_ClassDef(self, node):
        for outside in [*node.decorator_list, *node.bases, *node.keywords]:
            self.visit(outside)
        self._bind(node.name, None)
        self._scopes.append({"class body": True})  # No name has a space.
        for statement in node.body:
            self.visit(statement)
        self._scopes.pop()

    def _comprehension(self, node):
        self._scopes.append({})
        for generator in node.generators:
            self.visit(generator.iter)
            self.visit(generator.target)
            for condition in generator.ifs:
                self.visit(condition)
        for part in (getattr(node, field, None) for field in ("elt", "key", "value")):
            if part is not None:
                self.visit(part)
        self._scopes.pop()

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension

    def _function_body(self, node):
        self._scopes = [*self._scopes, dict.fromkeys(_parameters(node))]
        self._kept = set()
        for statement in node.body:
            self.visit(statement)


def _parameters(node):
    every = node.args
    return [
        one.arg
        for one in [*every.posonlyargs, *every.args, every.vararg, *every.kwonlyargs, every.kwarg]
        if one is not None
    ]


def _signature_parts(node):
    """Returns what of a function's head is evaluated where it stands: defaults and annotations."""
    every = node.args
    parts = [*every.defaults, *every.kw_defaults, getattr(node, "returns", None)]
    arguments = [*every.posonlyargs, *every.args, every.vararg, *every.kwonlyargs, every.kwarg]
    parts += [one.annotation for one in arguments if one is not None]
    return [part for part in parts if part is not None]
