"""A whole stream of its own for an integration test: topics, database, indexes and processes.

The services are those that FRESHET_KAFKA_BROKERS, FRESHET_POSTGRES_DSN and FRESHET_ELASTICSEARCH_URL name
(scripts/stack); a test gets a topic prefix, a database and an index prefix, and leaves nothing behind.
Nothing here looks into the program: commands, exit codes, topics (kcat) and stores are what a user has.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

BINARY = os.environ.get("FRESHET_BINARY", "build/dev/freshet")
SOURCE = pathlib.Path(os.environ.get("FRESHET_SOURCE_DIR", pathlib.Path(__file__).parents[2]))


def need(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(f"{name} is not set: start services with scripts/stack up and source <work>/env")
    return value


def identifier(key: str) -> str:
    """The document id of a work, as the docs describe it; computed here on its own."""
    digest = bytearray(hashlib.sha256(key.encode()).digest()[:16])
    digest[6] = (digest[6] & 0x0F) | 0x40
    digest[8] = (digest[8] & 0x3F) | 0x80
    text = digest.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


@dataclass(frozen=True)
class Record:
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, str]

    @property
    def json(self) -> dict:
        return json.loads(self.value)


class Stream:
    """One stream; use as a context manager."""

    def __init__(self, name: str, partitions: int = 4):
        self.name = f"it-{name}-{os.getpid()}"
        self.prefix = self.name + "."
        self.index_prefix = self.name + "-"
        self.database = self.name.replace("-", "_")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=self.name + "-"))
        self.brokers = need("FRESHET_KAFKA_BROKERS")
        self.dsn = re.sub(r"dbname=\S+", "", need("FRESHET_POSTGRES_DSN")) + f" dbname={self.database}"
        self.admin_dsn = re.sub(r"dbname=\S+", "", need("FRESHET_POSTGRES_DSN")) + " dbname=postgres"
        self.elasticsearch = need("FRESHET_ELASTICSEARCH_URL")
        self.settings = {
            "FRESHET_KAFKA_TOPIC_PREFIX": self.prefix,
            "FRESHET_KAFKA_PARTITIONS": str(partitions),
            "FRESHET_POSTGRES_DSN": self.dsn,
            "FRESHET_ELASTICSEARCH_INDEX_PREFIX": self.index_prefix,
            "FRESHET_STATE_DIR": str(self.folder / "state"),
            "FRESHET_LOG_FORMAT": "json",
            "FRESHET_API_LIMITS": "off", "FRESHET_API_LINK_CHECKS": "false",
        }
        self.roles: list[Role] = []

    def __enter__(self) -> "Stream":
        self.psql(f'CREATE DATABASE "{self.database}"', dsn=self.admin_dsn)
        self.run("topics", "create")
        self.run("schema", "apply")
        return self

    def __exit__(self, kind, *_) -> None:
        for role in self.roles:
            role.kill()
        if kind is not None:
            for role in self.roles:
                print(f"--- {role.log}\n" + "".join(role.log.read_text(errors="replace").splitlines(True)[-15:]))
        with contextlib.suppress(Exception):
            self.psql(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)', dsn=self.admin_dsn)
        with contextlib.suppress(Exception):
            for index in json.loads(self.http("GET", f"/_cat/indices/{self.index_prefix}*?format=json")[1]):
                self.http("DELETE", "/" + index["index"])
        with contextlib.suppress(Exception):
            self.http("DELETE", f"/_index_template/{self.index_prefix}freshet-*")
        with contextlib.suppress(Exception):
            self.delete_topics()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- commands -------------------------------------------------------------------------------------

    def environment(self, **overrides: str) -> dict[str, str]:
        return {**os.environ, **self.settings, **overrides}

    def run(self, *arguments: str, expect: int | None = 0, timeout: float = 180, stdin: bytes | None = None,
            **overrides: str) -> subprocess.CompletedProcess:
        """Runs a command to its end; `expect` is the exit code it must have (None: any)."""
        done = subprocess.run([BINARY, *arguments], env=self.environment(**overrides), input=stdin,
                              capture_output=True, timeout=timeout,
                              **({} if stdin is not None else {}))
        if expect is not None and done.returncode != expect:
            raise AssertionError(f"freshet {' '.join(arguments)}: exit {done.returncode}, expected {expect}\n"
                                 + done.stderr.decode(errors="replace")[-3000:])
        return done

    def json(self, *arguments: str, **kwargs) -> object:
        return json.loads(self.run(*arguments, "--json", **kwargs).stdout)

    def role(self, name: str, *arguments: str, **overrides: str) -> "Role":
        role = Role(self, name, arguments, self.environment(**overrides))
        self.roles.append(role)
        return role

    def process(self, instance: str = "one", *arguments: str) -> "Role":
        return self.role(f"process-{instance}", "process", "catalogue", "--process-instance", instance, *arguments)

    def drain(self, *, processor: bool = True, sinks: tuple[str, ...] = ("postgres", "elasticsearch"), instance: str = "one",
              timeout: float = 240, loops: int = 2) -> None:
        """Runs what is named until everything in the topics is done."""
        if processor:
            self.run("process", "catalogue", "--process-instance", instance, "--loops", str(loops), "--until-idle", "2", timeout=timeout)
        for sink in sinks:
            self.run("sink", sink, "--until-idle", "2", timeout=timeout)

    def replay(self, group: str) -> None:
        """From the start; a static member that was stopped counts as one until its session ends (10 s)."""
        until(lambda: self.run("replay", group, "--from-start", expect=None).returncode == 0, 30, f"{group} to have no members", every=1)

    # -- topics ---------------------------------------------------------------------------------------

    def read(self, topic: str, isolation: str = "read_committed") -> list[Record]:
        """Every record of a topic, in partition and offset order."""
        return sorted(self.scan(topic, isolation), key=lambda record: (record.partition, record.offset))

    def scan(self, topic: str, isolation: str = "read_committed") -> Iterator[Record]:
        """Every record of a topic, each partition in its order, without holding them all."""
        layout = "%p %o %T %K %S %h\\n%k%s\\n"
        kcat = subprocess.Popen(["kcat", "-C", "-q", "-e", "-b", self.brokers, "-t", self.prefix + topic, "-o", "beginning",
                                 "-X", f"isolation.level={isolation}", "-X", "fetch.wait.max.ms=50", "-f", layout], stdout=subprocess.PIPE)
        with kcat:
            yield from parse_kcat(kcat.stdout)
        if kcat.returncode:
            raise AssertionError(f"kcat could not read {topic}: exit {kcat.returncode}")

    def catalogue(self) -> dict[str, dict]:
        """The last record of each work."""
        return {record.key.decode(): record.json for record in self.read("media.catalog.v1")}

    def produce_raw(self, key: bytes, value: bytes, *, schema: str | None = "raw/1", partition: int | None = None) -> None:
        self.produce("media.raw.v1", key, value, schema=schema, partition=partition)

    def produce(self, topic: str, key: bytes, value: bytes, *, schema: str | None, partition: int | None = None) -> None:
        """One record as it is, by kcat: for records that no producer of ours would make."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(value)
            file.flush()
            command = ["kcat", "-P", "-b", self.brokers, "-t", self.prefix + topic, "-k", key.decode("utf-8", "surrogateescape"),
                       "-X", "partitioner=murmur2"]
            if schema is not None:
                command += ["-H", f"schema={schema}"]
            if partition is not None:
                command += ["-p", str(partition)]
            subprocess.run(command + [file.name], check=True, timeout=60)

    def delete_topics(self) -> None:
        listing = json.loads(subprocess.run(["kcat", "-L", "-J", "-b", self.brokers], capture_output=True, timeout=60).stdout)
        names = [t["topic"] for t in listing["topics"] if t["topic"].startswith(self.prefix)]
        if names:
            self.run("topics", "delete", "--yes", *names, expect=None)

    # -- stores ---------------------------------------------------------------------------------------

    def psql(self, query: str, dsn: str | None = None, timeout: float = 120) -> str:
        done = subprocess.run(["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", dsn or self.dsn, "-c", query], capture_output=True, text=True, timeout=timeout)
        if done.returncode:
            raise AssertionError(done.stderr)
        return done.stdout.strip()

    def http(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.elasticsearch + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def rows(self) -> dict[str, str]:
        """A digest of every row, content and version, by document id."""
        result: dict[str, str] = {}
        for table in ("image", "audio"):
            for line in self.psql(f"SELECT identifier, md5(t::text) FROM {table} t").splitlines():
                key, _, digest = line.partition("|")
                result[key] = digest
        return result

    def live_rows(self) -> set[str]:
        return {line for table in ("image", "audio") for line in self.psql(f"SELECT identifier FROM {table} WHERE status = 'live'").splitlines()}

    def documents(self, *, live: bool = False) -> dict[str, tuple[int, str]]:
        """Version and digest of every document (live: of those behind the filtered aliases)."""
        result: dict[str, tuple[int, str]] = {}
        for media in ("image", "audio"):
            for hit in self.hits(self.index_prefix + media + ("" if live else "-write")):
                digest = hashlib.sha256(json.dumps(hit["_source"], sort_keys=True).encode()).hexdigest()
                result[hit["_id"]] = (hit["_version"], digest)
        return result

    def stores_hold_the_catalogue(self) -> bool:
        """Whether both stores hold every work in the revision of its newest record."""
        newest = {record["identifier"]: record["revision"] for record in self.catalogue().values()}
        rows = {name: int(revision) for table in ("image", "audio")
                for name, revision in (line.split("|") for line in self.psql(f"SELECT identifier, revision FROM {table}").splitlines())}
        return rows == newest and {name: version for name, (version, _) in self.documents().items()} == newest

    def hits(self, index: str) -> Iterator[dict]:
        """Every document of an index or alias, refreshed first."""
        self.http("POST", f"/{index}/_refresh")
        after = None
        while True:
            body = {"size": 5000, "version": True, "sort": [{"identifier": "asc"}], "track_total_hits": False}
            if after:
                body["search_after"] = after
            status, text = self.http("POST", f"/{index}/_search", body)
            assert status == 200, text
            hits = json.loads(text)["hits"]["hits"]
            yield from hits
            if len(hits) < 5000:
                return
            after = hits[-1]["sort"]


class Role:
    """A process of the stream that runs until it is told to stop."""

    def __init__(self, stream: Stream, name: str, arguments: tuple[str, ...], environment: dict[str, str]):
        self.stream, self.name, self.arguments, self.environment = stream, name, arguments, environment
        self.log = stream.folder / f"{name}.log"
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.child = subprocess.Popen([BINARY, *self.arguments], env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self) -> None:
        """kill -9, as a crash does."""
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()

    def stop(self, timeout: float = 30) -> int:
        """SIGTERM, as an operator does; the exit code."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        return self.child.wait(timeout)

    def running(self) -> bool:
        return self.child.poll() is None

    def wait(self, timeout: float) -> int:
        return self.child.wait(timeout)


class Proxy:
    """A TCP forwarder that can be cut: a store that is away, without touching the store."""

    def __init__(self, host: str, port: int):
        self.target = (host, port)
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        self.port = 0
        self.listener: socket.socket | None = None
        self.open()

    def open(self) -> None:
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        self.listener.listen(64)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def cut(self) -> None:
        if self.listener is not None:
            with contextlib.suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        for pair in self.pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        self.pairs.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self.target)
            except OSError:
                near.close()
                continue
            self.pairs.append((near, far))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def parse_kcat(output: BinaryIO) -> Iterator[Record]:
    """Reads what `Stream.scan`'s format writes: sizes first, so any bytes may follow."""
    while line := output.readline():
        partition, offset, stamp, key_size, value_size, *headers = line.rstrip(b"\n").split(b" ", 5)
        parts = [None if int(size) < 0 else output.read(int(size)) for size in (key_size, value_size)]
        if output.read(1) != b"\n":
            raise ValueError(f"kcat's output is out of step behind offset {int(offset)}")
        named = dict(h.split("=", 1) for h in (headers[0].decode(errors="replace").split(",") if headers and headers[0] else []) if "=" in h)
        yield Record(int(partition), int(offset), int(stamp), parts[0], parts[1], named)


def until(condition, timeout: float, what: str, every: float = 0.2):
    """Waits for a condition; its value."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(every)
