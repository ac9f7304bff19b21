"""What do we promise to send? YAML files become Shop, Segment and Campaign values, or findings."""
