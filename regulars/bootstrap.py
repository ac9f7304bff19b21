"""The fuse box: settings become adapters, once, each at its first use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from regulars.errors import Refused, Unreachable
from regulars.settings import Settings, read_settings

if TYPE_CHECKING:
    from regulars.adapters.database.engine import Database
    from regulars.adapters.spool import Spool
    from regulars.operations.ports import Clock, ResultsStore, ScoreBook, Transport


class House:
    """Everything a door needs to run an operation. Adapters are imported when first asked for, to keep doors quick."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def clock(self) -> Clock:
        from regulars.adapters.clock import StartedClock, SystemClock

        return StartedClock(self.settings.now) if self.settings.now else SystemClock()

    @cached_property
    def database(self) -> Database:
        """The database at this program's schema; the embedded one is made and migrated by itself."""
        from regulars.adapters.database.engine import Database
        from regulars.adapters.database.migrations import is_current, upgrade

        database = Database(self.settings.database_url)
        if is_current(database):
            return database
        if not database.is_sqlite:
            raise Unreachable("the database's schema is not this program's", hint="run: regulars db upgrade")
        upgrade(database)
        return database

    @cached_property
    def transport(self) -> Transport:
        """Where mail goes. A guard refuses (exit 4) what would mail unreachable links, or passwords in the clear."""
        if self.spool is not None:
            return self.spool
        refuse_unsafe_relay(self.settings)
        from regulars.adapters.smtp import Relay
        from regulars.adapters.smtp_session import Account

        mail = self.settings.mail
        account = Account(mail.host, mail.port, mail.user, mail.password, mail.tls, mail.dot_timeout)
        return Relay(account, connections=mail.connections)

    @cached_property
    def spool(self) -> Spool | None:
        """The folder that `/outbox` reads; None when mail goes to a relay."""
        from regulars.adapters.spool import Spool

        return Spool(self.settings.mail.folder) if self.settings.mail.scheme == "spool" else None

    @cached_property
    def scores(self) -> ScoreBook:
        from regulars.adapters.database.scores import Scores

        return Scores(self.database)

    @cached_property
    def results(self) -> ResultsStore:
        from regulars.adapters.database.results import ResultsInDatabase

        return ResultsInDatabase(self.database)


def refuse_unsafe_relay(settings: Settings) -> None:
    """Raises Refused for a public relay without TLS, or while links would lead nowhere for those who get them."""
    mail = settings.mail
    if mail.is_local:
        return
    if not settings.base_is_public:
        raise Refused(
            f"mail would go to {mail} with links to {settings.base_url}, which nobody else can open",
            hint="set REGULARS_BASE_URL to the public https address of `regulars serve`",
        )
    if mail.tls == "none":
        raise Refused(f"mail would go to {mail} unencrypted", hint="use tls=starttls or tls=implicit in REGULARS_MAIL_URL")


def furnish(project: str) -> House:
    """The house for the workspace at `project`; raises SettingsError when the environment does not fit."""
    return House(read_settings(project))
