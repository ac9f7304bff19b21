"""Pixel, links, pages and the outbox over HTTP."""
