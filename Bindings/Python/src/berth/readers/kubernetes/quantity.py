"""Kubernetes' quantities before they are rounded: sums are exact, only what comes of them is rounded."""

from fractions import Fraction

from ... import quantities


def exact(text: str) -> Fraction:
    """A quantity in cores, bytes or pieces. ValueError for other texts. What is finer than 10^-9 is rounded up, as
    Kubernetes does (k8s.io/apimachinery/pkg/api/resource/quantity.go)."""
    amount = quantities.parse(text)
    if amount is None:
        raise ValueError(f"{text!r} is no quantity")
    nanos = amount * 10**9
    up = -((-abs(nanos).numerator) // nanos.denominator)
    return Fraction(up if nanos >= 0 else -up, 10**9)


def add(total: dict[str, Fraction], more: dict[str, Fraction]) -> None:
    """Adds a list of resources to another."""
    for name, amount in more.items():
        total[name] = total.get(name, Fraction(0)) + amount


def raise_to(total: dict[str, Fraction], other: dict[str, Fraction]) -> None:
    """The larger of both, resource by resource."""
    for name, amount in other.items():
        total[name] = max(total.get(name, Fraction(0)), amount)
