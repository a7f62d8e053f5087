"""Tells web processes "session S has events up to N", by datagram on one machine and through Redis to others."""
