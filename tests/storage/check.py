"""Drives the service with its packages in a bucket: they get there, are scored from there, a
flipped byte is refused by name while the other bank goes on, and nothing lies in the home."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import boto3

BUCKET, FOLDER = "octroi-packages", "models"
DECIDE = "/api/v1/models/credit/aliases/champion/decisions"
octroi, moto = sys.argv[1:]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url):
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=1)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")


class Service:
    """The running service."""

    def __init__(self, environment):
        self.base = f"http://127.0.0.1:{free_port()}"
        environment = dict(environment, OCTROI_SERVER__ADDRESS=self.base[7:])
        self.process = subprocess.Popen([octroi, "serve"], env=environment)
        wait_for(f"{self.base}/health/ready")

    def ask(self, path, body=None, key=None):
        """Status and answer of a GET, or of a POST where there is a body."""
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as problem:
            return problem.code, json.load(problem)

    def decide(self, key, client):
        return self.ask(DECIDE, {"client_id": client}, key)

    def digest(self):
        """Of the one version that the first bank has."""
        person = {"email": "analyst@azur.example", "password": "octroi-demo-2026"}
        token = self.ask("/api/v1/auth/token", person)[1]["access_token"]
        return self.ask("/api/v1/models", key=token)[1]["versions"][0]["digest"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def check(name, met):
    print(f"{'ok  ' if met else 'FAIL'} {name}", flush=True)
    if not met:
        raise SystemExit(1)


def run(folder):
    port = free_port()
    store = subprocess.Popen(
        [moto, "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        endpoint = f"http://127.0.0.1:{port}"
        wait_for(endpoint)
        os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")
        bucket = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
        bucket.create_bucket(Bucket=BUCKET)
        exercise(folder, endpoint, bucket)
    finally:
        store.terminate()
        store.wait()


def exercise(folder, endpoint, bucket):
    home = pathlib.Path(folder) / "home"
    environment = dict(
        os.environ,
        OCTROI_HOME=str(home),
        OCTROI_PACKAGES__URL=f"s3://{BUCKET}/{FOLDER}",
        OCTROI_PACKAGES__ENDPOINT=endpoint,
        OCTROI_PACKAGES__REGION="us-east-1",
        OCTROI_PACKAGES__ALLOW_HTTP="true",
        OCTROI_TELEMETRY__LOG_FILTER="warn",
    )
    prepare = [octroi, "demo", "--home", str(home), "--clients", "600", "--prepare-only"]
    subprocess.run(prepare, env=environment, check=True, stdout=subprocess.DEVNULL)
    names = [one["Key"] for one in bucket.list_objects_v2(Bucket=BUCKET)["Contents"]]
    packages = [name for name in names if name.endswith(".json")]
    check("two packages are in the bucket", len(packages) == 2)
    check(
        "each is signed and in the folder asked for",
        sorted(names) == sorted(packages + [name[:-4] + "sig" for name in packages])
        and all(name.startswith(f"{FOLDER}/packages/") for name in names),
    )
    check("none lies in the home", not (home / "packages").exists())

    banks = {}
    for slug in ("banque-azur", "harbour-bank"):
        data = home / "data" / slug
        table = (data / "application_test.csv").open()
        column = next(table).rstrip("\n").split(",").index("SK_ID_CURR")
        banks[slug] = (
            (data / "partner.key").read_text().strip(),
            int(next(table).split(",")[column]),
        )
    azur, harbour = banks.values()
    with Service(environment) as service:
        check("a decision is made from the bucket", service.decide(*azur)[0] == 201)
        digest = service.digest()

    name = f"{FOLDER}/packages/{digest}.json"
    body = bytearray(bucket.get_object(Bucket=BUCKET, Key=name)["Body"].read())
    body[len(body) // 2] ^= 1
    bucket.put_object(Bucket=BUCKET, Key=name, Body=bytes(body))
    with Service(environment) as service:
        status, problem = service.decide(*azur)
        refused = status == 500 and problem["type"] == "/problems/version-refused"
        check("a flipped byte refuses the version by name", refused)
        check("the other bank's version goes on", service.decide(*harbour)[0] == 201)


with tempfile.TemporaryDirectory() as folder:
    run(folder)
