"""The devices that pods ask for and hold.

    half = engine.pod_class({"cpu": 4000}, devices=Demand(gpus=4, prefer_links=True))
    ...
    visible_devices(engine.claims.read(pods)[0])       # "0,1,2,3"

A claim is a record of the header's berth_claim: gpus and nics (bit i: device i), share_milli and memory_mib of each
GPU, mig_slices (bit i: memory slice i). Shapes, units and errors are those of berth.devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import abi
from .columns import column, ids, pointer, records
from .vocabulary import text

if TYPE_CHECKING:
    from .engine import Engine

CLAIM = abi.dtype("berth_claim")
MIGRATION = abi.dtype("berth_migration")


@dataclass(frozen=True)
class Demand:
    """What a pod asks for of devices, for `PodSpec.devices`; the engine checks it with the spec.

    gpus: how many, at most 16; 0 asks for NICs only. share_milli: of each GPU, 1000 is whole and the default; less
    with one GPU only, and 0 if it wants nothing but memory_mib. memory_mib: whole GPUs have so much at least,
    shares take it. models: one of these will do, none: any; a model that no machine has is NotFound.
    mig_profile: "1g.10gb", an instance as the NVIDIA Multi-Instance GPU User Guide has it, and time_slice: one
    turn on a GPU that is sliced; both with gpus 1 and nothing said of share and memory. link_required: any two of
    the GPUs are connected so well at least, BERTH_LINK_* (berth.devices.links reads words); prefer_links: among the
    sets that fit, the best connected. nics: virtual functions, each of another NIC, at most 16; nics_by_switch: without
    a host bridge between it and the nearest GPU."""

    gpus: int = 1
    share_milli: int | None = None
    memory_mib: int = 0
    models: str | Sequence[str] = ()
    mig_profile: str | None = None
    time_slice: bool = False
    link_required: int = 0
    prefer_links: bool = False
    nics: int = 0
    nics_by_switch: bool = False

    def record(self, alive: list[Any]) -> Any:
        """A berth_device_demand, with all that it points to in `alive`."""
        share = self.share_milli
        if share is None:
            share = 0 if self.mig_profile or self.time_slice or not self.gpus else 1000
        flags = abi.lib.BERTH_DEVICES_PREFER_LINKS if self.prefer_links else 0
        flags |= abi.lib.BERTH_DEVICES_TIME_SLICE if self.time_slice else 0
        flags |= abi.lib.BERTH_DEVICES_NICS_BY_SWITCH if self.nics_by_switch else 0
        wanted = [self.models] if isinstance(self.models, str) else list(self.models)
        texts = [text(value, alive) if value else abi.NULL for value in ("|".join(wanted), self.mig_profile)]
        row = (self.gpus, share, self.memory_mib, int(self.link_required), self.nics, flags, *texts)
        made = abi.ffi.new("berth_device_demand *", row)
        alive.append(made)
        return made


def device_indices(mask: int) -> list[int]:
    """The devices of a mask, ascending: 0b1101 is [0, 2, 3]."""
    mask = int(mask)
    return [index for index in range(mask.bit_length()) if mask >> index & 1]


def visible_devices(claim: Any) -> str:
    """What NVIDIA_VISIBLE_DEVICES is for a pod with this claim: indices of GPUs, "0,3"; "void" for none, with which the
    container sees no GPU. (NVIDIA Container Toolkit, "Specialized Configurations with Docker", environment variables.)

    Indices are those of the machine: of `nvidia-smi topo -m` where it was made of that. ValueError for a MIG instance,
    which is made visible by the UUID that the driver gives it."""
    gpus = device_indices(claim["gpus"])
    if claim["mig_slices"]:
        slices = device_indices(claim["mig_slices"])
        raise ValueError(f"memory slices {slices} of GPU {gpus[0]} are a MIG instance: it is made visible by its UUID")
    return ",".join(map(str, gpus)) or "void"


GOALS = {"gpus": "BERTH_DEFRAGMENT_GPUS", "nodes": "BERTH_DEFRAGMENT_NODES"}


class Plan(NamedTuple):
    """Migrations that free GPUs, and what they free:
    `engine.claims.move(plan.migrations["pod"], plan.migrations["to_node"])`
    carries them out."""

    migrations: np.ndarray  # [moves] records of pod, from_node, to_node, in the order in which they fit
    free_gpus_before: int  # wholly free and healthy
    free_gpus_after: int
    free_nodes_before: int  # with GPUs, all of them free
    free_nodes_after: int


class Claims:
    """What the pods of one engine hold of devices."""

    def __init__(self, engine: Engine):
        self._engine = engine

    def read(self, pods: Any) -> np.ndarray:
        """The claims of pods [n], records [n]; all zero for pods without one, or whose node is gone."""
        pods = ids(pods, "pods")
        claims = np.zeros(len(pods), CLAIM)
        self._engine._call(
            abi.lib.berth_claims_read, pointer(pods, "uint64_t *"), len(pods), pointer(claims, "berth_claim *")
        )
        return claims

    def preview(self, pod_class: int, node: int) -> np.ndarray:
        """What a pod of the class would get on the node now, one record of shape (); all zero if it asks for none.
        BERTH_NO_ROOM if its devices are not there. Changes nothing."""
        claim = np.zeros((), CLAIM)
        self._engine._call(abi.lib.berth_claim_preview, pod_class, node, pointer(claim, "berth_claim *"))
        return claim

    def bind(self, pod_classes: Any, nodes: Any, claims: Any) -> np.ndarray:
        """Records pods that run already with the devices that they have: classes [n] on nodes [n], claims [n]; gives
        the pods, uint64 [n]. All or nothing: BERTH_BAD_ARGUMENT for a claim that is not what the class asks for,
        BERTH_NO_ROOM for devices that are sick or taken."""
        pod_classes = column(pod_classes, np.uint32, "pod_classes")
        nodes = column(nodes, np.uint64, "nodes", pod_classes.shape)
        claims = records(claims, CLAIM, "claims", len(nodes))
        pods = np.zeros(len(nodes), np.uint64)
        classes = pointer(pod_classes, "berth_class_id *")
        where, held = pointer(nodes, "uint64_t *"), pointer(claims, "berth_claim *")
        self._engine._call(
            abi.lib.berth_pods_bind_claims, classes, where, held, len(nodes), pointer(pods, "uint64_t *")
        )
        return pods

    def resize(self, pod: int, share_milli: int, memory_mib: int) -> None:
        """Changes how much of its GPU a share has, in place; the class stays what it was. BERTH_NO_ROOM if the GPU has
        not so much free, BERTH_WRONG_STATE for claims that are no shares."""
        self._engine._call(abi.lib.berth_claim_resize, pod, share_milli, memory_mib)

    def move(self, pods: Any, nodes: Any) -> None:
        """Moves pods [n] to nodes [n], one after the other; each gets new devices, and keeps its id and state. All or
        nothing: BERTH_NO_ROOM names the move that does not fit."""
        pods = ids(pods, "pods")
        nodes = column(nodes, np.uint64, "nodes", pods.shape)
        self._engine._call(
            abi.lib.berth_pods_move, pointer(pods, "uint64_t *"), pointer(nodes, "uint64_t *"), len(pods)
        )

    def defragment(
        self,
        goal: str = "gpus",
        *,
        most_moves: int = 100,
        iterations: int = 200_000,
        seed: int = 1,
        movable: Any = None,
    ) -> Plan:
        """Plans moves that free whole GPUs, or nodes with all of their GPUs ("nodes"). Changes nothing, and is empty
        where nothing can be gained. ValueError for another goal.

        most_moves: the budget, at most 65,536; no pod moves twice. iterations: of the local search, at most 1e9: more
        is better and slower, 200,000 take a quarter to half a second. The same seed finds the same plan. movable: the
        pods that may move, [n]; None: every pod that holds GPUs. BERTH_WRONG_STATE for one that holds none,
        BERTH_DUPLICATE for one that is named twice."""
        if goal not in GOALS:
            raise ValueError(f"goal {goal!r} is unknown: one of {', '.join(map(repr, GOALS))} is needed")
        ffi, lib = abi.ffi, abi.lib
        options, report = ffi.new("berth_defragment_options *"), ffi.new("berth_defragment_report *")
        lib.berth_defragment_options_init(options)
        options.goal = getattr(lib, GOALS[goal])
        options.most_moves, options.iterations, options.seed = most_moves, iterations, seed
        if movable is not None:
            movable = column(movable, np.uint64, "movable")
            # an address even of none, since null is all
            options.movable, options.movable_count = pointer(movable, "uint64_t *"), len(movable)
        report.struct_size = ffi.sizeof("berth_defragment_report")
        # the engine refuses a larger budget before it writes
        room = min(max(most_moves, 1), abi.constants["BERTH_MAX_MIGRATIONS"])
        migrations = np.zeros(room, MIGRATION)
        self._engine._call(lib.berth_defragment, options, pointer(migrations, "berth_migration *"), report)
        return Plan(migrations[: report.moves].copy(), report.free_gpus_before, report.free_gpus_after,
                    report.free_nodes_before, report.free_nodes_after)  # fmt: skip
