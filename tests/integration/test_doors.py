"""Every door locked: TLS and a password at Kafka, PostgreSQL and the search index, and each role with its own rights.

A stack of its own (doors.py). First everything flows, from a provider to a search, each role as the user that
operate/security/ describes. Then: what a role may not do is refused; a wrong password, a foreign and an expired
certificate end a start with one line and exit 2; and no password is in any log, metric, dead letter or process list.
"""

import json
import pathlib
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

from doors import SOURCE, Doors
from stream import BINARY, until

STARTED = time.monotonic()
PLANTED = "planted-secret-4711"


def say(text: str) -> None:
    print(f"  {time.monotonic() - STARTED:6.1f} s  {text}", file=sys.stderr, flush=True)


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=20) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class ServerOf:
    """Something that has a certificate and answers a TLS greeting, and nothing else."""

    def __init__(self, folder: pathlib.Path, name: str):
        command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", str(folder / f"{name}.crt"), "-key", str(folder / f"{name}.key")]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.child.stdout:
            if line.startswith("ACCEPT"):
                self.port = line.rsplit(":", 1)[1].strip()
                break

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.wait()


class LockedDoors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.doors = cls.enterClassContext(Doors())
        say("the stack is up, rights are granted")
        made = cls.doors.run(cls.doors.config("operate"), "topics", "create")
        assert made.returncode == 0, made.stderr
        applied = cls.doors.run(cls.doors.config("schema"), "schema", "apply")
        assert applied.returncode == 0, applied.stderr
        cls.doors.grant_postgres()  # again: there are tables now
        cls.logs = {who: cls.doors.role(who, *command) for who, command in (
            ("process", ("process", "catalogue", "--loops", "1")), ("sink-postgres", ("sink", "postgres")),
            ("sink-elasticsearch", ("sink", "elasticsearch")), ("api", ("api", "--providers", f"jamendo_key={PLANTED}")))}
        cls.api = "http://" + cls.doors.address_in(cls.logs["api"], "api_started")
        say("the roles run")

    def flow(self) -> None:
        """Works from a provider until a search finds them, and one dead letter."""
        doors = self.doors
        simulator = subprocess.Popen([BINARY, "simulate", "providers", "--works", "40"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=doors.environment())
        doors.children.append(simulator)
        mirror = simulator.stdout.readline().strip()
        produced = doors.run(doors.config("produce", http__mirror=mirror), "produce", "science_museum", "--limit", "15")
        (doors.logs / "produce.log").write_text(produced.stdout + produced.stderr)
        self.assertEqual(produced.returncode, 0, produced.stderr)
        sent = doors.kcat("freshet-produce", "-P", "-t", doors.prefix + "media.raw.v1", "-k", "image:met:1", "-H", "schema=raw/1", stdin=b"{broken")
        self.assertEqual(sent.returncode, 0, sent.stderr)
        try:
            until(lambda: json.loads(get(self.api + "/v1/images/?page_size=1")[1]).get("result_count", 0) >= 10, 40, "works in the search", every=0.5)
        except AssertionError:
            for log in doors.logs.iterdir():
                print(f"--- {log.name}\n" + "\n".join(log.read_text().splitlines()[-8:]))
            print(get(self.api + "/v1/images/?page_size=1"), produced.stderr[-1000:])
            raise
        simulator.terminate()
        simulator.wait(20)
        simulator.stdout.close()

    def test_1_everything_flows(self):
        self.flow()
        say("works are found")
        # A walk, and the changes, with the rights of the API's users alone; OpenSearch has its own paths for the first.
        first = json.loads(get(self.api + "/v1/images/?page_size=4&cursor=*")[1])
        second = json.loads(get(self.api + "/v1/images/?page_size=4&cursor=" + first["next_cursor"])[1])
        self.assertEqual(len({item["id"] for page in (first, second) for item in page["results"]}), 8)
        status, changes = get(self.api + "/v1/changes/")
        self.assertEqual((status, changes.count('"event":"visible"') >= 10), (200, True), changes[:500])
        doors = self.doors
        operate = doors.config("operate")
        for command in (("topics", "diff"), ("stats",), ("lag",), ("dead-letter", "list"), ("policy", "show"), ("schema", "status"), ("config", "check")):
            with self.subTest(command):
                done = doors.run(operate, *command)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        until(lambda: doors.run(operate, "stats", "--check").returncode == 0, 30, "the sums to agree")
        row = doors.psql("SELECT identifier FROM image WHERE status = 'live' LIMIT 1").stdout.strip()
        decided = doors.run(operate, "decide", "takedown", row, "--why", "test", "--by", "somebody")
        self.assertEqual(decided.returncode, 0, decided.stderr)
        until(lambda: get(f"{self.api}/v1/images/{row}/")[0] in (404, 410), 30, "the decision to be in force")
        say("a decision is in force")

    def test_2_what_a_role_may_not_do_is_refused(self):
        doors = self.doors
        doors.psql("INSERT INTO policy_rule (rule, version, value) VALUES ('planted', 1, 'null') ON CONFLICT DO NOTHING")
        topic = doors.prefix + "media.catalog.v1"
        for user in ("freshet-operate", "freshet-produce", "freshet-sink-postgres", "freshet-sink-elasticsearch"):
            with self.subTest(f"{user} writes the catalogue"):
                done = doors.kcat(user, "-P", "-t", topic, "-X", "message.timeout.ms=3000", stdin=b"x")
                self.assertNotEqual(done.returncode, 0)
                self.assertRegex(done.stderr.decode(), r"(?i)authorization failed")
        for user, forbidden in (("freshet-produce", "media.catalog.v1"), ("freshet-sink-elasticsearch", "media.raw.v1"), ("freshet-sink-postgres", "media.decisions.v1")):
            with self.subTest(f"{user} reads {forbidden}"):
                done = doors.kcat(user, "-C", "-e", "-t", doors.prefix + forbidden)
                self.assertNotEqual(done.returncode, 0)
        with self.subTest("a processor makes topics"):
            self.assertEqual(doors.run(doors.config("process", "process-topics", kafka__topic_prefix=doors.prefix + "x."), "topics", "create").returncode, 1)
        for user, statement in (("freshet_api", "INSERT INTO image_live (identifier) VALUES (gen_random_uuid())"), ("freshet_api", "SELECT count(*) FROM image"),
                                ("freshet_api", "CREATE TEMPORARY TABLE t (a int)"), ("freshet_sink", "DROP TABLE image"), ("freshet_sink", "DELETE FROM image"),
                                ("freshet_sink", "CREATE TABLE t (a int)"), ("freshet_operate", "UPDATE image SET title = ''"), ("freshet_operate", "DELETE FROM decision")):
            with self.subTest(f"{user}: {statement}"):
                done = doors.psql(statement, user=user)
                self.assertNotEqual(done.returncode, 0)
                self.assertRegex(done.stderr, "permission denied|must be owner")
        index = next(iter(json.loads(doors.search("GET", "/image/_alias/image", user="freshet_operate")[1])))
        for user, method, path, body in (("freshet_api", "PUT", f"/{index}/_doc/1", {}), ("freshet_api", "DELETE", f"/{index}", None), ("freshet_sink", "DELETE", f"/{index}", None),
                                         ("freshet_sink", "PUT", "/other", {}), ("freshet_operate", "PUT", f"/{index}/_doc/1", {}),
                                         ("freshet_schema", "GET", "/_plugins/_security/api/internalusers", None)):
            with self.subTest(f"{user}: {method} {path}"):
                self.assertEqual(doors.search(method, path, body, user=user)[0], 403)
        self.assertEqual(doors.search("GET", "/image/_search", user="freshet_api")[0], 200)
        say("forbidden things are refused")

    def refused(self, config: str, *command: str, why: str) -> None:
        with self.subTest(" ".join(command) + ": " + why):
            done = self.doors.run(config, *command)
            lines = done.stderr.splitlines()
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertRegex(lines[-1], why)
            self.assertEqual([line for line in lines if not line.startswith("{")], lines[-1:], "one line beside the log")
            for password in self.doors.passwords.values():
                self.assertNotIn(password, done.stdout + done.stderr)

    def test_3_wrong_passwords_are_one_line_and_exit_2(self):
        doors = self.doors
        for who, command in (("process", ("process", "catalogue")), ("sink-elasticsearch", ("sink", "elasticsearch")), ("operate", ("topics", "describe"))):
            self.refused(doors.config(who, "wrong", librdkafka__sasl_password=PLANTED), *command, why="Kafka at .* does not let us in .*(authentication|credentials)")
        wrong = f"host=127.0.0.1 port={doors.ports['postgres']} dbname=freshet user=freshet_sink password={PLANTED} sslmode=require"
        for who, command in (("sink-postgres", ("sink", "postgres")), ("api", ("api",)), ("schema", ("schema", "apply"))):
            self.refused(doors.config(who, "wrong", postgres__dsn=wrong), *command, why="PostgreSQL.*password authentication failed")
        for who, command in (("sink-elasticsearch", ("sink", "elasticsearch")), ("api", ("api",)), ("schema", ("schema", "apply"))):
            self.refused(doors.config(who, "wrong", elasticsearch__password=PLANTED), *command, why="the user or the password .*401")
        without_tls = f"host=127.0.0.1 port={doors.ports['postgres']} dbname=freshet user=freshet_sink password={doors.passwords['freshet_sink']} sslmode=disable"
        self.refused(doors.config("sink-postgres", "wrong", postgres__dsn=without_tls), "sink", "postgres", why="no encryption")
        self.refused(doors.config("sink-elasticsearch", "wrong", elasticsearch__username="freshet_api", elasticsearch__password=doors.passwords["freshet_api"]),
                     "sink", "elasticsearch", why="does not let the user .*403")
        say("wrong passwords are said")

    def test_4_foreign_and_expired_certificates_are_one_line_and_exit_2(self):
        doors = self.doors
        foreign = doors.folder / "foreign"
        subprocess.run([SOURCE / "scripts/certificates", foreign, "expired"], check=True, timeout=60)
        other = str(foreign / "ca.crt")
        self.refused(doors.config("process", "foreign", librdkafka__ssl_ca_location=other), "process", "catalogue", why="no TLS with Kafka .*certificate verify failed")
        dsn = f"host=127.0.0.1 port={doors.ports['postgres']} dbname=freshet user=freshet_sink password={doors.passwords['freshet_sink']} sslmode=verify-full sslrootcert={other}"
        self.refused(doors.config("sink-postgres", "foreign", postgres__dsn=dsn), "sink", "postgres", why="PostgreSQL.*certificate verify failed")
        for who, command in (("sink-elasticsearch", ("sink", "elasticsearch")), ("api", ("api",)), ("schema", ("schema", "apply"))):
            self.refused(doors.config(who, "foreign", elasticsearch__ca_file=other), *command, why="(?i)certificate")
        # As a broker or an index would be whose certificate ran out: the greeting is as far as it comes.
        with ServerOf(foreign, "expired") as server:
            self.refused(doors.config("process", "expired", kafka__brokers=f"127.0.0.1:{server.port}", librdkafka__ssl_ca_location=other), "process", "catalogue",
                         why="no TLS with Kafka .*certificate")
            for who, command in (("sink-elasticsearch", ("sink", "elasticsearch")), ("api", ("api",))):
                self.refused(doors.config(who, "expired", elasticsearch__url=f"https://127.0.0.1:{server.port}", elasticsearch__ca_file=other), *command,
                             why="(?i)certificate")
        say("certificates are checked")

    def test_5_metrics_and_health_have_a_port_of_their_own(self):
        for path in ("/metrics", "/readyz"):
            self.assertEqual(get(self.api + path)[0], 404, path)
        metrics = "http://" + self.doors.address_in(self.logs["api"], "metrics_served")
        self.assertNotEqual(metrics, self.api)
        self.assertEqual(get(metrics + "/healthz"), (200, "ok\n"))
        self.assertEqual(get(metrics + "/readyz")[0], 200)
        self.assertEqual(get(metrics + "/v1/images/")[0], 404)

    def test_6_no_secret_is_anywhere(self):
        doors = self.doors
        # By flag as well, which others could read: it must be gone from the process list at once.
        log = doors.logs / "by-flag.log"
        with log.open("wb") as out:
            by_flag = subprocess.Popen([BINARY, "sink", "elasticsearch", "--config", doors.config("sink-elasticsearch", "flags", process__instance="flags"),
                                        "--log-level", "debug", "--providers", f"jamendo_key={PLANTED}", f"--elasticsearch-password={doors.passwords['freshet_sink']}",
                                        "--kafka-librdkafka", f"sasl.password={doors.passwords['freshet-sink-elasticsearch']}"],
                                       stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=doors.environment())
        doors.children.append(by_flag)
        doors.address_in(log, "metrics_served")
        shown = {"the process list": subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True).stdout}
        for file in doors.logs.iterdir():
            shown[file.name] = file.read_text(errors="replace")
        for who, log in {**self.logs, "by-flag": log}.items():
            shown[f"metrics of {who}"] = get("http://" + doors.address_in(log, "metrics_served") + "/metrics")[1]
            shown[f"readyz of {who}"] = get("http://" + doors.address_in(log, "metrics_served") + "/readyz")[1]
        letters = doors.kcat("freshet-operate", "-C", "-e", "-t", doors.prefix + "media.dead-letter.v1", "-f", "%h %k %s\n")
        self.assertIn(b"dl.reason", letters.stdout)
        shown["dead letters"] = letters.stdout.decode(errors="replace")
        for who in ("operate", "schema", "sink-postgres", "sink-elasticsearch"):
            for command in (("config", "show"), ("config", "check")):
                done = doors.run(doors.config(who), *command)
                shown[f"config of {who}"] = done.stdout + done.stderr
        self.assertIn("[secret]", shown["config of sink-elasticsearch"] + doors.run(doors.config("sink-elasticsearch"), "config", "show").stdout)
        planted = {PLANTED, *(password for user, password in doors.passwords.items() if user != "admin")}
        for where, text in shown.items():
            for secret in planted:
                self.assertNotIn(secret, text, f"a secret is in {where}")
        self.assertGreater(len(shown), 12)
        for child in doors.children:
            if child.poll() is None:
                child.terminate()
                self.assertEqual(child.wait(30), 0)
        say(f"{len(planted)} secrets are in none of {len(shown)} places")


if __name__ == "__main__":
    unittest.main(failfast=False)
