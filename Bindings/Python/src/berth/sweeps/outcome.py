"""One run, wherever it is made: in this process, in a worker, in a task of Ray."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .plan import RESERVED, Run, scalar

ENDED_TWICE = "the process ended while the run was made alone, twice"


@dataclass(frozen=True)
class Outcome:
    """What came of a run: figures, or the text of what went wrong."""

    figures: dict[str, Any] | None
    error: str | None
    wall_seconds: float


def perform(experiment: Callable[..., Any], run: Run, wants_seed: bool) -> Outcome:
    """Calls the experiment; whatever it raises becomes the outcome's text, an interruption excepted."""
    start = time.perf_counter()
    try:
        figures = experiment(**run.parameters, **({"seed": run.seed} if wants_seed else {}))
        seconds = time.perf_counter() - start
        return Outcome(_figures(figures, run), None, seconds)
    except Exception:
        return Outcome(None, traceback.format_exc(), time.perf_counter() - start)


def _figures(figures: Any, run: Run) -> dict[str, Any]:
    if not isinstance(figures, dict):
        raise TypeError(f"the experiment returned {type(figures).__name__}; a dict of figures is needed")
    for name in figures:
        if not isinstance(name, str):
            raise TypeError(f"the experiment's figure {name!r}: a text is needed as its name")
        if name in RESERVED or name in run.parameters:
            raise ValueError(f"the experiment's figure {name!r} has the name of another column")
    return {name: scalar(value, f"the experiment's figure {name!r}") for name, value in figures.items()}


def load_experiment(payload: bytes) -> Callable[..., Any]:
    """What `dump_experiment` made."""
    import pickle

    found: Callable[..., Any] = pickle.loads(payload)
    return found


def dump_experiment(experiment: Callable[..., Any]) -> bytes:
    """The experiment for another process. cloudpickle, where it is installed, takes functions of notebooks, too."""
    import pickle

    try:
        import cloudpickle as pickler  # type: ignore[import-untyped]
    except ImportError:
        pickler = pickle
    try:
        return bytes(pickler.dumps(experiment))
    except Exception as error:
        raise TypeError(
            f"experiment: it cannot be handed to another process ({error}); define it at the top of a module, install "
            "cloudpickle, or use workers=0"
        ) from error
