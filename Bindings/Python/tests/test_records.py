"""Snapshots and journals."""

import json
import os
import subprocess
import sys

import berth
import numpy as np
import pytest
from scene import cluster


def worked(levels=("zone",)):
    engine = berth.Engine(levels, {"cpu": "milli", "memory": "MiB"})
    engine.add_nodes([[4000, 8192]] * 6, domains=["a", "b"] * 3, labels={"disk": "ssd"})
    engine.add_profile("mine", "spread")
    engine.place(engine.pod_class({"cpu": 700, "memory": 64}, profile="mine"), 7)
    return engine


def test_a_snapshot_is_the_engine_with_its_names(tmp_path):
    engine = worked()
    engine.snapshot(tmp_path / "state")
    again = berth.Engine.recover(tmp_path / "state", cpu_level="scalar")
    assert again.digest == engine.digest and again.recovery is None
    assert again.vocabulary.levels == ("zone",) and again.vocabulary.resources == engine.vocabulary.resources
    assert again.vocabulary.domains == engine.vocabulary.domains
    for one in (engine, again):
        one.add_nodes([[1000, 100]], domains=["b"])
        one.place(one.pod_class({"cpu": "300m"}, profile="mine", node_selector={"zone": "b"}), 9)
        one.gangs.place(berth.Gang([berth.Role(0, 2)], required="zone"))
    assert again.digest == engine.digest


def test_without_its_names_a_snapshot_has_ids_alone(tmp_path):
    engine = worked()
    engine.snapshot(os.fspath(tmp_path / "state"))
    os.remove(tmp_path / "state.names")
    bare = berth.Engine.recover(tmp_path / "state")
    with pytest.raises(KeyError, match="none yet"):
        bare.pod_class({"cpu": 1}, profile=0)
    told = berth.Engine.recover(tmp_path / "state", names=engine.names)
    assert told.pod_class({"cpu": 700, "memory": 64}, profile="mine") == 0
    (tmp_path / "state.names").write_text("{")
    with pytest.raises(berth.BadFile, match="names"):
        berth.Engine.recover(tmp_path / "state")
    (tmp_path / "state.names").write_text(json.dumps({"levels": []}))
    with pytest.raises(berth.BadFile, match="names"):
        berth.Engine.recover(tmp_path / "state")


def test_a_journal_continues_a_snapshot(tmp_path):
    engine = worked()
    with engine.journal(tmp_path / "journal", synced=True) as journal:
        engine.snapshot(tmp_path / "state")
        engine.place(0, 2)
        with pytest.raises(berth.NotFound):
            engine.place(55)
        journal.sync()
        with engine.what_if(), pytest.raises(berth.WrongState):
            journal.close()
    again = berth.Engine.recover(tmp_path / "state", tmp_path / "journal")
    assert again.digest == engine.digest
    assert again.recovery.replayed >= 1 and again.recovery.torn_bytes == 0
    with again.journal(tmp_path / "journal"):
        again.place(0)
    assert berth.Engine.recover(tmp_path / "state", tmp_path / "journal").digest == again.digest


def test_a_journal_alone_if_it_began_with_the_engine(tmp_path):
    path = tmp_path / "journal"
    engine = berth.Engine(["zone"], journal=path)
    engine.add_nodes([[4000, 1 << 33]], domains="a")
    engine.place(engine.pod_class({"cpu": "1"}), 5)
    journal = berth.Journal(engine, path)
    journal.sync()
    with pytest.raises(berth.FileError):  # it is locked
        cluster()[0].journal(path)
    again = berth.Engine.recover(journal=path)
    assert again.digest == engine.digest and again.vocabulary.domains == {(): 0, ("a",): 1}
    journal.close()
    with pytest.raises(berth.BadFile, match="begins from another state"):
        other, _ = cluster()
        other.journal(tmp_path / "other").close()
        berth.Engine.recover(journal=tmp_path / "other")


def test_what_a_killed_process_had_acknowledged_is_there(tmp_path):
    program = f"""
import os, berth
engine = berth.Engine(journal={os.fspath(tmp_path / "journal")!r})
engine.add_nodes([[4000, 1 << 33]] * 3)
engine.place(engine.pod_class({{"cpu": 1000}}), 7)
print(engine.digest, flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    again = berth.Engine.recover(journal=tmp_path / "journal")
    assert again.digest == int(done.stdout)
    assert again.place(again.pod_class({"cpu": 1000}), 9).placed.sum() == 5  # names are those of the beginning


def test_files_that_are_not_right_are_refused(tmp_path):
    engine = worked()
    engine.snapshot(tmp_path / "state")
    state = (tmp_path / "state").read_bytes()
    random = np.random.default_rng(1)
    for number in range(40):
        place = int(random.integers(len(state)))
        spoilt = state[:place] if number % 2 else state[:place] + bytes([state[place] ^ 64]) + state[place + 1 :]
        (tmp_path / "spoilt").write_bytes(spoilt)
        with pytest.raises(berth.BadFile, match="offset"):
            berth.Engine.recover(tmp_path / "spoilt")
    with pytest.raises(berth.FileError):
        berth.Engine.recover(tmp_path)
    with pytest.raises(berth.FileError):
        engine.journal(tmp_path)
    assert engine.digest == berth.Engine.recover(tmp_path / "state").digest
