"""The verb that turns a log into a prepared data set."""

from pathlib import Path

from sessionrl import arguments, terminal
from sessionrl.errors import BadOption


def prepare(reader: str, path: Path, *assignments: str, out: Path = Path("prepared")) -> None:
    """Turn a shop's log into a prepared data set.

    Args:
        reader: how the log is laid out, as delimited; `sessionrl list readers` has them all.
        path: a file or a folder, as the reader wants it.
        assignments: options, as reader.columns.item_id=sku or data.test_days=3; `sessionrl list readers` has them all.
        out: the folder in which the prepared data set gets a directory of its own.
    """
    import time

    from sessionrl import config, registry
    from sessionrl.data.card import card_lines
    from sessionrl.data.prepare import Preparation, prepare

    # The table of rewards is there before, so that data.reward.view=0.1 changes one reward and keeps the others.
    known = {"reader": {"name": reader, "path": str(path)}, "data": {"reward": Preparation().reward}}
    sections = config.override(known, assignments)
    if unknown := set(sections) - {"reader", "data"}:
        raise BadOption(f"There is no section {unknown.pop()!r} here, only reader and data, as in data.test_days=3.")
    source = registry.build("reader", sections["reader"])
    preparation = registry.construct(Preparation, sections["data"], "[data]")
    directory = out / f"{reader}-{arguments.digest(source, preparation)}"
    if directory.is_dir():
        print("Prepared already, from these files with these options.")
    else:
        with terminal.status(f"Preparing {path}") as say:
            prepared = prepare(source, preparation, directory, now_ms=int(time.time() * 1000), progress=say)
        print("\n".join(card_lines(prepared.card)), end="\n\n")
    print(f"Prepared: {directory}\nNext:     {arguments.command('train', 'gru4rec', '--data', directory)}")
