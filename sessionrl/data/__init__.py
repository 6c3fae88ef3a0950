"""From a shop's event log to sessions of item numbers; numpy and polars only, never torch."""
