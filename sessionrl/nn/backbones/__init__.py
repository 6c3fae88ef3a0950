"""A backbone is a causal map of vectors, ``forward(x: [B, T, d]) -> [B, T, d]``.

The contract is one sentence: ``out[b, t]`` depends on ``x[b, :t + 1]`` only. It is tested for every registered
backbone, so padding on the right can never leak and no backbone needs lengths or masks.
"""
