"""Shows a mail before it is sent, by the sender's own steps, and again after, byte by byte; writes nothing anywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from regulars.audience.addresses import read_address
from regulars.audience.cells import BadCell
from regulars.content.bundle import freeze
from regulars.content.causes import cause_for_show
from regulars.content.compilation import MailCompiler
from regulars.content.email import BeyondLimits, CannotCompose, Email, Occasion
from regulars.content.mailroom import Compose, MailRoom, open_bundle
from regulars.content.offers import for_show
from regulars.content.proof import Proof, proof_of, self_contained, with_named_links
from regulars.content.recipient import Recipient
from regulars.content.samples import sample_recipient
from regulars.content.tokens import Key, KeyRing, MessageRef
from regulars.definition.mails import mails_of
from regulars.definition.quantities import Money
from regulars.definition.workspace import Campaign, Workspace
from regulars.delivery.launches import Launch
from regulars.delivery.message_id import PREVIEW_LAUNCH_KEY
from regulars.delivery.outgoing import Outgoing, outgoing
from regulars.delivery.sent import SentMail
from regulars.diagnostics import did_you_mean
from regulars.errors import RegularsError, UsageError
from regulars.loyalty.rates import Rates, compared
from regulars.operations.ports import Bundles, Launches, Recipients, SentMails

NOT_A_MESSAGE = MessageRef(0, 0)


@dataclass(frozen=True, slots=True)
class Preview:
    """`launch` and `matches` are about a mail that was sent: do these bytes hash to what left then?"""

    campaign: str
    email: Email
    mail: Outgoing
    proof: Proof
    page: str                 # the HTML with its pictures inside
    text: str                 # the text part for a terminal: links by their names
    launch: int | None = None
    matches: bool | None = None

    def as_json(self) -> dict[str, Any]:
        email, proof = self.email, self.proof
        return {
            "campaign": self.campaign, "customer": email.to.address, "language": email.language,
            "from": email.from_.address, "reply_to": email.reply_to.address if email.reply_to else None,
            "subject": email.subject, "preheader": proof.preheader, "text": email.text, "html": email.html,
            "html_bytes": proof.html_bytes, "bytes": len(self.mail.content), "sha256": self.mail.sha256,
            "links": [{"name": link.name, "target": link.target, "counted": link.counted} for link in proof.links],
            "images": [{"source": picture.source, "alt": picture.alt} for picture in proof.pictures],
            "composed_at": email.composed_at.isoformat(), "launch": self.launch, "matches": self.matches,
        }


def preview(
    campaign: Campaign, workspace: Workspace, recipient: Recipient, compiler: MailCompiler, *,
    keys: KeyRing, base_url: str, now: datetime, compose: Compose = MailRoom.compose,
) -> Preview:
    """The mail as it would be sent now. Raises WorkspaceBroken, or RegularsError when this customer cannot get it."""
    room = open_bundle(freeze(workspace, campaign, compiler).files)
    shop = workspace.shop
    recipient = replace(
        recipient, offer=for_show(campaign, recipient, shop, now), trigger=recipient.trigger or cause_for_show(campaign.cause, recipient, shop, now)
    )
    return _composed(room, recipient, Occasion(NOT_A_MESSAGE, PREVIEW_LAUNCH_KEY, keys.preview, base_url, now), compose)


def preview_sent(
    launch: Launch, address: str, sent: SentMails, bundles: Bundles, recipients: Recipients, *, keys: KeyRing, base_url: str,
) -> Preview:
    """The mail that this launch sent to the customer, composed again as of then. Raises UsageError when there was none."""
    mail = sent.find(launch.id, _key(address))
    if mail is None:
        raise UsageError(
            f"launch {launch.id} of {launch.campaign} composed no mail for {address}", hint=f"see: regulars why {launch.campaign} {address}"
        )
    return preview_again(mail, launch.key, bundles, recipients, keys=keys, base_url=base_url)


def preview_again(
    mail: SentMail, launch_key: str, bundles: Bundles, recipients: Recipients, *, keys: KeyRing, base_url: str
) -> Preview:
    """A mail as it was sent, from its own bundle and as of its own moment. Raises UsageError for a customer who is gone."""
    room = bundles.open(mail.bundle)
    people = recipients.look([mail.customer_id], room.needs, mail.composed_at, room.shop)
    if mail.customer_id not in people:
        raise UsageError(f"{mail.email} is no customer any more, so the mail cannot be composed again")
    person = people[mail.customer_id]
    causes = recipients.causes([mail.ref], room.shop) if room.needs.trigger else {}
    recipient = replace(
        person, email=mail.email, offer=for_show(room.campaign, person, room.shop, mail.composed_at, mail.code), trigger=causes.get(mail.ref)
    )
    return _matching(launch_key, mail, room, recipient, keys, base_url)


def launch_that_wrote(named: Launch, step: str | None, address: str, launches: Launches, sent: SentMails) -> Launch:
    """Of an automation each mail has launches of its own: the newest that composed one for the customer, of this step if one is named."""
    if not named.step:
        return named
    mine = [launch for launch in launches.of_campaign(named.campaign) if step in {None, launch.step}]
    return next((launch for launch in mine if sent.find(launch.id, _key(address))), named)


def mail_named(campaign: Campaign, step: str | None) -> Campaign:
    """The campaign itself, or of an automation the mail of this step; without a name the first. Raises UsageError."""
    mails = {mail.step: mail for mail in mails_of(campaign)}
    if not mails:
        raise UsageError(f'"{campaign.name}" sends no mail', hint="none of its steps is a send")
    if step is None:
        return next(iter(mails.values()))
    if campaign.automation is None:
        raise UsageError(f'"{campaign.name}" is sent once and has no steps', hint="leave out --step")
    if step not in mails:
        raise UsageError(f'"{campaign.name}" has no mail "{step}"', hint=did_you_mean(step, list(mails)))
    return mails[step]


def sample_named(workspace: Workspace, rates: Rates, *, email: str | None, language: str | None) -> Recipient | None:
    """The person of samples/customers.yaml with this address; without one, the first who reads this language."""
    shop = workspace.shop
    for person in workspace.samples:
        if email is not None and str(person.get("email", "")).casefold() != email.casefold():
            continue
        if email is None and language is not None and person.get("locale", shop.locale) != language:
            continue
        return sample_recipient(person, shop, _comparing(rates))
    return None


def customer_named(
    address: str, workspace: Workspace, campaign: Campaign, compiler: MailCompiler, sent: SentMails, recipients: Recipients, now: datetime
) -> Recipient:
    """The customer of the database who has the address, with what the campaign's template needs. Raises UsageError."""
    room = open_bundle(freeze(workspace, campaign, compiler).files)
    customer_id = sent.customer(_key(address))
    people = {} if customer_id is None else recipients.look([customer_id], room.needs, now, room.shop)
    for recipient in people.values():
        return recipient
    raise UsageError(f"nobody has the address {address}", hint="name a customer, or somebody of samples/customers.yaml")


def in_language(recipient: Recipient, language: str | None, languages: tuple[str, ...]) -> Recipient:
    """As if the customer read this language. Raises UsageError for one that the shop does not write in."""
    if language is None:
        return recipient
    if language not in languages:
        raise UsageError(f'the shop does not write in "{language}"', hint=did_you_mean(language, languages))
    return replace(recipient, locale=language)


def _comparing(rates: Rates) -> Any:
    def compare(amount: Money, when: datetime) -> Money:
        try:
            return Money(compared(amount.units, rates.on(when.date(), amount.currency)), rates.compare_in)
        except BadCell as error:
            raise UsageError(f"samples/customers.yaml: {error}") from error

    return compare


def _matching(
    launch_key: str, mail: SentMail, room: MailRoom, recipient: Recipient, keys: KeyRing, base_url: str
) -> Preview:
    """Signed by each key of the ring, for it may have been renewed since; the newest when none fits."""
    tried = [_signed(launch_key, mail, room, recipient, key, base_url) for key in keys.keys]
    same = (preview for preview in tried if preview.mail.sha256 == mail.content_hash)
    found = next(same, tried[0])
    matches = None if mail.content_hash is None else found.mail.sha256 == mail.content_hash
    return replace(found, launch=mail.ref.launch, matches=matches)


def _signed(launch_key: str, mail: SentMail, room: MailRoom, recipient: Recipient, key: Key, base_url: str) -> Preview:
    return _composed(room, recipient, Occasion(mail.ref, launch_key, key, base_url, mail.composed_at))


def _composed(room: MailRoom, recipient: Recipient, occasion: Occasion, compose: Compose = MailRoom.compose) -> Preview:
    try:
        email = compose(room, recipient, occasion)
        mail = outgoing(email, occasion.ref, occasion.launch_key)
    except BeyondLimits as error:
        raise RegularsError(
            f"{room.campaign.name} cannot be composed: {error.reason}", hint=f"a launch would pause at its first mail; change templates/{room.campaign.template}"
        ) from error
    except CannotCompose as error:
        raise RegularsError(
            f"{recipient.email} cannot get {room.campaign.name}: {error.reason}",
            hint="a launch would skip this customer with that reason; guard the value in the template with default, if or is defined",
        ) from error
    proof = proof_of(email, room.links, occasion.base_url)
    page = self_contained(email.html, occasion.base_url, room.images)
    return Preview(room.campaign.name, email, mail, proof, page, with_named_links(email.text, room.links, occasion.base_url))


def _key(address: str) -> str:
    try:
        return read_address(address).key
    except ValueError as error:
        raise UsageError(str(error)) from error


