"""Every hole in the wall on one page: what operations ask of the world."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # names in annotations only: a door that reports progress need not load every room
    from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime, timedelta

    from regulars.audience.card import Card
    from regulars.audience.eligibility import Funnel, Question, Reason, Standing
    from regulars.audience.explanation import Explanation
    from regulars.audience.frame import Frame
    from regulars.audience.members import Membership
    from regulars.audience.people import PersonRow
    from regulars.audience.rankings import Total
    from regulars.audience.suppression import Entry as Suppressed
    from regulars.audience.suppression import Suppression
    from regulars.audience.view import CustomerView
    from regulars.content.bundle import Bundle
    from regulars.content.email import Email, Occasion
    from regulars.content.mailroom import MailRoom
    from regulars.content.recipient import Cause, Needs, Recipient
    from regulars.content.tokens import MessageRef
    from regulars.definition.conditions import Condition
    from regulars.definition.programme import Offer
    from regulars.definition.quantities import Duration
    from regulars.definition.workspace import Campaign, CampaignKind, Scoring, Segment, Shop, Workspace
    from regulars.delivery.codes import Bound
    from regulars.delivery.composing import Composed, Job, Trouble
    from regulars.delivery.dossier import Dossier
    from regulars.delivery.errands import Answer, ErrandDue, ErrandSettled, GivenUp
    from regulars.delivery.evidence import Sought
    from regulars.delivery.launches import Draft, Launch, Origin, Tally
    from regulars.delivery.life import LaunchState, State
    from regulars.delivery.outcomes import Result
    from regulars.delivery.outgoing import Outgoing
    from regulars.delivery.pace import Ask, Grant
    from regulars.delivery.permission import Generation, Identity
    from regulars.delivery.recovery import AtRisk
    from regulars.delivery.roll_out import FirstPart
    from regulars.delivery.schedule import Slot, Timetable
    from regulars.delivery.sent import SentMail
    from regulars.delivery.settlement import Claimed, Handoff, Settlement, Uncertain
    from regulars.delivery.slowdowns import SlowDown
    from regulars.delivery.workers import Worker
    from regulars.journeys.contact import Admission
    from regulars.journeys.effects import Advance, Person, Told
    from regulars.journeys.gathering import Gathering
    from regulars.journeys.happenings import Happening
    from regulars.journeys.journey import Entry, Journey, Start
    from regulars.journeys.limits import Limits
    from regulars.journeys.live import Applied, EditionDraft, LiveAutomation
    from regulars.journeys.missing import Known
    from regulars.journeys.recorded import Life
    from regulars.journeys.records import Done, PassedOver, Waiting
    from regulars.journeys.simulation import Batch, Outcome, PostedMail
    from regulars.journeys.watching import Moment
    from regulars.loyalty.api_keys import ApiKey
    from regulars.loyalty.calls import (
        Call,
        CustomerGone,
        EventTold,
        Merged,
        PrivacyAsked,
        ProductGone,
        ProductTold,
        StockTold,
        Who,
    )
    from regulars.loyalty.confirming import Advocate, Case, Decision
    from regulars.loyalty.coupon_card import CouponCard
    from regulars.loyalty.coupons import CouponState, Stock
    from regulars.loyalty.feed import FeedState, Seal
    from regulars.loyalty.intake import Answered, Live, Occurred, Recorded, Subscribed, TakenIn
    from regulars.loyalty.order_news import Counted
    from regulars.loyalty.products import ProductRow
    from regulars.loyalty.purchases import Order
    from regulars.loyalty.purchases import Row as PurchaseRow
    from regulars.loyalty.referrals import AdvocateCard, Referral, ReferralState
    from regulars.loyalty.rewards import Entry as RewardEntry
    from regulars.loyalty.rewards import Purse
    from regulars.loyalty.tellings import Gathered
    from regulars.measurement.attribution import Sale, Touch
    from regulars.measurement.results import CodesUsed, Opens
    from regulars.scoring.contributions import ScoredEvent
    from regulars.scoring.response import Wave
    from regulars.tracking.bursts import Burst, Followed
    from regulars.tracking.hits import Hit, Letter, SentMessage
    from regulars.tracking.past import PastEvent
    from regulars.tracking.reactions import Reaction
    from regulars.tracking.verdicts import Verdict


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...


class Progress(Protocol):
    def __call__(self, done: int, total: int | None = None, why: str = "") -> None:
        """`done` units so far, of `total` when it is known. `why`: what it waits for."""
        ...


# ---- audience ----


class SegmentReader(Protocol):
    """Who is in a segment."""

    def counts(self, workspace: Workspace, as_of: datetime) -> Mapping[str, int]:
        """The size of every segment of the workspace, by stored facts."""
        ...

    def members(
        self, segment: Segment, workspace: Workspace, as_of: datetime, sample: int, *, recomputed: bool = False
    ) -> Membership:
        """How many, and at most `sample` of them; `recomputed`: from what had happened by `as_of`."""
        ...


# ---- measurement ----


class ResultsStore(Protocol):
    """Counts of one campaign's launches."""

    def launches(self, campaign: str) -> Sequence[tuple[int, datetime]]:
        """Id and time of each launch of the campaign, oldest first."""
        ...

    def steps(self, campaign: str) -> Mapping[str, Sequence[int]]:
        """Of an automation the launches of each step, in the order in which they were put live."""
        ...

    def states(self, launches: Sequence[int]) -> Mapping[str, int]: ...

    def opens(self, launches: Sequence[int]) -> Opens: ...

    def clicks(self, launches: Sequence[int]) -> tuple[int, int]:
        """Messages clicked by a human, and messages clicked by machines only."""
        ...

    def links(self, launches: Sequence[int]) -> Mapping[str, int]: ...

    def unsubscribes(self, launches: Sequence[int]) -> int: ...

    def clicks_by_hour(self, launches: Sequence[int], since: datetime, hours: int) -> tuple[int, ...]: ...

    def codes(self, launches: Sequence[int], static: str | None, compare_in: str) -> CodesUsed:
        """Of the unique codes in these launches' mails, or of the one `static` code that all of them show."""
        ...

    def touches(self, launches: Sequence[int], of: str) -> Sequence[Touch]:
        """Every touch, of any campaign, by the customers who touched these launches."""
        ...

    def sales(self, launches: Sequence[int], of: str, since: datetime, now: datetime) -> Sequence[Sale]:
        """Orders of those customers since then that count now."""
        ...


# ---- scoring ----


class Fifths(Protocol):
    """Where customers stand among all who ordered."""

    def of(self, customer_id: int, now: datetime) -> Mapping[str, int | None]:
        """recency, frequency and monetary: 1 to 5, 5 is best; None for who never ordered."""
        ...


class ScoreBook(Protocol):
    """Stored scores and the timelines they come from."""

    def timeline(self, customer_id: int) -> Sequence[ScoredEvent]:
        """The customer's events, with campaign and link in words."""
        ...

    def segment_timelines(self, customer_id: int) -> Mapping[str, Sequence[ScoredEvent]]:
        """Reactions to messages launched for each segment."""
        ...

    def stored(self, customer_id: int) -> tuple[float, Mapping[str, float]]:
        """The stored sums: engagement, and by segment."""
        ...

    def landmark(self) -> datetime: ...

    def are_by(self, scoring: Scoring) -> bool:
        """Were the stored sums made by this half-life and these weights? (True before there are any.)"""
        ...

    def recompute(self, scoring: Scoring, landmark: datetime) -> int:
        """Replays all events under these weights into fresh sums at this landmark; returns how many customers have any."""
        ...

    def waves(self, segment: str) -> Sequence[Wave]:
        """The segment's launches with what was accepted and reacted to."""
        ...


# ---- delivery ----


class Ledger(Protocol):
    """The durable record that a transport writes to while it speaks to the relay."""

    def turn(self, results: Sequence[Result], handoffs: Sequence[MessageRef]) -> set[MessageRef]:
        """Commits the results and marks the handoffs in one transaction, then answers whose final dot may be written.

        A mail missing from the answer must not be delivered and needs no result: abandon it (RSET, or close).
        Call it with every `handoffs` before their dots, and again (with no handoffs) for results at the end.
        """
        ...


class Transport(Protocol):
    """A spool or a relay."""

    @property
    def address(self) -> str:
        """Where mail is handed to at this moment, without credentials: `spool:/folder`, `smtp://host:port`, `ses://region`."""
        ...

    def send(self, batches: Iterable[Sequence[Outgoing]], ledger: Ledger, go_on: Callable[[], bool]) -> None:
        """Offers every mail; returns when each has a result in the ledger or was refused by it, or soon after `go_on()` is False.

        The next batch is claimed and composed while it is asked for: ask before the last one has run out, from another
        thread if that helps, one request at a time; the ledger may be called meanwhile from one other thread.
        Once `go_on()` is False no further mail is begun, and what has neither result nor handoff goes back.
        Raises Unreachable when no connection could be made at all; what has neither result nor handoff then goes back too.
        """
        ...

    def arrived(self, mails: Sequence[Sought]) -> Mapping[MessageRef, bool]:
        """Evidence about uncertain mails: True it was delivered, False it certainly was not.

        Those that this transport cannot tell about are absent: a relay knows none, a spool those it has, and that it has
        not those that were handed to its own address.
        """
        ...


class RelayLog(Protocol):
    """The relay's own log of what it took. `relay`: its address; None when nobody can say whose log it is."""

    @property
    def relay(self) -> str | None: ...

    def arrived(self, mails: Sequence[tuple[str, datetime]]) -> Mapping[str, bool]:
        """Of mails given as (Message-ID, moment of the handoff). True: it was taken. False: the log covers the time and has
        no such mail. Absent: the log cannot tell."""
        ...


# ---- launches ----


class Audiences(Protocol):
    """Whom a launch would write to, asked of the stored customers."""

    def zones(self) -> Sequence[str]:
        """The distinct time zones that customers live in."""
        ...

    def funnel(self, question: Question, timetable: Timetable) -> tuple[Funnel, Mapping[str, int]]:
        """The funnel, and how many of the final ones live in each time zone ("" where none is known)."""
        ...

    def lanes(self, question: Question, timetable: Timetable) -> Mapping[str, int]:
        """How many of the final ones are in each group of domains, "" for all others, the most first."""
        ...

    def with_most_lines(self, question: Question, timetable: Timetable, most: int) -> Sequence[int]:
        """Ids of final recipients with the longest histories."""
        ...

    def sample(self, question: Question, timetable: Timetable, most: int) -> Mapping[int, str | None]:
        """At most so many of the final recipients, drawn over all of them and the same ones again, with their time zones."""
        ...

    def unsent_with_most_lines(self, launch_id: int, most: int) -> Sequence[int]:
        """The same of those to whom a launch has not written yet."""
        ...

    def reason_for(self, customer_id: int, question: Question, timetable: Timetable) -> tuple[bool, Reason | None]:
        """Whether the segment selects this customer now, and what would keep the mail from them."""
        ...

    def decided(self, launch_id: int, customer_id: int) -> tuple[bool, Reason | None]:
        """The same as it was decided at that launch."""
        ...

    def explained(self, customer_id: int, question: Question) -> Explanation | None:
        """What the campaign's `to` asks and what is true of this customer now; None for an erased one."""
        ...


class Registry(Protocol):
    """What the database says of itself."""

    def identity(self) -> Identity: ...

    def rise(self, every: timedelta) -> Generation:
        """One more, unless it rose that recently for the newest launch; committed when this returns. Returns the present one."""
        ...

    def stamp(self, environment: str) -> None:
        """Gives the database to another environment; the same one again changes nothing."""
        ...

    def notice(self, remembered: Generation) -> None:
        """Notes that the database was further once: nothing is sent from it until an operator recovers it."""
        ...


class Workers(Protocol):
    """The processes that send."""

    def seen(self, owner: str, kind: str, version: str, trouble: str | None) -> None:
        """This one lives, now. `trouble`: what keeps it from sending."""
        ...

    def leave(self, owner: str) -> None: ...

    def all(self) -> Sequence[Worker]:
        """The latest seen first; who ended as it should is absent."""
        ...


class Recovery(Protocol):
    """A database that went back in time."""

    def at_risk(self, now: datetime) -> Sequence[AtRisk]:
        """Its live launches, and how many of their mails may have left since."""
        ...

    def recover(self, since: datetime, generation: Generation, *, actor: str, why: str, now: datetime) -> int:
        """Makes those uncertain and pauses their launches, in one transaction; the database is of `generation` then."""
        ...


class Memory(Protocol):
    """Outside of every database: how far each has come, by its identity."""

    def recall(self, identity: str) -> Generation | None:
        """The furthest that any of the places here remembers; None when none does."""
        ...

    def keep(self, identity: str, generation: Generation) -> None:
        """In every place that can be written to; a further one is never overwritten."""
        ...


class Buckets(Protocol):
    """Token buckets that all workers share."""

    def take(self, asks: Sequence[Ask]) -> Sequence[Grant]:
        """A grant for each, all at once. Who cannot ask gets nothing and is told when to come again."""
        ...


class Quotas(Protocol):
    """Limits of a day, exact over all workers."""

    def take(self, relay: str, day: date, since: datetime, cap: int, wanted: int) -> int:
        """As many of `wanted` as `cap` leaves of the `day` that began at `since`; used, unless they are given back."""
        ...

    def give_back(self, relay: str, day: date, count: int) -> None: ...

    def used(self, relay: str, day: date) -> int:
        """How many of the day's limit are used up to now."""
        ...


class SlowDowns(Protocol):
    """Domains and lanes that asked for patience."""

    def slow_down(self, relay: str, domain: str, reason: str, now: datetime) -> SlowDown:
        """What holds from now on; while one lasts nothing changes."""
        ...

    def lasting(self, now: datetime) -> Sequence[SlowDown]: ...

    def held(self, relay: str, now: datetime) -> Mapping[str, datetime]:
        """Domain or lane to when it is over."""
        ...


class Flows(Protocol):
    """What waits, and what left lately."""

    def waiting(self, launch_id: int) -> Mapping[str, int]:
        """Lane to how many of the launch still wait for their turn."""
        ...

    def taken_since(self, launch_id: int, since: datetime, now: datetime) -> tuple[int, timedelta]:
        """How many of the launch a relay took, and in which time."""
        ...


class Launches(Protocol):
    def make(self, draft: Draft, question: Question, timetable: Timetable, plan: Mapping[str, Any]) -> Launch:
        """Audience and messages are there when this returns, or nothing is. Raises Refused for a second live launch."""
        ...

    def find(self, name: str) -> Launch | None:
        """By id, or by a campaign's name: its latest."""
        ...

    def get(self, launch_id: int) -> Launch: ...

    def recent(self, most: int) -> Sequence[Launch]:
        """Newest first; without those of automations' steps."""
        ...

    def in_state(self, state: LaunchState) -> Sequence[Launch]: ...

    def under_way(self) -> Sequence[Launch]:
        """Those that are sending and will have sent one day; the steps of automations go on for ever."""
        ...

    def of_campaign(self, campaign: str) -> Sequence[Launch]:
        """Newest first."""
        ...

    def live(self, campaign: str) -> Launch | None: ...

    def received(self, campaign: str) -> tuple[int, datetime | None]:
        """How many customers have a mail of this campaign, and when the latest launch that wrote to them began."""
        ...

    def tally(self, launch_id: int) -> Tally: ...

    def move(self, launch_id: int, state: LaunchState, reason: str | None, now: datetime) -> bool:
        """To `state` if that may follow; to FINISHED only when no message is open, and no automation's step. False: nothing changed."""
        ...

    def first_part(self, launch_id: int, first: int) -> FirstPart:
        """Of a roll-out: what has become of the messages up to this number."""
        ...

    def wait_with_rest(self, launch_id: int, until: datetime) -> None:
        """The first part has left; of two who notice, the first one's word counts."""
        ...

    def let_rest_go(self, launch_id: int, now: datetime) -> None: ...

    def editions(self, launch_id: int) -> Mapping[int, str]:
        """The bundle of each edition; the newest is the launch's own."""
        ...

    def renew(self, launch_id: int, before: str, bundle: str, by: str, now: datetime) -> int | None:
        """What is composed from now on comes from this bundle, if it was `before` so far; the edition's number.

        None: the launch has ended, or somebody gave it another bundle.
        """
        ...

    def begin(self, launch_id: int, now: datetime) -> None:
        """Notes the first turn of the send loop."""
        ...


class Messages(Protocol):
    """Messages between PENDING and their end; each step is one compare-and-set on fence and state."""

    def claim(
        self, launch_id: int, most: int, owner: str, seconds: int, now: datetime, lane: str | None = None
    ) -> Sequence[Claimed]:
        """At most so many due messages of a launch that is sending (and of one lane), leased to `owner` for so many seconds."""
        ...

    def standings(self, customer_ids: Sequence[int], topic: str | None, kind: CampaignKind = ...) -> Mapping[int, Standing]:
        """What of these customers decides now; who was erased is absent."""
        ...

    def turn(
        self, settlements: Sequence[Settlement], handoffs: Sequence[Handoff], *, owner: str, topic: str | None,
        seconds: int, now: datetime, handed_to: str | None = None, kind: CampaignKind = ...,
    ) -> set[MessageRef]:
        """One durable transaction: settles, marks, and answers the marks that hold. `seconds`: the handoff's lease;
        `handed_to`: the address of the transport that writes their dots; `topic`, `kind`: of the marked ones' launch."""
        ...

    def recover(self, owner: str, now: datetime) -> Sequence[Settlement]:
        """Leases that ran out: the claimed go back, of the handed off only the relay knows."""
        ...

    def uncertain(self) -> Sequence[Uncertain]:
        """Uncertain messages whose senders must have given up: a batch, the earliest first."""
        ...

    def reacted_to(self, uncertain: Sequence[Uncertain]) -> set[MessageRef]:
        """Those whose mail somebody or some machine opened or followed: it arrived."""
        ...

    def close_unsent(self, now: datetime) -> None:
        """Ends what came too late, and what came back to PENDING after its launch was cancelled."""
        ...

    def due(self, now: datetime) -> Sequence[int]:
        """Launches that are sending and have a message whose time has come."""
        ...

    def decide(
        self, launch_id: int, before: State, state: State, *, actor: str, why: str, emails: Sequence[str], now: datetime
    ) -> int:
        """An operator's act on every message in `before` (or those of `emails`); returns how many."""
        ...

    def of_customer(self, launch_id: int, customer_id: int) -> Mapping[str, Any] | None:
        """The customer's message in this launch: number, state, reason, the relay's words and its times."""
        ...


class ContactBook(Protocol):
    """Who was written to, and what contact limits say of whom is next. Transactional mail is neither asked about nor counted."""

    def admit(
        self, launch: Launch, over_limit: Duration | None, batch: Sequence[Claimed], limits: Limits, now: datetime
    ) -> Mapping[MessageRef, Admission]:
        """A verdict for each that is still claimed, as `journeys.limits.in_turn` gives them to each customer by (due, launch, number).

        One transaction in which nobody else decides about these customers. Who is admitted counts as a contact from `now` on:
        while it may still leave, once it left or perhaps did, but not when it ended unsent. It may be asked about again after an
        attempt that failed, and does not count against itself then. Counted as well: mail that left before there were limits.
        Rivals: unsent mail of launches that send, without a contact of their own. Safe to say twice.
        """
        ...

    def foresee(self, campaign: Campaign, slots: Mapping[int, Slot], limits: Limits, now: datetime) -> Sequence[Admission]:
        """What would be said of a mail of this campaign to each of these customers when it is due, by what is known now."""
        ...


class Bundles(Protocol):
    """Frozen campaigns, each content stored once."""

    def keep(self, bundle: Bundle, campaign: str, origin: Origin | None, now: datetime) -> None:
        """Stores the bundle with its link targets; the same hash again changes nothing."""
        ...

    def open(self, bundle_hash: str) -> MailRoom:
        """Ready to compose; a process keeps the ones it opened."""
        ...

    def files(self, bundle_hash: str) -> Mapping[str, bytes]:
        """As they were frozen."""
        ...


class Composer(Protocol):
    """Where templates run: apart from everything that a hostile one could harm, with limits to what one mail may take."""

    def email(self, room: MailRoom, recipient: Recipient, occasion: Occasion) -> Email:
        """As `MailRoom.compose`. Raises CannotCompose; BeyondLimits when it was the template that asked for too much."""
        ...

    def letters(self, room: MailRoom, jobs: Sequence[Job]) -> Generator[Composed | Trouble]:
        """An answer for each job, in order, as they are ready. Close it when you stop listening: the rest stays uncomposed."""
        ...


class SentMails(Protocol):
    """The look-ups of a preview."""

    def customer(self, email_key: str) -> int | None:
        """Who has, or had, the address."""
        ...

    def find(self, launch_id: int, email_key: str) -> SentMail | None:
        """What was composed for them in this launch."""
        ...


class Dossiers(Protocol):
    """Single messages with all that is known about them."""

    def of(self, ref: MessageRef) -> Dossier | None: ...

    def with_key(self, launch_key: str, number: int) -> MessageRef | None:
        """The message that a Message-ID names."""
        ...

    def in_states(
        self, launch_id: int, states: Collection[State], emails: Sequence[str] = (), most: int | None = None
    ) -> Sequence[Dossier]:
        """In the order of their numbers; those of these addresses, or all."""
        ...


class Recipients(Protocol):
    def load(self, customer_ids: Sequence[int], needs: Needs, as_of: datetime, shop: Shop) -> Mapping[int, Recipient]:
        """Everything that templates need of these customers as it was at `as_of`, in a constant number of queries.

        Referral codes that are needed and missing are made. Erased customers are absent.
        """
        ...

    def look(self, customer_ids: Sequence[int], needs: Needs, as_of: datetime, shop: Shop) -> Mapping[int, Recipient]:
        """The same for previews and plans: a missing code is shown as it will be, and nothing is written."""
        ...

    def causes(self, refs: Sequence[MessageRef], shop: Shop) -> Mapping[MessageRef, Cause]:
        """What started the journeys that made these messages; those of no automation are absent."""
        ...


class Coupons(Protocol):
    """Codes of offers and their ledger; a message has at most one, and a code at most one message."""

    def bind(self, offer: Offer, batch: Sequence[Claimed], zone: str, now: datetime) -> Bound:
        """A code for each of these messages of one launch, in one transaction: the one it has, else a free one, else a new one
        where they are made here. Who asks again, or takes over from a lost worker, gets the same."""
        ...

    def stocks(self) -> Mapping[str, Stock]:
        """By offer, of all that have codes."""
        ...

    def stock(self, offer: str) -> Stock: ...

    def make(self, offer: Offer, count: int, now: datetime) -> int:
        """So many new free ones."""
        ...

    def add(self, offer: str, codes: Sequence[str], now: datetime) -> Mapping[str, str]:
        """Stores those that are new; of the others, folded, whose they are."""
        ...

    def known(self, codes: Sequence[str]) -> Mapping[str, str]:
        """What `add` would answer."""
        ...

    def codes(self, offer: str, *, unsynced: bool) -> Iterator[Sequence[str]]:
        """All that are not void, in pages; `unsynced`: those that the shop does not know."""
        ...

    def mark_synced(self, codes: Sequence[str], now: datetime) -> int: ...

    def void(self, code: str, reason: str, now: datetime) -> CouponState | None:
        """What it was before; None: nobody knows it. Raises Refused while it stands in a mail that is about to leave."""
        ...

    def card(self, code: str) -> CouponCard | None: ...


class ShopCodes(Protocol):
    """A shop that is told which codes it must accept."""

    @property
    def most(self) -> int:
        """Codes in one call of `put`."""
        ...

    def put(self, offer: Offer, codes: Sequence[str]) -> Mapping[str, str | None]:
        """Each code with None when the shop knows it now, else with the reason why it never will. Saying it again changes nothing.

        Raises Unreachable, or Refused for credentials that are not enough; what it did by then is found again.
        """
        ...


class Doorbell(Protocol):
    def ring(self, launch_id: int) -> bool:
        """Tells the workers that there is work; False: nobody could be told, and the sweep will find it."""
        ...

    def ring_for_journeys(self) -> bool:
        """The same of journeys whose step is due."""
        ...

    def ring_for_errands(self) -> bool: ...


# ---- automations ----


class Automations(Protocol):
    """What `apply` put live. (Inside a transaction: adapters.database.automations.live_on and editions_on.)"""

    def live(self) -> Mapping[str, LiveAutomation]:
        """The newest edition of each that is enabled, by its campaign's name."""
        ...

    def editions(self, wanted: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], LiveAutomation]:
        """These (campaign, edition), also of disabled ones; those that never were are absent."""
        ...

    def applied(self) -> Sequence[Applied]:
        """All that were ever put live, by name."""
        ...

    def put_live(self, drafts: Sequence[EditionDraft]) -> Mapping[str, int]:
        """All of them in one transaction, or none; campaign -> edition. Raises Refused when one was applied by somebody else meanwhile."""
        ...

    def enable(self, campaign: str, now: datetime) -> bool:
        """What happened while it was disabled starts nothing. False: it was enabled, or never applied."""
        ...

    def disable(self, campaign: str, reason: str) -> bool:
        """Nobody enters and nobody goes on; what is due stays due."""
        ...

    def bundles(self, launch_ids: Collection[int]) -> Mapping[int, str]:
        """Of these launches the hash of what they send."""
        ...


class GatheringPage(Protocol):
    """An open transaction in which customers are told of changed products."""

    @property
    def journeys(self) -> JourneyPage: ...

    def record(self, happenings: Sequence[Happening]) -> Sequence[Happening]:
        """On the customers' timelines; those that were not there yet."""
        ...


class Gatherings(Protocol):
    """Changes of products that are told of together."""

    def open(self, before: datetime) -> Sequence[Gathering]:
        """What is still to be told of. Where a change of a kind is older than `before`, all of that kind are gathered, newer ones too."""
        ...

    def wishers(self, gathering: Gathering, skus: Sequence[str], most: int) -> Mapping[int, Sequence[str]]:
        """Customers who wish any of these and have not been told of this gathering yet, each with what they wish of it."""
        ...

    def writing(self) -> AbstractContextManager[GatheringPage]: ...

    def close(self, gathering: Gathering, now: datetime) -> None: ...


class Lives(Protocol):
    """What is recorded of customers, to be lived again."""

    def count(self) -> int:
        """Customers who have not been erased."""
        ...

    def read(self, since: datetime, most: int | None) -> Iterator[Life]:
        """In the order of their ids; `most`: so many of them, drawn evenly. Mail that went out is told up to `since`."""
        ...

    def totals(self) -> Sequence[Total]:
        """Every order and refund that ever counted, of all customers: what ranks them."""
        ...


class Scene(Protocol):
    """One customer's stretch of time in memory."""

    @property
    def journeys(self) -> JourneyPage: ...

    @property
    def tower(self) -> Watchtower: ...

    def next_moment(self) -> datetime | None:
        """When something happens next; None: nothing more does before the time is over."""
        ...

    def reach(self, now: datetime) -> Sequence[Happening]:
        """Everything up to `now` has happened; what of it automations may want to hear."""
        ...

    def calls_for_a_look(self) -> bool:
        """Whether a look at birthdays, schedules and segments would find anything now."""
        ...

    def mails(self) -> Iterator[Batch]:
        """Those that are due, launch by launch."""
        ...

    def standing(self, campaign: Campaign) -> Standing: ...

    def admit(self, batch: Batch, limits: Limits) -> Mapping[tuple[int, int], Admission]:
        """What contact limits say of each mail."""
        ...

    def settle(self, mail: PostedMail, verdict: Admission) -> None:
        """It left, waits or is dropped."""
        ...

    def outcome(self) -> Outcome: ...


class Stage(Protocol):
    """Where customers' worlds are built."""

    def open(self, life: Life) -> Scene:
        """At the beginning of the programme's time, with everything that happened before."""
        ...


class JourneyRecords(Protocol):
    """What there is to read of journeys."""

    def under_way(self, campaign: str | None = None) -> Mapping[str, Sequence[Waiting]]:
        """By campaign, how many are at which step of which edition."""
        ...

    def entered(self, since: datetime) -> Mapping[str, int]:
        """How many journeys began since, by campaign; those that `apply` began again are not counted."""
        ...

    def ended(self, campaign: str) -> Mapping[str, int]:
        """By reason, the most first."""
        ...

    def outcomes(self, campaign: str) -> Mapping[str, Mapping[str, int]]:
        """Step -> outcome -> how often."""
        ...

    def left_at(self, campaign: str) -> Mapping[str, int]:
        """Step -> how many journeys had that for their last one and are over, other than by finishing."""
        ...

    def mails(self, campaign: str) -> Mapping[str, Mapping[str, int]]:
        """Step -> state of its messages -> how many, over all editions."""
        ...

    def passed_over(self, campaign: str) -> Sequence[PassedOver]:
        """Moments that nobody looked for in time, the latest first."""
        ...

    def known_of(self, live: LiveAutomation, customer_id: int) -> Known:
        """What the trigger looks at, as far as it is stored."""
        ...

    def of_customer(self, campaign: str, customer_id: int) -> Sequence[tuple[Journey, Sequence[Done]]]:
        """The newest first, each with what its steps did, in their order."""
        ...


class WatchPage(Protocol):
    """An open transaction: whoever is claimed in it has entered when it ends, or nothing of it is."""

    @property
    def journeys(self) -> JourneyPage: ...

    def claim(self, campaign: str, moments: Mapping[int, datetime], *, once: bool = False) -> set[int]:
        """Of these customers those whom nobody else has found for this moment; `once`: for any moment at all."""
        ...

    def forget(self, campaign: str, customer_ids: Collection[int]) -> None:
        """They may be found again."""
        ...

    def pass_over(self, campaign: str, day: date, count: int, reason: str, now: datetime) -> None:
        """Notes that so many had their moment on that day, and why nothing started."""
        ...


class Watchtower(Protocol):
    """Looks whom the moment has come for."""

    def watches(self) -> Sequence[tuple[LiveAutomation, datetime | None]]:
        """Those that are enabled, each with the moment up to which it has been looked."""
        ...

    def clocks(self) -> Sequence[tuple[str | None, str | None]]:
        """The distinct (time zone, country) of customers."""
        ...

    def due(
        self, live: LiveAutomation, moment: Moment, clocks: Sequence[tuple[str | None, str | None]] | None, now: datetime, most: int
    ) -> Sequence[int]:
        """Customers by these clocks, or all, whose moment that is and for whom it has not been found yet."""
        ...

    def running_out(self, live: LiveAutomation, since: datetime, now: datetime, most: int) -> Sequence[tuple[int, datetime, str]]:
        """(customer, moment, order): who by their rhythm needs more, so long before as the trigger says."""
        ...

    def newcomers(self, live: LiveAutomation, now: datetime, most: int) -> Sequence[int]:
        """Who is in what it watches, and was not when it was looked last."""
        ...

    def leavers(self, live: LiveAutomation, now: datetime, most: int) -> Sequence[int]:
        """Who was in it, and is not any more."""
        ...

    def entering(self, live: LiveAutomation, now: datetime, *, everyone: bool) -> tuple[int, int, int]:
        """How many are in what it watches; of them, how many may enter; and of those, how many would at the next look.
        `everyone`: as if nobody had been in it before."""
        ...

    def writing(self) -> AbstractContextManager[WatchPage]: ...

    def looked(self, campaign: str, now: datetime) -> None:
        """Nothing is left to find up to then."""
        ...


# ---- automations ----


class JourneyPage(Protocol):
    """An open transaction in which journeys begin, go on and end."""

    def automations(self) -> Mapping[str, LiveAutomation]:
        """The newest edition of each that is enabled."""
        ...

    def editions(self, wanted: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], LiveAutomation]:
        """These (campaign, edition), also of disabled ones."""
        ...

    def lock(self, customer_ids: Collection[int]) -> None:
        """Nobody else changes anything of these customers until the transaction ends."""
        ...

    def under_way(self, customer_ids: Collection[int]) -> Sequence[Journey]:
        """Their journeys that have not ended."""
        ...

    def entries(self, campaigns: Collection[str], customer_ids: Collection[int]) -> Mapping[tuple[str, int], Sequence[Entry]]:
        """By campaign and customer, all that ever began."""
        ...

    def claim(self, most: int, now: datetime) -> Sequence[Journey]:
        """At most so many whose turn has come, the earliest first, locked with their customers; what others hold is passed over."""
        ...

    def people(self, customer_ids: Collection[int]) -> Mapping[int, Person]: ...

    def views(
        self, live: LiveAutomation, condition: Condition, customer_ids: Collection[int], now: datetime
    ) -> tuple[Frame, Mapping[int, CustomerView]]:
        """As far as the condition asks."""
        ...

    def told(self, customer_ids: Collection[int], kinds: Collection[str], since: datetime) -> Mapping[int, Sequence[Told]]:
        """What happened to them after `since`, oldest first; imported history is left out."""
        ...

    def sent(self, journey_ids: Collection[int]) -> Mapping[int, frozenset[str]]:
        """Steps of each journey that made a mail."""
        ...

    def doubt(self) -> tuple[datetime, datetime] | None:
        """After a backup was restored: from when until when what was due was perhaps done, and nobody knows."""
        ...

    def begin(self, starts: Sequence[Start]) -> int:
        """How many of them began; who entered before does not."""
        ...

    def write(self, advances: Sequence[Advance], now: datetime) -> None:
        """The journeys as they stand now, what their steps did, and everything that follows from it."""
        ...


class Errands(Protocol):
    """What journeys' steps want to have called and told."""

    def is_due(self, now: datetime) -> bool: ...

    def claim(self, seconds: int, now: datetime) -> ErrandDue | None:
        """The earliest that nobody works on, leased for so many seconds."""
        ...

    def settle(self, done: ErrandSettled) -> None:
        """Unless somebody else has claimed it since."""
        ...

    def given_up(self, since: datetime) -> Sequence[GivenUp]:
        """What failed for good since then, by automation and step."""
        ...


class Courier(Protocol):
    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """What was answered, within seconds; whatever goes wrong is an answer as well."""
        ...


class JourneyBook(Protocol):
    """Where journeys are kept."""

    def writing(self) -> AbstractContextManager[JourneyPage]:
        """One transaction: durable at its end, or nothing of it."""
        ...

    def is_due(self, now: datetime) -> bool:
        """Whether any journey's turn has come."""
        ...


# ---- tracking ----


class HitPage(Protocol):
    """The open transaction of one batch of hits."""

    def followed_since(self, refs: Collection[MessageRef], since: datetime) -> Mapping[MessageRef, Sequence[Followed]]:
        """When each link of these messages was last followed, at `since` or later."""
        ...

    def overturn(self, bursts: Sequence[Burst]) -> None:
        """Human clicks inside these bursts become a machine's, with all that had followed from them."""
        ...

    def messages(self, refs: Collection[MessageRef]) -> Mapping[MessageRef, SentMessage]:
        """Those that exist."""
        ...

    def record(self, hits: Sequence[Hit], verdicts: Sequence[Verdict], reactions: Sequence[Reaction]) -> None:
        """Stores each hit with its verdict, and of the reactions those that are new, with what follows from them."""
        ...


class Correspondence(Protocol):
    def letter(self, ref: MessageRef) -> Letter | None:
        """What it takes to compose this message again; None when it never was."""
        ...


class HitBook(Protocol):
    """Where hits are kept."""

    def writing(self) -> AbstractContextManager[HitPage]:
        """One transaction: durable at its end, or nothing of it."""
        ...


# ---- workspace ----


class Scaffold(Protocol):
    """Where new workspaces are written."""

    def is_taken(self, folder: str) -> bool: ...

    def write_workspace(self, folder: str) -> list[str]: ...

    def write_schemas(self, folder: str, schemas: Mapping[str, object]) -> list[str]: ...


# ---- people and purchases ----


class RowFile(Protocol):
    """A table of text, read row by row."""

    @property
    def columns(self) -> Sequence[str]: ...

    def rows(self) -> Iterator[tuple[int, list[str] | str]]:
        """(line number, the cells), or (line number, why the row cannot be read)."""
        ...


class RowSpool(Protocol):
    """Rows of any number, brought together by key without holding them in memory."""

    def close(self) -> None: ...

    def add(self, key: str, line: int, value: Any) -> None: ...

    def groups(self) -> Iterator[tuple[str, Iterator[tuple[int, Any]]]]:
        """Each key with its (line, value) pairs in the file's order."""
        ...


class Stored(Enum):
    """What became of a person's row; a refusal is a text, the reason."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"


class People(Protocol):
    def compared(self, rows: Sequence[PersonRow], now: datetime) -> Sequence[Stored | str]:
        """What `record` would do."""
        ...

    def record(self, rows: Sequence[PersonRow], now: datetime, *, history: bool = False) -> Sequence[Stored | str]:
        """Stores what is new or different, consent included, in one transaction; an outcome for each row. `history`: who is in a
        watched segment by it has not just entered it."""
        ...


class Purchases(Protocol):
    def changed(self, batch: Sequence[Order]) -> set[str]:
        """Order ids that `record` would change."""
        ...

    def record(self, batch: Sequence[Order], now: datetime) -> set[str]:
        """Stores what is new or different, with its customers' facts, in one transaction; returns the ids."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a feed's server had. `file`: None when nothing has changed since `seal` was known; else it lives as long as the fetch."""

    file: RowFile | None
    seal: Seal


class FeedDoor(Protocol):
    """Where feeds are fetched from: public addresses alone."""

    def fetch(self, url: str, token: str | None, known: Seal) -> AbstractContextManager[Fetched]:
        """Raises RegularsError with what is wrong with the address or its server."""
        ...


class Feeds(Protocol):
    """Feeds between two pulls."""

    def all(self) -> Sequence[FeedState]: ...

    def claim(self, name: str, url: str, seconds: int, now: datetime, *, early: bool = False) -> FeedState | None:
        """None while another process pulls it, and before it is due unless `early`. Another address than before begins anew."""
        ...

    def renew(self, state: FeedState, seconds: int) -> bool:
        """False: somebody else has claimed it since."""
        ...

    def release(self, state: FeedState) -> None: ...

    def settle(self, state: FeedState) -> None:
        """Unless somebody else has claimed it since."""
        ...

    def last_told(self, order_ids: Collection[str]) -> Mapping[str, tuple[PurchaseRow, ...]]:
        """Rows of the orders among them that were told whole while they happened, as they were told last."""
        ...


class PastEvents(Protocol):
    """What another system recorded of its mails; both return the names (PastEvent.once) of those that nobody told before."""

    def unknown(self, batch: Sequence[PastEvent]) -> set[str]: ...

    def record(self, batch: Sequence[PastEvent], now: datetime) -> set[str]:
        """Stores them with the consent and the scores that follow, in one transaction; tells no automation."""
        ...


class Cards(Protocol):
    def of(self, email_key: str, compare_in: str) -> Card | None:
        """Everything about the customer who has, or had, the address."""
        ...


class SuppressionList(Protocol):
    def add(self, wanted: Sequence[Suppression], now: datetime, *, dry_run: bool = False) -> Sequence[bool]:
        """Which of them were not on the list; what is on it stays as it is."""
        ...

    def remove(self, address_key: str) -> bool:
        """False: it was not on the list."""
        ...

    def all(self) -> Sequence[Suppressed]: ...


class ReferralPage(Protocol):
    """An open transaction in which referrals are decided. The customers of a case are locked until it ends."""

    @property
    def journeys(self) -> JourneyPage: ...

    def due(self, shop: Shop, now: datetime, most: int) -> Sequence[Case]:
        """At most so many referrals whose order can no longer come back, the oldest first; those that somebody else is writing at
        the moment are left out."""
        ...

    def advocates(self, cases: Sequence[Case], workspace: Workspace, now: datetime) -> Mapping[int, Advocate]:
        """Those of the cases, by customer id."""
        ...

    def record(self, decisions: Sequence[Decision], entries: Sequence[RewardEntry], news: Sequence[Happening], now: datetime) -> Sequence[Happening]:
        """Stores what was decided, the rewards in the decisions, and these further entries; returns the news that were not told yet."""
        ...

    def expire(self, now: datetime, most: int) -> int:
        """Writes off rewards whose time is over, of at most so many customers; returns of how many."""
        ...

    def lock(self, referral_id: int) -> ReferralState | None:
        """Its state, which nobody else changes until the transaction ends; None: there is no such referral."""
        ...

    def decide(self, referral_id: int, state: ReferralState, *, by: str, why: str, now: datetime) -> Sequence[Happening]:
        """Somebody's word on a referral; takes back what was earned when it says no. Returns what is news."""
        ...

    def purses(self, customer_id: int, now: datetime) -> Sequence[Purse]:
        """What the customer has left, after writing off what ran out; nobody else changes it until the transaction ends."""
        ...

    def use(self, entry: RewardEntry) -> bool:
        """Writes it; False: it was written before."""
        ...


class ReferralLists(Protocol):
    """Referrals, advocates and rewards to look at."""

    def counts(self) -> Mapping[ReferralState, int]: ...

    def newest(self, states: Collection[ReferralState], most: int) -> Sequence[Referral]: ...

    def get(self, referral_id: int) -> Referral | None: ...

    def customer(self, email_key: str) -> int | None:
        """Who has, or had, the address."""
        ...

    def brought(self, customer_id: int, most: int) -> Sequence[Referral]:
        """Whom they brought, the newest first."""
        ...

    def came_through(self, customer_id: int) -> Referral | None:
        """Who brought them."""
        ...

    def coded_orders(self, customer_id: int) -> Sequence[tuple[str, str, datetime]]:
        """(order id, code as it was written, moment) of each of their orders that names a code, the oldest first."""
        ...

    def entries(self, customer_id: int) -> Sequence[RewardEntry]:
        """Their ledger, the oldest first."""
        ...

    def advocate(self, customer_id: int, compare_in: str) -> AdvocateCard:
        """Also of who has brought nobody yet."""
        ...

    def top(self, most: int, compare_in: str) -> Sequence[AdvocateCard]:
        """Those with the most confirmed friends, then with the most friends."""
        ...


class ReferralBook(Protocol):
    """Where referrals and rewards are kept."""

    def has_work(self, shop: Shop, now: datetime) -> bool:
        """Is any referral due, or any reward running out?"""
        ...

    def writing(self) -> AbstractContextManager[ReferralPage]:
        """One transaction: durable at its end, or nothing of it."""
        ...


class Catalogue(Protocol):
    def changed(self, products: Sequence[ProductRow]) -> set[str]: ...

    def record(self, products: Sequence[ProductRow], now: datetime) -> set[str]:
        """Stores what is new or different; returns the skus."""
        ...


# ---- what shops tell ----


class IntakePage(Protocol):
    """The open transaction in which calls are taken in."""

    @property
    def journeys(self) -> JourneyPage: ...

    @property
    def secret(self) -> bytes:
        """What hints are hashed with."""
        ...

    def claim(self, calls: Sequence[Call], now: datetime) -> Mapping[tuple[str, str], Answered]:
        """Notes the calls by their names; who tells one of them elsewhere at this moment waits for us.
        Returns what was said to those that were heard before."""
        ...

    def answer(self, answers: Mapping[tuple[str, str], Answered]) -> None: ...

    def used(self, keys: Collection[str], now: datetime) -> None:
        """Notes when API keys were last used."""
        ...

    def told(self, order_ids: Collection[str]) -> Mapping[str, Gathered]:
        """What was told of each so far, which is nothing of a new one; nobody else takes in anything of them until the end."""
        ...

    def keep(self, told: Mapping[str, tuple[Gathered, int | None]]) -> None:
        """With the customer whose order it is, once that is known."""
        ...

    def stored(self, order_ids: Collection[str]) -> Mapping[str, Recorded]:
        """The orders as they stand."""
        ...

    def record_orders(self, live: Sequence[Live], now: datetime, referred: list[Happening]) -> Mapping[str, Recorded]:
        """With lines, events, customers' facts and scores. `referred`: gathers what their advocates may be told."""
        ...

    def counted(self, customer_ids: Collection[int]) -> Mapping[int, Sequence[Counted]]:
        """Each customer's orders that count, or did from some moment on."""
        ...

    def record_people(self, rows: Sequence[PersonRow], now: datetime) -> tuple[Sequence[Stored | str], Sequence[Subscribed]]:
        """An outcome for each, and who agrees to mail now and had not before."""
        ...

    def customers(self, who: Sequence[Who], now: datetime) -> Sequence[int | None]:
        """The id of each; who has an address and is unknown is made. None: nobody has the shop's id."""
        ...

    def merge(self, merges: Sequence[Merged], now: datetime) -> int:
        """How many pairs were two customers until now."""
        ...

    def withdraw(self, gone: Sequence[CustomerGone], source: str, now: datetime) -> int:
        """How many had agreed to mail until now."""
        ...

    def note_privacy(self, asked: Sequence[tuple[str, PrivacyAsked]], now: datetime) -> None:
        """Pairs of source and request; who is to be forgotten is forgotten at once."""
        ...

    def record_products(self, told: Sequence[ProductTold], now: datetime) -> int: ...

    def forget_products(self, gone: Sequence[ProductGone], now: datetime) -> int: ...

    def record_stock(self, told: Sequence[StockTold], now: datetime) -> int: ...

    def record_events(self, told: Sequence[tuple[EventTold, int]]) -> Sequence[Occurred]:
        """Pairs of event and customer id; returns those that nobody had told yet."""
        ...


class IntakeBook(Protocol):
    """Where calls are taken in."""

    def write(self, work: Callable[[IntakePage], TakenIn]) -> TakenIn:
        """In one transaction: durable when this returns, or nothing of it. `work` may be asked again, and must be safe to."""
        ...

    def forget(self, before: datetime) -> int:
        """How many answers from before then were remembered until now; who tells such a call again tells it anew."""
        ...


class ApiKeys(Protocol):
    def add(self, key: ApiKey) -> None: ...

    def find(self, key_id: str) -> ApiKey | None: ...

    def all(self) -> Sequence[ApiKey]:
        """The newest first."""
        ...

    def end(self, key_ids: Collection[str], at: datetime, *, revoked: bool) -> None:
        """They open nothing from then on."""
        ...
