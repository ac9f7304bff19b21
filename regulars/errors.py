"""What goes wrong while running, as one small tree.

RegularsError                 exit 3: the world failed; the sentence says what, where and what to do
  UsageError                  exit 2: the caller asked for something that does not exist or does not fit
  Refused                     exit 4: a guard said no; nothing was done
  WorkspaceBroken             exit 1: the files have findings; they travel with the exception
  Unreachable                 exit 3: a database, broker or relay did not answer
  Interrupted                 exit 130: Ctrl-C; what is committed stays, the command can be repeated
SettingsError                 exit 3, and outside the tree above on purpose: code that tolerates or retries
                              RegularsError must never swallow a wrong setting
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.diagnostics import Finding


class RegularsError(Exception):
    """Something outside this program failed."""

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(RegularsError):
    """The command names something that is not there, or that does not fit."""

    exit_code = 2


class Refused(RegularsError):
    """A guard said no; nothing was changed and nothing was sent."""

    exit_code = 4


class WorkspaceBroken(RegularsError):
    """The workspace's files have errors."""

    exit_code = 1

    def __init__(self, findings: Sequence[Finding]) -> None:
        errors = sum(finding.is_error for finding in findings)
        super().__init__(f"{errors} error{'s' * (errors != 1)} in the workspace's files")
        self.findings = list(findings)


class Unreachable(RegularsError):
    """A database, broker or mail relay did not answer."""


class Unconfirmed(Unreachable):
    """The database was lost while it committed: perhaps everything was written, perhaps nothing."""


class Interrupted(RegularsError):
    """Stopped by the user; what was committed stays."""

    exit_code = 130


class SettingsError(Exception):
    """One or more settings are missing or malformed; all of them are named at once."""

    exit_code = 3

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)
