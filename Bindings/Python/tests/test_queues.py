"""Queues of gangs from Python: who starts, who is protected until when, who has to wait, and refusals."""

import pytest
from berth import BerthError, abi
from berth.abi import lib
from berth.gangs import Gang, Role
from berth.queues import BACKFILL, QUEUE_OUTCOMES, Waiting
from test_gangs import Cluster

NOW = 100_000


@pytest.fixture
def cluster():
    cluster = Cluster()
    cluster.engine.time_ms = NOW
    cluster.queues = cluster.engine.queues
    return cluster


def workers(cluster, count: int, submit: int = 0, **others) -> Waiting:
    """In a rack: those hold 8, 8 and 12."""
    return Waiting(Gang([Role(cluster.worker, count)], required="rack"), submit, **others)


def fill(cluster, count: int = 12) -> list[int]:
    found = cluster.queues.place(Gang([Role(cluster.worker, count)], required="rack"))
    assert found and cluster.on(found) == [4] * 4 + [5] * 4 + [6] * 4
    return found.placements["pod"].tolist()


def test_names_are_the_headers():
    assert {f"BERTH_QUEUE_{name.upper().replace(' ', '_')}": value for value, name in QUEUE_OUTCOMES.items()} == {
        name: getattr(lib, name) for name in dir(lib) if name.startswith("BERTH_QUEUE_")
    }
    assert {f"BERTH_BACKFILL_{name.upper()}": value for name, value in BACKFILL.items()} == {
        name: getattr(lib, name) for name in dir(lib) if name.startswith("BERTH_BACKFILL_")
    }


def test_who_fits_starts_behind_one_that_is_protected(cluster):
    ending = dict.fromkeys(fill(cluster), NOW + 50)
    waiting = [workers(cluster, 9), workers(cluster, 8, 1, run=60), workers(cluster, 13, 2)]
    wide, narrow, impossible = cluster.queues.schedule(waiting, ending)
    assert (wide.outcome, wide.start, wide.order) == ("waiting", NOW + 50, 0)
    assert not wide.started and wide.gang.proof.available == 8
    assert (narrow.outcome, narrow.start) == ("backfilled", NOW) and narrow.started
    assert set(cluster.on(narrow)) == {0, 1} and narrow.placements["pod"].max() < abi.constants["BERTH_NO_POD"]
    assert (impossible.outcome, impossible.start) == ("impossible", None)
    assert impossible.gang.sentence.startswith("no domain of rack holds 13 members")


def test_strict_order_lets_nobody_pass(cluster):
    fill(cluster)
    before = cluster.digest()
    first, second = cluster.queues.schedule([workers(cluster, 9), workers(cluster, 1, 1)], backfill="none")
    assert (first.gang.outcome, second.gang.outcome) == ("no fit", "withdrawn")
    assert not first.started and not second.started and second.start is None
    assert cluster.digest() == before


def test_aging_and_timeouts(cluster):
    waiting = [workers(cluster, 8, NOW, priority=5), workers(cluster, 8, NOW - 600), workers(cluster, 1, 0, timeout=9)]
    young, old, late = cluster.queues.schedule(waiting, aging=100)
    assert (young.order, old.order) == (2, 1) and young.started and old.started
    assert (late.outcome, late.order, late.gang, late.placements) == ("timed out", 0, None, None)


def test_refusals_have_sentences(cluster):
    pods = fill(cluster)
    gone = int(cluster.queues.shrink(pods, keep=11)[0])
    pods.remove(gone)
    cases = [
        ([workers(cluster, 1, NOW + 1)], {}, "BERTH_BAD_ARGUMENT", "waiting gang 0: submit_ms 100001 is in the future"),
        ([workers(cluster, 1, run=0)], {}, "BERTH_BAD_ARGUMENT", "waiting gang 0: run_ms 0: at least 1"),
        ([workers(cluster, 0)], {}, "BERTH_BAD_ARGUMENT", "waiting gang 0: max_members of all roles is 0"),
        ([], {pods[0]: -1}, "BERTH_BAD_ARGUMENT", "running pod 0: end_ms -1 is negative"),
        ([], {gone: NOW}, "BERTH_STALE_ID", "running pods: "),
    ]
    before = cluster.digest()
    for waiting, ending, status, sentence in cases:
        with pytest.raises(BerthError) as refused:
            cluster.queues.schedule(waiting, ending)
        assert refused.value.name == status and sentence in str(refused.value), str(refused.value)
    with pytest.raises(BerthError, match="reservations 0: 1 to 64"):
        cluster.queues.schedule([], reservations=0)
    with pytest.raises(ValueError, match="backfill 'all' is unknown"):
        cluster.queues.schedule([], backfill="all")
    assert cluster.digest() == before
