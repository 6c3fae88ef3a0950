"""The verbs that ask a trained run for items, and that tell it of new ones."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sessionrl import arguments, terminal
from sessionrl.errors import BadOption


def recommend(
    run: Path,
    *,
    items: str,
    k: Annotated[int, Parameter(name=["--k", "-k"])] = 10,
    event_types: str | None = None,
    timestamps: str | None = None,
    features: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Recommend what comes after a session.

    Args:
        run: a trained run.
        items: item ids of the session, oldest first, as a,b,c, or as a JSON list where ids have commas in them; an
            empty text asks for the first item.
        k: how many.
        event_types: kinds of the events of these items, as view,view,cart, for a model that reads them; all are of the
            first kind of the data if not given.
        timestamps: of the events in milliseconds, as 0,12000,15000, for a model that reads the time between them.
        features: what is known of the session, as country=se,device=phone, for a model that reads it.
        json: print JSON instead of a table.
    """
    from json import dumps

    from sessionrl.recommender import Recommender

    recommender = Recommender.load(run)
    most = int(recommender.catalogue.recommendable.sum())
    if not 1 <= k <= most:
        what = "knows" if most == len(recommender.vocabulary) - 1 else "may recommend"
        raise BadOption(f"-k {k}: this run {what} {most} items, so k lies between 1 and that.")
    session = arguments.item_ids(items)
    kinds = arguments.one_per_item("--event-types", event_types, len(session))
    times = arguments.one_per_item("--timestamps", timestamps, len(session))
    found = recommender.recommend(
        [session],
        k,
        event_types=None if kinds is None else [kinds],
        timestamps=None if times is None else [[arguments.milliseconds(time) for time in times]],
        features=None if features is None else [arguments.named_values("--features", features)],
    )[0]
    if json:
        print(dumps({"items": found.items, "scores": found.scores, "unknown": found.unknown}))
        return
    terminal.print_recommendations(found, recommender.catalogue, known=len(session) > len(found.unknown))


def extend(run: Path, *, items: Path, out: Path = Path("runs")) -> None:
    """Add new items to a trained model by what is known of them, without training again.

    Args:
        run: a trained run whose network reads features of items (items.features); it is left as it is.
        items: a table with one row per item: item_id, and the columns that the table of items had before.
        out: the folder in which the new run gets a directory of its own.
    """
    from sessionrl.further_items import extend_run

    directory, found = extend_run(run, items, out)
    print(f"{found.added:,} new items; {found.known:,} that the model knew before stay as they were")
    if found.undescribed:
        print(f"of the new ones {found.undescribed:,} have no feature that the model knows: they are ranked blindly")
    print(f"Run:  {directory.path}\nNext: {arguments.command('recommend', directory.path, '--items', 'ID,ID')}")


def embed(run: Path, *, out: Path, unit: bool = False) -> None:
    """Write the vector of every item that a trained network knows, as a Parquet table for other programs.

    Args:
        run: a directory that `sessionrl train` printed, of a network.
        out: the Parquet file, such as items.parquet: item_id, vector, count, output_vector where the network scores by
            other vectors than it reads, and the columns of the table of items.
        unit: make the vectors unit length, so that their products are cosines.
    """
    from sessionrl.analysis.item_vectors import vector_table
    from sessionrl.recommender import Recommender
    from sessionrl.runs import replacing

    table = vector_table(Recommender.load(run), unit)
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as temporary, temporary.open("wb") as file:
        table.write_parquet(file)
    print(f"{len(table):,} items with vectors of {table['vector'].dtype.size} numbers: {out}")  # type: ignore[attr-defined]
