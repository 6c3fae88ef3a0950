"""Rewards of an item in a state, one file each: what a Q head can be taught to earn (`smorl`, option `goals`)."""
