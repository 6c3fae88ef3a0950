"""A map of items on the screen: a plotly figure with hover texts and menus, for a notebook and for the page."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sessionrl.reporting.drawing import COLOURS, SERIES
from sessionrl.reporting.map_colours import REST, Colouring, Groups, anchors
from sessionrl.reporting.map_data import ItemMap

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HOVER = "<b>%{customdata[1]}</b><br>%{customdata[0]}<br>%{customdata[2]} %{customdata[3]}<br>%{customdata[4]} events"
RAMP = ("line", "supervised", "ink")  # low to high: pale to dark, and on a dark page dim to bright
TITLES = {
    "category": "category",
    "popularity": "popularity",
    "price": "price",
    "cluster": "cluster",
    "moved": "how far it moved",
}
PLACES = 3  # decimals of a place on a map 1 wide: below a pixel
LEAST_NAMED = 3  # items that a group must have to be named
LETTER, LINE = 0.013, 0.03  # width of a letter and height of a line of a name, on a map 1 wide
HIGHEST = 0.98  # quantile of the values that the colour scale ends at, so that one outlier does not take it all


class _Names(NamedTuple):
    """Names of groups and where they stand; None where a larger group's name leaves no room."""

    text: list[str]
    x: list[float | None]
    y: list[float | None]


def map_figure(found: ItemMap, colour: str, pictures: Sequence[str] = ()) -> "Figure":
    """One trace of the items, one of names for every colouring by groups, a menu of colours and one of models.

    Colours are those of `COLOURS`, which the page replaces by its own, light or dark. `layout.meta` holds what only the
    page shows: data URIs of pictures of the first items.
    """
    from plotly.graph_objects import Figure, Scatter

    groups = {name: one for name, one in found.colourings.items() if isinstance(one, Groups)}
    x, y = _columns(found.places[0])
    items = Scatter(
        x=x, y=y, mode="markers", name="items", customdata=_customdata(found), hovertemplate=f"{HOVER}<extra></extra>",
        marker={"size": _size(len(x)), "opacity": 0.85, "line": {"width": 0}, **_marker(found.colourings[colour])},
        selected={"marker": {"size": _size(len(x)) + 7, "opacity": 1}}, unselected={"marker": {"opacity": 0.18}},
    )  # fmt: skip
    names = [
        Scatter(
            x=at.x, y=at.y, text=at.text, mode="text", name=name, hoverinfo="skip", visible=name == colour,
            textfont={"color": COLOURS["ink"], "size": 12, "shadow": f"0 0 3px {COLOURS['surface']}, "
                      f"0 0 3px {COLOURS['surface']}, 0 0 5px {COLOURS['surface']}"},
        )
        for name, one in groups.items()
        for at in [_names(one, found.places[0])]
    ]  # fmt: skip
    figure = Figure([items, *names])
    figure.update_layout(**_layout(), updatemenus=_menus(found, groups, colour), meta={"pictures": list(pictures)})
    return figure


def _customdata(found: ItemMap) -> list[list[Any]]:
    """For every item: id, name, category, price, events, and how far it moved."""
    rows: list[list[Any]] = [
        [one.item_id, one.called, one.category, one.price, f"{one.events:,}"] for one in found.words
    ]
    if found.change:
        for row, moved in zip(rows, found.change.moved, strict=True):
            row.append(round(float(moved), 2))
    return rows


def _marker(colouring: Colouring) -> dict[str, Any]:
    """Numbers and the scale that makes them colours, in which one of a group is an interval."""
    if isinstance(colouring, Groups):
        shades = [*SERIES, REST]
        of = [shades.index(colouring.colours[group] if group >= 0 else REST) for group in colouring.of]
        ends = [(nth / len(shades), (nth + 1) / len(shades)) for nth in range(len(shades))]
        scale = [[end, COLOURS[one]] for one, both in zip(shades, ends, strict=True) for end in both]
        return {
            "color": of,
            "colorscale": scale,
            "cmin": -0.5,
            "cmax": len(shades) - 0.5,
            "showscale": False,
            "symbol": "circle",
        }
    unknown = np.isnan(colouring.values)
    known = colouring.values[~unknown]
    scale = [[nth / (len(RAMP) - 1), COLOURS[one]] for nth, one in enumerate(RAMP)]
    return {
        "color": [round(float(value), 2) for value in colouring.values],  # plotly greys NaN, and dark grey is much
        "symbol": np.where(unknown, "circle-open", "circle").tolist() if unknown.any() else "circle",
        "colorscale": scale,
        "cmin": float(known.min()),
        "cmax": float(max(np.quantile(known, HIGHEST), known.min() + 1e-9)),
        "showscale": True,
        "colorbar": {
            "title": {"text": colouring.title, "side": "right"},
            "thickness": 10,
            "len": 0.6,
            "outlinewidth": 0,
        },
    }


def _menus(found: ItemMap, groups: dict[str, Groups], colour: str) -> list[dict[str, Any]]:
    """How plotly's own menus are written; the page makes lists of them that a keyboard can use."""
    order = [colour, *(name for name in found.colourings if name != colour)]
    colours = [_colour(found, groups, name) for name in order]
    menus = [{"name": "Colour by", "buttons": colours, "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom"}]
    if len(found.labels) > 1:
        models = [_model(found, groups, nth) for nth in range(len(found.labels))]
        menus.append({"name": "Model", "buttons": models, "x": 1, "xanchor": "right", "y": 1.0, "yanchor": "bottom"})
    return menus


def _colour(found: ItemMap, groups: dict[str, Groups], name: str) -> dict[str, Any]:
    """What changes when the items are coloured by it; the traces of names have no dots to colour."""
    marker = {f"marker.{key}": [value, *[None] * len(groups)] for key, value in _marker(found.colourings[name]).items()}
    shown = [True, *(other == name for other in groups)]
    return {"label": TITLES[name], "method": "restyle", "args": [{**marker, "visible": shown}]}


def _model(found: ItemMap, groups: dict[str, Groups], nth: int) -> dict[str, Any]:
    x, y = _columns(found.places[nth])
    names = [_names(one, found.places[nth]) for one in groups.values()]
    moved = {"x": [x, *(one.x for one in names)], "y": [y, *(one.y for one in names)]}
    return {"label": found.labels[nth], "method": "restyle", "args": [moved]}


def _names(groups: Groups, places: npt.NDArray[np.float64]) -> _Names:
    """Of the groups that are large enough; plotly reads texts as HTML, so that they are escaped."""
    which = np.flatnonzero(np.bincount(groups.of[groups.of >= 0], minlength=len(groups.names)) >= LEAST_NAMED)
    text = [groups.names[nth] for nth in which]
    at = anchors(groups, places)[which]
    half, shown = np.array([len(one) * LETTER / 2 for one in text]), np.zeros(len(text), np.bool_)
    for nth in range(len(text)):
        near = np.abs(at[nth] - at) < np.column_stack([half[nth] + half, np.full(len(text), LINE)])
        shown[nth] = not (near.all(1) & shown).any()
    x, y = ([one if free else None for one, free in zip(axis, shown, strict=True)] for axis in _columns(at))
    return _Names([escape(one, quote=False) for one in text], x, y)


def _columns(places: npt.NDArray[np.float64]) -> tuple[list[float], list[float]]:
    x, y = places.round(PLACES).T.tolist()
    return x, y


def _layout() -> dict[str, Any]:
    bare = {"visible": False, "range": [-0.03, 1.03]}
    return {
        "xaxis": bare,
        "yaxis": {**bare, "scaleanchor": "x"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": COLOURS["ink"]},
        "margin": {"l": 0, "r": 0, "t": 40, "b": 0},
        "height": 640,
        "dragmode": "pan",
        "hovermode": "closest",
        "showlegend": False,
        "uirevision": "kept",
    }


def _size(n: int) -> float:
    return float(np.clip(8 * (1000 / n) ** 0.25, 5, 10))
