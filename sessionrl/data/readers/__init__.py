"""Readers: the files of a shop, or of a public log -> the events table, piece by piece."""
