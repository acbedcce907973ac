"""Two threads, the global lock, and forked processes."""

import multiprocessing
import os
import subprocess
import sys
import threading
import traceback

import berth
import numpy as np
import pytest
from berth import abi
from scene import cluster


def in_thread(work):
    """What `work` gave or raised in another thread."""
    found = []

    def run():
        try:
            found.append(work())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


def in_child(work):
    """Runs `work` in a forked child; fails with what it raised."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            work()
            os.write(write, b"fine")
        except BaseException:
            os.write(write, traceback.format_exc().encode()[-4000:])
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as told:
        text = told.read().decode()
    os.waitpid(child, 0)
    assert text == "fine", text


def test_a_second_thread_is_refused_at_once():
    engine, _ = cluster()
    small, told = engine.pod_class({"cpu": 1}), []
    place_next = engine.placer(small)

    def meanwhile(batch):
        told.extend(in_thread(work) for work in (place_next, engine.close, lambda: engine.nodes.free(), engine.fork))
        return None

    engine.set_rerank(meanwhile)
    assert engine.place(small).placed.all()
    assert [type(error) for error in told] == [berth.Busy] * 4
    assert all("another thread is inside a call" in str(error) for error in told)
    engine.clear_rerank()
    assert in_thread(place_next) and not engine.closed  # one after the other is fine


def test_a_second_thread_runs_during_a_call():
    """Nothing but a call that lets go of the global lock lets the other thread run: the interpreter itself would switch
    after ten minutes."""
    engine, _ = cluster(1000, cpu=10**9, memory=10**9)
    wanted = np.full(200_000, engine.pod_class({"cpu": 1, "memory": 1}), np.uint32)
    out = np.empty(len(wanted), berth.PLACEMENT)
    arguments = (abi.column("berth_class_id *", wanted), len(wanted), 0, abi.column("berth_placement *", out))
    interval = sys.getswitchinterval()
    ran, go = [], threading.Event()
    thread = threading.Thread(target=lambda: (go.wait(), ran.append(True)))
    thread.start()
    sys.setswitchinterval(600)
    try:
        go.set()
        before = list(ran)
        engine._call(abi.lib.berth_pods_place, *arguments)
        after = list(ran)
    finally:
        sys.setswitchinterval(interval)
    thread.join()
    assert (before, after) == ([], [True])


def test_engines_of_their_own_work_side_by_side():
    engine, _ = cluster(50)
    small = engine.pod_class({"cpu": 10, "memory": 10})
    forks = [engine.fork() for _ in range(4)]
    found = [None] * 4

    def work(index):
        found[index] = [forks[index].place(small, 100).nodes.tolist() for _ in range(20)]

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1] == found[2] == found[3]
    assert len({fork.digest for fork in forks}) == 1


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_child_has_no_engines_of_its_parent_but_makes_its_own(tmp_path):
    engine, _ = cluster()
    small = engine.pod_class({"cpu": 1})
    journal = engine.journal(tmp_path / "journal", buffered=True)
    engine.place(small)

    def child():
        assert engine.closed
        with pytest.raises(berth.EngineClosed, match="the process that this one was forked from"):
            engine.place(small)
        with pytest.raises(berth.EngineClosed):
            journal.close()
        engine.close()  # nothing is left to be done
        own, _ = cluster()
        assert own.place(own.pod_class({"cpu": 1})).placed.all()
        own.fork().close()
        in_child(lambda: (own.closed or 1 / 0, cluster()))  # and so on

    in_child(child)
    assert engine.place(small).placed.all()
    engine.snapshot(tmp_path / "snapshot")
    engine.place(small)
    journal.close()
    again = berth.Engine.recover(tmp_path / "snapshot", tmp_path / "journal")
    assert again.digest == engine.digest  # the child wrote nothing into it


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_fork_while_another_thread_is_inside_is_the_parents_no_harm():
    engine, _ = cluster()
    small = engine.pod_class({"cpu": 1})

    def meanwhile(batch):
        return in_thread(lambda: in_child(lambda: (engine.closed or 1 / 0, cluster()[0].close())))

    engine.set_rerank(meanwhile)
    assert engine.place(small).placed.all()
    engine.validate()


def own_engine(nodes):
    engine, _ = cluster(nodes)
    return int(engine.place(engine.pod_class({"cpu": 4000}), nodes + 1).placed.sum())


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_of_multiprocessing_have_engines_of_their_own(method):
    engine, _ = cluster()
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(own_engine, [2, 3, 4]) == [2, 3, 4]
    assert not engine.closed and engine.metrics.info()["nodes"] == 4


def test_a_buffered_journal_is_written_at_the_end_of_the_process(tmp_path):
    """Engines that are alive when the process ends are ended, too."""
    program = f"""
import berth
engine = berth.Engine(resources=(), profile=None)
engine.journal({str(tmp_path / "journal")!r}, buffered=True)
for name in ("cpu", "memory"):
    engine.vocabulary.add_resource(name)
engine.add_profile("default", "binpack")
engine.add_nodes([[4000, 8192]])
small = engine.pod_class({{"cpu": 1000}})
engine.place(small, 3)
print(engine.digest)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    again = berth.Engine.recover(journal=tmp_path / "journal")
    assert again.digest == int(done.stdout) and again.metrics.info()["pods"] == 3
