"""berth gang from the outside: outputs, exit codes, and every job of docs/gangs-in-files.md."""

import re

import pytest
from conftest import ROOT

EXAMPLES = ROOT / "docs" / "examples"
TOPOLOGY = ("--topology", EXAMPLES / "topology.conf")
GANG = ("gang", *TOPOLOGY, "--job", EXAMPLES / "pretrain.yaml", "--busy", EXAMPLES / "busy.txt")
KEYS = {"nodes", "gpus", "gpus_in_use", "levels", "placed", "refused", "jobs", "notes"}
JOB_KEYS = {
    *("job", "placed", "message", "proven", "limits", "common_level", "common_domain", "levels", "score"),
    *("score_bound", "preferred_met", "members", "choices", "ranks", "notes"),
}


@pytest.fixture
def files(tmp_path):
    """Writes files; the arguments of gang for a topology and a job."""

    def write(job, topology=None):
        (tmp_path / "job.yaml").write_text(job)
        if topology is None:
            rows = [f"h{n},z{n // 32},b{n // 16},r{n // 4}" for n in range(64)]
            topology = "node,zone,block,rack\n" + "\n".join(rows) + "\n"
        (tmp_path / "topology.csv").write_text(topology)
        return ("gang", "--topology", tmp_path / "topology.csv", "--job", tmp_path / "job.yaml")

    return write


def test_everything_is_in_one_line(berth_json):
    result = berth_json(*GANG)
    assert set(result) == KEYS
    (job,) = result["jobs"]
    assert set(job) == JOB_KEYS
    assert (result["nodes"], result["placed"], result["refused"], job["placed"]) == (48, 1, 0, True)
    assert sorted(rank for member in job["members"] for rank in member["ranks"]) == list(range(64))
    assert all(level["opened"] >= level["bound"] for level in job["levels"])
    ranks = job["ranks"]
    assert ranks["lower_bound_ps"] <= ranks["cost_ps"] <= ranks["cost_before_ps"]
    assert ranks["exact"] == (ranks["cost_ps"] == ranks["lower_bound_ps"])
    assert sum(link["bytes"] for link in ranks["links"]) == sum(link["bytes_before"] for link in ranks["links"])


def test_nodes_and_ranks_are_chosen_together(berth_json):
    """Two leaves have room for five and three pods, two for four and four: pipelines of four want the latter."""
    (job,) = berth_json(*GANG)["jobs"]
    chosen = [choice for choice in job["choices"] if choice["chosen"]]
    assert len(chosen) == 1 and chosen[0]["way"].startswith("multiples of 4 pods")
    assert chosen[0]["cost_ps"] == job["ranks"]["cost_ps"] < job["choices"][0]["cost_ps"]
    leaves = [member["domain"] for member in job["members"]]
    assert {leaves.count(leaf) for leaf in leaves} == {4}
    (plain,) = berth_json(*GANG, "--plain")["jobs"]
    assert plain["ranks"]["cost_ps"] > job["ranks"]["cost_ps"]


def test_only_what_is_lost_moves(berth_json):
    before = berth_json(*GANG)["jobs"][0]
    gone = before["members"][0]["node"]
    job = berth_json(*GANG, "--lost", gone)["jobs"][0]
    failure = job["failure"]
    assert failure["replaced"] and failure["lost_nodes"] == [gone] and len(failure["replacements"]) == 1
    assert failure["ranks"]["moved"] == before["members"][0]["ranks"]
    stayed = [member for member in failure["members"] if member["node"] != failure["replacements"][0]["node"]]
    assert all(member in before["members"] for member in stayed) and len(stayed) == 7


def test_no_place_is_an_exit_code_and_a_proof(berth):
    done = berth(*GANG[:-2], "--busy", "95%")
    assert done.returncode == 1
    assert "no place: no domain of switch-2 holds 8 members of trainer" in done.stdout
    done = berth(*GANG, *(word for node in range(1, 49) for word in ("--lost", f"node-{node:02}")))
    assert done.returncode == 1 and "pods no place" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--lost", "node-99"), "'node-99' is no node"),
        (("--busy", "1.5"), "no share"),
        (("--busy", "/nowhere"), "no such file"),
        (("--cpu-per-node", "many"), "'many' is no amount"),
        (("--json", "--output", "hostfile"), "one of them"),
        (("--pods-per-job", "2"), "is for --output jobset"),
        (("--gpus-per-node", "2000"), "give a number from 0 to"),
        (("--topology-format", "kueue"), "kueue"),
        (("--job", EXAMPLES / "pretrain.yaml"), "two jobs 'pretrain'"),
    ],
)
def test_mistakes_are_named(berth, arguments, message):
    done = berth(*GANG, *arguments)
    assert done.returncode == 2, done.stdout
    assert message in done.stderr and done.stdout == ""


@pytest.mark.parametrize(
    ("form", "pattern", "lines"),
    [
        ("hostfile", r"node-\d\d slots=8", 8),
        ("rankfile", r"rank \d+=node-\d\d slot=[0-7]", 64),
        ("nccl", r"\d+ node-\d\d [0-7]", 64),
        ("jobset", r"node-\d\d ranks=\d+-\d+ jobset\.sigs\.k8s\.io/job-index=0 .*JOB_COMPLETION_INDEX=[0-7]", 8),
        ("pytorchjob", r"node-\d\d ranks=\d+-\d+ .*replica-type=(master|worker) .* RANK=[0-7]", 8),
        ("mpijob", r"node-\d\d ranks=\d+-\d+ .*replica-index=[0-7]", 8),
        ("indexed-job", r"node-\d\d ranks=\d+-\d+ .*JOB_COMPLETION_INDEX=[0-7]", 8),
    ],
)
def test_ranks_are_written_for_launchers(berth, tmp_path, form, pattern, lines):
    done = berth(*GANG, "--output", form)
    assert done.returncode == 0, done.stderr
    found = done.stdout.splitlines()
    assert len(found) == lines and all(re.fullmatch(pattern, line) for line in found)
    path = tmp_path / "out"
    assert berth(*GANG, "--output", form, "--output-file", path).returncode == 0
    assert path.read_text() == done.stdout


def test_an_export_is_of_one_job(berth, files):
    job = "name: {}\nroles: [{{name: w, replicas: 1}}]\n"
    done = berth(*files(job.format("a") + "---\n" + job.format("b")), "--output", "hostfile")
    assert done.returncode == 2 and "a, b" in done.stderr


def test_text_is_for_people(berth):
    done = berth(*GANG, "--lost", "node-21")
    assert done.returncode == 0, done.stderr
    assert all(len(line) <= 120 for line in done.stdout.splitlines())
    assert "\x1b" not in done.stdout, "colours are for terminals"
    for words in ("└─", "domains opened", "lower bound", "within the node", "taken", "moved ranks", "note: "):
        assert words in done.stdout


def test_help_teaches(berth):
    done = berth("gang", "--help")
    assert done.returncode == 0 and "Examples:" in done.stdout and done.stdout.count("berth gang --topology") >= 4
    assert all(len(line) <= 80 for line in done.stdout.split("USAGE")[0].splitlines())


def documented_jobs():
    text = (ROOT / "docs" / "gangs-in-files.md").read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    return [block for block in blocks if block.startswith("name:")]


def test_documented_jobs_are_placed(berth_json, files):
    jobs = documented_jobs()
    assert jobs
    for job in jobs:
        assert berth_json(*files(job))["placed"] == 1
    slurm = "name: s\nslurm: {nodes: 16, segment: 8, segmentLevel: block, switches: 4, gpusPerNode: 8}\n"
    assert berth_json(*files(slurm))["jobs"][0]["ranks"]["count"] == 128


@pytest.mark.parametrize("document", ["README.md", "docs/gangs-in-files.md"])
def test_documented_output_is_what_is_printed(berth, document):
    text = (ROOT / document).read_text()
    found = re.findall(r"^    \$ berth (gang [^\n]*)\n((?:    [^\n]*\n|\n)*)", text, re.MULTILINE)
    assert found, f"no example of berth gang in {document}"
    for command, output in found:
        words = [ROOT / word if word.startswith("docs/") else word for word in command.split("|")[0].split()]
        printed = [line.rstrip() for line in berth(*words).stdout.splitlines()]
        shown = [line[4:].rstrip() for line in output.rstrip("\n").splitlines()]
        tail = re.search(r"\| (head|tail) -n (\d+)", command)
        if tail:
            count = int(tail.group(2))
            printed = printed[:count] if tail.group(1) == "head" else printed[-count:]
        assert shown == printed


def test_the_lingjun_network(berth_json, shared, files):
    topology = shared("lingjun-2023") / "topo.csv"
    job = (
        "{name: j, required: PSW, preferred: ASW, roles: [{name: w, replicas: 32, gpus: 8}], parallelism: {tensor: 8}}"
    )
    arguments = files(job)
    result = berth_json("gang", "--topology", topology, "--gpus-per-node", 8, *arguments[3:], "--busy", "0.6")
    assert result["nodes"] == 847 and result["placed"] == 1
