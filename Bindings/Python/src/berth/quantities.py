"""Kubernetes' quantities as whole numbers of a unit, exactly.

Grammar and suffixes: k8s.io/apimachinery/pkg/api/resource/quantity.go. What is no whole number of the unit is rounded
up, as Quantity.Value() and MilliValue() do."""

import re
from fractions import Fraction
from numbers import Integral

UNIT_SIZES = {
    "milli": Fraction(1, 1000),
    "count": Fraction(1),
    "bytes": Fraction(1),
    "KiB": Fraction(2**10),
    "MiB": Fraction(2**20),
    "GiB": Fraction(2**30),
}
"""Units of resources, in Kubernetes' base units: cores, bytes, pieces."""

_SUFFIXES = {suffix: Fraction(10) ** (3 * power) for power, suffix in enumerate("num", -3)}
_SUFFIXES |= {suffix: Fraction(10) ** (3 * power) for power, suffix in enumerate(["", "k", "M", "G", "T", "P", "E"])}
_SUFFIXES |= {
    suffix: Fraction(2) ** (10 * power) for power, suffix in enumerate(["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"], 1)
}
_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)", re.ASCII)


def parse(text: str) -> Fraction | None:
    """A quantity in cores, bytes or pieces, exactly; None for what is none of Kubernetes."""
    parts = _FORM.fullmatch(text)
    if not parts:
        return None
    digits, exponent, suffix = parts.groups()
    return Fraction(digits) * (Fraction(10) ** int(exponent) if exponent else _SUFFIXES[suffix or ""])


def quantity(value: object, unit: str) -> int:
    """`value` in whole `unit`s: an integer is so many of them already, a text is Kubernetes' ("500m", "1.5", "2Gi").
    ValueError for other texts and units, TypeError for what is neither."""
    if unit not in UNIT_SIZES:
        raise ValueError(f"unit {unit!r} is unknown: use {', '.join(UNIT_SIZES)}")
    if isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)
    if not isinstance(value, str):
        raise TypeError(f"quantity {value!r}: an integer in {unit}, or a text such as '500m' or '2Gi', is needed")
    amount = parse(value)
    if amount is None:
        raise ValueError(f"quantity {value!r} is none of Kubernetes: write 2, 0.5, 500m, 1e3 or 2Gi")
    whole = amount / UNIT_SIZES[unit]
    return -((-whole.numerator) // whole.denominator)
