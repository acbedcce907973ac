"""What a sweep raises."""

from typing import Any


class SweepError(RuntimeError):
    """A run failed, and on_error is "raise". `number`, `parameters`, `seed` say which; the text has its traceback."""

    def __init__(self, number: int, parameters: dict[str, Any], seed: int, text: str):
        super().__init__(f"run {number} ({_words(parameters)}, seed {seed}) failed:\n{text}")
        self.number, self.parameters, self.seed, self.text = number, parameters, seed, text

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return type(self), (self.number, self.parameters, self.seed, self.text)


class SweepChanged(ValueError):
    """The directory holds results of another experiment, or of another version of this one."""


class SweepFileError(ValueError):
    """The file of results is altered, or in use by another sweep; the text has file and line."""


def _words(parameters: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value!r}" for name, value in parameters.items()) or "no parameters"
