"""How does it leave, exactly once? Email becomes Message."""
