"""The MJML engine (mrml, by mjml-python) and the CSS inliner, behind content's MailCompiler."""

from __future__ import annotations

import re

from css_inline import CSSInliner
from mjml import mjml2html

from regulars.content.compilation import MjmlRefused

_POSITION = re.compile(r"(?: in root template)?(?: at position (\d+):\d+)?$")


class MjmlCompiler:
    """Nothing is fetched: neither fonts nor stylesheets nor includes."""

    def compile(self, mjml: str) -> str:
        try:
            return str(mjml2html(mjml, fonts={}))  # the default loads Ubuntu from Google for everybody
        except ValueError as error:
            raise _refusal(str(error), mjml) from error

    def inline(self, html: str, css: str) -> str:
        # The defaults would download every <link>, delete it, and throw the style blocks away.
        inliner = CSSInliner(
            extra_css=css, inline_style_tags=False, keep_style_tags=True, keep_link_tags=True,
            load_remote_stylesheets=False,
        )
        return inliner.inline(html)


def _refusal(message: str, mjml: str) -> MjmlRefused:
    match = _POSITION.search(message)
    byte = match[1] if match else None
    offset = len(mjml.encode()[:int(byte)].decode(errors="ignore")) if byte else None
    return MjmlRefused(_POSITION.sub("", message), offset)
