"""Pictures: what can be drawn of models, each a registered part; one that cannot be drawn does not stop the others."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar, Literal, Protocol

from sessionrl import registry
from sessionrl.errors import MissingExtra, UnknownName
from sessionrl.reporting.drawing import Drawing, Panel
from sessionrl.reporting.subject import CannotDraw, Subject

Section = Literal["models", "items", "predictions", "lists", "rewards", "training", "data"]
SECTIONS: dict[Section, str] = {
    "models": "Models in figures",
    "predictions": "What the models recommend",
    "items": "What the models know about items",
    "lists": "Who is shown, and how often",
    "rewards": "What the rewards do",
    "training": "Training",
    "data": "The data",
}


class Picture(Protocol):
    """One kind of picture: a frozen dataclass whose fields are its options.

    section: of the page, where it stands
    place:   in its section, smaller ones first
    """

    section: ClassVar[Section]
    place: ClassVar[int]

    def draw(self, subject: Subject) -> Sequence[Drawing]:
        """Usually one drawing.

        Raises:
            CannotDraw: these runs, this data or these items do not have what it shows.
        """
        ...


@dataclass(frozen=True)
class Drawn:
    """Drawings by section, why others are missing, and the seconds that each picture took."""

    drawings: dict[Section, list[Drawing]]
    missing: dict[str, str]
    seconds: dict[str, float]


@dataclass(frozen=True)
class Asked:
    """Which pictures, and how.

    names:   of pictures (`sessionrl list pictures`); all of them if None
    options: by the name of the picture, as ``{"closest": {"k": 8}}``
    data:    the prepared directory, if it is not where the runs say
    seed:    of everything that is drawn by chance
    """

    names: tuple[str, ...] | None = None
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    data: Path | None = None
    seed: int = 0


def draw_pictures(
    subject: Subject,
    names: Iterable[str] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    say: Callable[[str], None] = lambda sentence: None,
) -> Drawn:
    """Draw pictures by name, all of them if none is named.

    Args:
        subject: what they are of
        names: see `Asked`
        options: see `Asked`
        say: is told what is drawn and what is left out

    Raises:
        UnknownName, BadOption: there is no such picture, or it has no such option; before anything is drawn.
    """
    asked = built(registry.names("picture") if names is None else list(names), options or {})
    drawings: dict[Section, list[Drawing]] = {section: [] for section in SECTIONS}
    missing, seconds = {}, {}
    for name, picture in asked.items():
        say(f"drawing {name}")
        began = perf_counter()
        try:
            drawings[picture.section] += _complete(picture.draw(subject))
        except (CannotDraw, MissingExtra) as error:
            missing[name] = str(error)
            say(f"{name} is left out: {str(error).splitlines()[0]}")
        seconds[name] = perf_counter() - began
    return Drawn({section: some for section, some in drawings.items() if some}, missing, seconds)


def _complete(drawings: Sequence[Drawing]) -> Sequence[Drawing]:
    """Drawn now and not when a page is written, so that what it takes is counted here."""
    for drawing in drawings:
        for panel in drawing.panels:
            if isinstance(panel, Panel):
                _ = panel.svg
    return drawings


def built(names: Sequence[str], options: Mapping[str, Mapping[str, Any]]) -> dict[str, Picture]:
    """Pictures by name, in the order of the page.

    Raises:
        UnknownName, BadOption: there is no such picture, or it has no such option.
    """
    for name in options:
        if name not in names:
            raise UnknownName("picture to be drawn", name, names)
    built = {name: registry.build("picture", {"name": name, **options.get(name, {})}) for name in names}
    order = list(SECTIONS)
    return dict(sorted(built.items(), key=lambda one: (order.index(one[1].section), one[1].place, one[0])))
