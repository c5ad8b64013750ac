"""Checks what is handed out to run Freshet with: docker/, packaging/ and operate/security/, against the binary.

Every command, flag and setting that they name exists in the binary, and every value is accepted; every role has its
unit; the compose file is one, opens no port to others, limits memory, and pins its images.

usage: check_deployment.py FRESHET FOLDER          (the checkout)
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

binary, root = sys.argv[1], pathlib.Path(sys.argv[2])
faults: list[str] = []
SCRIPTS_OWN = {"FRESHET_CONFIG", "FRESHET_CACHE", "FRESHET_JOBS"}


def run(*arguments: str, variables: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    return subprocess.run([binary, *arguments], env={"PATH": os.environ["PATH"], **(variables or {})}, capture_output=True, text=True, timeout=60)


settings_help = run("--help").stdout


def check_command(where: str, words: list[str]) -> None:
    path: list[str] = []
    for word in words:
        if word.startswith("-") or run(*path, word, "--help").returncode != 0:
            break
        text = run(*path, word, "--help").stdout
        # A provider's name is a word behind the command, not a command.
        if f"Usage: freshet {' '.join([*path, word])} " not in text + " ":
            break
        path.append(word)
    if not path:
        faults.append(f"{where}: there is no command {' '.join(words)}")
        return
    text = run(*path, "--help").stdout
    positional = words[len(path):]
    for word in positional:
        if word.startswith("--") and not re.search(rf"(?<![\w-]){re.escape(word.split('=')[0])}(?![\w-])", text + settings_help):
            faults.append(f"{where}: {' '.join(path)} has no {word}")
    if path == ["produce"]:
        known = {one["command"] for one in json.loads(run("produce", "--list", "--json").stdout)}
        for word in positional:
            if re.fullmatch(r"[a-z_]+", word) and word not in known:
                faults.append(f"{where}: there is no provider {word}")


def check_settings(where: str, variables: dict[str, str]) -> None:
    ours = {name: str(value) for name, value in variables.items() if name.startswith("FRESHET_") and name not in SCRIPTS_OWN}
    done = run("config", "show", variables=ours)
    if done.returncode:
        faults.append(f"{where}: {done.stderr.strip()}")


def check_compose() -> int:
    file = root / "docker/compose.yaml"
    compose = yaml.safe_load(file.read_text())
    count = 0
    for name, service in compose["services"].items():
        where = f"docker/compose.yaml: {name}"
        if "mem_limit" not in service:
            faults.append(f"{where} has no mem_limit")
        for port in service.get("ports", []):
            if not str(port).startswith("127.0.0.1:"):
                faults.append(f"{where} opens {port} to others")
        for used in service.get("secrets", []):
            if used not in compose["secrets"]:
                faults.append(f"{where}: no secret {used}")
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if not source.startswith(".") and source not in compose["volumes"]:
                faults.append(f"{where}: no volume {source}")
        for other in service.get("depends_on", {}):
            if other not in compose["services"]:
                faults.append(f"{where} waits for {other}, which is not there")
        if service["image"] == "freshet:latest":
            count += 1
            check_command(where, service["command"])
            check_settings(where, service["environment"])
        elif not re.search(r":v?\d+(\.\d+)+", service["image"]):
            faults.append(f"{where}: {service['image']} is not pinned")
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET", variable) and not str(value).startswith("/run/secrets/"):
                faults.append(f"{where}: {variable} is no secret's file")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(root / "docker", pathlib.Path(folder) / "docker", ignore=shutil.ignore_patterns("secrets"))
        subprocess.run([pathlib.Path(folder) / "docker/make-secrets"], check=True, timeout=60)
        made = pathlib.Path(folder) / "docker/secrets"
        for secret in compose["secrets"].values():
            if not (made / pathlib.Path(secret["file"]).name).is_file():
                faults.append(f"docker/make-secrets does not make {secret['file']}")
        shown = run("config", "show", "--config", str(made / "freshet.toml"))
        if shown.returncode:
            faults.append(f"docker/make-secrets: {shown.stderr.strip()}")
        lint = subprocess.run(["docker-compose", "-f", pathlib.Path(folder) / "docker/compose.yaml", "config", "-q"], capture_output=True, text=True, timeout=60)
        if lint.returncode:
            faults.append(f"docker-compose config: {lint.stderr.strip()}")
    return count


def check_packaging() -> int:
    dockerfile = (root / "docker/Dockerfile").read_text().replace("\\\n", " ")
    variables = dict(pair.split("=", 1) for line in re.findall(r"^ENV (.*)$", dockerfile, re.M) for pair in line.split())
    check_settings("docker/Dockerfile", variables)
    shown = run("config", "show", "--config", str(root / "packaging/freshet.toml"))
    if shown.returncode:
        faults.append(f"packaging/freshet.toml: {shown.stderr.strip()}")
    listens: set[str] = set()
    commands: set[str] = set()
    for file in sorted((root / "packaging/roles").iterdir()):
        lines = dict(line.split("=", 1) for line in file.read_text().splitlines() if line)
        where = f"packaging/roles/{file.name}"
        check_command(where, lines["COMMAND"].split())
        check_settings(where, lines)
        commands.add(lines["COMMAND"])
        if lines["FRESHET_METRICS_LISTEN"] in listens:
            faults.append(f"{where}: another role has its address")
        listens.add(lines["FRESHET_METRICS_LISTEN"])
    roles = re.search(r"The roles: (.*); each", run("up", "--help").stdout)[1].split(", ")
    for role in roles:
        role = "produce --scheduled" if role == "produce scheduled" else role
        if role not in commands:
            faults.append(f"packaging/roles: none for {role}")
        if not any(service.get("command", [])[:len(role.split())] == role.split() for service in
                   yaml.safe_load((root / "docker/compose.yaml").read_text())["services"].values()):
            faults.append(f"docker/compose.yaml: no service for {role}")
    if shutil.which("systemd-analyze"):
        for unit in sorted((root / "packaging/systemd").iterdir()):
            if unit.suffix == ".service":
                done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", unit], capture_output=True, text=True, timeout=60)
                if done.returncode:
                    faults.append(f"{unit.name} is not locked as it should be: {done.stdout.splitlines()[-1:]} {done.stderr.strip()}")
    return len(commands)


def check_security() -> None:
    for folder in ("elasticsearch", "opensearch"):
        for file in (root / "operate/security" / folder).iterdir():
            json.loads(file.read_text())
    names = {folder: {file.name for file in (root / "operate/security" / folder).iterdir()} for folder in ("elasticsearch", "opensearch")}
    if names["elasticsearch"] != names["opensearch"]:
        faults.append(f"operate/security: {names}")
    topics = {one["name"] for one in json.loads((root / "schemas/topics.json").read_text())["topics"]}
    named = set(re.findall(r"@PREFIX@([a-z.-]+\.v\d+)", (root / "operate/security/kafka-acls.txt").read_text()))
    if named - topics:
        faults.append(f"operate/security/kafka-acls.txt: there are no topics {sorted(named - topics)}")
    prefixes = set(re.findall(r"--topic @PREFIX@([a-z]+\.)(?= )", (root / "operate/security/kafka-acls.txt").read_text()))
    for topic in topics:
        if not any(topic.startswith(prefix) for prefix in prefixes):
            faults.append(f"operate/security/kafka-acls.txt: freshet-operate may not make {topic}")


services = check_compose()
roles = check_packaging()
check_security()
if faults:
    sys.exit("\n".join(faults))
print(f"{services} services of the compose file and {roles} units are as the binary wants them")
