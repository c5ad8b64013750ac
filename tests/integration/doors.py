"""A stack with every door locked (scripts/stack --secure), and a user of its own for each role.

What each may do comes from the files in operate/security/, applied with the services' own tools, as an operator does.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pathlib
import secrets
import shutil
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request

from stream import BINARY, SOURCE, until

SECURITY = SOURCE / "operate/security"
LIBRDKAFKA = pathlib.Path(subprocess.run([SOURCE / "scripts/librdkafka", "--prefix"], check=True, capture_output=True, text=True).stdout.strip()) / "lib"
JAVA = os.environ.get("FRESHET_JAVA", "/usr/lib/jvm/java-17-openjdk-amd64/bin/java")
KAFKA = pathlib.Path(os.environ.get("FRESHET_CACHE", pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "freshet")) / "kafka/libs"

# Who a role is, at the broker, in PostgreSQL and in the search index.
USERS = {
    "operate": ("freshet-operate", "freshet_operate", "freshet_operate"),
    "schema": ("freshet-operate", "freshet_schema", "freshet_schema"),
    "produce": ("freshet-produce", None, None),
    "process": ("freshet-process", None, None),
    "sink-postgres": ("freshet-sink-postgres", "freshet_sink", None),
    "sink-elasticsearch": ("freshet-sink-elasticsearch", None, "freshet_sink"),
    "api": ("freshet-api", "freshet_api", "freshet_api"),
}


class Doors:
    """The stack and the settings of each role; use as a context manager."""

    prefix = "it-doors."

    def __enter__(self) -> "Doors":
        # Short and readable for the user that services run as.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="freshet-doors-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.stack_folder = self.folder / "stack"
        self.logs = self.folder / "logs"
        self.logs.mkdir()
        self.children: list[subprocess.Popen] = []
        try:
            subprocess.run([SOURCE / "scripts/stack", "up", "--secure", "--free-ports", "--work-dir", self.stack_folder],
                           check=True, timeout=150, stdout=subprocess.DEVNULL)
            self.admin = dict(line.removeprefix("export ").split("=", 1) for line in (self.stack_folder / "env").read_text().splitlines())
            self.admin = {name: value.strip("'") for name, value in self.admin.items()}
            self.ports = dict(line.split("=") for line in (self.stack_folder / "ports").read_text().split())
            self.ca = str(self.stack_folder / "certs/ca.crt")
            self.passwords = {user.name: user.read_text().strip() for user in (self.stack_folder / "secrets").iterdir() if user.suffix == ""}
            for user in {name for _, *names in USERS.values() for name in names if name}:
                self.passwords[user] = secrets.token_hex(16)
            self.grant_postgres()
            self.set_postgres_passwords()
            self.grant_kafka()
            self.grant_search()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.wait()
        subprocess.run([SOURCE / "scripts/stack", "down", "--purge", "--work-dir", self.stack_folder], timeout=120, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- what an operator does once

    def psql(self, statement: str, *, user: str | None = None, file: pathlib.Path | None = None) -> subprocess.CompletedProcess:
        name = user or "freshet"
        environment = {**os.environ, "PGPASSWORD": self.passwords[user] if user else self.passwords["admin"], "PGSSLMODE": "verify-full", "PGSSLROOTCERT": self.ca}
        source = ["-f", str(file)] if file else []
        return subprocess.run(["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", f"host=127.0.0.1 port={self.ports['postgres']} user={name} dbname=freshet", *source],
                              env=environment, input=None if file else statement, capture_output=True, text=True, timeout=60)

    def grant_postgres(self) -> None:
        granted = self.psql("", file=SECURITY / "postgres.sql")
        assert granted.returncode == 0, granted.stderr

    def set_postgres_passwords(self) -> None:
        text = "".join(f"ALTER ROLE {user} PASSWORD '{self.passwords[user]}';" for _, user, _ in USERS.values() if user)
        done = self.psql(text)
        assert done.returncode == 0, done.stderr

    def grant_kafka(self) -> None:
        config = self.folder / "admin.properties"
        config.touch(0o600)
        config.write_text("security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\nssl.truststore.type=PEM\n"
                          f"ssl.truststore.location={self.ca}\nsasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required "
                          f'username="admin" password="{self.passwords["admin"]}";\n')
        subprocess.run([SECURITY / "kafka-acls", self.prefix, JAVA, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                        "-cp", f"{KAFKA}/*", "org.apache.kafka.tools.AclCommand", "--bootstrap-server", self.admin["FRESHET_KAFKA_BROKERS"],
                        "--command-config", config], check=True, timeout=120)

    def grant_search(self) -> None:
        for file in sorted((SECURITY / "opensearch").iterdir()):
            name = file.stem
            for path, body in ((f"roles/{name}", json.loads(file.read_text())), (f"internalusers/{name}", {"password": self.passwords[name]}),
                               (f"rolesmapping/{name}", {"users": [name]})):
                status, text = self.search("PUT", "/_plugins/_security/api/" + path, body, certificate="admin")
                assert status in (200, 201), (path, status, text)

    # -- asking a service as somebody

    def search(self, method: str, path: str, body: object = None, *, user: str | None = None, certificate: str | None = None) -> tuple[int, str]:
        context = ssl.create_default_context(cafile=self.ca)
        headers = {"Content-Type": "application/json"}
        if certificate:
            context.load_cert_chain(self.stack_folder / f"certs/{certificate}.crt", self.stack_folder / f"certs/{certificate}.key")
        if user:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{self.passwords[user]}".encode()).decode()
        request = urllib.request.Request(self.admin["FRESHET_ELASTICSEARCH_URL"] + path, json.dumps(body).encode() if body is not None else None, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60, context=context) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def kcat(self, user: str, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess:
        config = self.folder / f"kcat-{user}.conf"
        config.touch(0o600)
        config.write_text(f"security.protocol=sasl_ssl\nsasl.mechanisms=SCRAM-SHA-512\nsasl.username={user}\nsasl.password={self.passwords[user]}\n"
                          f"ssl.ca.location={self.ca}\n")
        # Debian's librdkafka cannot do SCRAM with Kafka 4.
        return subprocess.run(["kcat", "-F", str(config), "-b", self.admin["FRESHET_KAFKA_BROKERS"], *arguments], input=stdin, capture_output=True,
                              timeout=30, env={**os.environ, "LD_LIBRARY_PATH": str(LIBRDKAFKA)})

    # -- Freshet as somebody

    def settings(self, who: str) -> dict[str, dict[str, object]]:
        """The TOML file of a role, as sections: what it needs and no more."""
        kafka, postgres, search = USERS[who]
        sections: dict[str, dict[str, object]] = {
            "kafka": {"topic_prefix": self.prefix, "partitions": 2, "replication_factor": 1, "min_insync_replicas": 1},
            "kafka.librdkafka": {}, "postgres": {}, "elasticsearch": {}, "log": {"format": "json"},
            "state": {"dir": str(self.folder / "state")}, "process": {"instance": "doors"}, "http": {}, "api": {"listen": "127.0.0.1:0", "limits": "off"},
        }
        if kafka:
            sections["kafka"]["brokers"] = self.admin["FRESHET_KAFKA_BROKERS"]
            sections["kafka.librdkafka"] = {"security.protocol": "sasl_ssl", "sasl.mechanisms": "SCRAM-SHA-512", "sasl.username": kafka,
                                            "sasl.password": self.passwords[kafka], "ssl.ca.location": self.ca}
        if postgres:
            sections["postgres"]["dsn"] = (f"host=127.0.0.1 port={self.ports['postgres']} dbname=freshet user={postgres} password={self.passwords[postgres]} "
                                           f"sslmode=verify-full sslrootcert={self.ca}")
        if search:
            sections["elasticsearch"] = {"url": self.admin["FRESHET_ELASTICSEARCH_URL"], "username": search, "password": self.passwords[search], "ca_file": self.ca}
        return sections

    def config(self, who: str, name: str | None = None, **changes: object) -> str:
        """Writes that file; `changes` are dotted with `__`, such as kafka__brokers."""
        sections = self.settings(who)
        for dotted, value in changes.items():
            section, _, key = dotted.partition("__")
            if section == "librdkafka":
                section, key = "kafka.librdkafka", key.replace("_", ".")
            sections[section][key] = value
        file = self.folder / f"{name or who}.toml"
        file.touch(0o600)
        lines = []
        for section, values in sections.items():
            lines.append(f"[{section}]")
            lines += [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in values.items()]
        file.write_text("\n".join(lines) + "\n")
        return str(file)

    def environment(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if not name.startswith("FRESHET_")}

    def run(self, config: str, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess:
        return subprocess.run([BINARY, *arguments, "--config", config], capture_output=True, text=True, timeout=timeout, env=self.environment())

    def role(self, who: str, *arguments: str) -> pathlib.Path:
        """Starts it; its log."""
        log = self.logs / f"{who}.log"
        with log.open("ab") as out:
            self.children.append(subprocess.Popen([BINARY, *arguments, "--config", self.config(who)], stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self.environment()))
        return log

    def address_in(self, log: pathlib.Path, event: str) -> str:
        def found() -> str | None:
            for line in log.read_text().splitlines():
                with contextlib.suppress(ValueError):
                    if json.loads(line).get("event") == event:
                        return json.loads(line)["address"]
            return None
        return until(found, 30, f"{event} in {log.name}:\n{log.read_text()[-2000:]}")
