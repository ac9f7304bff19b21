"""Whoever knocks: a command line, the web, a Celery worker."""
