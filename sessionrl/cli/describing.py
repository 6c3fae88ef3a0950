"""The verbs that say what there is: parts, options, versions; and whether a part keeps its contract."""

from pathlib import Path


def list_(kind: str | None = None, name: str | None = None) -> None:
    """List what can be named: presets, readers, backbones, objectives, rewards, policies, baselines, metrics, pictures.

    Args:
        kind: one of those, or slices; all when left out.
        name: of one of them, as in `sessionrl list pictures closest`, to read all about it and its options.
    """
    from sessionrl.listing import listing

    print(listing(kind, name))


def show(preset: str, *assignments: str) -> None:
    """Print a configuration with every option written out, and where the code of each section is.

    Args:
        preset: a preset or a TOML file.
        assignments: options to change, as training.epochs=5.
    """
    from sessionrl import config
    from sessionrl.listing import annotated

    print(annotated(config.complete(config.override(config.load(preset), assignments))))


def check(kind: str, name: str, *assignments: str, path: Path | None = None) -> None:
    """Try whether a part keeps the contract of its kind.

    Args:
        kind: reader, backbone, objective, reward, policy, baseline, metric or picture.
        name: as `sessionrl list` has it, a metric without its list length.
        assignments: options of the part, as objective.gamma=0.9.
        path: a sample of what a reader reads.
    """
    from sessionrl import config
    from sessionrl.contracts import by_name
    from sessionrl.errors import BadOption

    sections = config.override({kind: {"name": name}}, assignments)
    if len(sections) > 1 or sections[kind].pop("name", None) != name:
        raise BadOption(f"Only options of the {kind} {name!r} can be given. Write {kind}.option=value.")
    kept = by_name.check(kind, name, path, sections[kind])
    print(f"{kind} {name!r} keeps its contract:\n\n{kept}")


def doctor() -> None:
    """Print versions, devices and what is missing, for a report of a problem."""
    from sessionrl.listing import diagnosis

    print(diagnosis())
