"""Stores that are frozen: SIGSTOP of all their processes, as a stalled disk or a suspended machine looks.

The kernel goes on taking connections and bytes for a frozen server, so nothing fails by itself: only limits of
ours end a wait. PostgreSQL and Elasticsearch are the test's own, started by scripts/stack in a folder of its own.
Shown here: under load each reply of the API is there by its deadline, it recovers by itself, no thread is lost,
`/healthz` and `/readyz` say what they should; commands end, too; and a look-up of
names that hangs is no different.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

BINARY = os.environ.get("FRESHET_BINARY", "build/dev/freshet")
SOURCE = pathlib.Path(os.environ.get("FRESHET_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
LIMIT = 5  # seconds: what docs/api.md promises of a request
SLACK = 10  # for a busy machine; a reply that waits for the store to thaw takes FROZEN
FROZEN = 25
CLIENTS = 24


class Stack:
    """PostgreSQL and Elasticsearch in a folder of their own."""

    def __init__(self):
        # Short and readable for the user that the services run as.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="freshet-freezes.", dir="/tmp"))
        self.folder.chmod(0o755)

    def call(self, command: str, *arguments: str) -> str:
        environment = {**os.environ, "FRESHET_ES_HEAP": "384m"}
        # Not in a pipe: the services would inherit it.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run([SOURCE / "scripts/stack", command, "--work-dir", self.folder, *arguments], env=environment,
                                  stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=300)
            output.seek(0)
            text = output.read()
        if done.returncode:
            raise AssertionError(text)
        return text

    def up(self) -> None:
        self.call("up", "--free-ports", "postgres", "elasticsearch")
        for name, value in re.findall(r"^export (\w+)='?([^'\n]*)'?$", self.call("env"), re.MULTILINE):
            if "KAFKA" not in name:
                os.environ[name] = value

    def down(self) -> None:
        with contextlib.suppress(AssertionError):
            self.call("down", "--purge")
        shutil.rmtree(self.folder, ignore_errors=True)

    def processes(self, service: str) -> list[int]:
        """The service's process and all below it, parents first."""
        parents: dict[int, int] = {}
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                # The name, in brackets, may hold anything: the state and the parent follow its last bracket.
                parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        found = [int((self.folder / f"{service}.pid").read_text().split()[0])]
        for parent in found:
            found += [child for child, of in parents.items() if of == parent]
        return found

    @contextlib.contextmanager
    def frozen(self, service: str):
        stopped: list[int] = []
        try:
            # Parents first, and again until there is nobody new.
            while new := [process for process in self.processes(service) if process not in stopped]:
                for process in new:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process, signal.SIGSTOP)
                    stopped.append(process)
            yield
        finally:
            for process in reversed(stopped):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)


stack = Stack()
stores = None  # test_api, which reads the environment when it is imported: its works and its service


def setUpModule() -> None:
    global stores
    unittest.addModuleCleanup(stack.down)
    stack.up()
    import test_api

    stores = test_api
    stores.set_up_stores()


class Load:
    """Clients that ask without a pause, for searches and details in turns."""

    def __init__(self, api, paths: list[str]):
        self.api, self.paths, self.stop = api, paths, threading.Event()
        self.replies: list[tuple[str, float, float, int, str | None, str]] = []  # path, begun, took, status, Retry-After, detail
        self.faults: list[str] = []
        self.threads = [threading.Thread(target=self.ask, args=(number,)) for number in range(CLIENTS)]

    def ask(self, number: int) -> None:
        turn = number
        while not self.stop.is_set():
            path = self.paths[turn % len(self.paths)]
            turn += 1
            begun = time.monotonic()
            try:
                connection = http.client.HTTPConnection(self.api.address, timeout=60)
                try:
                    connection.request("GET", path)
                    reply = connection.getresponse()
                    body = json.loads(reply.read())
                finally:
                    connection.close()
                detail = body.get("detail", "") if isinstance(body, dict) else ""
                self.replies.append((path, begun, time.monotonic() - begun, reply.status, reply.headers["Retry-After"], str(detail)))
            except Exception as fault:  # a thread's exception would be lost
                self.faults.append(f"{path}: {fault!r}")
            time.sleep(0.02)

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()


class Freezes(unittest.TestCase):
    def setUp(self):
        self.api = stores.Service()
        self.addCleanup(self.api.stop)
        self.api.wait_ready()
        self.search = "/v1/images/?q=lighthouse"
        self.detail = f"/v1/images/{stores.identifier(1)}/"

    def threads(self) -> int:
        return len(list(pathlib.Path(f"/proc/{self.api.process.pid}/task").iterdir()))

    def probe(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://{self.api.metrics}{path}", timeout=SLACK) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def until(self, what, seconds: float, about: str):
        deadline = time.monotonic() + seconds
        while not (value := what()):
            self.assertLess(time.monotonic(), deadline, about)
            time.sleep(0.2)
        return value

    def freeze(self, service: str) -> list:
        """Freezes and thaws a service under load. @return the replies to requests made while it was frozen."""
        with Load(self.api, [self.search, self.detail]) as load:
            self.until(lambda: len(load.replies) > 20 * CLIENTS, 60, "the load flows")
            threads_before = self.threads()
            with stack.frozen(service):
                since = time.monotonic()
                reason = self.until(lambda: (said := self.probe("/readyz"))[0] == 503 and said[1], LIMIT + 10 + SLACK,
                                    f"/readyz tells of a frozen {service}")
                self.assertIn(service, reason)
                while time.monotonic() < since + FROZEN:
                    self.assertEqual(self.probe("/healthz")[0], 200)
                    time.sleep(0.5)
                self.assertLessEqual(self.threads(), threads_before + 2)
                thawed = time.monotonic()
            for path in (self.search, self.detail):
                self.until(lambda: self.api.ask(path)[0] == 200, 20 + SLACK, f"{path} is back")
            self.until(lambda: self.probe("/readyz")[0] == 200, 20 + SLACK, "/readyz is back")
            back = time.monotonic()
            self.until(lambda: sum(begun > back for _, begun, *_ in load.replies) > 5 * CLIENTS, 60, "the load flows again")
            self.assertLessEqual(self.threads(), threads_before + 2)
        self.assertEqual(load.faults, [])
        later = [(path, status) for path, begun, _, status, *_ in load.replies if begun > back]
        self.assertEqual({path for path, status in later if status == 200}, {self.search, self.detail})
        self.assertLess(sum(status != 200 for _, status in later), len(later) / 10)
        slowest = max(load.replies, key=lambda reply: reply[2])
        self.assertLess(slowest[2], LIMIT + SLACK, f"{slowest}: no reply takes longer than its deadline, frozen or not")
        while_frozen = [reply for reply in load.replies if since + 0.5 < reply[1] < thawed - LIMIT - SLACK]
        self.assertGreaterEqual(len(while_frozen), CLIENTS // 2)
        return while_frozen

    def test_a_frozen_postgres(self):
        for path, _, _, status, retry_after, detail in self.freeze("postgres"):
            self.assertEqual((status, retry_after), (503, "5"), (path, detail))
            self.assertIn("Database unavailable", detail)
        backends = "select count(*) from pg_stat_activity where application_name = 'freshet api'"
        self.until(lambda: int(stores.psql(backends)) <= 8, 30, "connections that hung are gone from the server, too")

    def test_a_frozen_elasticsearch(self):
        replies = self.freeze("elasticsearch")
        for path, _, _, status, retry_after, detail in replies:
            if path == self.detail:
                self.assertEqual(status, 200, detail)
            else:
                self.assertEqual((status, retry_after), (503, "5"), detail)
                self.assertIn("Search unavailable", detail)
        self.assertEqual({path for path, *_ in replies}, {self.search, self.detail})

    def test_the_health_check_says_who_is_frozen(self):
        with stack.frozen("elasticsearch"):
            self.assertEqual(self.api.ask("/healthcheck/")[0], 200)
            begun = time.monotonic()
            status, _, body = self.api.ask("/healthcheck/?check_es")
            self.assertEqual((status, body), (503, {"detail": "es_timed_out"}))
            self.assertLess(time.monotonic() - begun, LIMIT + SLACK)
        with stack.frozen("postgres"):
            begun = time.monotonic()
            status, _, body = self.api.ask("/healthcheck/")
            self.assertEqual(status, 503, body)
            self.assertLess(time.monotonic() - begun, LIMIT + SLACK)

    def test_sigterm_does_not_wait_for_a_frozen_store(self):
        with stack.frozen("postgres"):
            begun = time.monotonic()
            self.assertEqual(self.api.stop(), 0)
            self.assertLess(time.monotonic() - begun, 15)


class SlowNames(unittest.TestCase):
    """A name server that does not answer, when the connections to a store have to be made anew."""

    def test_a_look_up_that_hangs_costs_a_request_its_deadline_and_no_more(self):
        hanging = stack.folder / "names-hang"
        elasticsearch = stores.Forwarder("127.0.0.1", int(os.environ["FRESHET_ELASTICSEARCH_URL"].rsplit(":", 1)[1]))
        postgres = stores.Forwarder("127.0.0.1", int(re.search(r"port=(\d+)", os.environ["FRESHET_POSTGRES_DSN"]).group(1)))
        self.addCleanup(elasticsearch.close)
        self.addCleanup(postgres.close)
        dsn = re.sub(r"(host|port)=\S+", "", stores.dsn_of(stores.DATABASE)) + f" host=store.freshet.test port={postgres.port}"
        api = stores.Service(FRESHET_ELASTICSEARCH_URL=f"http://store.freshet.test:{elasticsearch.port}", FRESHET_POSTGRES_DSN=dsn,
                             LD_PRELOAD=os.environ["SLOW_NAMES_LIBRARY"], SLOW_NAMES_FILE=str(hanging))
        self.addCleanup(api.stop)
        self.addCleanup(lambda: hanging.unlink(missing_ok=True))
        api.wait_ready()
        for store, path in ((elasticsearch, "/v1/images/?q=lighthouse"), (postgres, f"/v1/images/{stores.identifier(1)}/")):
            with self.subTest(path):
                self.assertEqual(api.ask(path)[0], 200)
                hanging.touch()
                store.cut()
                store.mend()
                for _ in range(2):
                    begun = time.monotonic()
                    status, headers, body = api.ask(path)
                    self.assertEqual((status, headers["Retry-After"]), (503, "5"), body)
                    self.assertLess(time.monotonic() - begun, LIMIT + SLACK)
                hanging.unlink()
                deadline = time.monotonic() + 20 + SLACK
                while api.ask(path)[0] != 200 and time.monotonic() < deadline:
                    time.sleep(0.2)
                self.assertEqual(api.ask(path)[0], 200)


class Commands(unittest.TestCase):
    def run_command(self, *arguments: str) -> subprocess.CompletedProcess:
        environment = {**os.environ, "FRESHET_POSTGRES_DSN": stores.dsn_of(stores.DATABASE),
                       "FRESHET_ELASTICSEARCH_INDEX_PREFIX": stores.NAME + "-"}
        return subprocess.run([BINARY, *arguments], env=environment, capture_output=True, text=True, timeout=90)

    def test_commands_end_while_postgres_is_frozen(self):
        with stack.frozen("postgres"):
            for command in (("schema", "status", "--only-postgres"), ("schema", "apply", "--only-postgres"), ("config", "check"), ("api",),
                            ("decide", "takedown", stores.identifier(1), "--by", "test", "--why", "frozen")):
                with self.subTest(command):
                    done = self.run_command(*command)
                    self.assertEqual(done.returncode, 2, done.stderr)
                    if command[0] == "config":
                        self.assertRegex(done.stdout, r"(?m)^postgres +FAILED")
                    else:
                        self.assertRegex(done.stderr.splitlines()[-1], "(?i)postgres")

    def test_commands_end_while_elasticsearch_is_frozen(self):
        with stack.frozen("elasticsearch"):
            for command in (("schema", "status", "--only-elasticsearch"), ("schema", "apply", "--only-elasticsearch"), ("config", "check"), ("api",)):
                with self.subTest(command):
                    done = self.run_command(*command)
                    self.assertEqual(done.returncode, 2, done.stderr)

    def test_a_wait_for_another_schema_apply_ends_with_sigterm(self):
        holder = subprocess.Popen(["psql", "-qXAt", stores.dsn_of(stores.DATABASE), "-c",
                                   f"select pg_advisory_lock({0x6672657368657401}), pg_sleep(300)"], stdout=subprocess.DEVNULL)
        environment = {**os.environ, "FRESHET_POSTGRES_DSN": stores.dsn_of(stores.DATABASE)}
        waiting = None
        try:
            locks = "select count(*) from pg_locks where locktype = 'advisory' and "
            deadline = time.monotonic() + 30
            while stores.psql(locks + "granted") != "1" and time.monotonic() < deadline:
                time.sleep(0.2)
            waiting = subprocess.Popen([BINARY, "schema", "apply", "--only-postgres"], env=environment, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True)
            while stores.psql(locks + "not granted") != "1" and time.monotonic() < deadline:
                time.sleep(0.2)
            self.assertIsNone(waiting.poll())
            waiting.send_signal(signal.SIGTERM)
            self.assertEqual(waiting.wait(SLACK), 1)
            self.assertIn("stop", waiting.stderr.read())
        finally:
            holder.kill()
            holder.wait()
            if waiting is not None:
                waiting.kill()
                waiting.wait()
                waiting.stderr.close()
            stores.psql("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'")


if __name__ == "__main__":
    unittest.main()
