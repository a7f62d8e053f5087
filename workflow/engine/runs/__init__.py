"""How an agent runs: in a thread of its own, watched by one that keeps its claim; one by one, or many in a pool."""
