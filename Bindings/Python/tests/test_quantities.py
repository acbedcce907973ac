"""Kubernetes' quantities, exactly."""

from decimal import Decimal

import numpy as np
import pytest
from berth import quantity


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("500m", "milli", 500), ("2", "milli", 2000), ("0.1", "milli", 100), ("1.5", "milli", 1500),
        ("100u", "milli", 1), ("1n", "milli", 1), ("2Gi", "bytes", 2**31), ("1.5Gi", "MiB", 1536),
        ("1G", "bytes", 10**9),
        ("128974848", "bytes", 128974848), ("129e6", "bytes", 129_000_000), ("129M", "bytes", 129_000_000),
        ("1E", "bytes", 10**18), ("1e3", "count", 1000), ("1Ei", "bytes", 2**60), (".5Ki", "bytes", 512),
        ("5.", "count", 5),
        ("-1", "count", -1), ("+7", "count", 7), ("1Mi", "GiB", 1), ("1001m", "count", 2), ("-1001m", "count", -1),
        (7, "bytes", 7), (np.int32(7), "MiB", 7), ("1E3", "count", 1000), ("9007199254740993", "count", 2**53 + 1),
    ],
)  # fmt: skip
def test_values(text, unit, value):
    assert quantity(text, unit) == value


@pytest.mark.parametrize(
    "text", ["", "m", "1 Gi", "1gi", "0x10", "1.2.3", "1e", "Gi", "1Kb", "nan", "inf", "1K", "\u0661"]
)
def test_other_texts(text):
    with pytest.raises(ValueError, match="is none of Kubernetes"):
        quantity(text, "bytes")


@pytest.mark.parametrize("value", [1.0, None, True, Decimal(1), b"1"])
def test_other_types(value):
    with pytest.raises(TypeError, match="an integer in bytes"):
        quantity(value, "bytes")


def test_random_values_agree_with_decimals():
    random = np.random.default_rng(5)
    sizes = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15}
    for _ in range(300):
        suffix, number = (
            random.choice(list(sizes)),
            Decimal(int(random.integers(0, 10**9))).scaleb(-int(random.integers(6))),
        )
        exact = number.scaleb(sizes[str(suffix)])
        assert quantity(f"{number:f}{suffix}", "count") == int(exact.to_integral_value("ROUND_CEILING"))
