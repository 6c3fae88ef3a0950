"""Pictures by name: one module draws one thing."""
