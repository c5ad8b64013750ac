"""Streams with stores: a database and indexes of their own, sinks that are measured, and what they are measured against."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

from harness import Bench, Child, Stream

BATCH = 1_000  # rows of a transaction, documents of a bulk: as our sinks have them with a backlog
IN_FLIGHT = 3  # bulks, as our sink
MEDIA = ("image", "audio")


def setting(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        sys.exit(f"bench: {name} is not set: scripts/stack up, then eval \"$(scripts/stack env)\"")
    return value


class Stores(Stream):
    """A stream with a database and indexes."""

    def __init__(self, bench: Bench):
        super().__init__(bench)
        self.name = self.prefix.rstrip(".").replace(".", "-")
        self.base_dsn = re.sub(r"dbname=\S+", "", setting("FRESHET_POSTGRES_DSN"))
        self.elasticsearch = setting("FRESHET_ELASTICSEARCH_URL").rstrip("/")
        self.databases: set[str] = set()
        self.index_prefixes: set[str] = set()

    def __enter__(self) -> "Stores":
        super().__enter__()
        self.use(self.new_database(), self.new_indexes())
        return self

    def __exit__(self, *error) -> None:
        for name in self.databases:
            with contextlib.suppress(Exception):
                self.psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', "postgres")
        for prefix in self.index_prefixes:
            with contextlib.suppress(Exception):
                self.drop_indexes(prefix)
        super().__exit__(*error)

    # -- databases and indexes

    def dsn(self, database: str) -> str:
        return f"{self.base_dsn} dbname={database}"

    def psql(self, sql: str, database: str | None = None) -> str:
        done = subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", self.dsn(database or self.database), "-c", sql], capture_output=True, text=True,
                              timeout=600)
        if done.returncode:
            raise RuntimeError(f"psql: {done.stderr[-2000:]}")
        return done.stdout

    def ask(self, method: str, path: str, body: dict | None = None) -> dict | list:
        request = urllib.request.Request(self.elasticsearch + path, None if body is None else json.dumps(body).encode(),
                                         {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=120) as reply:
            return json.load(reply)

    def new_database(self) -> str:
        name = f"{self.name}_{len(self.databases)}".replace("-", "_")
        self.psql(f'CREATE DATABASE "{name}"', "postgres")
        self.databases.add(name)
        self.apply_schema(name, None)
        return name

    def new_indexes(self) -> str:
        prefix = f"{self.name}-{len(self.index_prefixes)}-"
        self.index_prefixes.add(prefix)
        self.apply_schema(None, prefix)
        return prefix

    def apply_schema(self, database: str | None, index_prefix: str | None) -> None:
        """To one of the two; the other is there already, or comes later."""
        environment = {**self.environment}
        if database:
            environment["FRESHET_POSTGRES_DSN"] = self.dsn(database)
        if index_prefix:
            environment["FRESHET_ELASTICSEARCH_INDEX_PREFIX"] = index_prefix
        only = "--only-postgres" if database else "--only-elasticsearch"
        subprocess.run(self.command("schema", "apply", only), env=environment, check=True, capture_output=True, timeout=120)

    def drop_indexes(self, prefix: str) -> None:
        for index in self.ask("GET", f"/_cat/indices/{prefix}*?format=json"):
            self.ask("DELETE", "/" + index["index"])
        with contextlib.suppress(Exception):
            self.ask("DELETE", f"/_index_template/{prefix}freshet-*")

    def use(self, database: str | None = None, index_prefix: str | None = None) -> None:
        """What the roles that are started from here on write to."""
        if database:
            self.database = database
            self.environment["FRESHET_POSTGRES_DSN"] = self.dsn(database)
        if index_prefix:
            self.index_prefix = index_prefix
            self.environment["FRESHET_ELASTICSEARCH_INDEX_PREFIX"] = index_prefix

    # -- the catalogue, and sinks over it

    def count(self, topic: str) -> int:
        """Committed records of a topic."""
        reader = subprocess.Popen(["kcat", "-C", "-q", "-e", "-b", self.bench.brokers, "-t", self.prefix + topic, "-o", "beginning", "-f", "%o\n"],
                                  stdout=subprocess.PIPE)
        records = sum(1 for _ in reader.stdout)
        if reader.wait():
            raise RuntimeError(f"kcat could not read {topic}")
        return records

    def read_again(self, sink: str) -> None:
        """Its group from the start; a static member counts as one until its session ends."""
        deadline = time.monotonic() + 40
        while subprocess.run(self.command("replay", f"sink.{sink}", "--from-start"), env=self.environment, capture_output=True, timeout=60).returncode:
            if time.monotonic() > deadline:
                raise RuntimeError(f"sink.{sink} still has members")
            time.sleep(1)

    def sink(self, name: str, **environment: str) -> Child:
        kept, self.environment = self.environment, {**self.environment, **environment}
        try:
            return self.start(name, self.command("sink", name))
        finally:
            self.environment = kept

    def api(self, **environment: str) -> tuple[Child, str]:
        """The query server, and where it listens. Made-up works have no links to look at."""
        kept, self.environment = self.environment, {**self.environment, "FRESHET_API_LISTEN": "127.0.0.1:0", "FRESHET_API_LIMITS": "off",
                                                    "FRESHET_API_LINK_CHECKS": "false", **environment}
        try:
            child = self.start("api", self.command("api"))
        finally:
            self.environment = kept
        deadline = time.monotonic() + 30
        while not (started := child.events("api_started")):
            if time.monotonic() > deadline or child.child.poll() is not None:
                raise RuntimeError(child.last_lines())
            time.sleep(0.05)
        return child, started[0]["address"]

    def sink_watched(self, name: str, total: int) -> dict:
        """A sink until it has done so many records, from the first that it did on."""
        child = self.sink(name)
        try:
            return until_done(child, total, self.bench.options.timeout)
        finally:
            child.stop()


def metrics_of(child: Child) -> dict[str, float]:
    """Sums over labels by name; empty until it serves them."""
    served = child.events("metrics_served")
    if not served:
        return {}
    with urllib.request.urlopen(f"http://{served[-1]['address']}/metrics", timeout=10) as reply:
        lines = reply.read().decode().splitlines()
    sums: dict[str, float] = {}
    for line in lines:
        if line and line[0] != "#":
            name, _, value = line.rpartition(" ")
            name = name.partition("{")[0]
            sums[name] = sums.get(name, 0) + float(value)
    return sums


def done_by(child: Child) -> float:
    sums = metrics_of(child)
    return sum(sums.get(f"freshet_sink_records_{what}_total", 0) for what in ("forwarded", "dropped", "dead_lettered"))


def cpu_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int, name: str = "VmRSS") -> float:
    return int(re.search(rf"^{name}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[1]) / 1024


def until_done(child: Child, total: int, timeout: float) -> dict:
    first = None
    deadline = time.monotonic() + timeout
    while True:
        now, done = time.monotonic(), done_by(child)
        if done > 0 and first is None:
            first = (now, done, cpu_seconds(child.pid))
        if done >= total:
            break
        if now > deadline or child.child.poll() is not None:
            raise RuntimeError(f"{child.name} did {done:.0f} of {total}\n{child.last_lines()}")
        time.sleep(0.02)
    seconds, records, cpu = now - first[0], done - first[1], cpu_seconds(child.pid) - first[2]
    if not records:
        sys.exit(f"bench: {child.name} was done in one look: give more --works")
    return {"records": records, "seconds": seconds, "cpu_seconds": cpu, "per_second": records / seconds, "per_cpu_second": records / cpu if cpu else None,
            "peak_rss_mb": memory_mb(child.pid, "VmHWM")}


# -- PostgreSQL: COPY into a temporary table and a guarded upsert, by psql


class Rows:
    """All rows of a database as a script of psql, a transaction per batch."""

    def __init__(self, stores: Stores, path: pathlib.Path):
        self.stores, self.path, self.records = stores, path, 0
        with path.open("w", encoding="utf-8") as out:
            for table in MEDIA:
                columns = stores.psql(f"SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = '{table}'::regclass "
                                      "AND attnum > 0 AND NOT attisdropped AND attgenerated = ''").strip()
                updates = ", ".join(f"{name} = excluded.{name}" for name in columns.split(", ") if name != "identifier")
                upsert = (f"INSERT INTO {table} ({columns}) SELECT {columns} FROM pg_temp.staged_{table} s WHERE NOT EXISTS (SELECT FROM {table} t "
                          f"WHERE t.identifier = s.identifier AND t.revision >= s.revision) ON CONFLICT (identifier) DO UPDATE SET {updates} "
                          f"WHERE {table}.revision < excluded.revision;\n")
                out.write(f"CREATE TEMP TABLE staged_{table} ON COMMIT DELETE ROWS AS SELECT {columns} FROM {table} WITH NO DATA;\n")
                lines = stores.psql(f"COPY (SELECT {columns} FROM {table}) TO STDOUT").splitlines(keepends=True)
                self.records += len(lines)
                for begin in range(0, len(lines), BATCH):
                    out.write(f"BEGIN;\nCOPY pg_temp.staged_{table} ({columns}) FROM STDIN;\n{''.join(lines[begin:begin + BATCH])}\\.\n{upsert}COMMIT;\n")

    def load(self, database: str) -> dict:
        child = Child(self.stores, "psql", ["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", self.stores.dsn(database), "-f", str(self.path)])
        begun = time.monotonic()
        if child.end():
            raise RuntimeError(child.last_lines())
        seconds = time.monotonic() - begun
        return {"records": self.records, "seconds": seconds, "cpu_seconds": child.cpu_seconds, "per_second": self.records / seconds,
                "per_cpu_second": self.records / child.cpu_seconds}


def make_older(stores: Stores, database: str) -> None:
    """So that each row that comes is a change of one that is there, in a table without garbage."""
    for table in MEDIA:
        stores.psql(f"UPDATE {table} SET revision = revision - 1", database)
        stores.psql(f"VACUUM (FULL, ANALYZE) {table}", database)


# -- Elasticsearch: prebuilt bulks, so many in flight


class Bulks:
    """All documents of two indexes as the bodies of bulks; the index prefix is filled in when they are sent."""

    def __init__(self, stores: Stores):
        self.stores, self.documents = stores, []
        for media in MEDIA:
            index = f"{stores.index_prefix}{media}-write"
            stores.ask("POST", f"/{index}/_refresh")
            page = stores.ask("POST", f"/{index}/_search?scroll=5m", {"size": 5000, "version": True, "sort": ["_doc"]})
            while page["hits"]["hits"]:
                self.documents += [(media, hit["_id"], hit["_version"], json.dumps(hit["_source"], separators=(",", ":"))) for hit in page["hits"]["hits"]]
                page = stores.ask("POST", "/_search/scroll", {"scroll": "5m", "scroll_id": page["_scroll_id"]})
        self.records = len(self.documents)

    def bodies(self, index_prefix: str, older: int) -> list[bytes]:
        lines = [f'{{"index":{{"_index":"{index_prefix}{media}-write","_id":"{name}","version":{version - older},"version_type":"external"}}}}\n{source}\n'
                 for media, name, version, source in self.documents]
        return ["".join(lines[begin:begin + BATCH]).encode() for begin in range(0, len(lines), BATCH)]

    def send(self, index_prefix: str, older: int = 0) -> dict:
        """@param older  by how much the versions are less than they were."""
        bodies = self.bodies(index_prefix, older)
        address = urllib.parse.urlsplit(self.stores.elasticsearch)
        lock, failures = threading.Lock(), []

        def work() -> None:
            connection = http.client.HTTPConnection(address.hostname, address.port, timeout=120)
            while not failures:
                with lock:
                    if not bodies:
                        return
                    body = bodies.pop()
                connection.request("POST", "/_bulk?require_alias=true&filter_path=items.*.status", body, {"Content-Type": "application/x-ndjson"})
                reply = connection.getresponse()
                text = reply.read()
                if reply.status != 200 or re.search(rb'"status":(?!20[01]|409)', text):
                    failures.append(text[:500])

        cpu, begun = time.process_time(), time.monotonic()
        threads = [threading.Thread(target=work) for _ in range(IN_FLIGHT)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds, cpu = time.monotonic() - begun, time.process_time() - cpu
        if failures:
            raise RuntimeError(f"bulk refused: {failures[0]!r}")
        return {"records": self.records, "seconds": seconds, "cpu_seconds": cpu, "per_second": self.records / seconds}


# -- a store that goes away


class Gate:
    """Forwards a port of this machine to another, until it is shut: the store is then away."""

    def __init__(self, host: str, port: int):
        self.target = (host, port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open, self.pairs = True, []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while self.open:
            with contextlib.suppress(OSError):
                inner = self.listener.accept()[0]
                outer = socket.create_connection(self.target)
                self.pairs += [inner, outer]
                for one, other in ((inner, outer), (outer, inner)):
                    threading.Thread(target=self.copy, args=(one, other), daemon=True).start()

    @staticmethod
    def copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def shut(self) -> None:
        self.open = False
        for one in (self.listener, *self.pairs):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
