"""Knows the processes of one installation: who owns a lease, which workers live, which of them shall stop."""
