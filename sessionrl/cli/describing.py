"""The verbs that say what there is: parts, options, versions."""


def list_(kind: str | None = None) -> None:
    """List what can be named: presets, readers, backbones, objectives, baselines, policies, metrics, slices.

    Args:
        kind: one of those; all when left out.
    """
    from sessionrl.listing import listing

    print(listing(kind))


def show(preset: str, *assignments: str) -> None:
    """Print a configuration with every option written out, and where the code of each section is.

    Args:
        preset: a preset or a TOML file.
        assignments: options to change, as training.epochs=5.
    """
    from sessionrl import config
    from sessionrl.listing import annotated

    print(annotated(config.complete(config.override(config.load(preset), assignments))))


def doctor() -> None:
    """Print versions, devices and what is missing, for a report of a problem."""
    from sessionrl.listing import diagnosis

    print(diagnosis())
