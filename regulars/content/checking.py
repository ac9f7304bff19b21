"""Every problem in every template, subject and preheader, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from regulars.content.assembly import ROOT
from regulars.content.bundle import IMAGES, bundled
from regulars.content.causes import cause_for_show
from regulars.content.causes import fields_of as fields_of_cause
from regulars.content.compilation import LEXER, Cache, Compiled, MailCompiler, compile_template
from regulars.content.email import CannotCompose
from regulars.content.grammar import tree_of
from regulars.content.mailroom import Compose, MailRoom, open_bundle
from regulars.content.offers import fields_of, for_show, offer_of
from regulars.content.source import Files, Unreadable
from regulars.content.trial import OCCASION, estimated_size, large_customer
from regulars.content.usage import Scope, Usage, misfit, usage_of
from regulars.content.vocabulary import (
    CAMPAIGN,
    LINKS,
    OFFER,
    ORDERS,
    PRODUCT,
    PURCHASE,
    SHOP,
    TRIGGER,
    Anything,
    Group,
    Listing,
    Plain,
    customer_group,
    referral_group,
    shape_of,
)
from regulars.definition.conditions import All, Any_, Condition, Emails, Not
from regulars.definition.mails import conditions_of, mails_of
from regulars.definition.programme import Offer
from regulars.definition.workspace import Campaign, Shop, Texts, Workspace
from regulars.diagnostics import Finding, Location, Severity, did_you_mean, in_reading_order

LARGEST_HTML = 102_400
LARGEST_IMAGE = 200 * 1024


def check_templates(workspace: Workspace, compiler: MailCompiler, compose: Compose = MailRoom.compose) -> list[Finding]:
    """Findings in templates/, and in the subjects and preheaders of campaigns, in reading order."""
    return in_reading_order(_Inspection(workspace, compiler, compose).findings())


def check_campaign(
    workspace: Workspace, campaign: Campaign, compiler: MailCompiler, cache: Cache | None = None,
    compose: Compose = MailRoom.compose,
) -> list[Finding]:
    """Those of one campaign alone: each of its templates in every language, its subjects and preheaders."""
    inspection = _Inspection(workspace, compiler, compose, compiled={} if cache is None else cache)
    mails = mails_of(campaign)
    templates = [found for name in dict.fromkeys(mail.template for mail in mails)
                 for found in inspection.template(name, [mail for mail in mails if mail.template == name])]
    return in_reading_order([*templates, *(found for mail in mails for found in inspection.campaign(mail))])


def context_of(shop: Shop, data: Mapping[str, object]) -> Scope:
    """Every name that a template may begin with."""
    known = shape_of(data, "data")
    assert isinstance(known, Group)
    return {
        "customer": customer_group(shop),
        "orders": ORDERS,
        "purchases": Listing(PURCHASE),
        "usual": replace(PRODUCT, name="usual", absent=True),
        "wishlist": Listing(PRODUCT),
        "shop": SHOP,
        "campaign": CAMPAIGN,
        "with": Anything(),
        "data": replace(known, open=False),
        "referral": referral_group(shop.referral),
        "offer": OFFER,
        "trigger": TRIGGER,
        "links": LINKS,
        "now": Plain("date"),
    }


@dataclass(frozen=True, slots=True)
class _Checked:
    """One template in one language. `usages`: of the HTML and of a hand-written text part."""

    compiled: Compiled
    usages: tuple[Usage, ...]
    findings: tuple[Finding, ...]

    @property
    def broken(self) -> bool:
        return any(finding.is_error for finding in self.findings)


@dataclass
class _Inspection:
    workspace: Workspace
    compiler: MailCompiler
    compose: Compose
    compiled: Cache = field(default_factory=dict)
    read_before: dict[int, _Checked] = field(default_factory=dict)  # by the identity of a Compiled that `compiled` keeps
    lines_before: dict[tuple[str, str], list[Finding]] = field(default_factory=dict)

    @cached_property
    def files(self) -> Files:
        return Files(self.workspace.texts)

    @cached_property
    def context(self) -> Scope:
        return context_of(self.workspace.shop, self.workspace.data)

    def findings(self) -> Iterator[Finding]:
        mails = [mail for campaign in self.workspace.campaigns.values() for mail in mails_of(campaign)]
        yield from self.images()
        by_template: dict[str, list[Campaign]] = {}
        for mail in mails:
            by_template.setdefault(mail.template, []).append(mail)
        for template in sorted(self.templates(by_template)):
            yield from self.template(template, by_template.get(template, []))
        for mail in mails:
            yield from self.campaign(mail)
        yield from self.links_asked_about()

    def links_asked_about(self) -> Iterator[Finding]:
        """Conditions that wait for clicks on a link which no mail has."""
        campaigns = self.workspace.campaigns
        asked = [segment.where for segment in self.workspace.segments.values()]
        asked += [part for made in campaigns.values() for part in conditions_of(made)]
        for condition in (found for whole in asked for found in _emails_in(whole) if found.link):
            one = campaigns.get(condition.campaign or "")
            known = self.link_names({mail.template for made in ([one] if one else campaigns.values()) for mail in mails_of(made)})
            if known and condition.link not in known and condition.at:
                message = f'no link is called "{condition.link}" in the mails that this asks about'
                yield Finding(condition.at, "C162", message, did_you_mean(str(condition.link), known), Severity.WARNING)

    def link_names(self, templates: Iterable[str]) -> list[str]:
        """None where a template is broken: then nobody can say."""
        checked = [self.checked(template, language) for template in templates for language in self.workspace.shop.languages]
        if any(one.broken for one in checked):
            return []
        return sorted({link.name for one in checked for link in one.compiled.links if link.name})

    def templates(self, named: Iterable[str]) -> set[str]:
        """Those that campaigns name, and those that none names yet."""
        lying = {path.removeprefix(ROOT) for path in self.workspace.texts if path.startswith(ROOT)}
        whole = {name for name in lying if "/" not in name and name.endswith(".mjml") and not self.is_variant(name)}
        return whole | {name for name in named if name in lying}

    def is_variant(self, name: str) -> bool:
        stem, _, language = name.removesuffix(".mjml").rpartition(".")
        return bool(stem) and language in self.workspace.shop.languages

    # Templates

    def template(self, template: str, campaigns: Sequence[Campaign]) -> Iterator[Finding]:
        checked = {language: self.checked(template, language) for language in self.workspace.shop.languages}
        for one in _distinct(checked.values()):
            yield from one.findings
            for campaign in campaigns:
                yield from _missing_with(campaign, one.usages)
                yield from _misfits_of_with(campaign, one.usages)
                yield from _not_given(campaign, self.workspace.shop, one.usages)
                yield from _hidden_code(campaign, one)
        if campaigns and not any(one.broken for one in checked.values()):
            yield from self.trial(campaigns[0], checked)

    def checked(self, template: str, language: str) -> _Checked:
        compiled = compile_template(self.files, template, language, self.compiler, self.compiled)
        if not compiled.pieces:
            return self.read(compiled)
        if id(compiled) not in self.read_before:
            self.read_before[id(compiled)] = self.read(compiled)
        return self.read_before[id(compiled)]

    def read(self, compiled: Compiled) -> _Checked:
        findings = list(compiled.findings)
        usages = []
        for pieces in filter(None, (compiled.pieces, compiled.text_pieces)):
            try:
                usages.append(usage_of(tree_of(pieces, self.files), self.context))
            except Unreadable as unreadable:
                findings.append(unreadable.finding)
        for usage in usages:
            findings.extend(usage.findings)
            findings.extend(self.pictures(usage))
        if usages and compiled.html:
            findings.extend(_legal(compiled, usages[0]))
        return _Checked(compiled, tuple(usages), tuple(findings))

    def pictures(self, usage: Usage) -> Iterator[Finding]:
        known = [path.removeprefix(IMAGES) for path in self.workspace.images]
        for name, place in usage.images:
            if name not in known:
                yield Finding(place, "C140", f'there is no picture "{IMAGES}{name}"', did_you_mean(name, known))

    def images(self) -> Iterator[Finding]:
        for path, content in self.workspace.images.items():
            if len(content) > LARGEST_IMAGE:
                message = f"this picture has {len(content) // 1024} KB; over 200 KB it comes late on a phone"
                yield Finding(Location(path), "C141", message, "save it smaller, about 1200 pixels wide", Severity.WARNING)

    def trial(self, campaign: Campaign, checked: Mapping[str, _Checked]) -> Iterator[Finding]:
        """The mail of a customer with long names and many purchases, where it could become too large."""
        large = any(estimated_size(one.compiled.html) > LARGEST_HTML // 2 for one in checked.values())
        shop = self.workspace.shop
        if not large or any([*_missing_with(campaign, one.usages), *_not_given(campaign, shop, one.usages)] for one in checked.values()):
            return
        plain = replace(campaign, subject=Texts({"": "trial"}), preheader=None)
        room = open_bundle(bundled(self.workspace, plain, {language: one.compiled for language, one in checked.items()}).files)
        for language, one in _first_of_each(checked):
            place = Location(one.compiled.path)
            customer = large_customer(shop, language)
            try:
                shown = replace(
                    customer, offer=for_show(campaign, customer, shop, OCCASION.composed_at),
                    trigger=cause_for_show(campaign.cause, customer, shop, OCCASION.composed_at),
                )
                email = self.compose(room, shown, OCCASION)
            except CannotCompose as cannot:
                yield Finding(place, "C151", f"the mail of a sample customer cannot be composed: {cannot.reason}", "")
                continue
            size = len(email.html.encode())
            if size > LARGEST_HTML:
                message = f"{size:,} bytes of HTML for a customer with many purchases; Gmail cuts off after {LARGEST_HTML:,}"
                yield Finding(place, "C150", message, "show fewer: {% for item in purchases[:3] %}", Severity.WARNING)

    # Campaigns

    def campaign(self, campaign: Campaign) -> Iterator[Finding]:
        for texts in (campaign.subject, campaign.preheader):
            for language, text in (texts.by_language if texts else {}).items():
                if "{" in text:
                    place = (texts.at.get(language) if texts else None) or campaign.at or Location("campaigns")
                    yield from self.line(campaign, text, place)

    def line(self, campaign: Campaign, text: str, begins: Location) -> Iterator[Finding]:
        """A subject or preheader; places are those in its YAML file."""
        # Many campaigns say the same about the same: each text is read once for all that give it the same values.
        known = text, f"{campaign.with_!r} {campaign.offer} {campaign.cause}"
        if known not in self.lines_before:
            self.lines_before[known] = self.said_of(text, campaign)
        for finding in self.lines_before[known]:
            yield replace(finding, location=_moved(finding.location, begins))

    def said_of(self, text: str, campaign: Campaign) -> list[Finding]:
        """Places are those in the text, as if it were a file of its own."""
        files = Files({"": text})
        context = {**self.context, "with": shape_of(campaign.with_, "with")}
        try:
            usage = usage_of(tree_of(files.pieces(LEXER, ""), files), context)
        except Unreadable as unreadable:
            return [unreadable.finding]
        return [*usage.findings, *self.pictures(usage), *_not_given(campaign, self.workspace.shop, [usage])]


def _emails_in(condition: Condition) -> Iterator[Emails]:
    match condition:
        case Emails():
            yield condition
        case All(parts) | Any_(parts):
            for part in parts:
                yield from _emails_in(part)
        case Not(part):
            yield from _emails_in(part)


def _missing_with(campaign: Campaign, usages: Iterable[Usage]) -> Iterator[Finding]:
    for usage in usages:
        for key, (place, guarded) in usage.with_keys.items():
            if not guarded and key not in campaign.with_:
                message = f'campaign "{campaign.name}" gives no "{key}" under with:'
                near = did_you_mean(key, list(campaign.with_))
                yield Finding(place, "C160", message, near if "mean" in near else f"add {key}: … to with: in its file")


def _misfits_of_with(campaign: Campaign, usages: Iterable[Usage]) -> Iterator[Finding]:
    """What the template does with a value of `with:` that this campaign's value does not allow."""
    for usage in usages:
        for key, name, place in usage.with_filters:
            shape = shape_of(campaign.with_.get(key), "with")
            told = misfit(name, shape.kind) if key in campaign.with_ and isinstance(shape, Plain) else None
            if told:
                yield Finding(place, "C108", f'{told[0]}, in campaign "{campaign.name}"', told[1])


def _not_given(campaign: Campaign, shop: Shop, usages: Iterable[Usage]) -> Iterator[Finding]:
    """What the template takes for granted that this campaign's mails do not have. A group that is not there is named once."""
    offer = offer_of(campaign, shop)
    caused = fields_of_cause(campaign.cause, shop)
    for usage in usages:
        for (group, name, asked_for_group, asked_for_field), place in usage.given.items():
            if group != "offer":
                is_there = campaign.cause is not None
                known = name in caused[group] or (group == "trigger.fields" and "fields" not in caused["trigger"])  # its owner is named
                if not known and not asked_for_field and (is_there or not asked_for_group):
                    yield _no_cause(campaign, f"{group}.{name}" if is_there else "trigger", place)
            elif campaign.offer is None or offer is not None:  # a name that the shop does not have is a finding of its own
                there = fields_of(offer) if offer else frozenset()
                if name not in there and not asked_for_field and (offer or not asked_for_group):
                    yield _no_offer(campaign, offer, name, place)


def _no_offer(campaign: Campaign, offer: Offer | None, name: str, place: Location) -> Finding:
    what = f'the offer "{offer.name}" of campaign "{campaign.name}" has no "{name}"' if offer else f'campaign "{campaign.name}" names no offer'
    way = "add it in regulars.yaml" if offer else "add offer: … to its file"
    return Finding(place, "C163", what, f"{way}, or put this inside {{% if {f'offer.{name}' if offer else 'offer'} %}} … {{% endif %}}")


def _no_cause(campaign: Campaign, path: str, place: Location) -> Finding:
    if campaign.cause is None:
        what = f'campaign "{campaign.name}" is sent once, and nothing triggers it'
    else:
        what = f'what starts campaign "{campaign.name}", {campaign.cause}, has no "{path.removeprefix("trigger.")}"'
    return Finding(place, "C165", what, f"put this inside {{% if {path} %}} … {{% endif %}}, or take it out")


def _hidden_code(campaign: Campaign, checked: _Checked) -> Iterator[Finding]:
    lines = [text for texts in (campaign.subject, campaign.preheader) for text in (texts.by_language.values() if texts else ())]
    shows = any(key[:2] == ("offer", "code") for usage in checked.usages for key in usage.given) or any("offer.code" in line for line in lines)
    if campaign.offer and checked.usages and not shows:
        message = f'campaign "{campaign.name}" has the offer "{campaign.offer}", and this mail never shows its code'
        hint = "write {{ offer.code }}, or take offer: out of the campaign's file"
        yield Finding(Location(checked.compiled.path), "C164", message, hint, Severity.WARNING)


def _legal(compiled: Compiled, usage: Usage) -> Iterator[Finding]:
    place = Location(compiled.path)
    if not any("links.unsubscribe" in link.target for link in compiled.links):
        hint = '<a href="{{ links.unsubscribe }}">Unsubscribe</a>, best in a footer that all templates include'
        yield Finding(place, "C130", "no unsubscribe link", hint)
    if "shop.address" not in usage.paths:
        hint = "write {{ shop.address }}, best in a footer that all templates include"
        yield Finding(place, "C131", "no postal address, which commercial mail must show", hint)


def _moved(place: Location, begins: Location) -> Location:
    column = place.column + begins.column - 1 if place.line == 1 else place.column
    return Location(begins.path, begins.line + place.line - 1, column, place.length)


def _distinct(checked: Iterable[_Checked]) -> list[_Checked]:
    return list({id(one): one for one in checked}.values())


def _first_of_each(checked: Mapping[str, _Checked]) -> list[tuple[str, _Checked]]:
    return list({id(one): (language, one) for language, one in reversed(list(checked.items()))}.values())
