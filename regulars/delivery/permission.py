"""May mail leave from this database? Not from another environment's, and not from one that went back in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from regulars.errors import Refused


@dataclass(frozen=True, slots=True)
class Generation:
    """A number that rises while mail is sent. `at`: when, by the database's clock; `launch`: the newest launch's id then."""

    number: int
    at: datetime
    launch: int


@dataclass(frozen=True, slots=True)
class Identity:
    """What a database says of itself. `environment`: its stamp, "" for none. `launch`: its newest launch's id, 0 for none.

    `overtaken`: the generation that some machine remembered when it found this database behind; None when all is well.
    """

    id: str
    environment: str
    generation: Generation
    launch: int
    now: datetime
    overtaken: Generation | None = None


def is_behind(identity: Identity, remembered: Generation | None) -> bool:
    """What is remembered outside was committed before: a database that has not come so far is an older copy."""
    return remembered is not None and identity.generation.number < remembered.number


def objection_to_stamp(identity: Identity, named: str, where: str) -> Refused | None:
    """`named`: the environment of this process, `where`: the database as one would type it."""
    if identity.environment == named:
        return None
    return Refused(
        f"the database {where} is stamped {in_words(identity.environment)}, and this process is of {_set_or_not(named)}; it sends nothing from there",
        hint=(
            f"give it the database of its own environment (REGULARS_DATABASE_URL){_the_other_way(identity.environment)}; "
            f"to make this database its own, deliberately: regulars db stamp {named or 'NAME'}"
        ),
    )


def objection_to_age(identity: Identity, where: str) -> Refused | None:
    """To a database of which some machine knows that it was further once."""
    if identity.overtaken is None:
        return None
    return Refused(
        f"the database {where} is a restored backup: it is as it was at {_second(identity.generation.at)}, and mail was sent "
        f"from it until {_second(identity.overtaken.at)} at least; sending from it could send that mail again",
        hint="stop what still works on the newer one, then: regulars recover (it shows what it would do, and asks)",
    )


def in_words(environment: str) -> str:
    return f'"{environment}"' if environment else "without a name"


def _set_or_not(named: str) -> str:
    return f"the environment {in_words(named)}" if named else "no environment that has a name (REGULARS_ENVIRONMENT is not set)"


def _the_other_way(stamp: str) -> str:
    return f", or say that it is of {in_words(stamp)} (REGULARS_ENVIRONMENT={stamp})" if stamp else ", or unset REGULARS_ENVIRONMENT"


def _second(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
