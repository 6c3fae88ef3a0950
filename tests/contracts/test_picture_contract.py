"""Every registered picture keeps the contract of pictures, and the contract notices one that does not."""

import random
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import ClassVar

import pytest

from sessionrl import registry
from sessionrl.contracts import check_picture
from sessionrl.reporting.drawing import Drawing, Panel, ProductCell, ProductPanel, ProductRow
from sessionrl.reporting.subject import CannotDraw

ROWS = ProductPanel("Rows", "", (ProductRow("close", "", (ProductCell(3),)),), {})


@pytest.mark.parametrize("name", registry.names("picture"))
def test_registered_picture_keeps_its_contract(name):
    check_picture(name)


def drawing() -> Drawing:
    panel = Panel("mine", (200, 100), "A line that rises.", lambda figure: figure.add_subplot().plot([1, 2]))
    return Drawing("mine", "A line", "Look at the line.", (panel,), "x,y\n1,2\n")


@dataclass(frozen=True)
class Line:
    """A line."""

    k: int = 3
    section: ClassVar[str] = "models"
    place: ClassVar[int] = 1

    def draw(self, subject):
        return [drawing()]


@dataclass
class CanChange:
    """A line."""


@dataclass(frozen=True)
class WantsMore:
    """A line."""

    k: int


class Elsewhere(Line):
    """A line."""

    section = "appendix"


class Nowhere(Line):
    """A line."""

    place = None


class HasNoSentence(Line):
    """A line"""


class Empty(Line):
    """A line."""

    def draw(self, subject):
        return []


class Never(Line):
    """A line."""

    def draw(self, subject):
        raise CannotDraw("There is no moon.\n  do now: wait")


class Silent(Line):
    """A line."""

    def draw(self, subject):
        raise CannotDraw("")


class Twice(Line):
    """A line."""

    def draw(self, subject):
        return [drawing(), drawing()]


class Moody(Line):
    """A line."""

    def draw(self, subject):
        return [replace(drawing(), csv=f"x\n{random.random()}\n")]


def drawn(**changes):
    class Changed(Line):
        """A line."""

        def draw(self, subject):
            return [replace(drawing(), **changes)]

    return Changed


def unlabelled() -> Panel:
    return replace(drawing().panels[0], label=" ")


@pytest.fixture
def plug(monkeypatch):
    registry.names("picture")
    return lambda cls: monkeypatch.setitem(registry._parts, ("picture", "mine"), cls)


def test_a_good_one_passes(plug):
    plug(Line)
    check_picture("mine", k=5)


BROKEN = [
    (CanChange, "picture 'mine' should be a frozen dataclass, so that its fields are its options"),
    (WantsMore, "picture 'mine': the option 'k' has no default, so that a report cannot draw it unasked"),
    (
        Elsewhere,
        "picture 'mine': section is 'appendix', not one of models, predictions, items, lists, rewards, training, data",
    ),
    (Nowhere, "picture 'mine': place is None, not a whole number"),
    (HasNoSentence, "picture 'mine': the docstring should begin with a sentence on one line"),
    (
        Empty,
        "picture 'mine', several models gives no drawing; where there is nothing to draw it raises CannotDraw",
    ),
    (
        Never,
        "picture 'mine' can be drawn of none of the made-up runs: ['There is no moon.\\n  do now: wait']",
    ),
    (Silent, "picture 'mine', several models: CannotDraw should say what is missing and what to do"),
    (Twice, "picture 'mine', several models: drawings should have names of their own, but 'mine' is there twice"),
    (Moody, "picture 'mine': the same seed gives other numbers when drawn again"),
    (
        drawn(name="a/b"),
        "picture 'mine', several models: drawings should be named as files can be called, not 'a/b'",
    ),
    (drawn(title=""), "picture 'mine', several models, drawing 'mine' has no title"),
    (drawn(caption=" "), "picture 'mine', several models, drawing 'mine' has no caption"),
    (drawn(panels=()), "picture 'mine', several models, drawing 'mine' has no panel"),
    (
        drawn(panels=(unlabelled(),)),
        "picture 'mine', several models, drawing 'mine': panel 'mine' has no label that says what it shows",
    ),
    (
        drawn(panels=(ROWS,)),
        "picture 'mine', several models, drawing 'mine': there is no card of item 3 in row 'close'",
    ),
    (
        drawn(panels=(replace(ROWS, title=""),)),
        "picture 'mine', several models, drawing 'mine': rows of products have no title",
    ),
    (
        drawn(interactive=lambda: SimpleNamespace(data=())),
        "picture 'mine', several models, drawing 'mine': the interactive figure is empty",
    ),
    (
        drawn(csv="x,y\n"),
        "picture 'mine', several models, drawing 'mine': the CSV should have a header and at least one row",
    ),
    (
        drawn(csv="x,x\n1,2\n"),
        "picture 'mine', several models, drawing 'mine': two columns of the CSV have the same name: ['x', 'x']",
    ),
    (
        drawn(csv="x,y\n1\n"),
        "picture 'mine', several models, drawing 'mine': a row of the CSV has 1 cells under a header of 2: ['1']",
    ),
]


@pytest.mark.parametrize(("cls", "sentence"), BROKEN)
def test_a_broken_promise_is_said(plug, cls, sentence):
    plug(cls)
    with pytest.raises(AssertionError) as caught:
        check_picture("mine")
    assert str(caught.value) == sentence
