"""Talks: rows first, in one order; the socket only rings and reads."""
