"""What a template uses, held against what templates may name: unknown fields, and absent ones nobody thought of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from jinja2 import nodes

from regulars.content.filters import FILTERS, FUNCTIONS, TESTS
from regulars.content.grammar import Tree, too_deep
from regulars.content.source import Unreadable
from regulars.content.turkish import ENDINGS
from regulars.content.vocabulary import Anything, Field, Group, Listing, Plain, Shape
from regulars.diagnostics import Finding, Location, did_you_mean

Scope = Mapping[str, Shape]
_ANY = Anything()
_TEXT, _NUMBER = Plain("text"), Plain("number")
LOOP = Group("loop", {
    name: Field(_NUMBER if "index" in name or name == "length" else _ANY, lambda loop: loop)
    for name in ("index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem", "cycle", "changed")
})
_LATER = frozenset({"recommended"})
_KEEP_LIST = frozenset({"list", "sort", "reverse", "unique", "selectattr", "rejectattr", "select", "reject"})
_ONE_OF_LIST = frozenset({"first", "last", "min", "max"})
_GIVE_NUMBER = frozenset({"length", "count", "round", "int", "float", "abs", "sum"})
_GIVE_LISTS = frozenset({"batch", "slice"})


def misfit(name: str, kind: str) -> tuple[str, str] | None:
    """The finding's message and hint when the filter does not take values of this kind."""
    fitting = _FITTING.get(name)
    if fitting is None or kind not in _ARTICLES or kind in fitting:
        return None
    hint = _INSTEAD_OF_KIND.get(kind, f"print it without the filter {name}")
    return (f'the filter "{name}" is for {" and ".join(fitting)}, and this is {_ARTICLES[kind]}',
            _WANTED.get(name, hint) if kind == "text" else hint)


@dataclass(slots=True)
class Usage:
    """`with_keys`: key of `with:` -> where it is used, and whether the template manages without.
    `with_filters`: key of `with:`, a filter that it goes through, and where.
    `given`: (group, field) of what only some campaigns give, whether the template asked before for the group and for the field -> where."""

    findings: list[Finding] = field(default_factory=list)
    with_keys: dict[str, tuple[Location, bool]] = field(default_factory=dict)
    with_filters: list[tuple[str, str, Location]] = field(default_factory=list)
    given: dict[tuple[str, str, bool, bool], Location] = field(default_factory=dict)
    images: list[tuple[str, Location]] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)


def usage_of(tree: Tree, context: Scope) -> Usage:
    """`context`: the names at the top. `with` is recorded rather than judged: campaigns differ. Raises Unreadable."""
    reader = _Reader(tree, Usage())
    try:
        reader.body(tree.root.body, dict(context), frozenset())
    except RecursionError as error:
        longest = max(tree.pieces, key=lambda piece: len(piece.words))
        raise Unreadable(too_deep(longest, tree.files)) from error
    return reader.usage


@dataclass(slots=True)
class _Reader:
    tree: Tree
    usage: Usage

    # Statements

    def body(self, statements: Iterable[nodes.Node], scope: dict[str, Shape], present: frozenset[str]) -> None:
        for statement in statements:
            self.statement(statement, scope, present)

    def statement(self, node: nodes.Node, scope: dict[str, Shape], present: frozenset[str]) -> None:
        if isinstance(node, nodes.Output):
            for part in node.nodes:
                if not isinstance(part, nodes.TemplateData):
                    self.printed(part, scope, present)
        elif isinstance(node, nodes.If):
            self.condition(node, scope, present)
        elif isinstance(node, nodes.For):
            self.loop(node, scope, present)
        elif isinstance(node, nodes.With):
            inner = dict(scope)
            for target, value in zip(node.targets, node.values, strict=True):
                self.assign(target, self.shape(value, scope, present, needed=False), inner)
            self.body(node.body, inner, self.forgotten(present, node.targets))
        elif isinstance(node, nodes.Assign):
            self.assign(node.target, self.shape(node.node, scope, present, needed=False), scope)
        elif isinstance(node, nodes.AssignBlock):
            self.body(node.body, dict(scope), present)
            self.assign(node.target, _TEXT, scope)
        elif isinstance(node, nodes.Macro):
            scope[node.name] = _ANY
            self.body(node.body, {**scope, **{arg.name: _ANY for arg in node.args}}, present)
        elif isinstance(node, nodes.FilterBlock):
            self.filter_name(node.filter)
            self.body(node.body, dict(scope), present)

    def condition(self, node: nodes.If, scope: dict[str, Shape], present: frozenset[str]) -> None:
        if_true, if_false = self.test(node.test, scope, present)
        self.body(node.body, scope, present | if_true)
        so_far = present | if_false
        for branch in node.elif_:
            branch_true, branch_false = self.test(branch.test, scope, so_far)
            self.body(branch.body, scope, so_far | branch_true)
            so_far |= branch_false
        self.body(node.else_, scope, so_far)

    def loop(self, node: nodes.For, scope: dict[str, Shape], present: frozenset[str]) -> None:
        over = self.shape(node.iter, scope, present)
        item: Shape = over.of if isinstance(over, Listing) else _ANY
        if isinstance(over, Plain):
            self.find(node.iter.lineno, "C106", "this is one value, not a list to loop over", "loops go over lists like purchases")
        inner = {**scope, "loop": LOOP}
        self.assign(node.target, item, inner)
        inside = self.forgotten(present, [node.target])
        if node.test is not None:
            inside |= self.test(node.test, inner, inside)[0]
        self.body(node.body, inner, inside)
        self.body(node.else_, dict(scope), present)

    def assign(self, target: nodes.Node, shape: Shape, scope: dict[str, Shape]) -> None:
        if isinstance(target, nodes.Name):
            scope[target.name] = shape
        for name in target.find_all(nodes.Name):
            scope.setdefault(name.name, _ANY)
            if name is not target:
                scope[name.name] = _ANY

    def forgotten(self, present: frozenset[str], targets: Iterable[nodes.Node]) -> frozenset[str]:
        """What was known of a name is not known of another thing by that name."""
        names = {target.name for target in targets if isinstance(target, nodes.Name)}
        return frozenset(path for path in present if path.partition(".")[0].partition("[")[0] not in names)

    # Conditions: what is known to be there when they are true, and when they are false

    def test(
        self, node: nodes.Node, scope: Scope, present: frozenset[str]
    ) -> tuple[frozenset[str], frozenset[str]]:
        nothing: frozenset[str] = frozenset()
        if isinstance(node, nodes.Not):
            if_true, if_false = self.test(node.node, scope, present)
            return if_false, if_true
        if isinstance(node, nodes.And):
            left, _ = self.test(node.left, scope, present)
            right, _ = self.test(node.right, scope, present | left)
            return left | right, nothing
        if isinstance(node, nodes.Or):
            _, left = self.test(node.left, scope, present)
            _, right = self.test(node.right, scope, present | left)
            return nothing, left | right
        if isinstance(node, nodes.Test) and node.name in ("defined", "undefined"):
            self.shape(node.node, scope, present, needed=False)
            there = _paths(node.node)
            return (there, nothing) if node.name == "defined" else (nothing, there)
        if isinstance(node, nodes.Compare):
            return self.comparison(node, scope, present), nothing
        self.shape(node, scope, present, needed=False)
        return _paths(node), nothing

    def comparison(self, node: nodes.Compare, scope: Scope, present: frozenset[str]) -> frozenset[str]:
        operators = {operand.op for operand in node.ops}
        tolerant = operators <= {"eq", "ne"}
        self.shape(node.expr, scope, present, needed=not tolerant)
        for operand in node.ops:
            self.shape(operand.expr, scope, present, needed=not tolerant)
        return frozenset() if "ne" in operators else _paths(node.expr)

    # Expressions

    def printed(self, node: nodes.Node, scope: Scope, present: frozenset[str]) -> None:
        shape = self.shape(node, scope, present)
        if isinstance(shape, Group | Listing):
            what = "a group of fields" if isinstance(shape, Group) else "a list"
            known = [f"{_path(node) or shape.name}.{name}" for name in shape.fields] if isinstance(shape, Group) else []
            hint = f"print one of {', '.join(known[:6])}" if known else "loop over it: {% for item in … %}"
            self.find(_last_line(node), "C106", f"this is {what}, not one value to print", hint)
        elif isinstance(shape, Plain) and shape.kind == "yes/no":
            self.find(_last_line(node), "C106", "this is yes or no, which has no words", "use it in {% if … %}")
        elif isinstance(shape, Plain) and shape.kind == "share":
            path = _path(node) or "it"
            self.find(_last_line(node), "C106", "this is a share, 0.1 for ten per cent", f"write {{{{ {path} | percent }}}}")

    def shape(self, node: nodes.Node, scope: Scope, present: frozenset[str], *, needed: bool = True) -> Shape:
        """The shape of an expression; where it may be absent and is needed, that is a finding."""
        path = _path(node)
        shape = self.raw_shape(node, scope, present if needed or path is None else present | {path})
        if path is not None:
            self.usage.paths.add(path)
            if path in present:
                return replace(shape, absent=False)
        if shape.absent and needed:
            self.absent(node, path)
        return shape

    def raw_shape(self, node: nodes.Node, scope: Scope, present: frozenset[str]) -> Shape:
        if isinstance(node, nodes.Name):
            return self.name(node, scope)
        if isinstance(node, nodes.Getattr):
            return self.member(node, node.attr, node.lineno + 1, scope, present)
        if isinstance(node, nodes.Getitem):
            return self.item(node, scope, present)
        if isinstance(node, nodes.Filter):
            return self.filter(node, scope, present)
        if isinstance(node, nodes.Test):
            self.test_name(node)
            self.shape(node.node, scope, present, needed=node.name not in ("defined", "undefined", "eq", "=="))
            self.each((*node.args, *(pair.value for pair in node.kwargs)), scope, present)
            return Plain("yes/no")
        if isinstance(node, nodes.Call):
            return self.call(node, scope, present)
        if isinstance(node, nodes.CondExpr):
            if_true, if_false = self.test(node.test, scope, present)
            chosen = self.shape(node.expr1, scope, present | if_true)
            if node.expr2 is not None:
                self.shape(node.expr2, scope, present | if_false)
            return chosen
        if isinstance(node, nodes.And | nodes.Or | nodes.Not | nodes.Compare):
            self.test(node, scope, present)
            return _ANY
        if isinstance(node, nodes.Const):
            return _NUMBER if isinstance(node.value, int | float) and not isinstance(node.value, bool) else _TEXT
        self.each(node.iter_child_nodes(), scope, present)
        return Listing(_ANY) if isinstance(node, nodes.List | nodes.Tuple) else _ANY

    def each(self, some: Iterable[nodes.Node], scope: Scope, present: frozenset[str]) -> None:
        for node in some:
            self.shape(node, scope, present)

    def name(self, node: nodes.Name, scope: Scope) -> Shape:
        if node.name in scope:
            return scope[node.name]
        if node.name in FUNCTIONS:
            return _ANY
        if node.name in _LATER:
            self.find(node.lineno, "C103", f'"{node.name}" is not known yet', "it comes with a later version")
            return _ANY
        known = [name for name in scope if not name.startswith("_")]
        self.find(node.lineno, "C103", f'unknown name "{node.name}"', did_you_mean(node.name, known))
        return _ANY

    def member(
        self, node: nodes.Getattr | nodes.Getitem, name: str, line: int, scope: Scope, present: frozenset[str]
    ) -> Shape:
        base = self.shape(node.node, scope, present)
        if isinstance(node.node, nodes.Name) and node.node.name == "with" and base == _ANY:
            self.with_key(name, line, guarded=f"with.{name}" in present)
            return _ANY
        if isinstance(base, Group):
            if base.given and (name in base.fields or base.open):
                path = _path(node.node) or base.name
                asked = not present.isdisjoint(_and_its_owners(path)), f"{path}.{name}" in present
                self.usage.given.setdefault((base.name, name, *asked), self.tree.place(line))
            if name in base.fields:
                return base.fields[name].shape
            if base.given and base.open:
                return _ANY
            self.unknown_field(base, name, line, _path(node.node))
        elif isinstance(base, Plain | Listing):
            what = "a list" if isinstance(base, Listing) else "one value"
            hint = "loop over it, or take the first: purchases[0].name" if isinstance(base, Listing) else "it has no fields"
            self.find(line, "C104", f'{_path(node.node) or "this"} is {what}, so it has no "{name}"', hint)
        return _ANY

    def unknown_field(self, base: Group, name: str, line: int, path: str | None) -> None:
        shown = path or base.name
        if shown == "data":
            known = [f"data/{key}" for key in base.fields]
            self.find(line, "C161", f"there is no data/{name}.yaml or data/{name}.csv", did_you_mean(f"data/{name}", known))
            return
        self.find(line, "C104", f'unknown field "{shown}.{name}"', did_you_mean(name, list(base.fields)))

    def item(self, node: nodes.Getitem, scope: Scope, present: frozenset[str]) -> Shape:
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self.member(node, node.arg.value, node.arg.lineno, scope, present)
        base = self.shape(node.node, scope, present)
        if isinstance(node.arg, nodes.Slice):
            return base
        self.shape(node.arg, scope, present)
        if isinstance(base, Listing):
            filled = base.filled or _path(node.node) in present
            return replace(base.of, absent=base.of.absent or not filled)
        return _ANY

    def filter(self, node: nodes.Filter, scope: Scope, present: frozenset[str]) -> Shape:
        self.filter_name(node)
        lenient = node.name in ("default", "d")
        inner = self.shape(node.node, scope, present, needed=not lenient) if node.node is not None else _TEXT
        self.each((*node.args, *(pair.value for pair in node.kwargs)), scope, present)
        if lenient:
            return replace(inner, absent=False)
        self.filter_fits(node, inner)
        if node.name in _KEEP_LIST:
            return inner if isinstance(inner, Listing) else Listing(_ANY)
        if node.name in _ONE_OF_LIST and isinstance(inner, Listing):
            filled = inner.filled or _path(node.node) in present
            return replace(inner.of, absent=not filled)
        if node.name in _GIVE_LISTS:
            return Listing(inner if isinstance(inner, Listing) else Listing(_ANY))
        if node.name in ("map", "groupby"):
            return Listing(_ANY)
        return _NUMBER if node.name in _GIVE_NUMBER else _TEXT if node.name not in _ONE_OF_LIST else _ANY

    def filter_name(self, node: nodes.Filter) -> None:
        if node.name not in FILTERS:
            hint = _INSTEAD.get(node.name) or did_you_mean(node.name, [name for name in FILTERS if len(name) > 1])
            self.find(node.lineno, "C102", f'unknown filter "{node.name}"', hint)

    def filter_fits(self, node: nodes.Filter, inner: Shape) -> None:
        if isinstance(inner, Plain) and (told := misfit(node.name, inner.kind)):
            self.find(node.lineno, "C108", *told)
        path = _path(node.node) or ""
        if path.startswith("with."):
            self.usage.with_filters.append((path.removeprefix("with."), node.name, self.tree.place(node.lineno)))
        if node.name == "suffix":
            ending = node.args[0].value if node.args and isinstance(node.args[0], nodes.Const) else None
            if ending not in ENDINGS:
                self.find(node.lineno, "C108", "suffix needs one of the endings it knows", f"write suffix({ENDINGS[0]!r}); known: {', '.join(ENDINGS)}")

    def test_name(self, node: nodes.Test) -> None:
        if node.name not in TESTS:
            self.find(node.lineno, "C102", f'unknown test "is {node.name}"', did_you_mean(node.name, list(TESTS)))

    def call(self, node: nodes.Call, scope: Scope, present: frozenset[str]) -> Shape:
        self.each((*node.args, *(pair.value for pair in node.kwargs)), scope, present)
        if isinstance(node.node, nodes.Name):
            if node.node.name == "image" and node.args and isinstance(node.args[0], nodes.Const):
                self.usage.images.append((str(node.args[0].value), self.tree.place(node.args[0].lineno)))
            elif node.node.name not in FUNCTIONS and node.node.name not in scope:
                self.find(node.node.lineno, "C102", f'unknown function "{node.node.name}"', did_you_mean(node.node.name, list(FUNCTIONS)))
            return Listing(_NUMBER) if node.node.name == "range" else _TEXT
        if isinstance(node.node, nodes.Getattr) and _path(node.node) in ("loop.cycle", "loop.changed"):
            return _ANY
        hint = "use a filter instead: {{ customer.first_name | upper }}"
        self.find(_last_line(node.node), "C107", "values have no functions in templates", hint)
        return _ANY

    def with_key(self, key: str, line: int, *, guarded: bool) -> None:
        if key not in self.usage.with_keys or not guarded:
            self.usage.with_keys[key] = (self.tree.place(line), guarded)

    def absent(self, node: nodes.Node, path: str | None) -> None:
        shown = path or "this"
        hint = f"write {{{{ {shown} | default('…') }}}}, or put it inside {{% if {shown} %}} … {{% endif %}}"
        if isinstance(node, nodes.Getitem | nodes.Filter):
            listed = _path(node.node) if node.node is not None else None
            hint = f"the list may be empty; put it inside {{% if {listed or 'it'} %}} … {{% endif %}}"
        self.find(_last_line(node), "C105", f"{shown} may be absent; such a customer would get no mail", hint)

    def find(self, line: int, code: str, message: str, hint: str) -> None:
        self.usage.findings.append(Finding(self.tree.place(line), code, message, hint))


_FITTING = {
    "money": ("money", "number"), "date": ("date",), "number": ("number", "money"), "percent": ("number",),
    "suffix": ("text",), "upper": ("text",), "lower": ("text",), "title": ("text",), "capitalize": ("text",),
}
_ARTICLES = {"text": "a text", "number": "a number", "money": "money", "date": "a date", "yes/no": "yes or no"}
_WANTED = {"date": "write the date as year-month-day, without quotes: 2026-12-01", "money": "write a number without quotes: 500",
           "number": "write it in digits, without quotes: 500", "percent": "write it in digits, without quotes: 15"}
_INSTEAD_OF_KIND = {"date": "write | date", "money": "write | money", "number": "write | number"}
_INSTEAD = {
    "safe": "what customers wrote is always escaped; a name like Ann & Co <b> must not break the mail",
    "currency": 'did you mean "money"?', "price": 'did you mean "money"?',
    "strftime": 'did you mean "date"?', "format": 'did you mean "number", "money" or "date"?',
    "tojson": "mails hold no scripts", "random": "a mail must be the same when it is composed again",
}


def _and_its_owners(path: str) -> frozenset[str]:
    """`trigger.fields` and `trigger`: who asked for either has asked whether there is any."""
    parts = path.split(".")
    return frozenset(".".join(parts[:count]) for count in range(1, len(parts) + 1))


def _path(node: nodes.Node | None) -> str | None:
    """`customer.first_name` or `purchases[0]` as one key, where the expression is that simple."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        base = _path(node.node)
        return f"{base}.{node.attr}" if base else None
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        base = _path(node.node)
        named = isinstance(node.arg.value, str)
        return (f"{base}.{node.arg.value}" if named else f"{base}[{node.arg.value}]") if base else None
    return None


def _paths(node: nodes.Node) -> frozenset[str]:
    """What must be there for a plain condition on this expression to be true."""
    if isinstance(node, nodes.Filter) and node.node is not None:
        return _paths(node.node) if node.name in ("length", "count", "first", "last", "lower", "upper", "trim") else frozenset()
    path = _path(node)
    return frozenset({path}) if path else frozenset()


def _last_line(node: nodes.Node) -> int:
    """The line of the word that a person would point at: the last name of a dotted path."""
    if isinstance(node, nodes.Getattr):
        return node.lineno + 1
    return node.lineno
