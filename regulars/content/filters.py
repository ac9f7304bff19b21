"""The filters, tests and functions of templates: our own, and a short list of Jinja's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from jinja2 import Undefined, pass_context
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.runtime import Context
from jinja2.tests import TESTS as JINJA_TESTS
from markupsafe import Markup, escape

from regulars.content import turkish
from regulars.content.email import CannotCompose
from regulars.content.voice import Voice
from regulars.definition.quantities import Money

_MOST_NUMBERS = 1_000

_OF_JINJA = (
    "abs", "batch", "count", "d", "default", "e", "escape", "first", "float", "groupby", "int", "join", "last",
    "length", "list", "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "round", "select",
    "selectattr", "slice", "sort", "striptags", "sum", "trim", "truncate", "unique", "urlencode",
)
_TESTS_OF_JINJA = (
    "defined", "undefined", "divisibleby", "even", "odd", "in", "string", "number", "==", "eq", "equalto", "!=", "ne",
    ">", "gt", "greaterthan", ">=", "ge", "<", "lt", "lessthan", "<=", "le",
)


def voice_of(context: Context) -> Voice:
    voice: Voice = context.parent["_voice"]
    return voice


@pass_context
def _money(context: Context, value: Any, currency: str = "") -> str:
    if isinstance(value, Undefined):
        return str(value)  # raises, naming the field
    if not isinstance(value, Money):
        value = Money.of(_decimal(value, "money"), currency or context.parent["_currency"])
    return voice_of(context).money(value)


@pass_context
def _date(context: Context, value: Any, form: str = "long") -> str:
    if isinstance(value, Undefined):
        return str(value)
    if not isinstance(value, date):
        raise CannotCompose(f'"{_short(value)}" is not a date')
    return voice_of(context).date(value, form)


@pass_context
def _number(context: Context, value: Any, digits: int | None = None) -> str:
    return voice_of(context).number(_decimal(value, "number"), digits)


@pass_context
def _percent(context: Context, value: Any) -> str:
    return voice_of(context).percent(_decimal(value, "percent"))


def _cased(how: Callable[[Voice, str], str]) -> Callable[[Context, Any], str]:
    @pass_context
    def change(context: Context, value: Any) -> str:
        return how(voice_of(context), _text(value))

    return change


def _suffix(value: Any, ending: str) -> str:
    return turkish.suffix(_text(value), ending)


def _escape(value: Any) -> Markup:
    return escape(_text(value))


FILTERS: Mapping[str, Any] = {
    **{name: JINJA_FILTERS[name] for name in _OF_JINJA},
    "e": _escape, "escape": _escape,
    "money": _money, "date": _date, "number": _number, "percent": _percent, "suffix": _suffix,
    "upper": _cased(Voice.upper), "lower": _cased(Voice.lower), "title": _cased(Voice.title),
    "capitalize": _cased(Voice.capitalize),
}
TESTS: Mapping[str, Any] = {name: JINJA_TESTS[name] for name in _TESTS_OF_JINJA}


@pass_context
def _range(context: Context, *bounds: int) -> range:
    """Numbers to loop over. One mail may ask for a thousand in all, however its loops are nested."""
    numbers = range(*bounds)
    spent = context.parent["_spent"]
    spent[0] += len(numbers)
    if spent[0] > _MOST_NUMBERS:
        raise CannotCompose(f"range() gives at most {_MOST_NUMBERS:,} numbers in one mail")
    return numbers


@pass_context
def _image(context: Context, name: str) -> str:
    images: Mapping[str, str] = context.parent["_images"]
    if name not in images:
        raise CannotCompose(f'there is no picture "{_short(name)}" in templates/images/')
    return f"{context.parent['_base_url']}/i/{images[name]}"


FUNCTIONS: Mapping[str, Callable[..., Any]] = {"range": _range, "image": _image}


@pass_context
def printed(context: Context, value: Any) -> Any:
    """What an expression puts into the mail. None, groups and lists are never printed."""
    kind = type(value)
    if kind is str or kind is Markup or kind is int:
        return value
    if isinstance(value, Undefined):
        return str(value)  # raises, naming the field
    if isinstance(value, Money):
        return voice_of(context).money(value)
    if isinstance(value, bool) or value is None:
        raise CannotCompose("something is printed that has no words: " + ("nothing" if value is None else "yes or no"))
    if isinstance(value, Decimal | float):
        return voice_of(context).number(value)
    if isinstance(value, date):
        return voice_of(context).date(value)
    if isinstance(value, str):
        return value
    raise CannotCompose(f"a whole {getattr(value, 'path', 'list')} is printed where one value should be")


def _decimal(value: Any, filter_name: str) -> Decimal:
    if isinstance(value, Undefined):
        str(value)  # raises, naming the field
    if isinstance(value, Money):
        return value.amount
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise CannotCompose(f'"{_short(value)}" is not a number, which the filter {filter_name} needs') from None


def _text(value: Any) -> str:
    if isinstance(value, Undefined | str):
        return str(value)
    if isinstance(value, int | Decimal):
        return str(value)
    raise CannotCompose("a filter for texts was given something else")


def _short(value: Any) -> str:
    return str(value)[:60]
