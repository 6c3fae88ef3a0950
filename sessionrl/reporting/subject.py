"""Subject: what pictures are of, and what they need of it, loaded when it is first asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sessionrl.data.catalogue import Catalogue
from sessionrl.data.prepared import Prepared
from sessionrl.data.vocabulary import Vocabulary
from sessionrl.errors import BadDirectory, SessionRLError
from sessionrl.recommender import Recommender
from sessionrl.reporting.models import Model, load_catalogue, load_models, models_html
from sessionrl.reporting.products import Products
from sessionrl.reporting.results import Results, results_of

LOADED = 3  # recommenders at once: pictures compare two, and go from one model to the next


class CannotDraw(SessionRLError):
    """A picture needs what these runs do not have; the message says what, and what to do to get it."""


@dataclass(frozen=True, eq=False)
class Subject:
    """Models on the same data.

    models: those that are compared, in the order of the pictures
    data:   the prepared directory, if it is not where the runs say
    seed:   of everything that is drawn by chance
    """

    models: tuple[Model, ...]
    data: Path | None = None
    seed: int = 0

    def __repr__(self) -> str:
        return f"Subject({', '.join(model.label for model in self.models)})"

    def _repr_html_(self) -> str:
        where = self.data or self.models[0].runs[0].data["prepared"]
        return models_html(self.models, f"{len(self.models)} models on {where}")

    @classmethod
    def of(cls, runs: Iterable[Path | str], data: Path | None = None, seed: int = 0) -> "Subject":
        """The models in runs, the best of the headline first; see `load_models` for what it raises."""
        return cls.measured(load_models(map(Path, runs)), data, seed)

    @classmethod
    def measured(cls, models: Sequence[Model], data: Path | None = None, seed: int = 0) -> "Subject":
        """Models, the best of the headline first."""
        results = results_of(models)
        subject = cls(results.models, data, seed)
        subject.__dict__["results"] = results
        return subject

    @cached_property
    def results(self) -> Results:
        """What was measured of the models."""
        return results_of(self.models)

    @cached_property
    def catalogue(self) -> Catalogue:
        """What is known about the items, those of all runs."""
        return self.results.catalogue if "results" in self.__dict__ else load_catalogue(self.models)

    @cached_property
    def products(self) -> Products:
        """The items as a page shows them."""
        return Products(self.catalogue)

    @cached_property
    def prepared(self) -> Prepared:
        """The data that the models were trained and measured on.

        Raises:
            CannotDraw: it is gone, or not the data of these runs.
        """
        first = self.models[0].runs[0]
        path = self.data or Path(first.data["prepared"])
        try:
            prepared = Prepared.opened(path)
        except BadDirectory:
            raise CannotDraw(
                f"{path}, the prepared data of these runs, is not there (seen from {Path.cwd()}).\n"
                "  do now: say where it is now with --data DIRECTORY"
            ) from None
        if prepared.fingerprint != first.fingerprint:
            raise CannotDraw(
                f"{path} has the fingerprint {prepared.fingerprint}, but these runs are of data with "
                f"{first.fingerprint}.\n  do now: say with --data where the data of these runs is"
            )
        largest = max((run for model in self.models for run in model.runs), key=lambda run: run.n_items)
        return prepared.grown(Vocabulary.load(largest.directory.vocabulary), self.catalogue)

    @property
    def networks(self) -> list[Model]:
        """Models that learn by gradients."""
        return [model for model in self.models if model.kind == "network"]

    def recommender(self, model: Model, nth: int = 0) -> Recommender:
        """A training seed of a model, the first if no other is asked for.

        Those asked for last stay loaded, and no others: of a million items each takes most of a gigabyte.

        Raises:
            CannotDraw: the run no longer has all that is needed to recommend; the results are still there.
        """
        path, loaded = model.runs[nth].path, self._recommenders
        if path not in loaded:
            while len(loaded) >= LOADED:
                del loaded[next(iter(loaded))]
            try:
                loaded[path] = Recommender.load(path)
            except BadDirectory as error:
                raise CannotDraw(str(error)) from None
        loaded[path] = loaded.pop(path)
        return loaded[path]

    @cached_property
    def _recommenders(self) -> dict[Path, Recommender]:
        """By the run they are of, the one asked for last at the end."""
        return {}
