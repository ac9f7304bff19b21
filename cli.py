"""The front doormat: `python cli.py …` is `regulars …`."""

from regulars.doors.cli import main

if __name__ == "__main__":
    main()
