"""What the items of a simulated shop are called, and the table of items that the shop would publish."""

import numpy as np
import polars as pl

from sessionrl.simulator.shop import Shop

NOUNS = (
    *("mug", "lamp", "rug", "vase", "cushion", "chair", "table", "sofa", "shelf", "mirror"),
    *("clock", "candle", "blanket", "curtain", "towel", "plate", "bowl", "glass", "pan", "kettle"),
    *("basket", "stool", "desk", "bed", "pillow", "duvet", "poster", "frame", "planter", "tray"),
    *("teapot", "knife", "bench", "wardrobe", "drawer", "hook", "doormat", "carafe", "lantern", "apron"),
)
COLOURS = ("white", "black", "grey", "blue", "green", "red", "yellow", "natural")
STYLES = ("plain", "country", "classic", "modern", "nordic", "retro", "rustic", "playful")


def categories(shop: Shop) -> list[str]:
    """C different names: nouns of the household, numbered once they are used up (`mug`, …, `apron`, `mug2`, …)."""
    rounds = [divmod(category, len(NOUNS)) for category in range(shop.options.categories)]
    return [NOUNS[noun] + (str(turn + 1) if turn else "") for turn, noun in rounds]


def item_ids(shop: Shop) -> list[str]:
    """N ids such as `mug-0012`, in the order of the shop's rows; the number says nothing about the item."""
    each = shop.options.items // shop.options.categories
    width = max(4, len(str(each)))
    return [f"{noun}-{number:0{width}d}" for noun in categories(shop) for number in range(1, each + 1)]


def product_table(shop: Shop) -> pl.DataFrame:
    """One row per item: `item_id, name, category, price, colour, style`.

    Colour and style are true features: the axis of the first, and of the second, half of the hidden space along
    which the item departs most from its category. Items of one colour in one category are therefore alike.
    """
    own = (
        shop.vectors
        - np.einsum("nd,nd->n", shop.vectors, shop.centres[shop.category])[:, None] * (shop.centres[shop.category])
    )
    half = max(shop.options.dim // 2, 1)
    first = np.argmax(own[:, :half][:, : len(COLOURS)], axis=1)
    second = np.argmax(own[:, -half:][:, : len(STYLES)], axis=1)
    nouns = [categories(shop)[category] for category in shop.category]
    colour, style = [COLOURS[axis] for axis in first], [STYLES[axis] for axis in second]
    return pl.DataFrame(
        {
            "item_id": item_ids(shop),
            "name": [f"{c.capitalize()} {s} {noun}" for c, s, noun in zip(colour, style, nouns, strict=True)],
            "category": nouns,
            "price": shop.prices,
            "colour": colour,
            "style": style,
        }
    )
