"""The fuse box: settings become adapters, once, each at its first use."""

from __future__ import annotations

import atexit
import os
from functools import cached_property
from typing import TYPE_CHECKING

from regulars.definition.relays import DEFAULT_RELAY
from regulars.errors import Refused, SettingsError, Unreachable
from regulars.settings import MailUrl, Settings, read_settings, variable_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from regulars.adapters.current_shop import CurrentShop
    from regulars.adapters.database.engine import Database
    from regulars.adapters.database.recipients import RecipientsInDatabase
    from regulars.adapters.relays import Rests
    from regulars.adapters.spool import Spool
    from regulars.content.compilation import MailCompiler
    from regulars.definition.programme import Offer
    from regulars.definition.workspace import Segment, Shop, Workspace
    from regulars.delivery.lanes import Busy
    from regulars.journeys.simulation import Programme
    from regulars.loyalty.rates import Rates
    from regulars.operations.apply import Registers
    from regulars.operations.heartbeat import Heartbeat
    from regulars.operations.office import PostOffice, Way
    from regulars.operations.pace import Pace
    from regulars.operations.permission import Permit
    from regulars.operations.plan import Desk
    from regulars.operations.ports import (
        ApiKeys,
        Audiences,
        Automations,
        Buckets,
        Bundles,
        Cards,
        Catalogue,
        Clock,
        Composer,
        ContactBook,
        Coupons,
        Doorbell,
        Dossiers,
        Fifths,
        Flows,
        Gatherings,
        IntakeBook,
        JourneyBook,
        Launches,
        Lives,
        Memory,
        Messages,
        PastEvents,
        People,
        Purchases,
        Recovery,
        ReferralBook,
        ReferralLists,
        Registry,
        RelayLog,
        ResultsStore,
        ScoreBook,
        SegmentReader,
        SentMails,
        ShopCodes,
        Stage,
        SuppressionList,
        Transport,
        Watchtower,
        Workers,
    )
    from regulars.operations.pull_feeds import FeedDesk
    from regulars.operations.run_errands import ErrandDesk


class House:
    """Everything a door needs to run an operation. Adapters are imported when first asked for, to keep doors quick."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._transports: dict[MailUrl, Transport] = {}

    @cached_property
    def clock(self) -> Clock:
        from regulars.adapters.clock import StartedClock, SystemClock

        return StartedClock(self.settings.now) if self.settings.now else SystemClock()

    @cached_property
    def database(self) -> Database:
        """The database at this program's schema; the embedded one is made and migrated by itself."""
        from regulars.adapters.database.engine import Database
        from regulars.adapters.database.migrations import (
            current_revision,
            is_current,
            newest_revision,
            upgrade,
        )

        database = Database(self.settings.database_url)
        if is_current(database):
            return database
        if not database.is_sqlite:
            there = current_revision(database)
            found = f"the database's schema is {there}" if there else "the database has no tables yet"
            raise Unreachable(f"{found}, and this program wants schema {newest_revision()}", hint="run: regulars db upgrade")
        refuse_foreign_stamp(database, self.settings.environment)
        upgrade(database, self.settings.environment)
        return database

    @cached_property
    def transport(self) -> Transport:
        """Where mail goes, by all relays that there are. A guard refuses (exit 4) what would mail unreachable links, or
        passwords in the clear; SettingsError names every relay without an address."""
        return self._post({name: self._transport_to(mail) for name, mail in self.relays().items()})

    def relays(self) -> Mapping[str, MailUrl]:
        """Where mail goes, by the relays' names; SettingsError names every relay without an address."""
        return self._addresses(self.shop_now())

    def way(self, shop: Shop, wanted: str | None) -> Way:
        """For the mail of a campaign that names this relay, or none."""
        from zoneinfo import ZoneInfo

        from regulars.delivery.routes import relays_of, route
        from regulars.operations.office import Way

        addresses = self._addresses(shop)
        today = self.clock.now().astimezone(ZoneInfo(shop.timezone)).date()
        names = route(relays_of(shop.relays, shop.warm_up), wanted, today)
        post = self._post({name: self._transport_to(addresses[name]) for name in names})
        return Way(post, lambda: getattr(post, "carrier", names[0]))

    def _addresses(self, shop: Shop | None) -> Mapping[str, MailUrl]:
        """Of every relay of the shop; of every variable where the shop's file cannot be read."""
        only = self.settings.mail_of(DEFAULT_RELAY)
        if shop is None and (len(self.settings.mails) > 1 or only is None):
            return self.settings.mails
        if shop is None or not shop.relays:
            if only is None:
                raise SettingsError([(
                    f"{', '.join(self.settings.mails)} would be the address of a relay that regulars.yaml names, and it names none; "
                    "name it under relays:, or set REGULARS_MAIL_URL"
                )])
            return {DEFAULT_RELAY: only}
        found = {name: self.settings.mail_of(name, relay.url) for name, relay in shop.relays.items()}
        if unknown := [name for name, mail in found.items() if mail is None]:
            raise SettingsError([
                f"the relay {name!r} of regulars.yaml has no address: set {shop.relays[name].url or variable_of(name)}, "
                "or REGULARS_MAIL_URL for all that have none of their own" for name in unknown
            ])
        return {name: mail for name, mail in found.items() if mail is not None}

    def _post(self, relays: Mapping[str, Transport]) -> Transport:
        from regulars.adapters.relays import Failover

        return relays[DEFAULT_RELAY] if list(relays) == [DEFAULT_RELAY] else Failover(relays, self._rests)

    @cached_property
    def _rests(self) -> Rests:
        from regulars.adapters.relays import Rests

        return Rests()

    def _transport_to(self, mail: MailUrl) -> Transport:
        """One for each address, however many relays and launches share it."""
        if mail not in self._transports:
            refuse_unsafe_relay(self.settings, mail)
            self._transports[mail] = self._relay_at(mail)
        return self._transports[mail]

    def _relay_at(self, mail: MailUrl) -> Transport:
        if mail.scheme == "spool":
            from regulars.adapters.spool import Spool

            return Spool(mail.folder)
        if mail.scheme == "ses":
            from regulars.adapters.ses import Ses

            ses = Ses(mail.host, mail.connections, mail.configuration_set, mail.dot_timeout)
            atexit.register(ses.close)
            return ses
        from regulars.adapters.smtp import Relay
        from regulars.adapters.smtp_session import Account

        account = Account(
            mail.host, mail.port, mail.user, mail.password, mail.tls, mail.dot_timeout, mail.command_timeout, mail.per_connection
        )
        relay = Relay(account, connections=mail.connections, busy=lambda: self._busy_at(mail))
        atexit.register(relay.close)  # relays like to be told goodbye
        return relay

    def _busy_at(self, mail: MailUrl) -> Busy:
        """How many connections there may be busy with whom, by the file as it is now."""
        from regulars.delivery.lanes import Busy

        shop = self.shop_now()
        relays = shop.relays if shop is not None else {}
        return Busy.of(relays, next((name for name, relay in relays.items() if self.settings.mail_of(name, relay.url) == mail), ""))

    @cached_property
    def spool(self) -> Spool | None:
        """The folder that `/outbox` reads; None when mail goes to a relay."""
        from regulars.adapters.spool import Spool

        mail, others = self.settings.mail, self.settings.mails
        return Spool(mail.folder) if mail.scheme == "spool" and (not others or mail in others.values()) else None

    @cached_property
    def scores(self) -> ScoreBook:
        from regulars.adapters.database.scores import Scores

        return Scores(self.database)

    @cached_property
    def segments(self) -> SegmentReader:
        from regulars.adapters.database.segments import SegmentsInDatabase

        return SegmentsInDatabase(self.database)

    @cached_property
    def fifths(self) -> Fifths:
        from regulars.adapters.database.cuts import FifthsInDatabase

        return FifthsInDatabase(self.database, self.shop)

    @cached_property
    def results(self) -> ResultsStore:
        from regulars.adapters.database.results import ResultsInDatabase

        return ResultsInDatabase(self.database)

    @cached_property
    def workspace(self) -> Workspace:
        """Every file's definitions; raises WorkspaceBroken with all that is wrong."""
        from regulars.adapters.workspace import read_files
        from regulars.definition.reading import workspace_of

        return workspace_of(read_files(self.settings.project))

    @cached_property
    def shop(self) -> Shop:
        """regulars.yaml alone: a broken campaign is no reason to lose an import."""
        return self._read_shop()

    def _read_shop(self) -> Shop:
        from regulars.adapters.workspace import read_files
        from regulars.definition.reading import shop_of

        return shop_of(read_files(self.settings.project))

    @cached_property
    def shop_now(self) -> CurrentShop:
        """regulars.yaml again whenever it has changed, for who runs for long; None while it cannot be read."""
        from regulars.adapters.current_shop import CurrentShop

        return CurrentShop(self.settings.project, self._read_shop)

    @cached_property
    def rates(self) -> Rates:
        """What other currencies are worth in the one that spending is compared in."""
        return self.rates_of(self.shop)

    @cached_property
    def recipients(self) -> RecipientsInDatabase:
        from regulars.adapters.database.recipients import RecipientsInDatabase

        return RecipientsInDatabase(self.database, self.settings.keys.newest.secret)

    @cached_property
    def people(self) -> People:
        from regulars.adapters.database.people import PeopleInDatabase

        return PeopleInDatabase(self.database)

    @cached_property
    def purchases(self) -> Purchases:
        from regulars.adapters.database.orders import Orders

        return Orders(self.database, self.shop.scoring)

    @cached_property
    def past_events(self) -> PastEvents:
        from regulars.adapters.database.past_events import PastEventsInDatabase

        return PastEventsInDatabase(self.database, self.shop.scoring)

    @cached_property
    def intake(self) -> IntakeBook:
        """Where calls of the shop's systems are taken in; the shop's own weights for orders hold."""
        from regulars.adapters.database.intake import IntakeBookInDatabase
        from regulars.definition.workspace import Scoring

        return IntakeBookInDatabase(self.database, lambda: shop.scoring if (shop := self.shop_now()) else Scoring())

    @cached_property
    def feed_desk(self) -> FeedDesk:
        """Where feeds are pulled from. A shop in embedded mode may run on this machine."""
        from regulars.adapters.database.feeds import FeedsInDatabase
        from regulars.adapters.feed_files import HttpFeedDoor
        from regulars.adapters.row_spool import DiskSpool
        from regulars.operations.pull_feeds import FeedDesk

        return FeedDesk(
            FeedsInDatabase(self.database), HttpFeedDoor(loopback=self.settings.is_embedded), self.settings.feed_tokens, self.shop_now,
            self.rates_of, self.intake, self.purchases, self.people, self.suppressions, self.catalogue, DiskSpool, self.clock,
        )

    @cached_property
    def api_keys(self) -> ApiKeys:
        from regulars.adapters.database.api_keys import ApiKeysInDatabase

        return ApiKeysInDatabase(self.database)

    def rates_of(self, shop: Shop) -> Rates:
        """As the file has them at this moment."""
        from regulars.adapters.workspace import read_files
        from regulars.loyalty.rates import Rates, read_rates

        file = shop.rates_file
        text = read_files(self.settings.project).texts.get(file) if file else None
        return read_rates(text, shop.compare_in, file) if text and file else Rates(shop.compare_in)

    @cached_property
    def cards(self) -> Cards:
        from regulars.adapters.database.customer_cards import CardsInDatabase

        return CardsInDatabase(self.database)

    @cached_property
    def referral_book(self) -> ReferralBook:
        from regulars.adapters.database.referral_book import ReferralBookInDatabase

        return ReferralBookInDatabase(self.database)

    @cached_property
    def referral_lists(self) -> ReferralLists:
        from regulars.adapters.database.referral_lists import ReferralListsInDatabase

        return ReferralListsInDatabase(self.database)

    def segments_now(self) -> Mapping[str, Segment]:
        """As the files are at this moment; raises WorkspaceBroken with all that is wrong."""
        from regulars.adapters.workspace import read_files
        from regulars.definition.reading import workspace_of

        return workspace_of(read_files(self.settings.project)).segments

    @cached_property
    def suppressions(self) -> SuppressionList:
        from regulars.adapters.database.suppressions import SuppressionsInDatabase

        return SuppressionsInDatabase(self.database)

    @cached_property
    def catalogue(self) -> Catalogue:
        from regulars.adapters.database.products import CatalogueInDatabase

        return CatalogueInDatabase(self.database)

    @cached_property
    def audiences(self) -> Audiences:
        from regulars.adapters.database.eligibility import AudiencesInDatabase

        return AudiencesInDatabase(self.database)

    @cached_property
    def bundles(self) -> Bundles:
        from regulars.adapters.database.bundles import BundlesInDatabase

        return BundlesInDatabase(self.database)

    @cached_property
    def sent_mails(self) -> SentMails:
        from regulars.adapters.database.sent_mails import SentMailsInDatabase

        return SentMailsInDatabase(self.database)

    @cached_property
    def dossiers(self) -> Dossiers:
        from regulars.adapters.database.dossiers import DossiersInDatabase

        return DossiersInDatabase(self.database)

    @cached_property
    def launches(self) -> Launches:
        from regulars.adapters.database.launches import LaunchesInDatabase

        return LaunchesInDatabase(self.database)

    @cached_property
    def automations(self) -> Automations:
        from regulars.adapters.database.automations import AutomationsInDatabase

        return AutomationsInDatabase(self.database)

    @cached_property
    def watchtower(self) -> Watchtower:
        from regulars.adapters.database.watchtower import WatchtowerInDatabase

        return WatchtowerInDatabase(self.database)

    @cached_property
    def lives(self) -> Lives:
        """What is recorded of customers, for simulations."""
        from regulars.adapters.database.lives import LivesInDatabase

        return LivesInDatabase(self.database)

    def stage(self, programme: Programme) -> Stage:
        """Where a programme is played in memory."""
        from regulars.adapters.simulation.stage import Stage

        return Stage(programme, self.lives)

    @cached_property
    def gatherings(self) -> Gatherings:
        from regulars.adapters.database.gatherings import GatheringsInDatabase

        return GatheringsInDatabase(self.database)

    @cached_property
    def registers(self) -> Registers:
        """What is live of automations, and who is on their way."""
        from regulars.adapters.database.journey_records import JourneyRecordsInDatabase
        from regulars.operations.apply import Registers

        return Registers(self.automations, JourneyRecordsInDatabase(self.database), self.watchtower)

    @cached_property
    def messages(self) -> Messages:
        from regulars.adapters.database.messages import MessagesInDatabase

        return MessagesInDatabase(self.database)

    @cached_property
    def journeys(self) -> JourneyBook:
        from regulars.adapters.database.journeys import JourneyBookInDatabase

        return JourneyBookInDatabase(self.database)

    @cached_property
    def contacts(self) -> ContactBook:
        from regulars.adapters.database.contacts import ContactsInDatabase

        return ContactsInDatabase(self.database)

    @cached_property
    def coupons(self) -> Coupons:
        from regulars.adapters.database.coupons import CouponsInDatabase

        return CouponsInDatabase(self.database)

    def shop_codes(self, offer: Offer) -> ShopCodes:
        """The shop that makes this offer's codes; SettingsError while nobody says where it is."""
        from regulars.adapters.shop_calls import ShopCalls
        from regulars.adapters.shopify_codes import VERSION, ShopifyCodes
        from regulars.adapters.woocommerce_codes import WooCommerceCodes, basic
        from regulars.definition.programme import Made

        is_shopify = offer.made_in is Made.SHOPIFY
        api = self.settings.shopify_admin if is_shopify else self.settings.woocommerce_api
        if api is None:
            variable = "REGULARS_SHOPIFY_ADMIN" if is_shopify else "REGULARS_WOOCOMMERCE_API"
            raise SettingsError([f'{variable} is missing: where the codes of "{offer.name}" are made'])
        now = self.clock.now()
        if is_shopify:
            calls = ShopCalls("Shopify", api.url, {"X-Shopify-Access-Token": api.key}, "read and write discounts")
            return ShopifyCodes(calls, self.shop, now, api.version or VERSION)
        return WooCommerceCodes(ShopCalls("WooCommerce", api.url, basic(api.user, api.key), "read and write"), self.shop, now)

    @cached_property
    def errand_desk(self) -> ErrandDesk:
        """Where webhooks and notes of automations are sent from. A shop that is not public may call its own network."""
        from regulars.adapters.courier import HttpCourier
        from regulars.adapters.database.errands import ErrandsInDatabase
        from regulars.operations.run_errands import ErrandDesk

        courier = HttpCourier(private=not self.settings.base_is_public)
        return ErrandDesk(ErrandsInDatabase(self.database), courier, self.automations, self.office)

    @cached_property
    def owner(self) -> str:
        """This process, as leases and heartbeats name it."""
        import socket

        return f"{socket.gethostname()}:{os.getpid()}"

    @cached_property
    def workers(self) -> Workers:
        from regulars.adapters.database.workers import WorkersInDatabase

        return WorkersInDatabase(self.database)

    def heartbeat(self, kind: str) -> Heartbeat:
        """To be kept by a process that sends for as long as it lives. `kind`: worker | up."""
        from regulars import __version__
        from regulars.operations.heartbeat import Heartbeat

        return Heartbeat(self.workers, self.clock, owner=self.owner, kind=kind, version=__version__)

    @cached_property
    def permit(self) -> Permit:
        """Whether mail may leave from this database."""
        from regulars.operations.permission import Permit

        where = self.database.engine.url.render_as_string(hide_password=True)
        return Permit(self.registry, self.memory, self.clock, named=self.settings.environment, where=where)

    @cached_property
    def registry(self) -> Registry:
        from regulars.adapters.database.registry import RegistryInDatabase

        return RegistryInDatabase(self.database)

    @cached_property
    def recovery(self) -> Recovery:
        from regulars.adapters.database.recovery import RecoveryInDatabase

        return RecoveryInDatabase(self.database)

    @cached_property
    def memory(self) -> Memory:
        """Outside of the database: a file of this machine, and Redis where there is one."""
        from regulars.adapters.memory import FileMemory, Memories, RedisMemory

        broker = self.settings.broker_url
        return Memories([FileMemory(self.settings.state_folder), *([RedisMemory(broker)] if broker else [])])

    @cached_property
    def doorbell(self) -> Doorbell:
        from regulars.adapters.broker import BrokerBell, NoBell

        return BrokerBell(self.settings.broker_url) if self.settings.broker_url else NoBell()

    @cached_property
    def composer(self) -> Composer:
        from regulars.adapters.composing import ComposingChild

        child = ComposingChild()
        atexit.register(child.close)
        return child

    @cached_property
    def mail_compiler(self) -> MailCompiler:
        from regulars.adapters.mjml import MjmlCompiler

        return MjmlCompiler()

    @cached_property
    def desk(self) -> Desk:
        """What plans are made at."""
        from regulars.operations.plan import Desk

        return Desk(
            self.audiences, self.recipients, self.mail_compiler, self.settings.keys, self.settings.base_url, self.composer.email,
            coupons=self.coupons, contacts=self.contacts,
        )

    @cached_property
    def office(self) -> PostOffice:
        """Where mail is sent from; this process is named in its leases."""
        import random

        from regulars.operations.office import PostOffice

        return PostOffice(
            self.clock, self.launches, self.messages, self.bundles, self.recipients, self.transport, self.settings.keys,
            self.settings.base_url, self.owner, random.random, self.composer,
            *self._lease_seconds(), only_to=self.settings.only_to, permit=self.permit, relay_log=self.relay_log,
            pace=self.pace, ways=self.way, coupons=self.coupons, contacts=self.contacts,
        )

    @cached_property
    def pace(self) -> Pace:
        """What holds the mail back."""
        import time

        from regulars.adapters.database.quotas import QuotasInDatabase
        from regulars.adapters.database.slowdowns import SlowDownsInDatabase
        from regulars.operations.pace import Pace

        return Pace(
            self.buckets, QuotasInDatabase(self.database), SlowDownsInDatabase(self.database), self.shop_now, time.sleep,
        )

    @cached_property
    def flows(self) -> Flows:
        from regulars.adapters.database.flows import FlowsInDatabase

        return FlowsInDatabase(self.database)

    @cached_property
    def buckets(self) -> Buckets:
        from regulars.adapters.database.buckets import BucketsInDatabase

        if self.settings.broker_url is None:
            return BucketsInDatabase(self.database)
        from regulars.adapters.redis_buckets import BucketsInRedis

        return BucketsInRedis(self.settings.broker_url)

    @cached_property
    def relay_log(self) -> RelayLog | None:
        from regulars.adapters.postfix_log import PostfixLog

        return PostfixLog(self.settings.relay_log, self.settings.logged_relay) if self.settings.relay_log else None

    def _lease_seconds(self) -> tuple[int, int]:
        """Of a claim and of a handoff: a file is written in an instant, a relay may take its time."""
        mails = [mail for mail in (self.settings.mails.values() or [self.settings.mail]) if mail.scheme != "spool"]
        patience = max((mail.dot_timeout for mail in mails), default=0)
        return (max(mail.lease for mail in mails), patience + min(60, patience)) if mails else (60, 60)


def refuse_foreign_stamp(database: Database, named: str) -> None:
    """Raises Refused before the schema of another environment's database is changed."""
    from regulars.adapters.database.migrations import current_revision
    from regulars.adapters.database.registry import stamp_of
    from regulars.delivery.permission import in_words

    stamp = stamp_of(database) if current_revision(database) else None
    if stamp not in {None, named}:
        raise Refused(
            f"the database is stamped {in_words(stamp or '')}, and this process is of an environment {in_words(named)}; its schema stays as it is",
            hint="run regulars db upgrade with the REGULARS_ENVIRONMENT that the database belongs to",
        )


def refuse_unsafe_relay(settings: Settings, mail: MailUrl) -> None:
    """Raises Refused for a public relay without TLS, or while links would lead nowhere for those who get them."""
    if mail.is_local:
        return
    if not settings.base_is_public:
        raise Refused(
            f"mail would go to {mail} with links to {settings.base_url}, which nobody else can open",
            hint="set REGULARS_BASE_URL to the public https address of `regulars serve`",
        )
    if mail.tls == "none":
        raise Refused(f"mail would go to {mail} unencrypted", hint="use tls=starttls or tls=implicit in its address")


def furnish(project: str) -> House:
    """The house for the workspace at `project`; raises SettingsError when the environment does not fit."""
    return House(read_settings(project))
