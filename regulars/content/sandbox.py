"""Jinja as marketers get it: declared fields only, no methods, no bombs, no None."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, Undefined, pass_context
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from regulars.content.email import BeyondLimits, CannotCompose
from regulars.content.filters import FILTERS, FUNCTIONS, TESTS, printed
from regulars.content.records import Record

MOST_CHARACTERS = 2_000_000
_MOST_REPEATS = 10_000
_OF_LOOPS = frozenset({
    "index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "depth0", "previtem", "nextitem",
    "cycle", "changed",
})
_CALLABLE = frozenset(FUNCTIONS.values())


class Sandbox(ImmutableSandboxedEnvironment):
    """Environment of mails (`escaping`) and of subjects, preheaders and text parts (not)."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, *, escaping: bool) -> None:
        super().__init__(autoescape=escaping, undefined=StrictUndefined, finalize=printed, keep_trailing_newline=True,
                         cache_size=0, auto_reload=False)
        self.globals = dict(FUNCTIONS)
        self.filters = {**FILTERS, "_track": _track_escaped if escaping else _track}
        self.tests = dict(TESTS)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is Record:
            return obj.field(attribute)
        if isinstance(obj, LoopContext) and attribute in _OF_LOOPS:
            return getattr(obj, attribute)
        if isinstance(obj, Undefined):
            return getattr(obj, attribute)  # raises, naming the field
        return self.undefined(hint=f'"{attribute}" cannot be read here; only groups of fields have a dot')

    def getitem(self, obj: Any, argument: Any) -> Any:
        if type(obj) is Record:
            return obj.field(str(argument))
        if isinstance(obj, tuple | list | str | range) and isinstance(argument, int | slice):
            try:
                return obj[argument]
            except IndexError:
                return self.undefined(hint=f"the list has only {len(obj)} items")
        if isinstance(obj, dict):
            return obj.get(argument, self.undefined(hint=f"there is no key {argument!r}"))
        return self.getattr(obj, str(argument))

    def is_safe_callable(self, obj: Any) -> bool:
        if isinstance(obj, Macro) or obj in _CALLABLE:
            return True
        return isinstance(getattr(obj, "__self__", None), LoopContext) and obj.__name__ in ("cycle", "changed")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if not (_is_number(left) and _is_number(right)):
            raise CannotCompose(f'"{operator}" is for numbers only')
        if operator == "**" and (abs(right) > 10 or abs(left) > _MOST_REPEATS):
            raise CannotCompose("a power of so large a number is not for mails")
        return super().call_binop(context, operator, left, right)


def rendered(template: Template, values: dict[str, Any]) -> str:
    """`values` hold the functions too. Raises CannotCompose for whatever they bring the template to."""
    try:
        return "".join(_bounded(template.root_render_func(template.new_context(values, shared=True))))
    except CannotCompose:
        raise
    except TemplateError as error:
        raise CannotCompose(_plain(error)) from error
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError, OverflowError) as error:
        raise CannotCompose(f"the template and this customer's values do not fit: {_plain(error)}") from error


def _bounded(parts: Iterator[str]) -> Iterator[str]:
    left = MOST_CHARACTERS
    while chunk := list(islice(parts, 500)):
        some = "".join(chunk)
        left -= len(some)
        if left < 0:
            raise BeyondLimits("the mail grows beyond 2,000,000 characters")
        yield some


def _plain(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:200] or type(error).__name__


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


Tracker = Callable[[str, int], str]


@pass_context
def _track(context: Context, target: str, number: int) -> str:
    track: Tracker = context.parent["_tracker"]
    return track(target, number)


@pass_context
def _track_escaped(context: Context, target: str, number: int) -> Markup:
    return escape(_track(context, target, number))
