"""What refused calls raise: one class for each status of the C ABI, with the engine's own sentence.

A refused call changes nothing: the engine and its next decision are what they were. "No node fits" is no error, it is
an outcome of a placement. What Python can tell before there is a call (shapes, dtypes, values that the header's types
cannot hold) is a ValueError or a TypeError."""


class BerthError(Exception):
    """A refused call. `status` is the number, `name` its name ("BERTH_UNKNOWN_ID"), `sentence` says what was wrong and
    where."""

    def __init__(self, status: int, name: str, sentence: str):
        super().__init__(f"{name}: {sentence}")
        self.status = status
        self.name = name
        self.sentence = sentence

    def __reduce__(self) -> tuple[type, tuple[int, str, str]]:  # so that processes can hand it on
        return type(self), (self.status, self.name, self.sentence)


class InvalidArgument(BerthError, ValueError):
    """The call's own arguments: BERTH_NULL_POINTER, BERTH_BAD_STRUCT, BERTH_BAD_ARGUMENT, BERTH_BAD_QUANTITY,
    BERTH_BAD_NUMBER, BERTH_BAD_TEXT."""


class BadQuantity(InvalidArgument):
    """BERTH_BAD_QUANTITY: a negative quantity, or a sum that leaves the 64-bit range."""


class BadText(InvalidArgument):
    """BERTH_BAD_TEXT: not UTF-8, empty where a name is asked for, or too long."""


class BadEngine(BerthError):
    """BERTH_BAD_ENGINE: not a live engine."""


class EngineClosed(BadEngine):
    """The engine was closed, or belongs to the process that this one was forked from."""


class NotFound(BerthError, LookupError):
    """BERTH_UNKNOWN_ID: never given out by this engine."""


class Stale(NotFound):
    """BERTH_STALE_ID: given out by this engine, but what it named has gone since."""


class Duplicate(BerthError, ValueError):
    """BERTH_DUPLICATE: the name, or the id within one batch, is there already."""


class WrongState(BerthError):
    """BERTH_WRONG_STATE: not in a state that allows this."""


class Busy(BerthError):
    """BERTH_BUSY: another thread is inside a call on this engine. Nothing happened: try again, or use an engine for
    each thread."""


class Sealed(BerthError):
    """BERTH_SEALED: too late, fixed by the first domain or node, or by the first node or class."""


class NoRoom(BerthError):
    """BERTH_NO_ROOM: what is to be held is not free where it is to be held."""


class BadCallback(BerthError):
    """BERTH_BAD_CALLBACK: a re-ranking callback raised (its exception is the cause), or ordered what it may not."""


class LimitReached(BerthError):
    """BERTH_LIMIT: one of the limits of the header would be exceeded."""


class OutOfMemory(BerthError, MemoryError):
    """BERTH_OUT_OF_MEMORY: the allocator refused."""


class FileError(BerthError, OSError):
    """BERTH_IO: a file cannot be opened, read or written; the sentence has the system's words."""

    def __init__(self, status: int, name: str, sentence: str):
        BerthError.__init__(self, status, name, sentence)

    def __str__(self) -> str:
        return f"{self.name}: {self.sentence}"


class BadFile(BerthError, ValueError):
    """BERTH_BAD_FILE: a snapshot or journal that is cut, altered, foreign or of another ABI."""


class Corrupt(BerthError):
    """BERTH_CORRUPT: a self check found a broken invariant. Please report it."""


BY_NAME: dict[str, type[BerthError]] = {
    "BERTH_NULL_POINTER": InvalidArgument,
    "BERTH_BAD_STRUCT": InvalidArgument,
    "BERTH_BAD_ARGUMENT": InvalidArgument,
    "BERTH_BAD_QUANTITY": BadQuantity,
    "BERTH_BAD_NUMBER": InvalidArgument,
    "BERTH_BAD_TEXT": BadText,
    "BERTH_BAD_ENGINE": BadEngine,
    "BERTH_UNKNOWN_ID": NotFound,
    "BERTH_STALE_ID": Stale,
    "BERTH_DUPLICATE": Duplicate,
    "BERTH_WRONG_STATE": WrongState,
    "BERTH_BUSY": Busy,
    "BERTH_SEALED": Sealed,
    "BERTH_NO_ROOM": NoRoom,
    "BERTH_BAD_CALLBACK": BadCallback,
    "BERTH_LIMIT": LimitReached,
    "BERTH_OUT_OF_MEMORY": OutOfMemory,
    "BERTH_IO": FileError,
    "BERTH_CORRUPT": Corrupt,
    "BERTH_BAD_FILE": BadFile,
}


def of_status(status: int, name: str, sentence: str) -> BerthError:
    """The error of a status, by its name in the header."""
    return BY_NAME.get(name, BerthError)(status, name, sentence)
