"""Numbers as people read them: few places, an interval in brackets, a dash where there is none."""

import math

NONE = "–"


def number(value: float | None, places: int | None = None) -> str:
    """With the thousands parted; `places` behind the point, by size if not given.

    >>> number(0.55612), number(12.345), number(1234.5), number(0.0312), number(None)
    ('0.556', '12.35', '1,234', '0.0312', '–')
    """
    if value is None or not math.isfinite(value):
        return NONE
    return f"{value:,.{places_of(value) if places is None else places}f}"


def signed(value: float | None, places: int | None = None) -> str:
    """With a plus or a minus sign, as differences are written; without one where nothing is left of the number.

    >>> signed(0.123), signed(-0.0123), signed(-0.00001)
    ('+0.123', '−0.0123', '0.0000')
    """
    if value is None or not math.isfinite(value):
        return NONE
    text = number(abs(value), places)
    return text if not text.strip("0.") else f"{'−' if value < 0 else '+'}{text}"


def places_of(*values: float | None) -> int:
    """Places behind the point that suit the largest of the values, so that numbers that belong together look alike."""
    largest = max((abs(value) for value in values if value is not None and math.isfinite(value)), default=0.0)
    return 0 if largest >= 1000 else 2 if largest >= 10 else 3 if largest >= 0.1 or not largest else 4


def interval(low: float | None, high: float | None, places: int | None = None) -> str:
    """In brackets; nothing where there is no interval.

    >>> interval(0.549, 0.563), interval(-0.0041, 0.0032), interval(None, None)
    ('[0.549, 0.563]', '[−0.0041, 0.0032]', '')
    """
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return ""
    places = places_of(low, high) if places is None else places
    # Without its sign where it rounds to zero: the z of the format.
    return f"[{low:z,.{places}f}, {high:z,.{places}f}]".replace("-", "−")


def with_interval(value: float | None, low: float | None, high: float | None) -> str:
    """A value and its interval.

    >>> with_interval(0.556, 0.549, 0.563), with_interval(0.556, None, None)
    ('0.556 [0.549, 0.563]', '0.556')
    """
    places = places_of(value, low, high)
    return f"{number(value, places)} {interval(low, high, places)}".strip()


def difference(value: float | None, low: float | None, high: float | None) -> str:
    """A difference and its interval.

    >>> difference(0.0041, 0.001, 0.0072)
    '+0.0041 [0.0010, 0.0072]'
    """
    places = places_of(value, low, high)
    return f"{signed(value, places)} {interval(low, high, places)}".strip()


def p_value(p: float | None) -> str:
    """Three places; never 0, because a finite number of replicates cannot show that.

    >>> p_value(0.0004), p_value(0.0312), p_value(None)
    ('< 0.001', '0.031', '–')
    """
    if p is None or not math.isfinite(p):
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def joined(words: list[str]) -> str:
    """As a list in a sentence.

    >>> joined(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
