"""Mutants of a Python module: each is the module with one small change that a test should notice."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING

from tests.support import reasons

if TYPE_CHECKING:
    from collections.abc import Iterator

_OTHER: dict[type, type] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_OTHER_NAME = {"min": "max", "max": "min", "any": "all", "all": "any"}
_LOGGERS = {"logger", "metrics"}


@dataclass(frozen=True)
class Mutant:
    """One changed place; `name` does not change with the lines above it."""

    name: str
    line: int
    """In which the statement begins."""
    place: int
    change: int


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module's source.

    Operators, conditions and their negations, constants, returned values, calls for their effect, `raise`, `continue`
    and `break` are changed. Annotations, docstrings, decorators and what is only logged stay as they are. So does the
    wording of errors, and that of reasons, which tests/unit/test_documentation.py reads in the source.
    """
    seen: Counter[str] = Counter()
    for place, (scope, line, node) in enumerate(_places(ast.parse(source))):
        for number, change in enumerate(_changes(node)):
            name = f"{scope}: {_short(node)} -> {change.after}"
            seen[name] += 1
            if seen[name] > 1:
                name += f" ({seen[name]})"
            yield Mutant(name, line, place, number)


def changed(source: str, mutant: Mutant) -> str:
    """Return the source of a mutant of `source`."""
    tree = ast.parse(source)
    *_, node = list(_places(tree))[mutant.place]
    _changes(node)[mutant.change].make()
    return ast.unparse(ast.fix_missing_locations(tree))


@dataclass
class _Change:
    after: str
    node: ast.AST
    values: dict[str, object]
    kind: type | None = None

    def make(self) -> None:
        if self.kind:
            kept = {name: getattr(self.node, name) for name in ("lineno", "col_offset") if hasattr(self.node, name)}
            self.node.__class__ = self.kind  # type: ignore[assignment]
            self.node.__dict__.clear()
            self.node.__dict__.update(kept)
        self.node.__dict__.update(self.values)


def _places(tree: ast.Module) -> Iterator[tuple[str, int, ast.AST]]:
    """Yield what may be changed, after the name of its function or class and the line of its statement."""

    said = [*reasons.expressions(tree), *(node for node in ast.walk(tree) if isinstance(node, ast.Raise))]
    wording = {id(node) for reason in said for node in ast.walk(reason) if _has_words(node)}

    def visit(node: ast.AST, scope: str, line: int) -> Iterator[tuple[str, int, ast.AST]]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            scope = f"{scope}.{node.name}" if scope else node.name
        if isinstance(node, ast.stmt):
            line = node.lineno
        yield scope or "module", line, node
        for name, field in ast.iter_fields(node):
            if name in {"annotation", "returns", "decorator_list", "bases"}:
                continue
            for child in field if isinstance(field, list) else [field]:
                if isinstance(child, ast.AST) and not _left_alone(child) and id(child) not in wording:
                    yield from visit(child, scope, line)

    yield from visit(tree, "", 0)


def noting(source: str) -> ast.Module:
    """Return a module that calls `__note__(LINE)` before each statement of its functions."""
    tree = ast.parse(source)
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        for node in list(ast.walk(function)):
            for name in ("body", "orelse", "finalbody"):
                statements = getattr(node, name, None)
                if isinstance(statements, list) and not isinstance(node, ast.ClassDef | ast.Lambda):
                    setattr(node, name, [part for statement in statements for part in _noted(statement)])
    return ast.fix_missing_locations(tree)


def _noted(statement: ast.stmt) -> list[ast.stmt]:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant | ast.Call):
        docstring = isinstance(statement.value, ast.Constant)
        noted = isinstance(statement.value, ast.Call) and getattr(statement.value.func, "id", "") == "__note__"
        if docstring or noted:
            return [statement]
    note = ast.Call(ast.Name("__note__", ast.Load()), [ast.Constant(statement.lineno)], [])
    return [ast.copy_location(ast.Expr(note), statement), statement]


def _has_words(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value


def _left_alone(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return True
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        called = node.value.func
        if isinstance(called, ast.Name) and called.id in {"TypeVar", "NewType"}:
            return True
    call = node.value if isinstance(node, ast.Expr) else None
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in _LOGGERS
    )


@singledispatch
def _changes(_: ast.AST) -> list[_Change]:
    """Return how a place may be changed: not at all, if none of the functions below is for it."""
    return []


@_changes.register
def _(node: ast.Compare) -> list[_Change]:
    known = len(node.ops) == 1 and type(node.ops[0]) in _OTHER
    return [_changed(node, ops=[_OTHER[type(node.ops[0])]()])] if known else []


@_changes.register
def _(node: ast.BoolOp | ast.BinOp) -> list[_Change]:
    return [_changed(node, op=_OTHER[type(node.op)]())] if type(node.op) in _OTHER else []


@_changes.register
def _(node: ast.UnaryOp) -> list[_Change]:
    if not isinstance(node.op, ast.Not):
        return []
    return [_Change(_short(node.operand), node, dict(node.operand.__dict__), type(node.operand))]


@_changes.register
def _(node: ast.If | ast.IfExp | ast.While) -> list[_Change]:
    # A comparison and a `not` are changed themselves.
    if isinstance(node.test, ast.Compare | ast.UnaryOp):
        return []
    return [_changed(node, test=ast.UnaryOp(op=ast.Not(), operand=node.test))]


@_changes.register
def _(node: ast.Constant) -> list[_Change]:
    if isinstance(node.value, bool):
        return [_changed(node, value=not node.value)]
    if isinstance(node.value, int | float):
        return [_changed(node, value=node.value + 1)]
    if isinstance(node.value, str) and node.value.strip():
        return [_changed(node, value=f"XX{node.value}XX")]
    return []


@_changes.register
def _(node: ast.Return) -> list[_Change]:
    if node.value is None or (isinstance(node.value, ast.Constant) and node.value.value != ""):
        # A constant is changed itself.
        return []
    empty = isinstance(node.value, ast.Constant)
    return [_changed(node, value=ast.Constant(value="XX" if empty else None))]


@_changes.register
def _(node: ast.Expr) -> list[_Change]:
    return [_Change("pass", node, {}, ast.Pass)] if isinstance(node.value, ast.Call) else []


@_changes.register
def _(node: ast.Raise) -> list[_Change]:
    return [_Change("pass", node, {}, ast.Pass)]


@_changes.register
def _(node: ast.Continue) -> list[_Change]:
    return [_Change("break", node, {}, ast.Break)]


@_changes.register
def _(node: ast.Break) -> list[_Change]:
    return [_Change("continue", node, {}, ast.Continue)]


@_changes.register
def _(node: ast.Call) -> list[_Change]:
    if not isinstance(node.func, ast.Name) or node.func.id not in _OTHER_NAME:
        return []
    return [_changed(node, func=ast.Name(id=_OTHER_NAME[node.func.id], ctx=ast.Load()))]


def _changed(node: ast.AST, **values: object) -> _Change:
    after = copy.copy(node)
    after.__dict__.update(values)
    return _Change(_short(after), node, values)


def _short(node: ast.AST) -> str:
    if isinstance(node, ast.If | ast.While):
        return f"if {_short(node.test)}"
    text = " ".join(ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split())
    return text if len(text) <= 90 else f"{text[:87]}..."
