"""The library as it is: everything in the header can be used from there, and refusals come as exceptions."""

import berth.abi
import numpy as np
import pytest
from berth import BerthError

RECORDS = ["berth_candidate", "berth_claim", "berth_engine_info", "berth_event", "berth_feature", "berth_gpu_state",
           "berth_histogram", "berth_load_report", "berth_metrics", "berth_migration", "berth_nic", "berth_node",
           "berth_node_state", "berth_placement", "berth_pod_identity", "berth_pod_state", "berth_reservation_state",
           "berth_reservation_use"]  # fmt: skip


@pytest.fixture(scope="module")
def abi():
    return berth.abi


class Small:
    """An engine with two nodes and a class of pods."""

    def __init__(self, abi):
        ffi, lib = abi.ffi, abi.lib
        self.abi = abi
        self.engine = abi.create()
        cpu = ffi.new("berth_resource_id *")
        self.call(lib.berth_resource_add, b"cpu", lib.BERTH_RESOURCE_CPU, cpu)
        batch = ffi.new("berth_node_batch *")
        lib.berth_node_batch_init(batch)
        rows = np.zeros(2, dtype=abi.dtype("berth_node"))
        rows["price"] = [20, 10]
        allocatable = np.full(2, 4000, dtype=np.int64)
        batch.count, batch.resource_count, batch.resources = 2, 1, cpu
        batch.nodes, batch.allocatable = abi.column("berth_node *", rows), abi.column("int64_t *", allocatable)
        self.nodes = np.zeros(2, dtype=np.uint64)
        self.call(lib.berth_nodes_add, batch, abi.column("berth_node_id *", self.nodes))
        spec = ffi.new("berth_pod_spec *")
        lib.berth_pod_spec_init(spec)
        term = ffi.new("berth_term[]", [{"kind": lib.BERTH_TERM_BINPACK, "weight": 1.0}])
        profile = ffi.new("berth_profile_id *")
        self.call(lib.berth_profile_add, b"packing", term, 1, profile)
        request = ffi.new("berth_quantity[]", [(cpu[0], 0, 1000)])
        spec.profile, spec.requests, spec.request_count = profile[0], request, 1
        self.pod_class = ffi.new("berth_class_id *")
        self.call(lib.berth_class_intern, spec, self.pod_class)

    def call(self, function, *arguments):
        self.abi.check(self.engine, function(self.engine, *arguments))

    def place(self):
        placement = self.abi.ffi.new("berth_placement *")
        self.call(self.abi.lib.berth_pods_place, self.pod_class, 1, 0, placement)
        return placement

    def rerank(self, callback):
        options = self.abi.ffi.new("berth_rerank_options *")
        self.abi.lib.berth_rerank_options_init(options)
        price = self.abi.ffi.new("berth_feature *", {"kind": self.abi.lib.BERTH_FEATURE_PRICE})
        options.features, options.feature_count, options.callback = price, 1, callback
        self.call(self.abi.lib.berth_engine_set_rerank, options)


@pytest.fixture
def small(abi):
    return Small(abi)


@pytest.mark.parametrize("record", RECORDS)
def test_numpy_has_the_headers_layout(abi, record):
    dtype = np.dtype(abi.dtype(record))
    assert dtype.itemsize == abi.ffi.sizeof(record)
    for name, field in abi.ffi.typeof(record).fields:
        assert dtype.fields[name][1] == field.offset
        assert dtype.fields[name][0].itemsize == abi.ffi.sizeof(field.type)


def test_pointers_have_no_place_in_numpy(abi):
    with pytest.raises(TypeError, match="berth_quantity"):
        abi.dtype("berth_reservation_spec")


def test_numbers_of_the_header_are_there(abi):
    assert abi.constants["BERTH_NEVER"] == np.iinfo(np.int64).max
    assert abi.constants["BERTH_NO_CLASS"] == np.iinfo(np.uint32).max
    assert abi.lib.BERTH_BAD_FILE == 51


def test_a_callback_sees_candidates_as_numpy_and_chooses(abi, small):
    seen = []

    @abi.ffi.callback("berth_rerank_callback", error=1)
    def cheapest(_context, batch, order_out):
        count = batch.candidate_counts[0]
        candidates = np.frombuffer(abi.view(batch.candidates, count), dtype=abi.dtype("berth_candidate"))
        prices = np.frombuffer(abi.view(batch.features, count), dtype=np.int64)
        seen.append((candidates["node"].tolist(), prices.tolist()))
        np.frombuffer(abi.view(order_out, count), dtype=np.int32)[:] = np.argsort(prices)
        return 0

    small.rerank(cheapest)
    assert small.place().node == small.nodes[1]
    assert seen == [(small.nodes.tolist(), [20, 10])]


def test_what_a_callback_raises_refuses_the_placement(abi, small):
    raised = []

    @abi.ffi.callback("berth_rerank_callback", error=1, onerror=lambda _kind, error, _trace: raised.append(str(error)))
    def sour(_context, _batch, _order_out):
        raise ValueError("the model is gone")

    small.rerank(sour)
    with pytest.raises(BerthError) as refused:
        small.place()
    assert refused.value.name == "BERTH_BAD_CALLBACK"
    assert raised == ["the model is gone"]
    small.call(abi.lib.berth_engine_set_rerank, abi.ffi.NULL)
    assert small.place().outcome == abi.lib.BERTH_PLACED


def test_events_fill_an_array(abi, small):
    small.call(abi.lib.berth_events_enable, 16)
    placement = small.place()
    events = np.zeros(16, dtype=abi.dtype("berth_event"))
    count, cursor = abi.ffi.new("size_t *"), abi.ffi.new("uint64_t *")
    small.call(abi.lib.berth_events_read, 0, 16, abi.column("berth_event *", events), count, cursor)
    assert count[0] == 1
    assert (events["kind"][0], events["pod"][0]) == (abi.lib.BERTH_EVENT_POD_ASSUMED, placement.pod)


def test_engines_that_calls_make_are_owned(abi, small, tmp_path):
    fork = abi.owned(small.engine, abi.lib.berth_engine_fork, small.engine)
    path = str(tmp_path / "state").encode()
    small.call(abi.lib.berth_snapshot_write, path)
    again = abi.owned(abi.ffi.NULL, abi.lib.berth_snapshot_read, path, abi.ffi.NULL)
    digests = abi.ffi.new("uint64_t[3]")
    for place, engine in enumerate([small.engine, fork, again]):
        abi.check(engine, abi.lib.berth_engine_digest(engine, digests + place))
    assert digests[0] == digests[1] == digests[2]
    with pytest.raises(BerthError, match="BERTH_IO"):
        abi.owned(abi.ffi.NULL, abi.lib.berth_snapshot_read, path + b".not", abi.ffi.NULL)
