"""The workshop's doormat: `celery -A worker worker`."""

from regulars.doors.worker import app

__all__ = ["app"]
