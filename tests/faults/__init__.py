"""Real processes, killed for real, by id. All traffic stays on loopback."""
