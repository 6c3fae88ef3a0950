"""A number that the shop's table of items has: price, margin, stock, days since the item is new."""

from dataclasses import dataclass

from torch import Tensor

from sessionrl.errors import BadOption
from sessionrl.nn.prefixes import Transitions
from sessionrl.objectives.objective import Context
from sessionrl.registry import register


@register("reward", "column")
@dataclass(frozen=True)
class Column:
    """r = scale * the item's number in a column of the table of items; 0 where it is unknown.

    Options:
        column: a numeric column of the table of items
        scale: what 1 in the column is worth beside the other rewards; below 0 where less is better
    """

    column: str = "price"
    scale: float = 1.0

    def __call__(self, batch: Transitions, item: Tensor, context: Context) -> Tensor:
        """[N] float32."""
        if self.column not in context.attributes:
            known = ", ".join(sorted(context.attributes)) or "none"
            raise BadOption(
                f"reward 'column', option 'column' = {self.column!r}: the table of items has no such column of numbers."
                f" Known: {known}.\n"
                "  do now: give one of these, or prepare a table of items with it "
                f"(reader.item_columns.{self.column}=NAME), in which nothing but numbers stands"
            )
        paid: Tensor = self.scale * context.attributes[self.column][item].nan_to_num(nan=0.0)
        return paid
