"""Live boards: from a commit in any process to the browsers that show its session. The database stays the truth."""
