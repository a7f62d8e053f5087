"""What a writer is given: sources, and a bounded view of the chapters that its chapter depends on."""
