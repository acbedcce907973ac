"""Pictures: what their artists hold."""

import subprocess
import sys

import berth
import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
from berth import plots  # noqa: E402
from matplotlib import pyplot  # noqa: E402
from matplotlib.collections import LineCollection  # noqa: E402


@pytest.fixture(autouse=True)
def _closed():
    yield
    pyplot.close("all")


def pixels(ax):
    return ax.images[0].get_array().filled(np.nan)


def test_heatmap_has_a_pixel_for_each_node_band_by_band_and_column_by_column():
    used = np.arange(12) / 12
    domains = np.array(["b"] * 7 + ["a"] * 5)
    ax = plots.utilisation_heatmap(used, domains=domains, width=4, resource="cpu")
    # band b: 2 rows of 4 columns; band a: 2 rows, 3 columns
    expected = np.full((4, 4), -1.0)
    for node in range(7):
        expected[node % 2, node // 2] = 100 * used[node]
    for node in range(7, 12):
        expected[2 + (node - 7) % 2, (node - 7) // 2] = 100 * used[node]
    assert np.allclose(pixels(ax), expected)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "a"]
    assert ax.get_title() == "12 nodes, 45.8 % in use on average"
    assert ax.figure.axes[1].get_ylabel() == "cpu in use (% of allocatable)"


@pytest.mark.parametrize("count", [1, 2, 3, 99, 100, 101, 1523])
@pytest.mark.parametrize("seed", range(3))
def test_heatmap_shows_each_node_once_whatever_the_domains(count, seed):
    random = np.random.default_rng(seed)
    used = random.random(count)
    zones = np.sort(random.integers(0, 5, count))
    racks = np.sort(random.integers(0, 40, count))
    order = np.lexsort((racks, zones))
    domains = np.column_stack([zones, racks[order]])
    drawn = pixels(plots.utilisation_heatmap(used, domains=domains))
    assert np.allclose(np.sort(drawn[drawn != -1]), np.sort(100 * used))
    assert drawn.size < 1.25 * count + 2 * drawn.shape[1] + 2 * drawn.shape[0]


def test_heatmap_of_many_small_domains_does_not_waste_rows():
    drawn = pixels(plots.utilisation_heatmap(np.zeros(1000), domains=np.arange(1000) // 2))
    assert drawn.size < 1100


def test_heatmap_of_a_million_nodes_is_one_image_and_a_few_lines():
    count = 1_000_000
    zones = np.repeat(np.arange(10), count // 10)
    ax = plots.utilisation_heatmap(np.zeros(count), domains=np.column_stack([zones, np.arange(count) // 5000]))
    assert len(ax.images) == 1 and len(ax.lines) == 0 and len(ax.patches) == 0
    lines = [own for own in ax.collections if isinstance(own, LineCollection)]
    # between 10 bands, and between the 20 racks inside each of them
    assert [len(own.get_segments()) for own in lines] == [9, 190]
    assert pixels(ax).shape == (1000, 1000)
    ax.figure.canvas.draw()
    extent = ax.get_window_extent()
    assert (round(extent.width), round(extent.height)) == (1000, 1000)


def test_heatmap_tells_missing_and_over_committed_nodes_apart():
    ax = plots.utilisation_heatmap(np.array([0.5, np.nan, 1.2, 0.0]))
    colours = ax.images[0].cmap(ax.images[0].norm(ax.images[0].get_array()))
    assert len({tuple(colour) for colour in colours.reshape(-1, 4)}) == 4
    assert ax.figure.axes[1].get_ylabel() == "in use (% of allocatable)"
    assert ax.get_title() == "4 nodes, 56.7 % in use on average"


def test_heatmap_of_an_engine():
    with berth.Engine(levels=["zone"], resources={"cpu": "milli", "nvidia.com/gpu": "count"}) as engine:
        engine.add_nodes(np.array([[1000, 0], [1000, 8], [2000, 8]]), domains=["a", "b", "a"])
        engine.place(engine.pod_class({"cpu": 1000}, node_selector={"zone": "b"}))
        table = engine.nodes.table()
        assert np.allclose(pixels(plots.utilisation_heatmap(table, width=2)), [[0, 0], [100, -1]])
        gpus = pixels(plots.utilisation_heatmap(table, resource="nvidia.com/gpu", width=2))
        assert np.isnan(gpus[0, 0]) and gpus[0, 1] == 0
        with pytest.raises(KeyError, match="'disk' is not in the table"):
            plots.utilisation_heatmap(table, resource="disk")


def test_heatmap_draws_into_the_axes_it_is_given():
    figure, ax = pyplot.subplots()
    assert plots.utilisation_heatmap(np.zeros(9), ax=ax, title="mine") is ax
    assert ax.get_title() == "mine" and len(figure.axes) == 2


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([],), ValueError, "nothing to draw"),
        ((["x"],), TypeError, "used: numbers are needed"),
        ((np.zeros((2, 2)),), ValueError, r"the shape is \(2, 2\)"),
        (([0.1, -0.5],), ValueError, "used: -0.5 is negative"),
        ((np.zeros(3), {"domains": [1, 2]}), ValueError, r"domains: the shape is \(2,\)"),
        ((np.zeros(3), {"domains": ["a", "b", "a"]}), ValueError, "one is in two places"),
        ((np.zeros(3), {"width": 0}), ValueError, "width: 0 is below 1"),
        ((np.zeros(3), {"width": 1.5}), TypeError, "width: an integer"),
    ],
)
def test_heatmap_refuses(arguments, error, words):
    values, options = arguments[0], arguments[1] if len(arguments) > 1 else {}
    with pytest.raises(error, match=words):
        plots.utilisation_heatmap(values, **options)


def test_curves_hold_per_cent_a_line_for_each_series_and_a_band_for_repeats():
    x = np.arange(4)
    series = {
        "a": np.array([0, 0.1, 0.2, 0.3]),
        "b": np.array([[0, 0, 0.5, 0.5], [0, 0.5, 0.5, 1]]),
        "c": ([2, 3], [0, 1]),
    }
    ax = plots.allocation_curve(x, series, resource="GPU", x_label="arrived (% of GPUs)")
    lines = {line.get_label(): line for line in ax.lines}
    assert np.allclose(lines["a"].get_ydata(), [0, 10, 20, 30])
    assert np.allclose(lines["b"].get_ydata(), [0, 25, 50, 75])
    assert np.allclose(lines["c"].get_xdata(), [2, 3])
    assert len(ax.collections) == 1
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b", "c"]
    assert ax.get_xlabel() == "arrived (% of GPUs)" and ax.get_ylabel() == "GPU allocated (% of cluster)"
    assert len({line.get_color() for line in ax.lines}) == 3


def test_fragmentation_curve_says_of_what():
    ax = plots.fragmentation_curve([0, 1], [0.25, 0.5], of="idle GPUs")
    assert ax.get_ylabel() == "fragmented (% of idle GPUs)" and ax.get_legend() is None
    assert np.allclose(ax.lines[0].get_ydata(), [25, 50])


def test_curves_refuse_and_leave_the_axes_as_they_were():
    _, ax = pyplot.subplots()
    for x, series, words in [
        ([0, 1], {"a": [0, 1], "b": [0]}, "'b': 1 values for 2 of x"),
        ([1, 0], [0, 1], "goes back at position 1"),
        ([0, 1], {}, "no series"),
        ([0, 1], {"a": ([0], [1], [2])}, r"a pair \(x, shares\)"),
    ]:
        with pytest.raises(ValueError, match=words):
            plots.allocation_curve(x, series, ax=ax)
    assert not ax.lines and not ax.collections


def test_gang_spans_count_members_by_domain():
    gangs = {"train": [["z1", "r1"], ["z1", "r1"], ["z1", "r2"]], "serve": [["z2", "r1"]]}
    ax = plots.gang_spans(gangs, level="rack")
    assert np.array_equal(ax.images[0].get_array().filled(0), [[2, 1, 0], [0, 0, 1]])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["train: 3 in 2", "serve: 1 in 1"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["z1/r1", "z1/r2", "z2/r1"]
    assert sorted(text.get_text() for text in ax.texts) == ["1", "1", "2"]
    # a line between zones, none between the racks of one
    assert [line.get_xdata()[0] for line in ax.lines if line.get_xdata()[0] == line.get_xdata()[1]] == [1.5]
    assert ax.get_xlabel() == "racks (3)"


def test_gang_spans_of_placements():
    with berth.Engine(levels=["zone", "rack"], resources={"cpu": "milli"}) as engine:
        engine.add_nodes(np.full((4, 1), 1000), domains=[("a", "r0"), ("a", "r1"), ("b", "r0"), ("b", "r1")])
        placed = engine.place(engine.pod_class({"cpu": 500}), count=9)
        ax = plots.gang_spans({"job": placed}, engine=engine)
    assert np.array_equal(ax.images[0].get_array(), [[2, 2, 2, 2]])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a/r0", "a/r1", "b/r0", "b/r1"]


def test_gang_spans_show_the_domains_they_are_told():
    ax = plots.gang_spans({"job": [3, 3]}, domains=[1, 2, 3])
    assert np.array_equal(ax.images[0].get_array().filled(0), [[0, 0, 2]])
    with pytest.raises(ValueError, match="a member is in 4, which is not among the domains"):
        plots.gang_spans({"job": [4]}, domains=[1, 2, 3])
    with pytest.raises(ValueError, match="paths of one length"):
        plots.gang_spans({"a": [1], "b": [[1, 2]]})
    with pytest.raises(ValueError, match="the mapping is empty"):
        plots.gang_spans({})
    with pytest.raises(TypeError, match="numbers or names of domains"):
        plots.gang_spans({"a": [0.5]})


def test_traffic_has_a_bar_for_each_link_and_says_the_change():
    ax = plots.traffic_per_level([2e9, 5e11, 0], levels=["racks", "nodes"], before=[4e9, 5e11, 0])
    widths = [[bar.get_width() for bar in bars] for bars in ax.containers]
    assert np.allclose(widths, [[4, 500], [2, 500]])
    assert ax.get_xlabel() == "sent, both directions (GB)"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["racks", "nodes"]
    assert [text.get_text() for text in ax.texts] == ["4", "500", "2 (-50 %)", "500"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["as given", "assigned"]


def test_traffic_of_an_assignment():
    ranks = berth.Ranks()
    network = ranks.network([[0], [1], [0], [1]], [(10**9, 1000), (10**10, 100)])
    job = ranks.job([4], [("RING_ALL_REDUCE", None, 4_000_000, 1)])
    found = ranks.assign(network, job)
    ax = plots.traffic_per_level(found, levels=["between", "within"])
    unit = {"MB": 1e6, "kB": 1e3, "B": 1}[ax.get_xlabel().split("(")[1].rstrip(")")]
    assert np.allclose([bar.get_width() * unit for bar in ax.containers[1]], found.bytes[:2])
    assert np.allclose([bar.get_width() * unit for bar in ax.containers[0]], found.bytes_before[:2])


def test_traffic_refuses():
    with pytest.raises(ValueError, match="2 links, but 1 names"):
        plots.traffic_per_level([1, 2], levels=["a"])
    with pytest.raises(ValueError, match="finite and not negative"):
        plots.traffic_per_level([-1])
    with pytest.raises(ValueError, match="before: 1 links"):
        plots.traffic_per_level([1, 2], before=[1])


def test_without_matplotlib_the_error_has_the_cure():
    code = "import sys; sys.modules['matplotlib'] = None\nimport berth\nberth.plots"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 1
    assert "pip install 'berth[plot]'" in result.stderr.splitlines()[-1]
