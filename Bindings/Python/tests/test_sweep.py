"""Sweeps: the same table from any number of workers, all that finished kept, nothing made twice."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

pa = pytest.importorskip("pyarrow")
import berth  # noqa: E402
import sweep_experiments as experiments  # noqa: E402
from berth.sweeps import SweepChanged, SweepError, SweepFileError  # noqa: E402
from berth.sweeps.plan import derived_seed  # noqa: E402

HERE = Path(__file__).resolve().parent
GRID = {"a": list(range(12)), "b": [10, 20]}


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    """Workers import the experiments by name."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]))


def sweep(experiment, grid, **options):
    return berth.sweep(experiment, grid, progress=False, **{"workers": 0, **options})


def decided(table):
    """What must not depend on who made the runs."""
    return table.drop_columns(["wall_seconds"])


def calls(folder):
    return {path.name: len(path.read_text()) for path in Path(folder).iterdir()}


def test_the_table_has_runs_parameters_figures_by_run_number():
    table = sweep(experiments.add, GRID, repeats=2, seed=7)
    assert table.schema.names == (
        ["run", "repeat", "seed", "a", "b", "sum", "draw", "even", "word", "none", "wall_seconds", "error"]
    )
    assert table["run"].to_pylist() == list(range(48))
    rows = table.to_pylist()
    assert [row["a"] for row in rows[:4]] == [0, 0, 0, 0] and [row["b"] for row in rows[:4]] == [10, 10, 20, 20]
    for row in rows:
        assert row["seed"] == derived_seed(7, row["repeat"])
        assert row["sum"] == row["a"] + row["b"] and row["draw"] == row["seed"] % 1_000_003
    assert table.schema.field("sum").type == pa.int64() and table.schema.field("even").type == pa.bool_()
    assert table["error"].null_count == 48


def test_seeds_are_the_same_at_every_point_differ_by_repeat_and_never_change():
    table = sweep(experiments.add, GRID, repeats=3, seed=1)
    by_repeat = {(row["repeat"], row["seed"]) for row in table.to_pylist()}
    assert len(by_repeat) == 3 and len({seed for _, seed in by_repeat}) == 3
    # written down, so that another version cannot quietly draw others
    assert (derived_seed(0, 0), derived_seed(7, 3)) == (8668861027912758289, 6823953754371609207)
    assert [row["seed"] for row in sweep(experiments.add, {"a": [1], "b": [2]}, repeats=[42, 43]).to_pylist()] == [
        42,
        43,
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_any_number_of_workers_gives_the_same_table(workers):
    grid = {"nodes": [5, 20], "profile": ["binpack", "spread", "kubernetes"]}
    alone = sweep(experiments.place, grid, repeats=5)
    assert decided(sweep(experiments.place, grid, repeats=5, workers=workers)).equals(decided(alone))
    assert alone["placed"].to_pylist()[0] > 0


def test_points_may_be_listed_and_may_lack_parameters():
    table = sweep(lambda a, b=5, seed=0: {"sum": a + b}, [{"a": 1}, {"a": 2, "b": 1}])
    assert table["sum"].to_pylist() == [6, 3] and table["b"].to_pylist() == [None, 1]


def test_an_experiment_need_not_take_a_seed():
    assert sweep(experiments.without_seed, {"a": [3]})["square"].to_pylist() == [9]


def test_a_second_call_makes_only_what_is_missing(tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    grid = {"a": [1, 2, 3], "folder": [str(marks)]}
    first = sweep(experiments.counted, grid, directory=tmp_path / "out")
    again = sweep(experiments.counted, grid, directory=tmp_path / "out")
    assert first.equals(again) and calls(marks) == {"1": 1, "2": 1, "3": 1}
    wider = sweep(experiments.counted, {**grid, "a": [0, 2, 3, 4]}, directory=tmp_path / "out", repeats=2)
    assert calls(marks) == {"0": 2, "1": 1, "2": 2, "3": 2, "4": 2}
    assert wider["a"].to_pylist() == [0, 0, 2, 2, 3, 3, 4, 4] and wider["run"].to_pylist() == list(range(8))


@pytest.mark.parametrize("cut", [1, 5, 60])
def test_a_torn_last_line_is_made_again_and_nothing_else(tmp_path, cut):
    marks = tmp_path / "marks"
    marks.mkdir()
    grid = {"a": [1, 2, 3], "folder": [str(marks)]}
    whole = sweep(experiments.counted, grid, directory=tmp_path / "out")
    results = tmp_path / "out" / "results.jsonl"
    os.truncate(results, results.stat().st_size - cut)
    assert decided(sweep(experiments.counted, grid, directory=tmp_path / "out")).equals(decided(whole))
    assert calls(marks) == {"1": 1, "2": 1, "3": 2}
    assert decided(sweep(experiments.counted, grid, directory=tmp_path / "out")).equals(decided(whole))
    assert calls(marks) == {"1": 1, "2": 1, "3": 2}


def test_an_altered_line_is_refused_with_its_number(tmp_path):
    sweep(experiments.add, GRID, directory=tmp_path)
    results = tmp_path / "results.jsonl"
    lines = results.read_bytes().split(b"\n")
    lines[4] = lines[4].replace(b'"sum":', b'"num":')
    results.write_bytes(b"\n".join(lines))
    with pytest.raises(SweepFileError, match=r"results\.jsonl, line 5: .* altered"):
        sweep(experiments.add, GRID, directory=tmp_path)


def test_results_of_another_experiment_are_refused(tmp_path):
    sweep(experiments.add, GRID, directory=tmp_path, version="1")
    with pytest.raises(SweepChanged, match=r"the experiment was 'sweep_experiments\.add' and is"):
        sweep(experiments.without_seed, {"a": [1]}, directory=tmp_path, version="1")
    with pytest.raises(SweepChanged, match="version= was '1' and is '2'"):
        sweep(experiments.add, GRID, directory=tmp_path, version="2")
    (tmp_path / "sweep.json").write_text("{")
    with pytest.raises(SweepFileError, match=r"sweep\.json"):
        sweep(experiments.add, GRID, directory=tmp_path, version="1")
    (tmp_path / "sweep.json").unlink()
    with pytest.raises(SweepChanged, match=r"sweep\.json is missing"):
        sweep(experiments.add, GRID, directory=tmp_path, version="1")


def test_changed_source_text_is_noticed(tmp_path):
    module = tmp_path / "changing.py"
    script = "import berth, changing; print(berth.sweep(changing.f, {'a': [1]}, directory='out', workers=0)['x'][0])"

    def run():
        return subprocess.run([sys.executable, "-B", "-c", script], cwd=tmp_path, capture_output=True, text=True)

    module.write_text("def f(a):\n    return {'x': a}\n")
    assert run().stdout == "1\n"
    module.write_text("def f(a):\n    return {'x': a + 1}\n")
    assert "SweepChanged" in run().stderr


def test_two_sweeps_do_not_share_a_directory(tmp_path):
    fcntl = pytest.importorskip("fcntl")
    sweep(experiments.add, GRID, directory=tmp_path)
    with open(tmp_path / "results.jsonl", "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(SweepFileError, match="another sweep is at work here"):
            sweep(experiments.add, GRID, directory=tmp_path)
    sweep(experiments.add, GRID, directory=tmp_path)


@pytest.mark.parametrize("workers", [0, 2])
def test_errors_are_recorded_or_raised(tmp_path, workers):
    grid = {"a": list(range(6))}
    table = sweep(experiments.failing, grid, on_error="record", workers=workers, directory=tmp_path)
    errors = table["error"].to_pylist()
    assert [error is not None for error in errors] == [False, False, False, True, False, False]
    assert errors[3].endswith("ValueError: three is refused\n") and table["a2"].to_pylist() == [0, 2, 4, None, 8, 10]
    # recorded ones are finished, unless they are asked for again
    assert sweep(experiments.failing, grid, on_error="record", directory=tmp_path).equals(table)
    with pytest.raises(SweepError, match=r"run 3 \(a 3, seed \d+\) failed:\n(.|\n)*three is refused") as caught:
        sweep(experiments.failing, grid, retry_errors=True, directory=tmp_path, workers=workers)
    assert caught.value.parameters == {"a": 3}


def test_a_run_that_takes_its_process_with_it_is_found_and_the_others_go_on():
    table = sweep(experiments.deadly, {"a": list(range(40))}, workers=2, on_error="record")
    errors = table["error"].to_pylist()
    assert [a for a in range(40) if errors[a]] == [5]
    assert "signal SIGKILL" in errors[5]
    assert [value for value in table["a2"].to_pylist() if value is not None] == [2 * a for a in range(40) if a != 5]


def test_figures_must_be_scalars_with_names_of_their_own():
    table = sweep(experiments.wrong_figures, {"a": [0, 1]}, on_error="record")
    assert "returned int; a dict of figures is needed" in table["error"][0].as_py()
    assert "figure 'a' has the name of another column" in table["error"][1].as_py()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_sweep_goes_on_where_it_was(tmp_path, stop):
    marks = tmp_path / "marks"
    marks.mkdir()
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import berth, sweep_experiments
            if __name__ == "__main__":
                grid = {{"a": list(range(60)), "folder": [{str(marks)!r}]}}
                table = berth.sweep(sweep_experiments.slow, grid, directory={str(tmp_path / "out")!r}, workers=2)
                print(table["a2"].to_pylist() == [2 * a for a in range(60)])
            """
        )
    )
    results = tmp_path / "out" / "results.jsonl"
    first = subprocess.Popen([sys.executable, script], stderr=subprocess.PIPE, text=True)
    while (not results.exists() or results.read_bytes().count(b"\n") < 5) and first.poll() is None:
        time.sleep(0.02)
    first.send_signal(stop)
    words = first.communicate(timeout=60)[1]
    kept = results.read_bytes().count(b"\n")
    assert 5 <= kept < 60, words
    if stop == signal.SIGINT:
        assert f"KeyboardInterrupt: {kept} of 60 runs are done" in words
    assert subprocess.run([sys.executable, script], capture_output=True, text=True).stdout == "True\n"
    assert results.read_bytes().count(b"\n") == 60
    # what was kept was not made again; what was under way may have been
    assert set(calls(marks)) == {str(a) for a in range(60)}
    assert sum(calls(marks).values()) <= 60 + (60 - kept)


@pytest.mark.parametrize(
    ("grid", "options", "error", "words"),
    [
        ({"a": 3, "b": [1]}, {}, TypeError, r"grid\['a'\]: a list of values"),
        ({"a": [], "b": [1]}, {}, ValueError, "nothing to run"),
        ({"a": [1, 1], "b": [1]}, {}, ValueError, "occurs twice"),
        ({"a": [[1]], "b": [1]}, {}, TypeError, "grid: a: a number, a text"),
        ({"seed": [1]}, {}, ValueError, r"repeats=\[...\] gives seeds"),
        ({"a": [1]}, {}, TypeError, "add.* cannot take the grid's point: missing"),
        (5, {}, TypeError, "a dict of lists or a list of dicts"),
        ([5], {}, TypeError, r"grid\[0\]: a dict of parameters"),
        (GRID, {"repeats": 0}, ValueError, "repeats: 0 is below 1"),
        (GRID, {"repeats": [1, 1]}, ValueError, "seeds are distinct"),
        (GRID, {"seed": -1}, ValueError, "seed: a number from 0 on"),
        (GRID, {"workers": -1}, ValueError, "workers: a number from 0 on"),
        (GRID, {"backend": "dask"}, ValueError, "backend: one of 'processes', 'ray'"),
        (GRID, {"on_error": "ignore"}, ValueError, "on_error: one of"),
    ],
)
def test_sweep_refuses(grid, options, error, words):
    with pytest.raises(error, match=words):
        sweep(experiments.add, grid, **options)


def test_what_cannot_be_handed_over_is_refused_with_the_cure():
    lock = threading.Lock()
    with pytest.raises(TypeError, match="workers=0"):
        sweep(lambda a: {"x": lock.locked()}, {"a": [1]}, workers=1)


@pytest.mark.slow
def test_ray_gives_the_same_table(ray_cluster):
    grid = {"nodes": [5, 20], "profile": ["binpack", "spread"]}
    alone = sweep(experiments.place, grid, repeats=3)
    assert decided(sweep(experiments.place, grid, repeats=3, backend="ray", workers=None)).equals(decided(alone))
    table = sweep(experiments.deadly, {"a": list(range(10))}, backend="ray", workers=None, on_error="record")
    assert [a for a, error in enumerate(table["error"].to_pylist()) if error] == [5]


def test_without_pyarrow_the_error_has_the_cure():
    code = "import sys; sys.modules['pyarrow'] = None\nimport berth\nberth.sweep(print, {'a': [1]})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "pip install 'berth[arrow]'" in result.stderr.splitlines()[-1]


def test_the_program_of_the_documentation_runs(tmp_path):
    page = HERE.parents[2] / "docs" / "beyond-one-machine.md"
    (tmp_path / "program.py").write_text(page.read_text().split("```python\n")[1].split("```")[0])
    result = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("'placed_mean'") == 4
    assert (tmp_path / "results" / "results.jsonl").read_bytes().count(b"\n") == 80
