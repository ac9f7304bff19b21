"""The command line. `--help` imports click and nothing else; each command loads its own file."""

from __future__ import annotations

import sys

import click

from regulars import __version__
from regulars.doors.cli.lazy import LazyGroup

COMMANDS = {
    # name: (module:attribute, short help)
    "init": ("regulars.doors.cli.init:init", "Scaffold a workspace."),
    "check": ("regulars.doors.cli.check:check", "Every problem in every file, located, at once."),
    "import": ("regulars.doors.cli.imports:import_", "Customers, orders, products and old reactions from CSV files."),
    "sources": ("regulars.doors.cli.sources:sources", "Files of the shop that are pulled on a schedule."),
    "segments": ("regulars.doors.cli.segments:segments", "Who is in a segment, now or on a day."),
    "preview": ("regulars.doors.cli.preview:preview", "A campaign's mail as one customer gets it."),
    "plan": ("regulars.doors.cli.plan:plan", "Who a launch would write to, and who not, and why."),
    "launch": ("regulars.doors.cli.launch:launch", "Send a campaign."),
    "apply": ("regulars.doors.cli.apply:apply", "Put automations live as their files are now."),
    "simulate": ("regulars.doors.cli.simulate:simulate", "What automations would have done between two days."),
    "automations": ("regulars.doors.cli.automations:automations", "Who is on their way in automations; disable and enable them."),
    "status": ("regulars.doors.cli.status:status", "Where launches stand."),
    "pause": ("regulars.doors.cli.steer:pause", "Hold a launch."),
    "resume": ("regulars.doors.cli.steer:resume", "Go on with a launch."),
    "cancel": ("regulars.doors.cli.steer:cancel", "End a launch; what is unsent stays unsent."),
    "retry": ("regulars.doors.cli.steer:retry", "Try again what was rejected or held."),
    "message": ("regulars.doors.cli.message:message", "Everything about one message."),
    "why": ("regulars.doors.cli.why:why", "Why this customer got a campaign, or did not."),
    "report": ("regulars.doors.cli.report:report", "What a campaign brought."),
    "scores": ("regulars.doors.cli.scores:scores", "Customers' scores and what they are made of."),
    "coupons": ("regulars.doors.cli.coupons:coupons", "Codes of offers: make, import, tell the shop, look up."),
    "suppress": ("regulars.doors.cli.suppress:suppress", "Addresses never to write to."),
    "customers": ("regulars.doors.cli.customers:customers", "Look at and add customers."),
    "referrals": ("regulars.doors.cli.referrals:referrals", "Who brought whom, and who waits for a word."),
    "rewards": ("regulars.doors.cli.rewards:rewards", "What customers have earned by bringing friends."),
    "keys": ("regulars.doors.cli.keys:keys", "Keys for programs that tell orders and events."),
    "db": ("regulars.doors.cli.db:db", "Bring the database to this version's schema."),
    "recover": ("regulars.doors.cli.recover:recover", "After a backup was restored: nobody gets mail twice."),
    "serve": ("regulars.doors.cli.serve:serve", "The web door: pixel, links, pages, outbox."),
    "worker": ("regulars.doors.cli.worker:worker", "A Celery worker with its settings right."),
    "up": ("regulars.doors.cli.up:up", "Web, sending and sweeping in one process."),
    "doctor": ("regulars.doors.cli.doctor:doctor", "Is everything as it should be?"),
}


@click.group(
    cls=LazyGroup, commands_by_name=COMMANDS, invoke_without_command=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="\b\nExample: regulars check\n         regulars plan win-back\n         regulars launch win-back",
)
@click.version_option(__version__, "-V", "--version", prog_name="regulars")
def cli() -> None:
    """Turn buyers into regulars: e-mail campaigns as code."""


def main() -> None:
    """The `regulars` command: runs and turns what goes wrong into a sentence and an exit code."""
    from regulars.doors.cli.failures import run

    sys.exit(run(cli))
