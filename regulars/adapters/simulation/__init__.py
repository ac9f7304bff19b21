"""A customer's world in memory: the ports that automations live by, without a database."""
