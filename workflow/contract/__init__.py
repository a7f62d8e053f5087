"""What all rooms agree on: states and moves, kinds of events, failures, what agents take and give. Pure."""
