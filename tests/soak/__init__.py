"""The proofs under real kills: workers shot while they send, and a relay whose own log is the truth."""
