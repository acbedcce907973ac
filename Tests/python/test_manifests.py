"""The manifests of the kube-scheduler plugin agree with each other and with the plugin's sources."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "Bindings" / "Go" / "kubescheduler"
MANIFESTS = PLUGIN / "manifests"
NAME = "berth-scheduler"


def documents(name: str) -> list[dict]:
    """Gives all objects of a manifest."""
    return [document for document in yaml.safe_load_all((MANIFESTS / name).read_text()) if document]


@pytest.fixture(scope="module")
def config() -> dict:
    (document,) = documents("scheduler-config.yaml")
    return document


@pytest.fixture(scope="module")
def rbac() -> list[dict]:
    return documents("rbac.yaml")


@pytest.fixture(scope="module")
def deployment() -> dict:
    (document,) = documents("deployment.yaml")
    return document


@pytest.fixture(scope="module")
def sources() -> str:
    return "\n".join(path.read_text() for path in sorted(PLUGIN.rglob("*.go")) if not path.name.endswith("_test.go"))


def constant(sources: str, name: str) -> str:
    found = re.search(rf'\b{name}\s*=\s*"([^"]*)"', sources)
    assert found, f"no constant {name} in the plugin's sources"
    return found[1]


def rules(rbac: list[dict], kind: str) -> set[tuple[str, str, str]]:
    """Gives (group, resource, verb) of all rules in objects of a kind."""
    return {
        (group, resource, verb)
        for document in rbac
        if document["kind"] == kind
        for rule in document["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_everything_has_a_name_and_a_namespace(rbac: list[dict], deployment: dict) -> None:
    for document in [*rbac, deployment]:
        assert document["metadata"]["name"].startswith(NAME)
        is_cluster_wide = document["kind"].startswith("Cluster")
        assert ("namespace" in document["metadata"]) != is_cluster_wide, document["metadata"]["name"]
    names = [(document["kind"], document["metadata"]["name"]) for document in rbac]
    assert len(names) == len(set(names))


def test_bindings_bind_what_is_there(rbac: list[dict], deployment: dict) -> None:
    account = deployment["spec"]["template"]["spec"]["serviceAccountName"]
    namespace = deployment["metadata"]["namespace"]
    assert {"kind": "ServiceAccount", "name": account, "namespace": namespace} == {
        "kind": "ServiceAccount",
        **next(d["metadata"] for d in rbac if d["kind"] == "ServiceAccount"),
    }
    ours = {(d["kind"], d["metadata"]["name"]) for d in rbac if d["kind"] in ("Role", "ClusterRole")}
    stock = {
        ("ClusterRole", "system:kube-scheduler"),
        ("ClusterRole", "system:volume-scheduler"),
        ("Role", "extension-apiserver-authentication-reader"),
    }
    bound = set()
    for binding in (d for d in rbac if d["kind"].endswith("Binding")):
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": account, "namespace": namespace}]
        bound.add((binding["roleRef"]["kind"], binding["roleRef"]["name"]))
        if binding["kind"] == "ClusterRoleBinding":
            assert binding["roleRef"]["kind"] == "ClusterRole"
    assert bound == ours | stock


def test_the_role_is_what_the_extension_points_need(rbac: list[dict], sources: str) -> None:
    needed = set()
    if ".Patch(ctx, pod.Name" in (PLUGIN / "plugin" / "prebind.go").read_text():
        needed.add(("", "pods", "patch"))
    groups = set(re.findall(r'Group: "([^"]+)", Version: "[^"]+", Resource: "podgroups"', sources))
    assert groups, "the plugin follows no custom PodGroups"
    if "V1alpha2().PodGroups()" in sources:
        groups.add("scheduling.k8s.io")
    needed |= {(group, "podgroups", verb) for group in groups for verb in ("get", "list", "watch")}
    assert rules(rbac, "ClusterRole") == needed


def test_only_one_file_writes_to_the_api_server() -> None:
    """A plugin that writes elsewhere, too, needs another rule."""
    writers = set()
    for path in (PLUGIN / "plugin").rglob("*.go"):
        if re.search(r"\.(Create|Update|UpdateStatus|Patch|Delete|Evict|Bind)\(ctx", path.read_text()):
            writers.add(path.name)
    assert writers == {"prebind.go"}


def test_replicas_elect_a_leader_with_their_own_lease(config: dict, rbac: list[dict], deployment: dict) -> None:
    election = config["leaderElection"]
    assert election["leaderElect"] is True
    assert deployment["spec"]["replicas"] >= 2
    assert election["resourceNamespace"] == deployment["metadata"]["namespace"]
    (role,) = (d for d in rbac if d["kind"] == "Role")
    assert role["metadata"]["namespace"] == election["resourceNamespace"]
    (rule,) = role["rules"]
    assert rule["resources"] == ["leases"] and set(rule["verbs"]) == {"get", "update"}
    assert rule["resourceNames"] == [election["resourceName"]]


def test_the_profile_enables_plugins_that_are_registered(config: dict, sources: str) -> None:
    own = constant(sources, "Name")
    (profile,) = config["profiles"]
    multi_point = profile["plugins"]["multiPoint"]
    enabled = [plugin["name"] for plugin in multi_point["enabled"]]
    assert enabled[0] == own, "Berth's PreFilter comes before those of the plugins that ask for its result"
    stock = {constant(sources, "podTopologySpread"), constant(sources, "interPodAffinity")}
    assert set(enabled[1:]) == {own + name for name in stock}
    assert {plugin["name"] for plugin in multi_point["disabled"]} == stock
    assert profile["plugins"]["postFilter"]["enabled"][0]["name"] == own
    weights = {plugin["name"]: plugin["weight"] for plugin in multi_point["enabled"]}
    assert weights[own] > 100 * sum(weights[name] for name in enabled[1:])
    assert all(weights[own + name] == 2 for name in stock), "the weights of kube-scheduler's default profile"


def test_every_extension_point_has_its_file() -> None:
    declared = re.findall(r"_ fwk\.(\w+?)(?:Plugin)?\s+= &Plugin", (PLUGIN / "plugin" / "plugin.go").read_text())
    assert len(declared) >= 11
    files = {"enqueueextensions": "enqueue", "prescore": "score"}
    for point in declared:
        name = files.get(point.lower(), point.lower())
        assert (PLUGIN / "plugin" / f"{name}.go").is_file(), point


def test_the_arguments_are_of_the_version_that_the_plugin_reads(config: dict, sources: str) -> None:
    (plugin_config,) = config["profiles"][0]["pluginConfig"]
    assert plugin_config["name"] == constant(sources, "Name")
    args = plugin_config["args"]
    assert args["apiVersion"] == constant(sources, "ArgsAPIVersion")
    assert args["kind"] == constant(sources, "ArgsKind")
    fields = set(re.findall(r'`json:"(\w+)"`', (PLUGIN / "args.go").read_text()))
    assert set(args) == fields, "the file shows every argument, and no other"


def test_the_deployment_starts_what_the_image_has(config: dict, deployment: dict) -> None:
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    dockerfile = (MANIFESTS / "Dockerfile").read_text()
    assert f'ENTRYPOINT ["/usr/local/bin/{NAME}"]' in dockerfile
    assert len(re.findall(r"^FROM ", dockerfile, re.M)) == 3
    (kustomization,) = documents("kustomization.yaml")
    (image,) = kustomization["images"]
    assert image["name"] == container["image"]
    assert set(kustomization["resources"]) == {"rbac.yaml", "deployment.yaml"}
    assert kustomization["namespace"] == deployment["metadata"]["namespace"]
    # The configuration's file is in a ConfigMap, which is mounted where the command looks for it.
    (generated,) = kustomization["configMapGenerator"]
    (volume,) = pod["volumes"]
    assert volume["configMap"]["name"] == generated["name"]
    (mount,) = container["volumeMounts"]
    assert mount["name"] == volume["name"]
    (file,) = generated["files"]
    assert (MANIFESTS / file).is_file()
    assert f"--config={mount['mountPath']}/{file}" in container["args"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert pod["schedulerName"] != config["profiles"][0]["schedulerName"], "it cannot place itself"


def test_probes_ask_the_port_that_is_served(deployment: dict) -> None:
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    (port,) = container["ports"]
    assert f"--secure-port={port['containerPort']}" in container["args"]
    for probe, path in {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}.items():
        get = container[probe]["httpGet"]
        assert get == {"path": path, "port": port["name"], "scheme": "HTTPS"}


def test_the_example_pod_asks_for_the_profile(config: dict) -> None:
    (pod,) = documents("test-pod.yaml")
    assert pod["spec"]["schedulerName"] == config["profiles"][0]["schedulerName"]


def test_what_the_page_quotes_is_there() -> None:
    """docs/kube-scheduler.md names files, fields, figures and reasons that exist."""
    page = (ROOT / "docs" / "kube-scheduler.md").read_text()
    figures = set(re.findall(r'\{"(\w+)", "', (PLUGIN / "figures.go").read_text())) | {"decision_duration_seconds"}
    quoted = {name for name in re.findall(r"`berth_(\w+?)(?:\{[^}]*\})?`", page) if not name.endswith("_")}
    assert quoted and quoted <= figures
    for file in re.findall(r"\]\(\.\./Bindings/Go/kubescheduler/([\w./-]+)\)", page):
        assert (PLUGIN / file).exists(), file
    fields = set(re.findall(r'`json:"(\w+)"`', (PLUGIN / "args.go").read_text())) - {"apiVersion", "kind"}
    assert all(f"`{field}`" in page for field in fields)
    reasons = set(re.findall(r'Reason = "(\w+)"', (PLUGIN / "choose.go").read_text()))
    assert reasons and all(f"`{reason}`" in page for reason in reasons)
