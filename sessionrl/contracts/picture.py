"""What a picture must be: drawings with words and numbers, of whatever models there are, or the reason why not."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any
from xml.etree import ElementTree

from sessionrl import registry
from sessionrl.contracts.made_up import require
from sessionrl.contracts.made_up_runs import made_up_runs
from sessionrl.data.catalogue import Catalogue
from sessionrl.reporting.drawing import Drawing, Panel, ProductPanel
from sessionrl.reporting.models import Model
from sessionrl.reporting.picture import SECTIONS, Picture
from sessionrl.reporting.subject import CannotDraw, Subject


def check_picture(name: str, **options: Any) -> None:
    """Drawings with file names of their own, words and numbers for those who do not see them, the same for one seed.

    Tried on made-up runs: of all kinds of models side by side, of a baseline alone, of a network alone, and of items of
    which nothing but their ids is known. Where something is missing it says so (CannotDraw), but not everywhere.

    Args:
        name: as registered
        options: of the picture, as in a configuration
    """
    who = f"picture {name!r}"
    _check_class(registry.part("picture", name), who)
    picture: Picture = registry.build("picture", {"name": name, **options})
    subjects = _subjects()
    drawn = {case: _drawn(picture, subject, f"{who}, {case}") for case, subject in subjects.items()}
    reasons = [drawings for drawings in drawn.values() if isinstance(drawings, str)]
    require(len(reasons) < len(drawn), f"{who} can be drawn of none of the made-up runs: {reasons[-1:]}")
    again = _drawn(picture, _subjects()["several models"], who)
    same = _numbers(drawn["several models"]) == _numbers(again)
    require(same, f"{who}: the same seed gives other numbers when drawn again")


def _check_class(cls: type, who: str) -> None:
    frozen = is_dataclass(cls) and cls.__dataclass_params__.frozen  # type: ignore[attr-defined]
    require(frozen, f"{who} should be a frozen dataclass, so that its fields are its options")
    for one in fields(cls):
        default = one.default is not MISSING or one.default_factory is not MISSING
        require(default, f"{who}: the option {one.name!r} has no default, so that a report cannot draw it unasked")
    section, place = getattr(cls, "section", None), getattr(cls, "place", None)
    require(section in SECTIONS, f"{who}: section is {section!r}, not one of {', '.join(SECTIONS)}")
    require(isinstance(place, int), f"{who}: place is {place!r}, not a whole number")
    first_line = (cls.__doc__ or "").strip().split("\n")[0]
    require(first_line.endswith("."), f"{who}: the docstring should begin with a sentence on one line")


def _subjects() -> dict[str, Subject]:
    """By what is said of them."""
    every = Subject.of(made_up_runs())
    several, (baseline,), network = every.models, [m for m in every.models if m.kind == "baseline"], every.networks[0]
    bare = _subject(several)
    catalogue = every.catalogue
    bare.__dict__["catalogue"] = Catalogue(
        catalogue.counts, catalogue.sessions, catalogue.vectors, catalogue.items.select("item_id")
    )
    return {
        "several models": every,
        "a baseline alone": _subject([baseline]),
        "a network alone": _subject([network]),
        "items without names": bare,
    }


def _subject(models: Sequence[Model]) -> Subject:
    return Subject(tuple(models))


def _drawn(picture: Picture, subject: Subject, who: str) -> list[Drawing] | str:
    """What was drawn, checked; or why nothing was."""
    try:
        drawings = list(picture.draw(subject))
    except CannotDraw as error:
        require(bool(str(error)), f"{who}: CannotDraw should say what is missing and what to do")
        return str(error)
    require(bool(drawings), f"{who} gives no drawing; where there is nothing to draw it raises CannotDraw")
    for drawing in drawings:
        _check_drawing(drawing, f"{who}, drawing {drawing.name!r}")
    panels = [panel.name for drawing in drawings for panel in drawing.panels if isinstance(panel, Panel)]
    _check_file_names([drawing.name for drawing in drawings], f"{who}: drawings")
    _check_file_names(panels, f"{who}: panels")
    return drawings


def _check_file_names(names: list[str], who: str) -> None:
    for name in names:
        named = re.fullmatch(r"[\w-][\w.-]*", name, re.ASCII)
        require(named is not None, f"{who} should be named as files can be called, not {name!r}")
        require(names.count(name) == 1, f"{who} should have names of their own, but {name!r} is there twice")


def _check_drawing(drawing: Drawing, who: str) -> None:
    for word in ("title", "caption"):
        require(bool(getattr(drawing, word).strip()), f"{who} has no {word}")
    require(bool(drawing.panels), f"{who} has no panel")
    for panel in drawing.panels:
        if isinstance(panel, Panel):
            require(bool(panel.label.strip()), f"{who}: panel {panel.name!r} has no label that says what it shows")
            ElementTree.fromstring(panel.svg)
        else:
            _check_products(panel, who)
    rows = list(csv.reader(io.StringIO(drawing.csv)))
    require(len(rows) > 1, f"{who}: the CSV should have a header and at least one row")
    require(len(set(rows[0])) == len(rows[0]), f"{who}: two columns of the CSV have the same name: {rows[0]}")
    for row in rows[1:]:
        same = len(row) == len(rows[0])
        require(same, f"{who}: a row of the CSV has {len(row)} cells under a header of {len(rows[0])}: {row}")
    if drawing.interactive is not None:
        require(bool(drawing.interactive().data), f"{who}: the interactive figure is empty")


def _check_products(panel: ProductPanel, who: str) -> None:
    require(bool(panel.title.strip()), f"{who}: rows of products have no title")
    for row in panel.rows:
        for cell in row.cells:
            require(cell.item in panel.products, f"{who}: there is no card of item {cell.item} in row {row.label!r}")


def _numbers(drawings: list[Drawing] | str) -> list[str]:
    return [drawings] if isinstance(drawings, str) else [drawing.csv for drawing in drawings]
