"""Tests run against the package in this tree, or, with BERTH_INSTALLED=1, against the one that is installed. The
library is the one in BERTH_LIBRARY_DIR, or that of `make build`."""

import os
import pathlib
import sys

import pytest

PACKAGE = pathlib.Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parents[1]

if not os.environ.get("BERTH_INSTALLED"):
    sys.path.insert(0, str(PACKAGE / "src"))
    # processes that tests start find it, too
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PACKAGE / "src"), os.environ.get("PYTHONPATH")]))


@pytest.fixture(scope="session")
def shared():
    """The folder of public data of a name."""

    def find(name):
        folder = pathlib.Path(os.environ.get("BERTH_SHARED", ROOT.parent / "shared")) / "data" / name
        if not folder.is_dir():
            pytest.skip(f"no {folder}; set BERTH_SHARED to the folder that holds data/{name}")
        return folder

    return find


@pytest.fixture(scope="module")
def ray_cluster():
    """A Ray cluster of two CPUs on this machine; skips without Ray."""
    ray = pytest.importorskip("ray")
    path = os.pathsep.join([str(PACKAGE / "tests"), os.environ.get("PYTHONPATH", "")])
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": {"PYTHONPATH": path}})
    yield ray
    ray.shutdown()
