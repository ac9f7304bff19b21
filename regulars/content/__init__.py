"""What does it say? Campaign + Customer become an Email."""
