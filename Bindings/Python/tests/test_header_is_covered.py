"""Nothing of berth.h is out of Python's reach: every function is called by a module, every status has its class, every
word that a header's enum has is a word here."""

import re
from pathlib import Path

import berth
import pytest
from berth import abi, errors

HEADER = abi.header_path.read_text()
FUNCTIONS = re.findall(r"^(?:const )?\w+ \*?(berth_\w+)\(", HEADER, re.MULTILINE)
SOURCES = {path.name: path.read_text() for path in Path(berth.__file__).parent.glob("*.py")}


def words(prefix, *without):
    """The names of an enum, in small letters."""
    names = re.findall(rf"\b{prefix}(\w+) = \d", HEADER)
    return {name.lower() for name in names} - set(without)


def test_the_functions_of_the_header_are_found():
    assert len(FUNCTIONS) == len(set(FUNCTIONS)) > 100
    assert {"berth_version", "berth_engine_create", "berth_rank_multiples"} <= set(FUNCTIONS)
    assert set(FUNCTIONS) == {name for name in dir(abi.lib) if name.startswith("berth_")}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_is_called_by_a_module(function):
    called = re.compile(rf"(?:lib|loaded)\.{function}\b")
    built = re.compile(rf'f"{{name}}_init"|"{function}"')  # ranks.py makes its structs by name
    found = [name for name, text in SOURCES.items() if called.search(text)]
    if not found and function.startswith("berth_rank_") and function.endswith("_init"):
        found = [name for name, text in SOURCES.items() if built.search(text)]
    assert found, f"no module calls {function}"


def test_every_status_has_a_class():
    listed = HEADER.split("typedef uint32_t berth_status;")[1].split("};")[0]
    statuses = dict(re.findall(r"^  (BERTH_\w+) = (\d+),? ", listed, re.MULTILINE))
    statuses.pop("BERTH_OK", None)
    assert set(statuses) == set(errors.BY_NAME)
    for name, number in statuses.items():
        made = errors.of_status(int(number), abi.status_name(int(number)), "why")
        assert (type(made), made.name, made.status) == (errors.BY_NAME[name], name, int(number))
        assert str(made) == f"{name}: why"


def test_words_are_the_headers():
    from berth import claims, engine, metrics, profiles, rerank, reservations, selectors, vocabulary

    def small(given):
        return {str(word).lower().replace("-", "_") for word in given}

    def numbers(given, prefix):
        for word, number in given.items():
            name = prefix + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word).upper().replace("-", "_").replace(" ", "_")
            assert getattr(abi.lib, name) == number

    assert set(profiles.term_kinds()) == words("BERTH_TERM_", "ignore_existing_preferences")
    assert small(vocabulary.KINDS) == words("BERTH_RESOURCE_")
    assert small(engine.PATHS) == words("BERTH_PATH_")
    assert small(engine.TIES) == words("BERTH_TIE_")
    assert small(engine.ALLOCATORS) == words("BERTH_ALLOCATOR_")
    assert small(engine.CPU_LEVELS) == words("BERTH_CPU_")
    assert small(rerank.FEATURES) == words("BERTH_FEATURE_")
    assert small(reservations.OWNERS) == words("BERTH_OWNER_")
    assert small(metrics.DECISIONS) == words("BERTH_DECISION_", "kinds")
    assert small(selectors.PROTOCOLS) == words("BERTH_PROTOCOL_")
    assert small(claims.GOALS) == words("BERTH_DEFRAGMENT_")
    assert set(berth.event_kinds().values()) == words("BERTH_EVENT_")
    for given, prefix in [
        (profiles.term_kinds(), "BERTH_TERM_"),
        (vocabulary.KINDS, "BERTH_RESOURCE_"),
        (engine.PATHS, "BERTH_PATH_"),
        (engine.TIES, "BERTH_TIE_"),
        (engine.ALLOCATORS, "BERTH_ALLOCATOR_"),
        (engine.CPU_LEVELS, "BERTH_CPU_"),
        (rerank.FEATURES, "BERTH_FEATURE_"),
        (reservations.OWNERS, "BERTH_OWNER_"),
        (metrics.DECISIONS, "BERTH_DECISION_"),
        (selectors.OPERATORS, "BERTH_OP_"),
        (selectors.TOLERATION_OPERATORS, "BERTH_TOLERATION_"),
        (selectors.PROTOCOLS, "BERTH_PROTOCOL_"),
        (selectors.WHEN_UNSATISFIABLE, "BERTH_"),
        ({word or "default": number for word, number in selectors.POLICIES.items()}, "BERTH_POLICY_"),
        ({word or "any": number for word, number in vocabulary.EFFECTS.items()}, "BERTH_EFFECT_"),
    ]:
        numbers(given, prefix)
    assert berth.load.PREDICTIONS.keys() == words("BERTH_PREDICTION_")
    assert berth.load.LOAD_KINDS.keys() == words("BERTH_LOAD_", "lists_pods")


def test_the_types_of_the_library_are_the_headers(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).resolve().parents[1])
    import make_stub

    made = make_stub.stub(HEADER)
    assert made == make_stub.STUB.read_text(), "run Bindings/Python/make_stub.py"
    assert set(re.findall(r"    def (\w+)\(", made)) == set(FUNCTIONS)
    constants = {name for name in dir(abi.lib) if name.startswith("BERTH_")}
    assert set(re.findall(r"    (BERTH_\w+): int", made)) == constants
