"""What the API keeps beside works: limits, applications and their tokens, reports; and its description of itself.

The same wire as test_api.py, whose works it serves.
"""

from __future__ import annotations

import base64
import concurrent.futures
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
import time
import unittest
import urllib.parse
import uuid

import jsonschema
import test_api as api
import thumbnail_role
from test_api import SOURCE, Service, identifier, psql

FORM = "application/x-www-form-urlencoded"


def setUpModule() -> None:
    unittest.addModuleCleanup(api.tear_down_stores)
    api.set_up_stores()


def until(what, seconds: float = 20):
    deadline = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found, "it never came"
    return found


def send(service: Service, method: str, path: str, body: object = None, form: dict | None = None, headers: dict | None = None):
    """Status, headers and body of a request with a body."""
    connection = http.client.HTTPConnection(service.address, timeout=30)
    with contextlib.closing(connection):
        headers = dict(headers or {})
        data = None
        if form is not None:
            data, headers["Content-Type"] = urllib.parse.urlencode(form), FORM
        elif body is not None:
            data, headers["Content-Type"] = body if isinstance(body, str) else json.dumps(body), headers.get("Content-Type", "application/json")
        connection.request(method, path, data, headers)
        reply = connection.getresponse()
        text = reply.read()
        return reply.status, reply.headers, json.loads(text) if text and "json" in reply.headers.get("Content-Type", "") else text


class Limits(unittest.TestCase):
    """In the process, and in Redis where one is there."""

    def served(self, **settings: str) -> Service:
        service = Service(**{"FRESHET_API_LIMITS": "openverse", **settings})
        self.addCleanup(service.stop)
        service.wait_ready()
        return service

    def redis(self) -> tuple[str, subprocess.Popen]:
        """A Redis of its own, which may be stopped."""
        folder = tempfile.mkdtemp(prefix="redis-")
        self.addCleanup(shutil.rmtree, folder, True)
        with contextlib.closing(api.socket.create_server(("127.0.0.1", 0))) as free:
            port = free.getsockname()[1]
        process = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"],
                                   stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(lambda: process.send_signal(signal.SIGCONT))
        until(lambda: subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True).stdout.startswith(b"PONG"))
        return f"redis://127.0.0.1:{port}", process

    def available(self, service: Service, address: str = "192.0.2.1", scope: str = "anon_burst", path: str = "/v1/images/stats/"):
        status, headers, _ = service.ask(path, X_Forwarded_For=address)
        return status, headers[f"X-RateLimit-Available-{scope}"]

    def count_down(self, service: Service) -> None:
        status, headers, _ = service.ask("/v1/images/stats/", X_Forwarded_For="192.0.2.1")
        self.assertEqual((status, headers["X-RateLimit-Limit-anon_burst"], headers["X-RateLimit-Available-anon_burst"]), (200, "3/min", "2"))
        self.assertEqual((headers["X-RateLimit-Limit-anon_sustained"], headers["X-RateLimit-Available-anon_sustained"]), ("200/day", "199"))
        self.assertEqual(self.available(service), (200, "1"))
        self.assertEqual(self.available(service), (200, "0"))
        for _ in range(2):
            status, headers, body = service.ask("/v1/images/stats/", X_Forwarded_For="192.0.2.1")
            self.assertEqual((status, headers["X-RateLimit-Available-anon_burst"]), (429, "0"))
            self.assertRegex(body["detail"], r"^Request was throttled\. Expected available in \d+ seconds\.$")
            self.assertTrue(50 <= int(headers["Retry-After"]) <= 60, headers["Retry-After"])
        self.assertEqual(self.available(service, "192.0.2.2"), (200, "2"))
        self.assertEqual(self.available(service, "6.6.6.6, 192.0.2.2"), (200, "1"), "what a client wrote itself does not count")

    def test_in_the_process(self):
        service = self.served(FRESHET_API_RATES="anon_burst=3/min")
        self.count_down(service)
        self.assertEqual(service.ask("/v1/")[0], 200)
        preflight = service.ask("/v1/images/", "OPTIONS", Origin="https://a.example", Access_Control_Request_Method="GET", X_Forwarded_For="192.0.2.1")
        self.assertEqual(preflight[0], 200)
        for left in ("2", "1", "0"):
            self.assertEqual(self.available(service, scope="anon_healthcheck", path="/healthcheck/"), (200, left))
        self.assertEqual(self.available(service, scope="anon_healthcheck", path="/healthcheck/"), (429, "0"))

    def test_forwarded_addresses_of_strangers_do_not_count(self):
        service = self.served(FRESHET_API_RATES="anon_burst=3/min", FRESHET_API_TRUSTED_PROXIES="10.0.0.0/8")
        for n, status in enumerate((200, 200, 200, 429)):
            self.assertEqual(service.ask("/v1/images/stats/", X_Forwarded_For=f"192.0.2.{n}")[0], status)
        item = service.ask(f"/v1/images/{identifier(1)}/related/", X_Forwarded_Host="evil.example", X_Forwarded_Proto="https")
        self.assertNotIn("evil.example", json.dumps(item[2]))

    def test_the_referrer_has_scopes_of_its_own(self):
        service = self.served()
        _, headers, _ = service.ask("/v1/images/stats/", Referrer="openverse.org")
        self.assertIn("X-RateLimit-Limit-ov_referrer_burst", headers)
        self.assertNotIn("X-RateLimit-Limit-anon_burst", headers)

    def test_by_cost_many_readers_share_an_address(self):
        url, _ = self.redis()
        for settings in ({}, {"FRESHET_REDIS_URL": url}):
            with self.subTest(settings):
                service = self.served(FRESHET_API_LIMITS="cost", **settings)
                # 60 browsers, five searches each, all in the first seconds of a minute.
                search = "/v1/images/?q=lighthouse"
                status, headers, _ = service.ask(search, X_Forwarded_For="192.0.2.1")
                self.assertEqual((status, headers["X-RateLimit-Limit-anon_cost"], headers["X-RateLimit-Available-anon_cost"]), (200, "3000/min", "1495"))
                self.assertNotIn("X-RateLimit-Limit-anon_burst", headers)
                with concurrent.futures.ThreadPoolExecutor(8) as browsers:
                    answers = list(browsers.map(lambda _: service.ask(search, X_Forwarded_For="192.0.2.1")[0], range(299)))
                self.assertEqual(set(answers), {200})
                # A scraper gets what flows in, and is told when to come back. Here that is two searches a second.
                slow = self.served(FRESHET_API_LIMITS="cost", FRESHET_API_RATES="anon_cost=600/min", **settings)
                began, refused, served = time.monotonic(), [], 0
                while len(refused) < 10 and served < 2_000:
                    status, headers, body = slow.ask(search, X_Forwarded_For="192.0.2.9")
                    served += status == 200
                    if status == 429:
                        refused.append(int(headers["Retry-After"]))
                self.assertEqual(set(refused), {1})
                self.assertLessEqual(served, 60 + 2 * (time.monotonic() - began) + 1, "what a bucket holds, and what flowed in")
                self.assertEqual(slow.ask(search, X_Forwarded_For="192.0.2.2")[0], 200, "others are not concerned")
                _, headers, _ = service.ask(search + "&exact_count=true", X_Forwarded_For="192.0.2.3")
                self.assertEqual(headers["X-RateLimit-Available-anon_cost"], "1490")
                _, headers, _ = service.ask(f"/v1/images/{identifier(1)}/", X_Forwarded_For="192.0.2.3")
                self.assertLessEqual(1489, int(headers["X-RateLimit-Available-anon_cost"]))
                if settings:
                    keys = subprocess.run(["redis-cli", "-u", url, "keys", "*"], capture_output=True, text=True).stdout.split()
                    self.assertIn("freshet:bucket_anon_cost_192.0.2.1", keys)

    def test_shared_in_redis(self):
        url, _ = self.redis()
        settings = {"FRESHET_API_RATES": "anon_burst=3/min", "FRESHET_REDIS_URL": url}
        first, second = self.served(**settings), self.served(**settings)
        self.assertEqual(self.available(first), (200, "2"))
        self.assertEqual(self.available(second), (200, "1"))
        subprocess.run(["redis-cli", "-u", url, "script", "flush"], check=True, capture_output=True)
        self.assertEqual(self.available(first), (200, "0"))
        self.assertEqual(self.available(second), (429, "0"))
        keys = subprocess.run(["redis-cli", "-u", url, "keys", "*"], capture_output=True, text=True).stdout.split()
        self.assertEqual(set(keys), {"freshet:throttle_anon_burst_192.0.2.1", "freshet:throttle_anon_sustained_192.0.2.1"})
        for key, longest in zip(sorted(keys), (60, 86400)):
            life = int(subprocess.run(["redis-cli", "-u", url, "ttl", key], capture_output=True, text=True).stdout)
            self.assertTrue(longest - 20 < life <= longest, (key, life))
        subprocess.run(["redis-cli", "-u", url, "flushall"], check=True, capture_output=True)
        self.count_down(first)

    def test_redis_may_go_and_come_back(self):
        url, redis = self.redis()
        service = self.served(FRESHET_API_RATES="anon_burst=20/min", FRESHET_REDIS_URL=url)
        self.assertEqual(self.available(service), (200, "19"))
        redis.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        self.assertEqual(self.available(service), (200, "19"), "counted by the server itself")
        self.assertLess(time.monotonic() - began, 1)
        for left in range(18, 8, -1):
            self.assertEqual(self.available(service), (200, str(left)))
        log = pathlib.Path(service.log.name).read_text()
        self.assertEqual(log.count('"event":"redis_lost"'), 1, log)
        redis.send_signal(signal.SIGCONT)
        service.event("redis_back")
        self.assertLess(int(self.available(service)[1]), 19)
        redis.kill()
        self.assertEqual(service.ask("/v1/images/?q=lighthouse")[0], 200)

    def test_a_redis_that_was_never_there(self):
        service = self.served(FRESHET_API_RATES="anon_burst=3/min", FRESHET_REDIS_URL="redis://127.0.0.1:1")
        service.event("redis_lost")
        self.count_down(service)

    def test_many_at_once_are_counted_exactly(self):
        url, _ = self.redis()
        for settings in ({}, {"FRESHET_REDIS_URL": url}):
            service = self.served(FRESHET_API_RATES="anon_burst=30/min", **settings)
            if settings:
                self.assertEqual(service.ask("/v1/images/stats/", X_Forwarded_For="192.0.2.9")[0], 200)
            with concurrent.futures.ThreadPoolExecutor(12) as pool:
                statuses = list(pool.map(lambda _: self.available(service)[0], range(60)))
            self.assertEqual(statuses.count(200), 30, settings)


class Applications(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mails = pathlib.Path(tempfile.mkdtemp(prefix="mails-"))
        cls.addClassCleanup(shutil.rmtree, cls.mails, True)
        cls.settings = {"FRESHET_API_LIMITS": "openverse", "FRESHET_API_MAIL_DIR": str(cls.mails),
                        "FRESHET_API_RATES": "anon_burst=10000/min,anon_sustained=10000/day,tenperday=1000/day"}
        cls.service = Service(**cls.settings)
        cls.addClassCleanup(lambda: cls.service.stop())
        cls.service.wait_ready()

    def register(self) -> dict:
        before = set(self.mails.glob("*.eml"))
        status, _, body = send(self.service, "POST", "/v1/auth_tokens/register/",
                               {"name": f"it {uuid.uuid4()}", "description": "tests", "email": "me@example.org"})
        self.assertEqual(status, 201, body)
        self.assertEqual(list(body), ["client_id", "client_secret", "name", "msg"])
        mail = until(lambda: set(self.mails.glob("*.eml")) - before).pop().read_bytes().decode()
        self.assertIn("To: <me@example.org>\r\n", mail)
        body["link"] = re.search(r"http://\S+(/v1/auth_tokens/verify/\S+/)", mail).group(1)
        return body

    def token(self, application: dict) -> str:
        status, headers, body = send(self.service, "POST", "/v1/auth_tokens/token/", form={
            "grant_type": "client_credentials", "client_id": application["client_id"], "client_secret": application["client_secret"]})
        self.assertEqual((status, headers["Content-Type"], body["expires_in"], body["token_type"], body["scope"]),
                         (200, "application/json", 43200, "Bearer", "read write"))
        return body["access_token"]

    def get(self, path: str, token: str):
        return self.service.ask(path, Authorization="Bearer " + token)

    def command(self, *arguments: str) -> str:
        environment = {**os.environ, "FRESHET_POSTGRES_DSN": api.dsn_of(api.DATABASE)}
        return subprocess.run([api.BINARY, "applications", *arguments], env=environment, check=True, capture_output=True, text=True, timeout=60).stdout

    def test_from_registration_to_revocation(self):
        application = self.register()
        token = self.token(application)
        status, _, body = self.get("/v1/rate_limit/", token)
        self.assertEqual((status, body), (200, {"requests_this_minute": 0, "requests_today": 0, "rate_limit_model": "standard", "verified": False}))
        status, headers, body = self.get("/v1/images/?page_size=50", token)
        self.assertEqual((status, headers["x-ov-client-application-name"], headers["x-ov-client-application-verified"]),
                         (200, application["name"], "False"))
        self.assertIn("X-RateLimit-Limit-anon_burst", headers)

        self.assertEqual(self.service.ask(application["link"])[0], 200)
        self.assertEqual(self.service.ask(application["link"])[0], 500, "a code works once")
        self.assertTrue(self.get("/v1/rate_limit/", token)[2]["verified"])
        # Each thread of the server keeps tokens for some seconds: many answers show that all know.
        until(lambda: all(self.get("/v1/images/stats/", token)[1]["x-ov-client-application-verified"] == "True" for _ in range(12)), 60)
        status, headers, _ = self.get("/v1/images/stats/", token)
        self.assertEqual(headers["X-RateLimit-Limit-oauth2_client_credentials_burst"], "100/min")
        self.assertEqual(headers["X-RateLimit-Limit-oauth2_client_credentials_sustained"], "10000/day")
        used = self.get("/v1/rate_limit/", token)[2]
        self.assertEqual(used["requests_this_minute"], 100 - int(headers["X-RateLimit-Available-oauth2_client_credentials_burst"]))

        # A second server, or this one started anew, knows the token.
        with contextlib.ExitStack() as stack:
            other = Service(**self.settings)
            stack.callback(other.stop)
            other.wait_ready()
            self.assertEqual(other.ask("/v1/images/?page_size=50", Authorization="Bearer " + token)[0], 200)

        self.command("grant", application["name"], "--privilege", "max_page_size", "--model", "enhanced")
        until(lambda: self.get("/v1/images/?page_size=240", token)[0] == 200, 60)
        listed = {row["client_id"]: row for row in json.loads(self.command("list", "--json"))}[application["client_id"]]
        self.assertEqual((listed["name"], listed["rate_limit_model"], listed["verified"], listed["revoked"], listed["privileges"], listed["tokens"]),
                         (application["name"], "enhanced", True, False, "max_page_size", 1))
        self.command("revoke", application["client_id"])
        until(lambda: all(self.get("/v1/images/", token)[0] == 403 for _ in range(12)), 60)
        self.assertEqual(self.get("/v1/images/", token)[2], {"detail": "You do not have permission to perform this action."})

    def test_sorting_is_for_tokens(self):
        token = self.token(self.register())
        ids = lambda direction: [item["id"] for item in self.get(
            f"/v1/images/?unstable__sort_by=indexed_on&unstable__sort_dir={direction}&page_size=50", token)[2]["results"]]
        stamps = lambda direction: [item["indexed_on"] for item in self.get(
            f"/v1/images/?unstable__sort_by=indexed_on&unstable__sort_dir={direction}&page_size=50", token)[2]["results"]]
        self.assertEqual([s[:19] for s in stamps("asc")], sorted(s[:19] for s in stamps("asc")))
        self.assertNotEqual(ids("asc"), ids("desc"))

    def test_every_model_has_its_scopes(self):
        application = self.register()
        token = self.token(application)
        self.service.ask(application["link"])
        for model, scopes in (("enhanced", {"enhanced_oauth2_client_credentials_burst": "200/min", "enhanced_oauth2_client_credentials_sustained": "20000/day"}),
                              ("exempt", {})):
            psql(f"update api_application set rate_limit_model = '{model}' where client_id = '{application['client_id']}'")
            found = lambda: {name[len("X-RateLimit-Limit-"):]: value for name, value in self.get("/v1/images/stats/", token)[1].items()
                             if name.startswith("X-RateLimit-Limit-")}
            until(lambda: found() == scopes, 60)
            self.assertEqual(self.get("/v1/rate_limit/", token)[2]["rate_limit_model"], model)

    def test_nothing_that_is_stored_or_logged_can_be_used(self):
        application = self.register()
        token = self.token(application)
        self.get("/v1/images/", token)
        code = application["link"].rstrip("/").rsplit("/", 1)[1]
        kept = psql("select row_to_json(a) from api_application a; select row_to_json(t) from api_token t; select row_to_json(v) from api_verification v")
        self.service.ask(application["link"])
        kept += pathlib.Path(self.service.log.name).read_text()
        for secret in (application["client_secret"], token, code):
            self.assertNotIn(secret, kept)

    def test_a_token_ends(self):
        token = self.token(self.register())
        psql("update api_token set expires_at = now() + interval '1 second'")
        self.assertEqual(self.get("/v1/images/stats/", token)[0], 200)
        until(lambda: self.get("/v1/images/stats/", token)[0] == 401)

    def test_credentials_that_are_none(self):
        for token in ("abc", "x" * 30, "x" * 5000, "é", "'; drop table api_token; --"):
            status, headers, body = self.service.ask("/v1/images/", Authorization=b"Bearer " + token.encode())
            self.assertEqual((status, body), (401, {"detail": "Incorrect authentication credentials."}), token[:40])
            self.assertIn('error="invalid_token"', headers["WWW-Authenticate"])
        for scheme in ("Basic " + base64.b64encode(b"a:b").decode(), "Token x", "x"):
            self.assertEqual(self.service.ask("/v1/images/stats/", Authorization=scheme)[0], 200, scheme)
        status, headers, body = send(self.service, "POST", "/v1/auth_tokens/token/", form={"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"})
        self.assertEqual((status, body), (401, {"error": "invalid_client"}))
        self.assertEqual(send(self.service, "POST", "/v1/auth_tokens/token/", {"grant_type": "client_credentials"})[::2], (400, {"error": "unsupported_grant_type"}))
        self.assertEqual(self.service.ask("/v1/auth_tokens/token/")[::2], (405, {"detail": 'Method "GET" not allowed.'}))
        self.assertEqual(send(self.service, "POST", "/v1/auth_tokens/register/", {})[2],
                         {field: ["This field is required."] for field in ("name", "description", "email")})

    def test_names_are_taken_whatever_their_case(self):
        name = f"Acme {uuid.uuid4()}"
        register = lambda called: send(self.service, "POST", "/v1/auth_tokens/register/", {"name": called, "description": "d", "email": "a@example.org"})
        self.assertEqual(register(name)[0], 201)
        status, _, body = register(name.upper())
        self.assertEqual((status, list(body)), (400, ["name"]))
        self.assertIn("already exists", body["name"][0])


class Reports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service()
        cls.addClassCleanup(lambda: cls.service.stop())
        cls.service.wait_ready()

    def test_a_report_is_stored(self):
        path = f"/v1/images/{identifier(4)}/report/"
        status, _, body = send(self.service, "POST", path, {"reason": "mature", "description": "not for children"})
        self.assertEqual((status, body), (201, {"identifier": identifier(4), "reason": "mature", "description": "not for children"}))
        self.assertEqual(send(self.service, "POST", path, {"reason": "sensitive"})[2]["reason"], "mature")
        self.assertEqual(send(self.service, "POST", path, form={"reason": "dmca"})[0], 201)
        rows = psql(f"select media_type, provider, foreign_identifier, reason, description from report where identifier = '{identifier(4)}' order by id")
        self.assertEqual(rows.splitlines(), ["image|met|4|mature|not for children", "image|met|4|mature|", "image|met|4|dmca|"])
        status, _, body = send(self.service, "POST", "/v1/images/aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa/report/", {"reason": "dmca"})
        self.assertEqual(status, 201, "under the identifier that it had before")
        for number in (5000, 8):
            status, _, body = send(self.service, "POST", f"/v1/images/{identifier(number)}/report/", {"reason": "dmca"})
            self.assertEqual((status, list(body["detail"])), (400, ["identifier"]))

    def test_bodies_that_are_wrong(self):
        path = f"/v1/audio/{identifier(1001)}/report/"
        for body, detail in [({"reason": "zzz"}, {"reason": ['"zzz" is not a valid choice.']}), ({}, {"reason": ["This field may not be null."]}),
                             ({"reason": "other", "description": "short"}, {"non_field_errors": ["Description must be at least be 20 characters long"]})]:
            self.assertEqual(send(self.service, "POST", path, body)[::2], (400, {"detail": detail}))
        status, _, body = send(self.service, "POST", path, "{")
        self.assertEqual(status, 400)
        self.assertTrue(body["detail"].startswith("JSON parse error - "))
        self.assertEqual(send(self.service, "POST", path, "x", headers={"Content-Type": "text/plain"})[::2],
                         (415, {"detail": 'Unsupported media type "text/plain" in request.'}))
        status, headers, _ = self.service.ask(path)
        self.assertEqual((status, headers["Allow"]), (405, "POST, OPTIONS"))

    def test_texts_are_texts(self):
        hostile = "'); drop table report; -- \" \\ \U0001f989"
        status, _, body = send(self.service, "POST", f"/v1/images/{identifier(5)}/report/", {"reason": "other", "description": hostile})
        self.assertEqual((status, body["description"]), (201, hostile))
        self.assertEqual(psql(f"select description from report where identifier = '{identifier(5)}'"), hostile)


class Description(unittest.TestCase):
    """What the OpenAPI document says is what the server does."""

    @classmethod
    def setUpClass(cls):
        mails = tempfile.mkdtemp(prefix="mails-")
        cls.addClassCleanup(shutil.rmtree, mails, True)
        cls.role = thumbnail_role.Role()
        cls.addClassCleanup(cls.role.close)
        cls.service = Service(FRESHET_API_MAIL_DIR=mails, FRESHET_THUMBNAILS_SOCKET=cls.role.socket)
        cls.addClassCleanup(lambda: cls.service.stop())
        cls.service.wait_ready()
        status, headers, cls.document = cls.service.ask("/v1/schema/?format=json")
        assert (status, headers["Content-Type"]) == (200, "application/vnd.oai.openapi+json")
        cls.document = json.loads(cls.document)

    def operations(self):
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield path, method.upper(), operation

    def check(self, operation: dict, status: int, headers, body, what) -> None:
        """The reply is one that the document describes."""
        # Topics are not there, so nothing can be measured.
        self.assertTrue(status < 500 or (status, operation["operationId"]) == (503, "freshness"), what)
        self.assertIn(str(status), operation["responses"], what)
        content = operation["responses"][str(status)]["content"]
        kind = headers["Content-Type"].split(";")[0]
        self.assertIn(kind, content, what)
        if schema := content[kind].get("schema"):
            jsonschema.Draft202012Validator({**schema, "components": self.document["components"]}).validate(body)

    @staticmethod
    def values(schema: dict) -> tuple[list[str], list[str]]:
        """Some that a schema allows, and some that it forbids."""
        kind = schema["type"]
        if kind == "array":
            choices = schema["items"].get("enum")
            return (choices + [",".join(choices)], ["nonsense", ","]) if choices else (["met"], [])
        if "enum" in schema:
            return schema["enum"], ["nonsense"]
        if kind == "boolean":
            return ["true", "false", "1", "no"], ["perhaps", "2"]
        if kind in ("integer", "number"):
            good = [str(schema.get("minimum", 0)), str(schema.get("default", 1))]
            return good, ["x", "1.5x", "--1"] + ([str(schema["minimum"] - 1)] if "minimum" in schema else [])
        if schema.get("format") == "date-time":
            return ["2026-01-01T00:00:00Z", "2026-01-01"], ["yesterday", "2026-13-01"]
        longest = schema.get("maxLength")
        return ["rain", "é \"x\" 💧", "a" * (longest or 500)], ["a" * (longest + 1)] if longest else []

    def test_is_a_valid_document(self):
        self.assertEqual(self.document["openapi"], "3.1.0")
        status, headers, text = self.service.ask("/v1/schema/")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/vnd.oai.openapi"))
        self.assertTrue(text.startswith(b'"openapi": "3.1.0"\n'))
        for name, schema in self.document["components"]["schemas"].items():
            jsonschema.Draft202012Validator.check_schema(schema)
        operations = [operation["operationId"] for _, _, operation in self.operations()]
        self.assertEqual(len(operations), len(set(operations)))

    def test_what_it_allows_and_forbids_is_answered_as_it_says(self):
        asked = 0
        for path, method, operation in self.operations():
            number = 1001 if "/audio/" in path else 1
            path = path.replace("{id}", identifier(number))
            if method != "GET":
                continue
            required = "url=" + urllib.parse.quote(f"https://x.example/{identifier(1)}") if "oembed" in path else ""
            self.check(operation, *self.service.ask(f"{path}?{required}"), what=path)
            for parameter in operation["parameters"]:
                if parameter["in"] != "query":
                    continue
                good, bad = self.values(parameter["schema"])
                for value, is_good in [(v, True) for v in good] + [(v, False) for v in bad] + [(" ", False), ("\0", False), ("", True)]:
                    query = urllib.parse.urlencode({parameter["name"]: value})
                    asked += 1
                    what = f"{method} {path}?{query[:120]}"
                    status, headers, body = self.service.ask(f"{path}?{required}&{query}")
                    self.check(operation, status, headers, body, what)
                    if not is_good and value.strip() and parameter["name"] not in ("check_es", "format", "unstable__tag", "url"):
                        self.assertEqual(status, 400, what)
                        self.assertIn(parameter["name"], body["detail"], what)
        self.assertGreater(asked, 200)

    def test_bodies_are_answered_as_it_says(self):
        for path, method, operation in self.operations():
            if "requestBody" not in operation:
                continue
            path = path.replace("{id}", identifier(1001 if "/audio/" in path else 1))
            for form, content in operation["requestBody"]["content"].items():
                properties = content["schema"]["properties"]
                examples = {name: schema.get("examples", ["x"])[0] for name, schema in properties.items()}
                examples["name"] = f"{path} {form}"
                bodies = [examples, {}, *({**examples, name: value} for name in properties for value in ("", "x" * 20_000, "\0", "nonsense"))]
                for body in bodies:
                    if form == "application/json":
                        sent = json.dumps(body)
                    elif form == FORM:
                        sent = urllib.parse.urlencode(body)
                    else:
                        sent = "".join(f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in body.items()) + "--b--\r\n"
                    kind = form + ("; boundary=b" if "multipart" in form else "")
                    status, headers, reply = send(self.service, method, path, sent, headers={"Content-Type": kind})
                    self.check(operation, status, headers, reply, f"{method} {path} {form} {str(body)[:150]}")

    def test_the_page_for_people_runs_nothing_foreign(self):
        status, headers, body = self.service.ask("/v1/")
        policy = headers["Content-Security-Policy"]
        self.assertTrue(policy.startswith("default-src 'none'; "))
        import hashlib
        for tag in ("style", "script"):
            text = re.search(rb"<%s>(.*?)</%s>" % (tag.encode(), tag.encode()), body, re.S).group(1)
            digest = base64.b64encode(hashlib.sha256(text).digest()).decode()
            self.assertIn(f"{tag}-src 'sha256-{digest}'", policy)
        for _, method, operation in self.operations():
            self.assertIn(f'id="{operation["operationId"]}"'.encode(), body)
        self.assertEqual(self.service.ask("/v1/swagger/")[0], 200)

    def test_version_and_format(self):
        status, headers, body = self.service.ask("/version")
        self.assertEqual((status, headers["Content-Type"], list(body)), (200, "application/json", ["release", "environment"]))
        self.assertEqual(self.service.ask("/v1/images/?format=json")[0], 200)
        self.assertEqual(self.service.ask("/v1/images/?format=xml")[::2], (404, {"detail": "Not found."}))


if __name__ == "__main__":
    unittest.main()
