"""Checks k8s/ as a cluster would, without one: `check.py` prints each problem and exits 1.

1. Every document, after its overlay, is valid for the oldest and the newest Kubernetes we
   name, and no field is unknown (kubernetes-validate carries the schemas).
2. What names another thing names one that is there: selectors, ports, volumes, ConfigMaps.
3. Every pod keeps the house rules: not root, read-only root file system, no privileges, no
   token, limits, probes, a grace period longer than its pause.
4. The manifests, the Containerfile and Cargo.toml agree on port, user, version and Rust, and
   what operators ask is at a port of its own, which probes use and no Service publishes.
5. `kustomize` or `kubectl`, where one is installed, renders the same as kustomization.py.

test_check.py breaks the manifests one rule at a time and sees each breakage reported.
"""

import functools
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import kubernetes_validate
import kubernetes_validate.utils
import yaml

import kustomization
from kustomization import containers, identity, pod

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ["base", "overlays/postgresql"]
# `lifecycle.preStop.sleep` and `matchLabelKeys` need 1.30 or newer.
KUBERNETES_VERSIONS = ["1.30", "1.37"]
# Secrets are made by the operator (k8s/README.md) and are never in the repository.
SECRETS = {"octroi-database": {"url", "migration-url"}, "octroi-operator-key": {"key"}}

# The library parses its largest file, 2 MB, anew for every document.
kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)


def schema(documents: list[dict]) -> list[str]:
    problems = []
    for document in documents:
        for version in KUBERNETES_VERSIONS:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as problem:
                place = ".".join(str(part) for part in problem.path)
                problems.append(f"{identity(document)}: {place}: {problem.message} (Kubernetes {version})")
            except kubernetes_validate.SchemaNotFoundError as problem:
                problems.append(f"{identity(document)}: {problem.message}")
    return problems


def matches(selector: dict, labels: dict) -> bool:
    return selector.items() <= labels.items()


def selectors(documents: list[dict]) -> list[str]:
    """Each selector finds the pods it is meant for, told by their component label."""
    problems = []
    pods = {identity(d): pod(d)["metadata"]["labels"] for d in documents if pod(d)}
    for document in documents:
        name, spec = identity(document), document.get("spec", {})
        if document["kind"] == "Deployment":
            wanted = spec["selector"]["matchLabels"]
            if [owner for owner, labels in pods.items() if matches(wanted, labels)] != [name]:
                problems.append(f"{name}: its selector does not find its own pods alone")
            for constraint in spec["template"]["spec"].get("topologySpreadConstraints", []):
                if not matches(constraint["labelSelector"]["matchLabels"], pods[name]):
                    problems.append(f"{name}: spreads pods that are not its own")
        elif document["kind"] in {"Service", "PodDisruptionBudget"}:
            wanted = spec["selector"]
            wanted = wanted.get("matchLabels", wanted)
            found = [owner for owner, labels in pods.items() if matches(wanted, labels)]
            if found != ["Deployment/octroi"]:
                problems.append(f"{name}: selects {found}, meant for Deployment/octroi alone")
        elif document["kind"] == "NetworkPolicy":
            wanted = spec["podSelector"].get("matchLabels", {})
            if not any(matches(wanted, labels) for labels in pods.values()):
                problems.append(f"{name}: applies to no pod")
    return problems


def references(documents: list[dict]) -> list[str]:
    """ConfigMaps, secrets, service accounts, volumes and ports that are named are there."""
    problems = []
    here = {identity(document) for document in documents}
    ports = {port["name"] for d in documents for c in containers(d) for port in c.get("ports", [])}
    for document in documents:
        name = identity(document)
        if document["kind"] == "Service":
            for port in document["spec"]["ports"]:
                if port["targetPort"] == "operations":
                    problems.append(f"{name}: publishes what operators ask")
                if port["targetPort"] not in ports:
                    problems.append(f"{name}: no container has a port named {port['targetPort']!r}")
        if document["kind"] == "NetworkPolicy":
            for rule in document["spec"].get("ingress", []):
                for port in rule.get("ports", []):
                    if isinstance(port["port"], str) and port["port"] not in ports:
                        problems.append(f"{name}: no container has a port named {port['port']!r}")
        if pod(document):
            problems += [f"{name}: {problem}" for problem in pod_references(pod(document)["spec"], document, here)]
    return problems


def pod_references(spec: dict, document: dict, here: set[str]) -> list[str]:
    problems = []
    if f"ServiceAccount/{spec['serviceAccountName']}" not in here:
        problems.append(f"no ServiceAccount {spec['serviceAccountName']!r}")
    for volume in spec.get("volumes", []):
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        if claim and f"PersistentVolumeClaim/{claim}" not in here:
            problems.append(f"no PersistentVolumeClaim {claim!r}")
    volumes = {volume["name"] for volume in spec.get("volumes", [])}
    for container in containers(document):
        for mount in container.get("volumeMounts", []):
            if mount["name"] not in volumes:
                problems.append(f"{container['name']} mounts {mount['name']!r}, which is no volume of the pod")
        for source in container.get("envFrom", []):
            if f"ConfigMap/{source['configMapRef']['name']}" not in here:
                problems.append(f"{container['name']}: no ConfigMap {source['configMapRef']['name']!r}")
        for variable in container.get("env", []):
            secret = variable.get("valueFrom", {}).get("secretKeyRef", {})
            if secret and secret["key"] not in SECRETS.get(secret["name"], set()):
                problems.append(f"{container['name']}: k8s/README.md tells of no secret {secret['name']}/{secret['key']}")
        own_ports = {port["name"] for port in container.get("ports", [])}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            port = container.get(probe, {}).get("httpGet", {}).get("port")
            if port and port not in own_ports:
                problems.append(f"{container['name']}: {probe} asks port {port!r}, which it does not have")
    return problems


def hardening(documents: list[dict]) -> list[str]:
    """The house rules for pods: the restricted Pod Security Standard, and a little more."""
    problems = []
    for document in documents:
        if not pod(document):
            continue
        spec = pod(document)["spec"]
        security = spec.get("securityContext", {})
        rules = {
            "runs as root": security.get("runAsNonRoot") is True and security.get("runAsUser", 0) > 0,
            "has no seccomp profile": security.get("seccompProfile", {}).get("type") == "RuntimeDefault",
            "mounts a service account token": spec.get("automountServiceAccountToken") is False,
            "lets Services into its environment": spec.get("enableServiceLinks") is False,
            "shares a host namespace": not any(spec.get(f"host{n}") for n in ("Network", "PID", "IPC")),
            "mounts a path of the host": not any("hostPath" in v for v in spec.get("volumes", [])),
        }
        for container in containers(document):
            own = container.get("securityContext", {})
            resources = container.get("resources", {})
            who = container["name"]
            rules |= {
                f"{who}: may escalate": own.get("allowPrivilegeEscalation") is False,
                f"{who}: is privileged": not own.get("privileged"),
                f"{who}: can write its root file system": own.get("readOnlyRootFilesystem") is True,
                f"{who}: keeps capabilities": own.get("capabilities") == {"drop": ["ALL"]},
                f"{who}: has no memory limit": "memory" in resources.get("limits", {}),
                f"{who}: asks for no CPU and memory": {"cpu", "memory"} <= resources.get("requests", {}).keys(),
                f"{who}: has no /tmp": "/tmp" in [m["mountPath"] for m in container.get("volumeMounts", [])],
                f"{who}: has an image without a version": re.fullmatch(r"\S+:\d+\.\d+\.\d+", container["image"]),
            }
            if document["kind"] == "Deployment" and container in spec["containers"]:
                rules |= {
                    f"{who}: has no {kind} probe": container.get(f"{kind}Probe", {}).get("httpGet")
                    for kind in ("startup", "liveness", "readiness")
                }
                pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
                grace = spec.get("terminationGracePeriodSeconds", 30)
                rules[f"{who}: is killed {grace - pause} s after SIGTERM, draining needs 30"] = grace - pause >= 30
        problems += [f"{identity(document)}: {rule}" for rule, kept in rules.items() if not kept]
    return problems


def storage(documents: list[dict]) -> list[str]:
    """SQLite has one writer on one node; several servers share a volume and a database."""
    problems = []
    claims = {identity(d): d["spec"]["accessModes"] for d in documents if d["kind"] == "PersistentVolumeClaim"}
    for document in documents:
        if document["kind"] != "Deployment":
            continue
        spec, name = document["spec"], identity(document)
        variables = {v["name"] for c in containers(document) for v in c.get("env", [])}
        if "OCTROI_DATABASE__URL" in variables:
            if claims.get("PersistentVolumeClaim/octroi-home") != ["ReadWriteMany"]:
                problems.append(f"{name}: its servers do not share their volume")
            if spec["replicas"] < 2 or spec["strategy"]["type"] != "RollingUpdate":
                problems.append(f"{name}: an upgrade would interrupt the service")
            if "Job/octroi-migrate" not in map(identity, documents) or spec["template"]["spec"].get("initContainers"):
                problems.append(f"{name}: the schema is to be moved by the migration job, and by it alone")
        elif spec["replicas"] != 1 or spec["strategy"] != {"type": "Recreate"}:
            problems.append(f"{name}: two processes would open one SQLite file")
    return problems


def agreement(documents: list[dict], containerfile: str, cargo: dict) -> list[str]:
    """The same port, user, home, version and Rust in the manifests, the image and Cargo.toml."""
    problems = []
    package = cargo["workspace"]["package"]
    if f"rust:{package['rust-version']}-" not in containerfile:
        problems.append(f"Containerfile: builds with another Rust than {package['rust-version']}")
    found = dict(re.findall(r"^(EXPOSE|USER) (\S+)$", containerfile, re.MULTILINE))
    settings = dict(re.findall(r"(OCTROI_\w+)=(\S+)", containerfile))
    for document in documents:
        name = identity(document)
        if document["kind"] == "ConfigMap":
            for key in sorted(settings):
                if document["data"].get(key) != settings[key]:
                    problems.append(f"{name}: {key} differs from the Containerfile")
            operations = document["data"].get("OCTROI_SERVER__OPERATIONS_ADDRESS", "").rpartition(":")[2]
            if not operations or operations == found["EXPOSE"]:
                problems.append(f"{name}: operators have no address of their own")
            if not document["data"]["OCTROI_SERVER__ADDRESS"].endswith(f":{found['EXPOSE']}"):
                problems.append(f"{name}: the server listens on another port than the image exposes")
            problems += [f"{name}: {k} is no setting of ours" for k in document["data"] if not k.startswith("OCTROI_")]
        if pod(document):
            security = pod(document)["spec"].get("securityContext", {})
            if f"{security.get('runAsUser')}:{security.get('runAsGroup')}" != found["USER"]:
                problems.append(f"{name}: runs as another user than the image's {found['USER']}")
            for container in containers(document):
                if not container["image"].endswith(f":{package['version']}"):
                    problems.append(f"{name}: {container['image']} is not version {package['version']}")
                for port in container.get("ports", []):
                    expected = operations_port(documents) if port["name"] == "operations" else found["EXPOSE"]
                    if str(port["containerPort"]) != expected:
                        problems.append(f"{name}: port {port['containerPort']} is not the exposed {expected}")
                for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                    if container.get(probe, {}).get("httpGet", {}).get("port", "operations") != "operations":
                        problems.append(f"{name}: {probe} asks where callers are answered")
                homes = {m["mountPath"] for m in container.get("volumeMounts", [])}
                if settings["OCTROI_HOME"] not in homes:
                    problems.append(f"{name}: {container['name']} has no volume at {settings['OCTROI_HOME']}")
    return problems


def operations_port(documents: list[dict]) -> str:
    """The port at which the settings say that operators are answered."""
    settings = next(d["data"] for d in documents if d["kind"] == "ConfigMap")
    return settings.get("OCTROI_SERVER__OPERATIONS_ADDRESS", "").rpartition(":")[2]


def unlisted(folder: Path) -> list[str]:
    """Files in the folder that its kustomization never reads."""
    (listed,) = kustomization.load(folder / "kustomization.yaml")
    named = {"kustomization.yaml", *listed["resources"], *(p["path"] for p in listed.get("patches", []))}
    return [f"{path.name} is in no list of kustomization.yaml" for path in sorted(folder.glob("*.yaml")) if path.name not in named]


def kustomize_command() -> list[str] | None:
    """The command of an installed kustomize 5 or newer: older ones render otherwise."""
    for command, version in (
        (["kustomize", "build"], ["kustomize", "version"]),
        (["kubectl", "kustomize"], ["kubectl", "version", "--client"]),
    ):
        if shutil.which(command[0]):
            told = subprocess.run(version, capture_output=True, text=True, check=False).stdout
            if major := re.search(r"v(\d+)\.\d+\.\d+\s*$", told.strip()):
                if int(major[1]) >= 5:
                    return command
    return None


def difference(documents: list[dict], rendered: str) -> list[str]:
    """What kustomize itself rendered otherwise than kustomization.py."""
    theirs = {identity(document): document for document in yaml.safe_load_all(rendered)}
    ours = {identity(document): document for document in documents}
    # An empty list and an absent one mean the same to Kubernetes.
    plain = {name: json.dumps(without_empty(document), sort_keys=True) for name, document in ours.items()}
    other = {name: json.dumps(without_empty(document), sort_keys=True) for name, document in theirs.items()}
    return [f"{name}: kustomize renders it otherwise" for name in sorted(plain | other) if plain.get(name) != other.get(name)]


def without_empty(node):
    if isinstance(node, dict):
        return {key: without_empty(value) for key, value in node.items() if value != []}
    return [without_empty(item) for item in node] if isinstance(node, list) else node


def problems_of(documents: list[dict], containerfile: str, cargo: dict) -> list[str]:
    found = schema(documents)
    # The other checks read fields that the schemas have vouched for.
    if found:
        return found
    return (
        selectors(documents)
        + references(documents)
        + hardening(documents)
        + storage(documents)
        + agreement(documents, containerfile, cargo)
    )


def main() -> int:
    containerfile = (ROOT / "k8s/Containerfile").read_text(encoding="utf-8")
    cargo = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))
    command = kustomize_command()
    failed = 0
    for name in FOLDERS:
        folder = ROOT / "k8s" / name
        try:
            documents = kustomization.build(folder)
            problems = unlisted(folder) + problems_of(documents, containerfile, cargo)
        except kustomization.KustomizationError as problem:
            documents, problems = [], [str(problem)]
        if command and documents:
            run = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
            problems += difference(documents, run.stdout) if run.returncode == 0 else [run.stderr.strip()]
        failed += len(problems)
        versions = " and ".join(KUBERNETES_VERSIONS)
        print(f"k8s/{name}: {len(documents)} documents against Kubernetes {versions}, {len(problems)} problems")
        for problem in problems:
            print(f"  {problem}")
    if command:
        print(f"rendered with `{' '.join(command)}` as well, and compared")
    else:
        print("not compared with kustomize itself: neither kustomize nor kubectl (with kustomize 5) is installed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
