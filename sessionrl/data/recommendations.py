"""Recommendations: what a recommender answers."""

from dataclasses import dataclass, field

from sessionrl.data.catalogue import Catalogue
from sessionrl.data.vocabulary import ItemId
from sessionrl.shown import image, table


@dataclass(frozen=True)
class Recommendations:
    """What to show after a session: item ids, best first, with scores; and the ids of the session that are unknown.

    catalogue: what is known of the items, for those who look at it in a notebook
    """

    items: list[ItemId]
    scores: list[float]
    unknown: list[ItemId]
    catalogue: Catalogue | None = field(default=None, repr=False, compare=False)

    def _repr_html_(self) -> str:
        described = {} if self.catalogue is None else self.catalogue.described(self.items)
        names = [name for name in described if name != "picture"]
        pictures = [image(address) for address in described.get("picture", [""] * len(self.items))]
        ranks = range(1, len(self.items) + 1)
        columns = [ranks, pictures, map(str, self.items), self.scores, *(described[name] for name in names)]
        unknown = f"Not known, left out: {', '.join(map(str, self.unknown))}" if self.unknown else ""
        return table(["rank", "", "item", "score", *names], zip(*columns, strict=True), unknown)
