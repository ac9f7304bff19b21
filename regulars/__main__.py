"""`python -m regulars` is `regulars`."""

from regulars.doors.cli import main

main()
