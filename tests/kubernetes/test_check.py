"""Breaks the manifests one rule at a time; each breakage must be reported, in these words."""

import copy
import tempfile
import tomllib
import unittest
from pathlib import Path

import check
import kustomization

CONTAINERFILE = (check.ROOT / "k8s/Containerfile").read_text(encoding="utf-8")
CARGO = tomllib.loads((check.ROOT / "Cargo.toml").read_text(encoding="utf-8"))
RENDERED = {name: kustomization.build(check.ROOT / "k8s" / name) for name in check.FOLDERS}


class Manifests:
    """A copy of the rendered documents, to be broken."""

    def __init__(self, folder: str):
        self.documents = copy.deepcopy(RENDERED[folder])

    def __getitem__(self, name: str) -> dict:
        return next(d for d in self.documents if kustomization.identity(d) == name)

    @property
    def pod(self) -> dict:
        return self["Deployment/octroi"]["spec"]["template"]["spec"]

    @property
    def server(self) -> dict:
        return self.pod["containers"][0]

    @property
    def settings(self) -> dict:
        return next(d for d in self.documents if d["kind"] == "ConfigMap")["data"]

    def drop(self, name: str) -> None:
        self.documents.remove(self[name])

    def problems(self, containerfile: str = CONTAINERFILE) -> list[str]:
        return check.problems_of(self.documents, containerfile, CARGO)


class EveryRuleCanFail(unittest.TestCase):
    def broken(self, folder: str, words: str, breakage, containerfile: str = CONTAINERFILE):
        manifests = Manifests(folder)
        breakage(manifests)
        problems = manifests.problems(containerfile)
        self.assertTrue(any(words in problem for problem in problems), f"{words!r} not in {problems}")

    def test_the_manifests_as_they_are_have_no_problem(self):
        for folder in check.FOLDERS:
            self.assertEqual(Manifests(folder).problems(), [])

    def test_a_misspelt_field_is_unknown_to_the_schema(self):
        self.broken("base", "runAsNonRot", lambda m: m.pod["securityContext"].update(runAsNonRot=True))

    def test_a_text_where_a_number_belongs_is_reported(self):
        self.broken("base", "spec.replicas", lambda m: m["Deployment/octroi"]["spec"].update(replicas="one"))

    def test_a_kind_that_kubernetes_does_not_have_is_reported(self):
        self.broken("base", "Couldn't find schema", lambda m: m["Service/octroi"].update(kind="Servise"))

    def test_a_service_that_selects_nothing_is_reported(self):
        self.broken("base", "Service/octroi: selects []", lambda m: m["Service/octroi"]["spec"]["selector"].update(tier="web"))

    def test_a_service_that_also_selects_the_migration_job_is_reported(self):
        label = "app.kubernetes.io/component"
        self.broken(
            "overlays/postgresql",
            "Job/octroi-migrate",
            lambda m: m["Service/octroi"]["spec"]["selector"].pop(label),
        )

    def test_a_network_policy_for_no_pod_is_reported(self):
        def breakage(m):
            m["NetworkPolicy/octroi-server"]["spec"]["podSelector"]["matchLabels"]["tier"] = "web"

        self.broken("base", "applies to no pod", breakage)

    def test_a_target_port_nobody_has_is_reported(self):
        def breakage(m):
            m["Service/octroi"]["spec"]["ports"][0]["targetPort"] = "web"

        self.broken("base", "no container has a port named 'web'", breakage)

    def test_a_probe_on_a_port_the_container_lacks_is_reported(self):
        def breakage(m):
            m.server["livenessProbe"]["httpGet"]["port"] = "health"

        self.broken("base", "livenessProbe asks port 'health'", breakage)

    def test_a_published_operations_port_is_reported(self):
        def breakage(m):
            m["Service/octroi"]["spec"]["ports"][0]["targetPort"] = "operations"

        self.broken("base", "publishes what operators ask", breakage)

    def test_a_probe_at_the_address_of_callers_is_reported(self):
        def breakage(m):
            m.server["readinessProbe"]["httpGet"]["port"] = "http"

        self.broken("base", "readinessProbe asks where callers are answered", breakage)

    def test_operators_without_an_address_of_their_own_are_reported(self):
        for address, words in (
            ("", "no address of their own"),
            ("0.0.0.0:8080", "no address of their own"),
            ("0.0.0.0:9191", "port 9090 is not the exposed 9191"),
        ):
            with self.subTest(address):
                self.broken("base", words, lambda m, a=address: m.settings.update(OCTROI_SERVER__OPERATIONS_ADDRESS=a))

    def test_missing_companions_are_reported(self):
        for gone, words in (
            ("ServiceAccount/octroi", "no ServiceAccount 'octroi'"),
            ("PersistentVolumeClaim/octroi-home", "no PersistentVolumeClaim 'octroi-home'"),
        ):
            with self.subTest(gone):
                self.broken("base", words, lambda m, gone=gone: m.drop(gone))

    def test_a_reference_to_another_config_map_is_reported(self):
        def breakage(m):
            m.server["envFrom"][0]["configMapRef"]["name"] = "octroi"

        self.broken("base", "no ConfigMap 'octroi'", breakage)

    def test_a_secret_nobody_was_told_to_make_is_reported(self):
        def breakage(m):
            m.server["env"][0]["valueFrom"]["secretKeyRef"]["key"] = "password"

        self.broken("overlays/postgresql", "no secret octroi-database/password", breakage)

    def test_a_mount_without_its_volume_is_reported(self):
        self.broken("base", "mounts 'tmp'", lambda m: m.pod["volumes"].pop())

    def test_each_lost_protection_is_reported(self):
        for words, breakage in {
            "runs as root": lambda m: m.pod["securityContext"].pop("runAsNonRoot"),
            "has no seccomp profile": lambda m: m.pod["securityContext"].pop("seccompProfile"),
            "service account token": lambda m: m.pod.pop("automountServiceAccountToken"),
            "lets Services into its environment": lambda m: m.pod.pop("enableServiceLinks"),
            "shares a host namespace": lambda m: m.pod.update(hostNetwork=True),
            "mounts a path of the host": lambda m: m.pod["volumes"].append({"name": "h", "hostPath": {"path": "/"}}),
            "octroi: may escalate": lambda m: m.server["securityContext"].pop("allowPrivilegeEscalation"),
            "is privileged": lambda m: m.server["securityContext"].update(privileged=True),
            "can write its root file system": lambda m: m.server["securityContext"].pop("readOnlyRootFilesystem"),
            "migrate: keeps capabilities": lambda m: m.pod["initContainers"][0]["securityContext"].pop("capabilities"),
            "has no memory limit": lambda m: m.server["resources"].pop("limits"),
            "asks for no CPU and memory": lambda m: m.server["resources"]["requests"].pop("cpu"),
            "has no /tmp": lambda m: m.server["volumeMounts"].pop(),
            "has an image without a version": lambda m: m.server.update(image="octroi:latest"),
            "has no readiness probe": lambda m: m.server.pop("readinessProbe"),
            "is killed 10 s after SIGTERM": lambda m: m.pod.update(terminationGracePeriodSeconds=15),
        }.items():
            with self.subTest(words):
                self.broken("base", words, breakage)

    def test_two_servers_over_one_sqlite_file_are_reported(self):
        self.broken("base", "one SQLite file", lambda m: m["Deployment/octroi"]["spec"].update(replicas=2))

    def test_two_servers_that_do_not_share_their_volume_are_reported(self):
        def breakage(m):
            m["PersistentVolumeClaim/octroi-home"]["spec"]["accessModes"] = ["ReadWriteOnce"]

        self.broken("overlays/postgresql", "do not share their volume", breakage)

    def test_a_lost_migration_job_is_reported(self):
        self.broken("overlays/postgresql", "migration job", lambda m: m.drop("Job/octroi-migrate"))

    def test_an_image_that_disagrees_with_the_manifests_is_reported(self):
        for old, new, words in (
            ("USER 10001:10001", "USER 10002:10002", "runs as another user"),
            ("EXPOSE 8080", "EXPOSE 9090", "is not the exposed 9090"),
            ("OCTROI_HOME=/var/lib", "OCTROI_HOME=/srv", "OCTROI_HOME differs"),
            ("rust:1.", "rust:9.", "builds with another Rust"),
        ):
            with self.subTest(words):
                self.assertIn(old, CONTAINERFILE)
                self.broken("base", words, lambda m: None, CONTAINERFILE.replace(old, new))

    def test_an_image_of_another_version_is_reported(self):
        self.broken("base", "is not version", lambda m: m.server.update(image="octroi:99.0.0"))

    def test_a_setting_without_our_prefix_is_reported(self):
        self.broken("base", "LOG_LEVEL is no setting of ours", lambda m: m.settings.update(LOG_LEVEL="debug"))


class KustomizationsAreReadStrictly(unittest.TestCase):
    def build(self, **files: str) -> list[dict]:
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                (Path(folder) / f"{name}.yaml").write_text(text, encoding="utf-8")
            return kustomization.build(Path(folder))

    MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n"

    def refused(self, words: str, **files: str):
        with self.assertRaisesRegex(kustomization.KustomizationError, words):
            self.build(**files)

    def test_a_listed_file_that_is_not_there_is_refused(self):
        self.refused("does not exist", kustomization="resources: [gone.yaml]")

    def test_a_field_that_is_not_handled_is_refused(self):
        self.refused("namePrefix", kustomization="resources: [map.yaml]\nnamePrefix: x-", map=self.MAP)

    def test_a_patch_without_a_target_is_refused(self):
        self.refused(
            "nothing named ConfigMap/b",
            kustomization="resources: [map.yaml]\npatches: [{path: patch.yaml}]",
            map=self.MAP,
            patch=self.MAP.replace("name: a", "name: b"),
        )

    def test_a_document_defined_twice_is_refused(self):
        self.refused("defined twice", kustomization="resources: [map.yaml, same.yaml]", map=self.MAP, same=self.MAP)

    def test_a_repeated_key_is_refused(self):
        self.refused("there twice", kustomization="resources: [map.yaml]", map=self.MAP + "data: {}\n")

    def test_a_merge_into_no_config_map_is_refused(self):
        generator = "configMapGenerator: [{name: a, behavior: merge, literals: [k=v]}]"
        self.refused("merges into nothing", kustomization=generator)

    def test_a_changed_setting_changes_the_name_of_its_config_map(self):
        generator = "configMapGenerator: [{name: a, literals: [k=%s]}]"
        (one,), (other,) = self.build(kustomization=generator % "v"), self.build(kustomization=generator % "w")
        self.assertNotEqual(one["metadata"]["name"], other["metadata"]["name"])

    def test_a_file_that_no_list_names_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "kustomization.yaml").write_text("resources: []", encoding="utf-8")
            (Path(folder) / "forgotten.yaml").write_text(self.MAP, encoding="utf-8")
            self.assertEqual(check.unlisted(Path(folder)), ["forgotten.yaml is in no list of kustomization.yaml"])

    def test_a_rendering_that_differs_from_kustomize_is_told(self):
        ours = self.build(kustomization="resources: [map.yaml]", map=self.MAP)
        self.assertEqual(check.difference(ours, self.MAP), [])
        self.assertEqual(
            check.difference(ours, self.MAP.replace("k: v", "k: w")),
            ["ConfigMap/a: kustomize renders it otherwise"],
        )


if __name__ == "__main__":
    unittest.main()
