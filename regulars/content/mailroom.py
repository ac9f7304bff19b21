"""An opened bundle: composes mails. Preview, test mails and the send loop all call `compose`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from operator import attrgetter
from typing import Any

from jinja2 import Template, TemplateError

from regulars.content import canonical, wording
from regulars.content.bundle import link_targets
from regulars.content.email import CannotCompose, Email, Occasion
from regulars.content.filters import FUNCTIONS
from regulars.content.links import FOLLOWED, LinkTarget, checked, domain_of, scheme_of, with_utm
from regulars.content.plaintext import tidied
from regulars.content.recipient import Cause, Needs, Recipient, RewardsEarned
from regulars.content.records import Record, absent, listed, shown
from regulars.content.sandbox import Sandbox, rendered
from regulars.content.tokens import Purpose, packed_target, token
from regulars.content.vocabulary import (
    CAMPAIGN,
    LINKS,
    OFFER,
    ORDERS,
    PRODUCT,
    PURCHASE,
    SHOP,
    TRIGGER,
    Field,
    customer_group,
    referral_group,
    shape_of,
)
from regulars.content.voice import voice_for
from regulars.definition.programme import ReferralProgramme
from regulars.definition.quantities import Money
from regulars.definition.workspace import Campaign, Mailbox, Shop
from regulars.loyalty.confirming import next_milestone

HTML = Sandbox(escaping=True)
PLAIN = Sandbox(escaping=False)


def open_bundle(files: Mapping[str, bytes]) -> MailRoom:
    """From the files of a Bundle."""
    return MailRoom(files)


@dataclass(frozen=True, slots=True)
class _Letter:
    """One language's templates; `links`: number in the template -> number in the bundle."""

    html: Template
    text: Template
    subject: Template
    preheader: Template
    links: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class _Person:
    recipient: Recipient
    language: str
    greeting: str


@dataclass(frozen=True, slots=True)
class _Milestone:
    at: int
    words: str
    missing: int


@dataclass(frozen=True, slots=True)
class _Referring:
    """What `referral` says to one customer."""

    code: str | None
    url: str | None
    programme: ReferralProgramme | None
    earned: RewardsEarned

    @property
    def advocate(self) -> str | None:
        return self.earned.advocate or (self.programme.advocate.words if self.programme else None)

    @property
    def friends(self) -> int:
        return self.earned.friends

    @property
    def pending(self) -> int:
        return self.earned.pending

    @property
    def balance(self) -> Money | None:
        return self.earned.balances[0] if self.earned.balances else None

    @property
    def rewards(self) -> tuple[str, ...]:
        return self.earned.words

    @property
    def milestone(self) -> _Milestone | None:
        ahead = next_milestone(self.programme, self.friends) if self.programme else None
        return _Milestone(ahead[0], ahead[1].words, ahead[0] - self.friends) if ahead else None


@dataclass(frozen=True, slots=True)
class _OwnLinks:
    unsubscribe: str
    preferences: str
    view: str


@dataclass(slots=True)
class _Tracker:
    """Turns an address in a mail into the one a customer follows."""

    room: MailRoom
    occasion: Occasion
    numbers: Mapping[int, int]
    own: frozenset[str]
    signed: dict[tuple[str, int], str] = field(default_factory=dict)

    def __call__(self, target: str, number: int) -> str:
        found = self.signed.get((target, number))
        if found is None:
            found = self.signed[target, number] = self._signed(target.strip(), number)
        return found

    def _signed(self, target: str, number: int) -> str:
        if target in self.own:
            return target
        own_page = target.startswith(self.occasion.base_url + "/")
        final, followed = self.room.destination(target, not own_page)
        if not followed:
            return final
        link = self.numbers.get(number, 0)
        signed = token(self.occasion.key, Purpose.CLICK, self.occasion.ref, link, final)
        return f"{self.occasion.base_url}/c/{signed}/{packed_target(final)}"


class MailRoom:
    """Holds one bundle's templates, compiled once. `images`: last part of `/i/…` -> bytes."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self.shop: Shop = canonical.loaded(files["shop.json"])
        self.campaign: Campaign = canonical.loaded(files["campaign.json"])
        self._rows = canonical.loaded(files["links.json"])
        self._image_names: Mapping[str, str] = canonical.loaded(files["images.json"])
        self._letters: dict[str, _Letter] = {}
        self._customer = customer_group(self.shop)
        self._referral = referral_group(self.shop.referral)
        self._constant = self._constants()
        self._marks = self._utm()
        self.needs = Needs(**canonical.loaded(files["needs.json"]))
        self.destination = lru_cache(maxsize=20_000)(self._destination)

    @property
    def links(self) -> list[LinkTarget]:
        return link_targets(self._rows)

    @property
    def texts(self) -> Mapping[str, bytes]:
        """What it takes to open this room in another process: every file but the pictures."""
        return {path: content for path, content in self._files.items() if not path.startswith("images/")}

    @property
    def images(self) -> Mapping[str, bytes]:
        return {name: self._files[f"images/{name}"] for name in self._image_names.values()}

    def language_for(self, recipient: Recipient) -> str:
        """The customer's own language where the shop writes in it, else the shop's first. Who never told us reads
        what the shop speaks at home."""
        wanted = (recipient.locale or self.shop.locale).replace("_", "-").lower()
        languages = self.shop.languages
        for candidate in (wanted, wanted.partition("-")[0]):
            for language in languages:
                if language.replace("_", "-").lower() == candidate:
                    return language
        return languages[0]

    def compose(self, recipient: Recipient, occasion: Occasion) -> Email:
        """The mail for this customer. Raises CannotCompose with the reason."""
        language = self.language_for(recipient)
        letter = self._letter(language)
        unsubscribe = self._own_link(occasion, Purpose.UNSUBSCRIBE, "u")
        values = self._values(recipient, occasion, language, letter, unsubscribe)
        subject = one_line(rendered(letter.subject, values))
        if not subject:
            raise CannotCompose("the subject is empty")
        values["_preheader"] = one_line(rendered(letter.preheader, values))
        html = rendered(letter.html, values)
        if unsubscribe not in html:
            raise CannotCompose("the mail has no unsubscribe link for this customer")
        return Email(
            from_=self.campaign.from_ or self.shop.sender,
            to=Mailbox(recipient.email, _full_name(recipient)),
            reply_to=self.campaign.reply_to or self.shop.reply_to,
            subject=subject,
            html=html,
            text=tidied(rendered(letter.text, values)),
            language=language,
            list_id=f"{self.campaign.topic or 'mail'}.{(self.campaign.from_ or self.shop.sender).domain}",
            one_click_url=unsubscribe,
            composed_at=occasion.composed_at,
        )

    def _letter(self, language: str) -> _Letter:
        letter = self._letters.get(language)
        if letter is None:
            letter = self._letters[language] = _Letter(
                self._template(HTML, f"mail/{language}.html"),
                self._template(PLAIN, f"mail/{language}.txt"),
                self._template(PLAIN, f"mail/{language}.subject"),
                self._template(PLAIN, f"mail/{language}.preheader"),
                {row[4]: row[0] for row in self._rows if row[3] == language},
            )
        return letter

    def _template(self, sandbox: Sandbox, path: str) -> Template:
        try:
            return sandbox.from_string(self._files[path].decode())
        except (TemplateError, SyntaxError, RecursionError) as error:
            # `check` has found it; this is for whoever composes without having asked.
            raise CannotCompose(f"{path} cannot be read: {error}") from error

    def _constants(self) -> dict[str, Any]:
        data = canonical.loaded(self._files["data.json"])
        return {
            **FUNCTIONS,
            "shop": Record(SHOP, self.shop, "shop"),
            "campaign": Record(CAMPAIGN, self.campaign, "campaign"),
            "with": shown(self.campaign.with_, shape_of(self.campaign.with_, "with"), "with"),
            "data": shown(data, shape_of(data, "data"), "data"),
            "_currency": self.shop.currency,
            "_images": self._image_names,
            "_preheader": "",
        }

    def _values(
        self, recipient: Recipient, occasion: Occasion, language: str, letter: _Letter, unsubscribe: str
    ) -> dict[str, Any]:
        own = _OwnLinks(unsubscribe, self._own_link(occasion, Purpose.PREFERENCES, "p"),
                        self._own_link(occasion, Purpose.VIEW, "v"))
        person = _Person(recipient, language, wording.greeting(recipient.first_name, language))
        usual = recipient.usual
        invitation = self._invitation(recipient, occasion)
        return {
            **self._constant,
            "customer": Record(self._customer, person, "customer"),
            "orders": Record(ORDERS, recipient.orders, "orders"),
            "purchases": listed(recipient.purchases, PURCHASE, "purchases"),
            "usual": absent("usual") if usual is None else Record(PRODUCT, usual, "usual"),
            "referral": Record(
                self._referral, _Referring(recipient.referral_code, invitation, self.shop.referral, recipient.rewards or RewardsEarned()),
                "referral"),
            "offer": shown(recipient.offer, OFFER, "offer"),
            "trigger": _cause(recipient.trigger),
            "wishlist": listed(recipient.wishlist, PRODUCT, "wishlist"),
            "links": Record(LINKS, own, "links"),
            "now": occasion.composed_at,
            "_voice": voice_for(recipient.locale, language, recipient.timezone, self.shop.timezone),
            "_tracker": _Tracker(self, occasion, letter.links,
                                 # an invitation is passed on: whoever follows it is not this customer
                                 frozenset((own.unsubscribe, own.preferences, own.view, invitation or ""))),
            "_pixel": self._own_link(occasion, Purpose.OPEN, "o") + ".gif",
            "_base_url": occasion.base_url,
            "_spent": [0],
        }

    def _utm(self) -> Mapping[str, str]:
        given = {f"utm_{key}": value for key, value in self.shop.utm.items()}
        return {**given, "utm_campaign": self.campaign.name} if given else {}

    def _invitation(self, recipient: Recipient, occasion: Occasion) -> str | None:
        return f"{occasion.base_url}/r/{recipient.referral_code}" if recipient.referral_code else None

    def _own_link(self, occasion: Occasion, purpose: Purpose, door: str) -> str:
        return f"{occasion.base_url}/{door}/{token(occasion.key, purpose, occasion.ref)}"

    def _destination(self, target: str, marking: bool) -> tuple[str, bool]:
        address = checked(target)
        if scheme_of(address) not in FOLLOWED:
            return address, False
        return with_utm(address, domain_of(self.shop.url), self._marks) if marking else address, True


Compose = Callable[[MailRoom, Recipient, Occasion], Email]
"""`MailRoom.compose`, or the same in a place of its own. Raises CannotCompose."""


def _cause(cause: Cause | None) -> Any:
    if cause is None:
        return absent("trigger")
    told = shape_of(cause.fields, "trigger.fields")
    return Record(replace(TRIGGER, fields={**TRIGGER.fields, "fields": Field(told, attrgetter("fields"))}), cause, "trigger")


def one_line(text: str) -> str:
    """For headers: no line breaks, no control characters, single spaces."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(text.split())


def _full_name(recipient: Recipient) -> str:
    return one_line(f"{recipient.first_name or ''} {recipient.last_name or ''}")

