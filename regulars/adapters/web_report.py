"""Asks the web door how it is, as a watcher would."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from regulars.errors import Unreachable

PATIENCE = 3  # seconds


def web_report(base_url: str) -> dict[str, Any]:
    """What `/healthz` says. Raises Unreachable with a sentence."""
    try:
        with urlopen(f"{base_url}/healthz", timeout=PATIENCE) as answer:  # noqa: S310  settings allow http and https only
            report = json.loads(answer.read(65_536))
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        why = (reason.strerror or str(reason)).lower() if isinstance(reason, OSError) else reason
        raise Unreachable(f"nobody answers at {base_url} ({why}), so links in mails lead nowhere now", hint="start the web door: regulars serve, or regulars up") from error
    except ValueError as error:
        raise Unreachable(f"what answers at {base_url} is not the web door", hint="check REGULARS_BASE_URL, and the proxy in front") from error
    if not isinstance(report, dict) or "waiting_hits" not in report:
        raise Unreachable(f"what answers at {base_url} is not the web door", hint="check REGULARS_BASE_URL, and the proxy in front")
    return report
