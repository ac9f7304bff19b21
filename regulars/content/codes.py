"""What can be wrong with a template, one line each; `check` prints the code, the manual explains it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CODES: Mapping[str, str] = MappingProxyType({
    "C101": "Jinja that cannot be read",
    "C102": "an unknown filter, test or function",
    "C103": "an unknown name",
    "C104": "an unknown field",
    "C105": "a field that may be absent, used without default, if or is defined",
    "C106": "a whole group or list where one value is printed",
    "C107": "Jinja that templates may not use",
    "C108": "a filter that does not fit the value",
    "C111": "an include or layout that does not exist",
    "C112": "an include that leads back to itself",
    "C113": "a path that leads out of templates/",
    "C114": "a layout's block that does not exist, or text outside of blocks",
    "C120": "MJML that is not closed, or closed twice",
    "C121": "an unknown MJML element, or one in the wrong place",
    "C122": "an unknown attribute",
    "C123": "Jinja in a width, which is fixed before customers are known",
    "C124": "Jinja in place of an attribute",
    "C125": "a loop or condition between sections or columns outside of mj-raw",
    "C126": "a macro that holds mj-* elements",
    "C127": "MJML that the compiler refuses",
    "C128": "Jinja where the layout cannot take it",
    "C130": "no unsubscribe link",
    "C131": "no postal address",
    "C132": "a link that mail programs must not follow",
    "C140": "a picture that does not exist",
    "C141": "a picture over 200 KB",
    "C142": "a picture without alt",
    "C143": "an icon that is fetched from somebody else's server",
    "C150": "a mail over 102,400 bytes, which Gmail cuts off",
    "C151": "a mail that cannot be composed for a sample customer",
    "C160": "a key of with: that a campaign does not give",
    "C161": "a file of data/ that does not exist",
    "C162": "a condition that asks about a link which no mail has",
    "C163": "offer, in a template of a campaign that names none, or a field that its offer does not have",
    "C165": "trigger, in a template of a campaign that nothing triggers, or a field that its trigger does not have",
    "C164": "an offer whose code the mail never shows",
})
