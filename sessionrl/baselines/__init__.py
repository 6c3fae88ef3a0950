"""Recommenders without gradients, which every table of networks must stand beside."""
