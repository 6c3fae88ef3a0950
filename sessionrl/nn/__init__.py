"""Networks: item vectors, a causal backbone, heads."""
