"""Session-based recommendation with reinforcement learning."""

__version__ = "0.1.0"
