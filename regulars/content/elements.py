"""MJML's elements: where each may stand and which attributes it knows. The compiler itself ignores what it
does not know without a word, so a typing mistake would silently lose a colour."""

from __future__ import annotations

from collections.abc import Mapping

_PADDING = "padding padding-top padding-right padding-bottom padding-left"
_BORDER = "border border-top border-right border-bottom border-left border-radius"
_FONT = "color font-family font-size font-style font-weight letter-spacing line-height text-decoration text-transform"
_ALWAYS = "css-class mj-class"
_BACKGROUND = ("background-color background-url background-repeat background-size background-position "
               "background-position-x background-position-y")
_LEAF = f"{_ALWAYS} {_PADDING} container-background-color align"

ATTRIBUTES: Mapping[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "mjml": "lang dir owa",
        "mj-head": "",
        "mj-title": "",
        "mj-preview": "",
        "mj-style": "inline",
        "mj-font": "name href",
        "mj-breakpoint": "width",
        "mj-attributes": "",
        "mj-body": f"{_ALWAYS} background-color width id",
        "mj-section": f"{_ALWAYS} {_PADDING} {_BORDER} {_BACKGROUND} direction full-width text-align text-padding",
        "mj-wrapper": f"{_ALWAYS} {_PADDING} {_BORDER} {_BACKGROUND} direction full-width text-align gap",
        "mj-column": f"{_ALWAYS} {_PADDING} {_BORDER} background-color direction vertical-align width "
                     "inner-background-color inner-border inner-border-top inner-border-right inner-border-bottom "
                     "inner-border-left inner-border-radius",
        "mj-group": f"{_ALWAYS} background-color direction vertical-align width",
        "mj-text": f"{_LEAF} {_FONT} height background-color",
        "mj-button": f"{_LEAF} {_BORDER} {_FONT} background-color height href inner-padding name rel target "
                     "text-align title vertical-align width",
        "mj-image": f"{_LEAF} {_BORDER} alt fluid-on-mobile font-size height href max-height name rel sizes src "
                    "srcset target title usemap width",
        "mj-divider": f"{_LEAF} border-color border-style border-width width",
        "mj-spacer": f"{_LEAF} {_BORDER} height",
        "mj-table": f"{_LEAF} {_FONT} border cellpadding cellspacing role table-layout text-align width",
        "mj-raw": "position",
        "mj-hero": f"{_ALWAYS} {_PADDING} {_BACKGROUND} background-height background-width border-radius "
                   "container-background-color height inner-background-color inner-padding inner-padding-top "
                   "inner-padding-right inner-padding-bottom inner-padding-left mode vertical-align width align",
        "mj-social": f"{_LEAF} {_FONT} border-radius icon-size icon-height icon-padding inner-padding mode "
                     "table-layout text-padding vertical-align",
        "mj-social-element": f"{_ALWAYS} {_PADDING} {_FONT} align alt background-color border-radius href "
                             "icon-height icon-padding icon-position icon-size name rel sizes src srcset target "
                             "text-padding title vertical-align",
        "mj-navbar": f"{_ALWAYS} {_PADDING} align hamburger ico-align ico-close ico-color ico-font-family "
                     "ico-font-size ico-line-height ico-open ico-padding ico-padding-bottom ico-padding-left "
                     "ico-padding-right ico-padding-top ico-text-decoration ico-text-transform",
        "mj-navbar-link": f"{_ALWAYS} {_PADDING} {_FONT} href name rel target",
        "mj-accordion": f"{_ALWAYS} {_PADDING} border container-background-color font-family icon-align icon-height "
                        "icon-position icon-unwrapped-alt icon-unwrapped-url icon-width icon-wrapped-alt icon-wrapped-url",
        "mj-accordion-element": f"{_ALWAYS} background-color border font-family icon-align icon-height "
                                "icon-position icon-unwrapped-alt icon-unwrapped-url icon-width icon-wrapped-alt "
                                "icon-wrapped-url",
        "mj-accordion-title": f"{_ALWAYS} {_PADDING} background-color color font-family font-size font-weight",
        "mj-accordion-text": f"{_ALWAYS} {_PADDING} background-color color font-family font-size font-weight "
                             "letter-spacing line-height",
        "mj-carousel": f"{_LEAF} border-radius icon-width left-icon right-icon tb-border tb-border-radius "
                       "tb-hover-border-color tb-selected-border-color tb-width thumbnails",
        "mj-carousel-image": f"{_ALWAYS} alt border-radius href rel src target tb-border tb-border-radius "
                             "thumbnails-src title",
    }.items()
}

_LEAVES = ["mj-text", "mj-button", "mj-image", "mj-divider", "mj-spacer", "mj-table", "mj-raw", "mj-social", "mj-navbar", "mj-accordion", "mj-carousel"]

CHILDREN: Mapping[str, frozenset[str]] = {
    name: frozenset(words)
    for name, words in {
        "": ["mjml"],
        "mjml": ["mj-head", "mj-body"],
        "mj-head": ["mj-title", "mj-preview", "mj-style", "mj-font", "mj-breakpoint", "mj-attributes", "mj-raw"],
        "mj-body": ["mj-section", "mj-wrapper", "mj-hero", "mj-raw"],
        "mj-wrapper": ["mj-section", "mj-hero", "mj-raw"],
        "mj-section": ["mj-column", "mj-group", "mj-raw"],
        "mj-group": ["mj-column", "mj-raw"],
        "mj-column": _LEAVES,
        "mj-hero": _LEAVES,
        "mj-social": ["mj-social-element", "mj-raw"],
        "mj-navbar": ["mj-navbar-link", "mj-raw"],
        "mj-accordion": ["mj-accordion-element"],
        "mj-accordion-element": ["mj-accordion-title", "mj-accordion-text"],
        "mj-carousel": ["mj-carousel-image"],
    }.items()
}

# Their content is a mail's HTML, in which no mj-* element may stand.
HOLDS_HTML = frozenset({
    "mj-text", "mj-button", "mj-table", "mj-raw", "mj-navbar-link", "mj-social-element", "mj-accordion-title",
    "mj-accordion-text",
})
# Loops and conditions may stand directly inside, around the parts that they repeat.
TAKES_BLOCKS = frozenset({
    "mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero", "mj-social", "mj-navbar",
})
HAS_LINK_NAME = frozenset({"a", "mj-button", "mj-image", "mj-navbar-link", "area", "mj-carousel-image"})
