"""Rank the whole catalogue once, measure many times, compare with intervals."""
