"""Figures, tables and the one self-contained page."""
