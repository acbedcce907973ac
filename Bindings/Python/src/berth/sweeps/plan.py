"""Which runs there are: parameters, seeds, and the key under which a finished run is found again."""

from __future__ import annotations

import functools
import hashlib
import inspect
import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

# columns of the table that are neither parameters nor figures
RESERVED = ("run", "repeat", "seed", "wall_seconds", "error")
_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Run:
    """One call of the experiment. `key` is a digest of parameters, repeat and seed: the run's number may change with
    the grid, its key does not."""

    number: int
    repeat: int
    seed: int
    parameters: dict[str, Any]
    key: str


def plan(grid: Any, repeats: int | Sequence[int], seed: int) -> list[Run]:
    """All runs: point by point of the grid, in each the repeats. TypeError, ValueError for what is no grid."""
    seeds = _seeds(repeats, seed)
    runs: list[Run] = []
    numbers: dict[str, int] = {}
    for parameters in points(grid):
        for repeat, own_seed in enumerate(seeds):
            key = _key(parameters, repeat, own_seed)
            if key in numbers:
                raise ValueError(f"grid: {parameters} occurs twice; repeats= makes several runs of a point")
            numbers[key] = len(runs)
            runs.append(Run(len(runs), repeat, own_seed, parameters, key))
    if not runs:
        raise ValueError("grid: there is nothing to run; a list of values is empty")
    return runs


def points(grid: Any) -> list[dict[str, Any]]:
    """A dict of lists is all combinations, the last parameter varying fastest; a list of dicts is taken as it is."""
    if isinstance(grid, Mapping):
        for name, values in grid.items():
            if isinstance(values, str | bytes) or not isinstance(values, Iterable):
                raise TypeError(f"grid[{name!r}]: a list of values is needed, not {values!r}")
        lists = [list(values) for values in grid.values()]
        rows: Iterable[dict[str, Any]] = (dict(zip(grid, values, strict=True)) for values in itertools.product(*lists))
    elif isinstance(grid, Iterable) and not isinstance(grid, str | bytes):
        rows = grid
    else:
        raise TypeError(f"grid: a dict of lists or a list of dicts is needed, not {type(grid).__name__}")
    return [_point(row, number) for number, row in enumerate(rows)]


def _point(row: Any, number: int) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise TypeError(f"grid[{number}]: a dict of parameters is needed, not {type(row).__name__}")
    for name in row:
        if not isinstance(name, str) or not name.isidentifier():
            raise TypeError(f"grid: {name!r} is no name of a parameter")
        if name in RESERVED:
            cure = ": repeats=[...] gives seeds one by one" if name == "seed" else ""
            raise ValueError(f"grid: {name!r} is a column of the table, no parameter{cure}")
    return {name: scalar(value, f"grid: {name}") for name, value in row.items()}


def scalar(value: Any, what: str) -> Any:
    """A value that a cell of the table can hold, as Python's own type. TypeError for others."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    if isinstance(value, int) and not isinstance(value, bool) and not -_LARGEST - 1 <= value <= _LARGEST:
        raise TypeError(f"{what}: {value} does not fit into 64 bits")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(
        f"{what}: a number, a text, a truth value or None is needed, not {type(value).__name__}; "
        "give it a name and look it up inside the experiment"
    )


def _seeds(repeats: int | Sequence[int], seed: int) -> list[int]:
    """A number of repeats: seeds derived from `seed` and the repeat's number, the same at every point, so that points
    are compared on equal draws. A sequence: these very seeds."""
    if isinstance(repeats, bool | float | str):
        raise TypeError(f"repeats: a number or a sequence of seeds is needed, not {repeats!r}")
    if not isinstance(repeats, int | np.integer):
        seeds = [scalar(own, "repeats") for own in repeats]
        if not seeds or not all(isinstance(own, int) and own >= 0 for own in seeds) or len(set(seeds)) < len(seeds):
            raise ValueError(f"repeats: seeds are distinct and not negative, at least one of them; got {seeds}")
        return seeds
    if repeats < 1:
        raise ValueError(f"repeats: {repeats} is below 1")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed: a number from 0 on is needed, not {seed!r}")
    return [derived_seed(int(seed), repeat) for repeat in range(repeats)]


def derived_seed(seed: int, repeat: int) -> int:
    """63 bits of NumPy's SeedSequence, whose values are the same on every machine and in every version of NumPy."""
    word = np.random.SeedSequence(seed, spawn_key=(repeat,)).generate_state(1, np.uint64)[0]
    return int(word) & _LARGEST


def _key(parameters: dict[str, Any], repeat: int, seed: int) -> str:
    text = json.dumps([sorted(parameters.items()), repeat, seed], separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def takes_seed(experiment: Callable[..., Any], parameters: dict[str, Any]) -> bool:
    """Whether the experiment wants its seed. TypeError if it cannot be called with these parameters."""
    try:
        signature = inspect.signature(experiment)
    except ValueError:  # written in C: it will be seen when it is called
        return True
    kinds = inspect.Parameter
    wants = "seed" in signature.parameters or any(
        parameter.kind == kinds.VAR_KEYWORD for parameter in signature.parameters.values()
    )
    try:
        signature.bind(**parameters, **({"seed": 0} if wants else {}))
    except TypeError as error:
        raise TypeError(f"experiment: {name_of(experiment)}{signature} cannot take the grid's point: {error}") from None
    return wants


def name_of(experiment: Callable[..., Any]) -> str:
    inner = experiment.func if isinstance(experiment, functools.partial) else experiment
    named = inner if hasattr(inner, "__qualname__") else type(inner)
    return f"{named.__module__}.{named.__qualname__}"


def code_of(experiment: Callable[..., Any]) -> str:
    """A digest of the experiment's own source text, and of what functools.partial binds. What it calls is not seen."""
    parts = []
    while isinstance(experiment, functools.partial):
        parts.append(repr((experiment.args, sorted(experiment.keywords.items()))))
        experiment = experiment.func
    named = experiment if hasattr(experiment, "__qualname__") else type(experiment)
    try:
        parts.append(inspect.getsource(named))
    except (OSError, TypeError):  # typed in at the prompt, or written in C
        code = getattr(named, "__code__", None)
        parts.append(code.co_code.hex() + repr(code.co_consts) if code else named.__qualname__)
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()
