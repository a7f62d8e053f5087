"""What every writer's text goes through: without reasoning, bounded, checked against its task."""
