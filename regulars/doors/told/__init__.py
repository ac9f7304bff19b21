"""Orders, customers, products and events as JSON has them: one table of fields for reading, for OpenAPI and for Python."""
