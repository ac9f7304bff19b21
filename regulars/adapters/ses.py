"""Mail by Amazon SES, API v2: one request a mail, many at once, none of them ever repeated by the library."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from itertools import chain
from typing import Any

from regulars.adapters.ses_answers import Unsent, answer, is_before_sending, taken
from regulars.content.tokens import MessageRef
from regulars.delivery.evidence import Sought
from regulars.delivery.outcomes import Outcome, Phase, Result
from regulars.delivery.outgoing import Outgoing
from regulars.errors import SettingsError, Unreachable
from regulars.operations.ports import Ledger

TAG = "regulars_message"  # of every mail, with its number and its launch's key; SES's events carry it back
CONNECT_TIMEOUT = 10      # seconds
FEWEST_LOST = 3           # answers lost in a row, before SES counts as unreachable
PATIENCE = 10             # seconds that an interrupted send waits for answers to requests already made
_NOT_IN_TAGS = re.compile(r"[^A-Za-z0-9_-]")


class Ses:
    """The SES transport. Credentials are found as boto3 finds them: environment, profile, role of the machine.

    Raises SettingsError where there are none, or no boto3.
    """

    def __init__(self, region: str, connections: int = 10, configuration_set: str = "", read_timeout: int = 60) -> None:
        self._region = region
        self._connections = connections
        self._configuration_set = configuration_set
        self._client = _client(region, connections, read_timeout)
        self._pool = ThreadPoolExecutor(connections, thread_name_prefix="ses")

    def send(self, batches: Iterable[Sequence[Outgoing]], ledger: Ledger, go_on: Callable[[], bool]) -> None:
        """As the port says."""
        work = _Work(chain.from_iterable(batches), ledger, self._connections)
        try:
            while work.failure is None and work.fill(go_on):
                work.hand_over(lambda mail: self._pool.submit(self._deliver, mail))
            work.end()
        except BaseException:
            work.end_in_haste()
            raise
        if work.failure is not None:
            raise Unreachable(f"Amazon SES in {self._region} cannot be reached: {work.failure}", hint="check the region in REGULARS_MAIL_URL, and the network")

    @property
    def address(self) -> str:
        return f"ses://{self._region}"

    def arrived(self, mails: Sequence[Sought]) -> Mapping[MessageRef, bool]:
        """SES cannot be asked whether it has a mail: its events tell, or nobody does."""
        return {}

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _deliver(self, mail: Outgoing) -> Result | Unsent:
        if not mail.envelope_to.isascii():
            return Result(mail.ref, Outcome.REJECTED, Phase.RCPT, 553, "5.6.7", "5.6.7 Amazon SES takes no SMTPUTF8 addresses")
        try:
            said = self._client.send_email(**_request(mail, self._configuration_set))
        except Exception as error:  # noqa: BLE001  whatever it is, the request may have left
            return Unsent(mail.ref, str(error)) if is_before_sending(error) else answer(mail.ref, error)
        return taken(mail.ref, said)


class _Work:
    """Mails between their batch and their answer; marks and answers of one moment share a commit."""

    def __init__(self, mails: Iterator[Outgoing], ledger: Ledger, most: int) -> None:
        self.failure: str | None = None  # nobody could be reached
        self._mails, self._ledger, self._most = mails, ledger, most
        self._begun: list[Outgoing] = []
        self._results: list[Result] = []
        self._asked: set[Future[Result | Unsent]] = set()
        self._in_a_row = 0  # answers that were lost: more of them would only make more mails uncertain

    def fill(self, go_on: Callable[[], bool]) -> bool:
        """Takes as many mails as there are connections free; False: there is nothing left to do."""
        while len(self._asked) + len(self._begun) < self._most and go_on() and (mail := next(self._mails, None)):
            self._begun.append(mail)
            self._collect(0)
        return bool(self._begun or self._asked)

    def hand_over(self, deliver: Callable[[Outgoing], Future[Result | Unsent]]) -> None:
        begun, self._begun = self._begun, []
        marked = self._commit([mail.ref for mail in begun])
        self._asked |= {deliver(mail) for mail in begun if mail.ref in marked}
        self._collect(None)

    def end(self) -> None:
        while self._asked:
            self._collect(None)
        self._commit([])

    def end_in_haste(self) -> None:
        """Answers to requests already made are worth a moment; what is slower stays uncertain."""
        wait(self._asked, PATIENCE)
        self._collect(0)
        with suppress(Exception):  # the first exception says more
            self._commit([])

    def _commit(self, refs: Sequence[MessageRef]) -> set[MessageRef]:
        if not refs and not self._results:
            return set()
        marked = self._ledger.turn(self._results, refs)
        self._results = []
        return marked

    def _collect(self, patience: float | None) -> None:
        done, self._asked = wait(self._asked, patience, FIRST_COMPLETED) if self._asked else (set(), self._asked)
        for future in done:
            said = future.result()
            if isinstance(said, Unsent):
                self.failure = said.why
                said = Result(said.ref, Outcome.LOST_BEFORE_DOT, Phase.CONNECT, reply=said.why[:500])
            self._results.append(said)
            self._in_a_row = self._in_a_row + 1 if said.outcome is Outcome.LOST_AFTER_DOT else 0
        if self._in_a_row >= max(self._most, FEWEST_LOST):
            self.failure = self.failure or "requests leave and no answer comes"


def _request(mail: Outgoing, configuration_set: str) -> dict[str, Any]:
    request: dict[str, Any] = {
        "FromEmailAddress": mail.envelope_from, "Destination": {"ToAddresses": [mail.envelope_to]},
        "Content": {"Raw": {"Data": mail.content}}, "EmailTags": [{"Name": TAG, "Value": tag_of(mail.message_id)}],
    }
    return request | ({"ConfigurationSetName": configuration_set} if configuration_set else {})


def tag_of(message_id: str) -> str:
    """`<0000000003.key@shop.example>` -> `0000000003-key`: SES replaces the Message-ID, and allows no dots in a tag."""
    return _NOT_IN_TAGS.sub("-", message_id.strip("<>").partition("@")[0])


def _client(region: str, connections: int, read_timeout: int) -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise SettingsError(["REGULARS_MAIL_URL: Amazon SES needs a library that is not installed: pip install 'regulars[ses]'"]) from error
    session = boto3.session.Session(region_name=region)
    if session.get_credentials() is None:
        keys = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role"
        raise SettingsError([f"REGULARS_MAIL_URL: no credentials for Amazon SES were found; {keys}"])
    once = Config(
        retries={"total_max_attempts": 1},  # a repeated request is a second mail
        max_pool_connections=connections, connect_timeout=CONNECT_TIMEOUT, read_timeout=read_timeout,
    )
    return session.client("sesv2", config=once)
