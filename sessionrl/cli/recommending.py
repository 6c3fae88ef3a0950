"""The verb that asks a trained run for items."""

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
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Recommend what comes after a session.

    Args:
        run: a trained run.
        items: item ids of the session, oldest first, as a,b,c, or as a JSON list where ids have commas in them; an
            empty text asks for the first item.
        k: how many.
        json: print JSON instead of a table.
    """
    from json import dumps

    from sessionrl.recommender import Recommender

    recommender = Recommender.load(run)
    if not 1 <= k < len(recommender.vocabulary):
        raise BadOption(
            f"-k {k}: this run knows {len(recommender.vocabulary) - 1} items, so k lies between 1 and that."
        )
    session = arguments.item_ids(items)
    found = recommender.recommend([session], k)[0]
    if json:
        print(dumps({"items": found.items, "scores": found.scores, "unknown": found.unknown}))
        return
    terminal.print_recommendations(found, recommender.catalogue, known=len(session) > len(found.unknown))
