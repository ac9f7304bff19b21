"""One verb a file, each a table of contents of named steps; the holes in the wall are in ports.py."""
