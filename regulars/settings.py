"""The only reader of the environment: REGULARS_* become one checked Settings value, or every problem at once."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from regulars.audience.only_to import EVERYBODY, OnlyTo, read_only_to
from regulars.content.tokens import KeyRing
from regulars.errors import SettingsError

ENVIRONMENT = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")  # of Amazon Web Services: eu-west-1, us-gov-east-1
STATE_FOLDER = ".regulars"
MAIL_URL = "REGULARS_MAIL_URL"
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class MailUrl:
    """Where mail goes. `tls`: none | starttls | implicit. Times in seconds."""

    scheme: str                 # spool | smtp | ses
    folder: str = ""            # of the spool, absolute
    host: str = ""              # of the relay; the region for ses
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    tls: str = "none"
    connections: int = 4
    dot_timeout: int = 600
    lease: int = 300
    command_timeout: int = 60
    per_connection: int = 100   # mails
    configuration_set: str = ""  # of ses

    @property
    def is_local(self) -> bool:
        return self.scheme == "spool" or self.host in LOOPBACK_HOSTS

    def __str__(self) -> str:
        place = {"spool": f"spool:{self.folder}", "ses": f"ses://{self.host}"}
        return place.get(self.scheme, f"{self.scheme}://{self.host}:{self.port}")


@dataclass(frozen=True, slots=True)
class ShopApi:
    """A shop's admin API. `url`: without credentials; `user` is empty where the key alone is enough. `version`: of Shopify's API."""

    url: str
    user: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    version: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """`project` is the workspace's absolute path; `database_url` as SQLAlchemy reads it, its path absolute."""

    project: str
    database_url: str = field(repr=False)
    mail: MailUrl
    base_url: str
    keys: KeyRing = field(repr=False)
    broker_url: str | None = field(default=None, repr=False)
    now: datetime | None = None
    environment: str = ""       # production, staging …; what the database must be stamped with
    only_to: OnlyTo = EVERYBODY
    metrics_token: str = field(default="", repr=False)
    log: str = "text"           # text | json
    mails: Mapping[str, MailUrl] = field(default_factory=dict)  # by variable: where named relays are
    relay_log: str | None = None  # the relay's log file, absolute, where this machine can read it
    shopify_admin: ShopApi | None = None
    woocommerce_api: ShopApi | None = None
    shopify_secrets: tuple[str, ...] = field(default=(), repr=False)      # any of them signs its webhooks
    woocommerce_secrets: tuple[str, ...] = field(default=(), repr=False)
    feed_tokens: Mapping[str, str] = field(default_factory=dict, repr=False)  # by variable: bearer tokens of feeds

    @property
    def state_folder(self) -> str:
        return str(Path(self.project) / STATE_FOLDER)

    @property
    def is_embedded(self) -> bool:
        """Work happens in the calling process; nothing has to be started."""
        return self.broker_url is None

    def mail_of(self, relay: str, variable: str = "") -> MailUrl | None:
        """Where the relay of that name is; None when no variable says it."""
        own = self.mails.get(variable or variable_of(relay))
        return own or self.mails.get(MAIL_URL) or (None if self.mails else self.mail)

    @property
    def logged_relay(self) -> str | None:
        """Whose log `relay_log` is: the relay's at REGULARS_MAIL_URL, or the only one's; None when that cannot be said."""
        mails = {str(mail) for mail in self.mails.values()}
        mail = self.mails.get(MAIL_URL) or (next(iter(self.mails.values())) if len(mails) == 1 else None)
        return str(mail) if mail else None

    @property
    def base_is_public(self) -> bool:
        parts = urlsplit(self.base_url)
        return parts.scheme == "https" and parts.hostname not in LOOPBACK_HOSTS


def variable_of(relay: str) -> str:
    """Where a relay's address stands, if regulars.yaml does not say where else."""
    return f"{MAIL_URL}_{relay.upper().replace('-', '_')}"


def read_settings(project: str, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings for the workspace at `project`; raises SettingsError that names every problem."""
    env = os.environ if environment is None else environment
    root = Path(project).resolve()
    problems: list[str] = []

    database_url = _database_url(env.get("REGULARS_DATABASE_URL", ""), root, problems)
    broker_url = _broker_url(env.get("REGULARS_BROKER_URL", ""), problems)
    mails = {
        name: _mail_url(text, root, problems, name) for name, text in sorted(env.items())
        if text and (name == MAIL_URL or name.startswith(f"{MAIL_URL}_"))
    }
    mail = mails.get(MAIL_URL) or _mail_url("", root, problems)
    base_url = _base_url(env.get("REGULARS_BASE_URL", ""), problems)
    now = _now(env.get("REGULARS_NOW", ""), [mail, *mails.values()], problems)
    environment_name = _environment(env.get("REGULARS_ENVIRONMENT", ""), problems)
    only_to = _only_to(env.get("REGULARS_ONLY_TO"), problems)
    metrics_token = _metrics_token(env.get("REGULARS_METRICS_TOKEN", ""), problems)
    log = _log(env.get("REGULARS_LOG", ""), problems)
    relay_log = _relay_log(env.get("REGULARS_RELAY_LOG", ""), root, problems)
    embedded = broker_url is None and database_url.startswith("sqlite")
    keys = _keys(env.get("REGULARS_SECRET", ""), root, embedded, problems)
    shopify_secrets = _hook_secrets("REGULARS_SHOPIFY_SECRET", env, problems)
    woocommerce_secrets = _hook_secrets("REGULARS_WOOCOMMERCE_SECRET", env, problems)
    shopify_admin = _shop_api("REGULARS_SHOPIFY_ADMIN", env, problems, "https://shpat_…@SHOP.myshopify.com", "version")
    woocommerce_api = _shop_api("REGULARS_WOOCOMMERCE_API", env, problems, "https://ck_…:cs_…@shop.example")
    feed_tokens = _feed_tokens(env, problems)
    if problems:
        raise SettingsError(problems)
    return Settings(
        str(root), database_url, mail, base_url, keys, broker_url, now, environment_name, only_to, mails=mails, relay_log=relay_log,
        shopify_admin=shopify_admin, woocommerce_api=woocommerce_api,
        metrics_token=metrics_token, log=log, shopify_secrets=shopify_secrets, woocommerce_secrets=woocommerce_secrets,
        feed_tokens=feed_tokens,
    )


def _database_url(text: str, root: Path, problems: list[str]) -> str:
    text = text or f"sqlite:///{STATE_FOLDER}/regulars.db"
    if text.startswith("sqlite:///"):
        return f"sqlite:///{root / text.removeprefix('sqlite:///')}"
    if text.startswith(("postgresql+psycopg://", "postgresql://", "postgres://")):
        _check_address("REGULARS_DATABASE_URL", text, problems)
        return "postgresql+psycopg://" + text.partition("://")[2]
    problems.append(
        f"REGULARS_DATABASE_URL starts with {_scheme(text)!r}; use sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME"
    )
    return text


def _broker_url(text: str, problems: list[str]) -> str | None:
    if not text:
        return None
    if not text.startswith(("redis://", "rediss://", "unix://")):
        problems.append(
            f"REGULARS_BROKER_URL starts with {_scheme(text)!r}; use redis://HOST:6379/0, or unset it to work in this process"
        )
    _check_address("REGULARS_BROKER_URL", text, problems)
    return text


def _mail_url(text: str, root: Path, problems: list[str], name: str = MAIL_URL) -> MailUrl:
    text = text or f"spool:{STATE_FOLDER}/outbox"
    scheme = _scheme(text)
    if scheme == "spool":
        return MailUrl("spool", folder=str(root / (text.partition(":")[2] or f"{STATE_FOLDER}/outbox")))
    if scheme not in {"smtp", "smtps", "ses"}:
        problems.append(
            f"{name} starts with {scheme!r}; use spool:FOLDER, smtp://USER:PASSWORD@HOST:587?tls=starttls or ses://REGION"
        )
        return MailUrl("spool")
    try:
        return _ses(urlsplit(text)) if scheme == "ses" else _relay(urlsplit(text), scheme)
    except ValueError as error:
        problems.append(f"{name}: {error}")
        return MailUrl("spool")


def _ses(parts: SplitResult) -> MailUrl:
    options = _options(parts, "connections", "dot_timeout", "lease", "configuration_set")
    if not REGION.fullmatch(parts.netloc):
        msg = "use ses://REGION, like ses://eu-west-1; user and key come from AWS_ACCESS_KEY_ID and the like, or from the machine's role"
        raise ValueError(msg)
    return MailUrl(
        "ses", host=parts.netloc, tls="implicit", configuration_set=options.get("configuration_set", ""),
        connections=_whole(options.get("connections", "10"), "connections", 1, 1000),
        dot_timeout=_whole(options.get("dot_timeout", "60"), "dot_timeout", 1, 3600),
        lease=_whole(options.get("lease", "300"), "lease", 2, 3600),
    )


def _options(parts: SplitResult, *known: str) -> dict[str, str]:
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if unknown := sorted(options.keys() - {*known}):
        msg = f"unknown option {unknown[0]!r}; known: {', '.join(known)}"
        raise ValueError(msg)
    return options


def _relay(parts: SplitResult, scheme: str) -> MailUrl:
    options = _options(parts, "tls", "connections", "per_connection", "command_timeout", "dot_timeout", "lease")
    if not parts.hostname:
        msg = "the relay's host is missing: smtp://HOST:587"
        raise ValueError(msg)
    tls = options.get("tls", "implicit" if scheme == "smtps" else "none" if parts.hostname in LOOPBACK_HOSTS else "starttls")
    if tls not in {"none", "starttls", "implicit"}:
        msg = f"tls={tls} is not known; use starttls, implicit or none"
        raise ValueError(msg)
    return MailUrl(
        "smtp", host=parts.hostname, port=parts.port or {"implicit": 465, "starttls": 587, "none": 25}[tls],
        user=unquote(parts.username or ""), password=unquote(parts.password or ""), tls=tls,
        connections=_whole(options.get("connections", "4"), "connections", 1, 1000),
        dot_timeout=_whole(options.get("dot_timeout", "600"), "dot_timeout", 1, 3600),
        lease=_whole(options.get("lease", "300"), "lease", 2, 3600),
        command_timeout=_whole(options.get("command_timeout", "60"), "command_timeout", 1, 600),
        per_connection=_whole(options.get("per_connection", "100"), "per_connection", 1, 100_000),
    )


def _relay_log(text: str, root: Path, problems: list[str]) -> str | None:
    """A log that nobody can read would be silence taken for an answer."""
    file = root / text
    if text and not os.access(file, os.R_OK):
        problems.append(f"REGULARS_RELAY_LOG: {file} cannot be read; give the right to, or unset it")
    return str(file) if text else None


def _whole(text: str, name: str, low: int, high: int) -> int:
    if not text.isdigit() or not low <= int(text) <= high:
        msg = f"{name}={text} is not a whole number from {low} to {high}"
        raise ValueError(msg)
    return int(text)


def _base_url(text: str, problems: list[str]) -> str:
    text = (text or "http://127.0.0.1:8000").rstrip("/")
    if not _check_address("REGULARS_BASE_URL", text, problems):
        return text
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        problems.append(f"REGULARS_BASE_URL is {text!r}; use the web door's public address, like https://mail.shop.example")
    return text


def _check_address(name: str, text: str, problems: list[str]) -> bool:
    """Whether host and port can be read; the address itself is not repeated, for it may hold a password."""
    try:
        urlsplit(text).port  # noqa: B018  reading it is the test
    except ValueError as error:
        problems.append(f"{name}: {error}")
        return False
    return True


def _now(text: str, mails: Iterable[MailUrl], problems: list[str]) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        problems.append(f"REGULARS_NOW is {text!r}; use a time like 2026-11-20T09:00:00Z, or unset it")
        return None
    if not 1970 <= moment.year < 2200:
        problems.append(f"REGULARS_NOW is {text!r}; use a time between 1970 and 2200")
        return None
    if mail := next((mail for mail in mails if not mail.is_local), None):
        problems.append(f"REGULARS_NOW is set while mail goes to {mail}; a false clock is for a spool or the loopback only")
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _environment(text: str, problems: list[str]) -> str:
    """The name as it is stamped into the database: a typing mistake must not look like another environment's name."""
    name = text.strip()
    if name and not ENVIRONMENT.fullmatch(name):
        problems.append(f"REGULARS_ENVIRONMENT is {text!r}; use a name like production or staging: small letters, digits and hyphens, at most 32")
    return name


def _only_to(text: str | None, problems: list[str]) -> OnlyTo:
    """Set to nothing is a mistake, not everybody: this guard must not open by itself."""
    if text is None:
        return EVERYBODY
    try:
        return read_only_to(text)
    except ValueError as error:
        problems.append(f"REGULARS_ONLY_TO: {error}")
        return EVERYBODY


def _metrics_token(text: str, problems: list[str]) -> str:
    token = text.strip()
    if token and len(token) < 16:
        problems.append("REGULARS_METRICS_TOKEN has fewer than 16 characters; make a longer one, or unset it so that /metrics answers this machine only")
    return token


def _hook_secrets(variable: str, env: Mapping[str, str], problems: list[str]) -> tuple[str, ...]:
    """What a shop signs its webhooks with; `new,old` while it is changed."""
    secrets_ = tuple(secret for part in env.get(variable, "").split(",") if (secret := part.strip()))
    if any(len(secret) < 16 for secret in secrets_):
        problems.append(f"{variable} holds a secret of fewer than 16 characters; copy the shop's whole (a comma separates the newer one from the older)")
    return secrets_


def _feed_tokens(env: Mapping[str, str], problems: list[str]) -> Mapping[str, str]:
    """REGULARS_FEED_TOKEN, and one for each source that names another variable which begins so."""
    found = {name: text.strip() for name, text in env.items() if name.startswith("REGULARS_FEED_TOKEN") and text.strip()}
    problems += [f"{name} is no token: it holds blanks or signs that no header carries" for name, text in sorted(found.items()) if not _is_token(text)]
    return found


def _is_token(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _shop_api(name: str, env: Mapping[str, str], problems: list[str], like: str, *options: str) -> ShopApi | None:
    """The address with its key; the key is never repeated in a problem."""
    text = env.get(name, "")
    if not text or not _check_address(name, text, problems):
        return None
    parts = urlsplit(text)
    try:
        chosen = _options(parts, *options)
    except ValueError as error:
        problems.append(f"{name}: {error}")
        return None
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)
    user, key = (unquote(parts.username or ""), unquote(parts.password or ""))
    if not is_safe or not parts.hostname or not (key or (user and options)) or parts.fragment:
        problems.append(f"{name} is not an https address with a key in it; use {like}")
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    url = f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"
    return ShopApi(url, user if key else "", key or user, chosen.get("version", ""))


def _log(text: str, problems: list[str]) -> str:
    if text not in {"", "text", "json"}:
        problems.append(f"REGULARS_LOG is {text!r}; use text or json")
    return text or "text"


def _keys(text: str, root: Path, embedded: bool, problems: list[str]) -> KeyRing:
    if not text and embedded:
        try:
            text = _kept_secret(root / STATE_FOLDER / "secret")
        except OSError as error:
            problems.append(f"{error.filename} cannot be made or read: {error.strerror}; give the right to, or set REGULARS_SECRET")
            return KeyRing(())
    ring = KeyRing.of(text)
    if not ring.keys:
        problems.append("REGULARS_SECRET is missing; it signs the links in mails. Make one: python -c 'import secrets; print(secrets.token_urlsafe(32))'")
        return ring
    if any(len(key.secret) < 16 for key in ring.keys):
        problems.append("REGULARS_SECRET holds a key of fewer than 16 characters; make a longer one (a comma separates the newer key from older ones)")
    return ring


def _kept_secret(file: Path) -> str:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(secrets.token_urlsafe(32))
        except FileExistsError:
            pass  # another process was a moment quicker; its secret serves
    return file.read_text().strip()


def _scheme(text: str) -> str:
    return text.partition(":")[0]
