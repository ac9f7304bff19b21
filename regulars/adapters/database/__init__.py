"""Customers, orders, launches, messages and events in SQLite or PostgreSQL."""
