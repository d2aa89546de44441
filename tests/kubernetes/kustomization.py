"""The part of kustomize that k8s/ uses, so that its overlays are checked without a download.

Handled: resources, strategic-merge patches in files, configMapGenerator with literals
(create and merge, with the content hash in the name), images, namespace. Any other field
is an error, so that a kustomization can never mean more to kustomize than it does here.
Where `kustomize` or `kubectl` is installed, check.py renders with it too and compares.
"""

import copy
import hashlib
import json
from pathlib import Path

import yaml

FIELDS = {"apiVersion", "kind", "namespace", "resources", "patches", "configMapGenerator", "images"}
CLUSTER_WIDE = {"Namespace", "ClusterRole", "ClusterRoleBinding", "PersistentVolume", "StorageClass"}
# The key by which Kubernetes merges the items of a list; a list not named here is replaced.
MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "volumes": "name",
    "env": "name",
    "volumeMounts": "mountPath",
    "topologySpreadConstraints": "topologyKey",
}


class KustomizationError(Exception):
    """A kustomization that kustomize would refuse, or that uses what is not handled here."""


class UniqueKeys(yaml.SafeLoader):
    """YAML in which a repeated key is an error and not the last one's victory."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=deep)
            if key in seen:
                raise KustomizationError(f"{key_node.start_mark}: key {key!r} is there twice")
            seen.add(key)
        return super().construct_mapping(node, deep)


def load(path: Path) -> list[dict]:
    """All documents of one YAML file."""
    try:
        documents = list(yaml.load_all(path.read_text(encoding="utf-8"), Loader=UniqueKeys))
    except FileNotFoundError:
        raise KustomizationError(f"{path} is named but does not exist") from None
    except yaml.YAMLError as problem:
        raise KustomizationError(f"{path}: {problem}") from None
    if not documents or any(not isinstance(document, dict) for document in documents):
        raise KustomizationError(f"{path}: an empty document, or one that is not a mapping")
    return documents


def identity(document: dict) -> str:
    return f"{document.get('kind')}/{document.get('metadata', {}).get('name')}"


def build(folder: Path) -> list[dict]:
    """The documents that `kustomize build folder` prints, in no particular order."""
    documents, config_maps = accumulate(folder)
    for name, config_map in config_maps.items():
        renamed = f"{name}-{content_hash(config_map)}"
        for document in documents:
            rename_config_map(document, name, renamed)
        config_map["metadata"]["name"] = renamed
    return documents + list(config_maps.values())


def accumulate(folder: Path) -> tuple[list[dict], dict[str, dict]]:
    """Documents and generated ConfigMaps (by the name before the hash) of a kustomization."""
    path = folder / "kustomization.yaml"
    (kustomization,) = load(path)
    unknown = set(kustomization) - FIELDS
    if unknown:
        raise KustomizationError(f"{path}: {sorted(unknown)} not handled by tests/kubernetes")

    documents: list[dict] = []
    config_maps: dict[str, dict] = {}
    for resource in kustomization.get("resources", []):
        target = folder / resource
        if target.is_dir():
            nested, nested_maps = accumulate(target)
            documents += nested
            config_maps |= nested_maps
        else:
            documents += load(target)
    identities = [identity(document) for document in documents]
    for repeated in {name for name in identities if identities.count(name) > 1}:
        raise KustomizationError(f"{path}: {repeated} is defined twice")

    for patch in kustomization.get("patches", []):
        if set(patch) != {"path"}:
            raise KustomizationError(f"{path}: only patches in a file of their own are handled")
        for document in load(folder / patch["path"]):
            apply_patch(documents, document, folder / patch["path"])
    for generator in kustomization.get("configMapGenerator", []):
        generate(config_maps, generator, path)
    for image in kustomization.get("images", []):
        for container in (c for document in documents for c in containers(document)):
            set_image(container, image)
    if namespace := kustomization.get("namespace"):
        for document in documents + list(config_maps.values()):
            if document["kind"] not in CLUSTER_WIDE:
                document["metadata"]["namespace"] = namespace
    return documents, config_maps


def apply_patch(documents: list[dict], patch: dict, path: Path) -> None:
    for position, document in enumerate(documents):
        if identity(document) == identity(patch) and document["apiVersion"] == patch["apiVersion"]:
            documents[position] = merge(document, patch)
            return
    raise KustomizationError(f"{path}: nothing named {identity(patch)} to patch")


def merge(base, patch, field=None):
    """Strategic merge: mappings by key, known lists by their merge key, the rest replaced."""
    if isinstance(base, dict) and isinstance(patch, dict):
        merged = dict(base)
        for key, value in patch.items():
            if key.startswith("$"):
                raise KustomizationError(f"{key} is handled only on the items of a list")
            if value is None:
                merged.pop(key, None)
            else:
                merged[key] = merge(merged.get(key), value, key)
        return merged
    if isinstance(base, list) and isinstance(patch, list) and field in MERGE_KEYS:
        key = MERGE_KEYS[field]
        items = {item[key]: item for item in base}
        # kustomize puts what a patch adds before what is there.
        added = []
        for item in patch:
            if item.get("$patch") == "delete":
                if items.pop(item[key], None) is None:
                    raise KustomizationError(f"{field} has no {item[key]!r} to delete")
            elif item[key] in items:
                items[item[key]] = merge(items[item[key]], item)
            else:
                added.append(copy.deepcopy(item))
        return added + list(items.values())
    return copy.deepcopy(patch)


def generate(config_maps: dict[str, dict], generator: dict, path: Path) -> None:
    if set(generator) - {"name", "literals", "behavior"}:
        raise KustomizationError(f"{path}: only ConfigMaps of literals are handled")
    name = generator["name"]
    data = dict(literal.split("=", 1) for literal in generator["literals"])
    merging = generator.get("behavior", "create") == "merge"
    if merging != (name in config_maps):
        problem = "merges into nothing" if merging else "is already generated"
        raise KustomizationError(f"{path}: ConfigMap {name} {problem}")
    if merging:
        config_maps[name]["data"] |= data
    else:
        config_maps[name] = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name},
            "data": data,
        }


def content_hash(config_map: dict) -> str:
    """The ten characters kustomize appends: SHA-256 of the content, some digits replaced.

    kustomize hashes an empty name (it looks for the name under a key that is not there)
    and Go's JSON, which escapes three characters.
    """
    content = {"kind": "ConfigMap", "name": "", "data": config_map["data"]}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return digest[:10].translate(str.maketrans("013ae", "ghkmt"))


def rename_config_map(node, name: str, renamed: str) -> None:
    """Points every reference to the ConfigMap, wherever it stands, at its final name."""
    if isinstance(node, list):
        for item in node:
            rename_config_map(item, name, renamed)
    elif isinstance(node, dict):
        for key, value in node.items():
            referring = key in {"configMapRef", "configMapKeyRef", "configMap"}
            if referring and isinstance(value, dict) and value.get("name") == name:
                value["name"] = renamed
            else:
                rename_config_map(value, name, renamed)


def pod(document: dict) -> dict | None:
    """The pod template of a workload, `None` for a document that runs nothing."""
    return document.get("spec", {}).get("template") if document["kind"] in {"Deployment", "Job"} else None


def containers(document: dict) -> list[dict]:
    template = pod(document)
    if template is None:
        return []
    return [*(template["spec"].get("initContainers") or []), *template["spec"]["containers"]]


def set_image(container: dict, image: dict) -> None:
    name, _, _ = container["image"].rpartition(":")
    if (name or container["image"]) == image["name"]:
        container["image"] = f"{image['newName']}:{image['newTag']}"
