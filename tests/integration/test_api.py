"""The REST API over real stores: hand-made works as the sinks would write them, asked for over the wire.

Kafka has no part in it. The rows and documents are written here, in the shape of schemas/.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
import urllib.request

BINARY = os.environ.get("FRESHET_BINARY", "build/dev/freshet")
SOURCE = pathlib.Path(os.environ.get("FRESHET_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
DSN = os.environ["FRESHET_POSTGRES_DSN"]
SEARCH = os.environ["FRESHET_ELASTICSEARCH_URL"]
NAME = f"it-api-{os.getpid()}"
DATABASE = NAME.replace("-", "_")


def identifier(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


def dsn_of(database: str) -> str:
    return re.sub(r"dbname=\S+", "", DSN).strip() + f" dbname={database}"


def psql(query: str, database: str = DATABASE) -> str:
    done = subprocess.run(["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", dsn_of(database)], input=query,
                          capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout.strip()


def search_http(method: str, path: str, body: str | None = None) -> dict:
    request = urllib.request.Request(SEARCH + path, body.encode() if body else None, method=method,
                                     headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.loads(reply.read())


class Work:
    """One work; what is not said has a default that makes it findable."""

    def __init__(self, number: int, media: str = "image", **fields):
        self.number, self.media = number, media
        self.id = identifier(number)
        self.in_postgres = fields.pop("in_postgres", True)
        self.status = fields.pop("status", "live")
        self.popularity = fields.pop("popularity", None)
        self.sensitivity = fields.pop("sensitivity", [])
        self.description = fields.pop("description", None)
        self.former = fields.pop("former", [])
        self.hidden_tags = fields.pop("hidden_tags", [])
        self.fields = {
            "provider": "met", "source": "met", "license": "by", "license_version": "4.0", "creator": "Jane Doe",
            "creator_url": "https://example.org/jane", "foreign_landing_url": f"https://example.org/{number}",
            "url": f"https://files.example.org/{number}." + ("jpg" if media == "image" else "mp3"),
            "filetype": "jpg" if media == "image" else "mp3",
            "title": f"Work {number}", "tags": [], **fields}

    def row(self) -> str:
        meta = {"description": self.description} if self.description else {}
        meta |= self.fields.get("meta_data", {})
        columns = {
            "identifier": self.id, "created_on": f"2026-01-01T00:00:{self.number % 60:02d}.{self.number % 2 * 5}Z",
            "updated_on": "2026-01-02T00:00:00Z", "foreign_identifier": str(self.number), "revision": 1,
            "status": self.status, "meta_data": meta, **{k: v for k, v in self.fields.items() if k != "meta_data"}}
        def literal(name, value):
            if value is None:
                return "null"
            if name == "genres":
                return "array[" + ",".join(f"'{v}'" for v in value) + "]::varchar(80)[]"
            if isinstance(value, (dict, list)):
                value = json.dumps(value)
            return "'" + str(value).replace("'", "''") + "'"
        names = ", ".join(columns) + ", sensitivity, hidden_tags, former_identifiers"
        values = ", ".join(literal(k, v) for k, v in columns.items())
        values += ", array[" + ",".join(f"'{s}'" for s in self.sensitivity) + "]::text[]"
        values += ", array[" + ",".join(map(str, self.hidden_tags)) + "]::int[]"
        values += ", array[" + ",".join(f"'{u}'" for u in self.former) + "]::uuid[]"
        return f"insert into {self.media} ({names}) values ({values});"

    def document(self) -> dict:
        fields = self.fields
        document = {
            "identifier": self.id, "status": self.status, "revision": 1,
            "created_on": f"2026-01-01T00:00:{self.number % 60:02d}Z",
            "updated_on": f"2026-02-01T00:00:{59 - self.number % 60:02d}Z", "mature": bool(set(self.sensitivity) - {"sensitive_text"}),
            "sensitivity": self.sensitivity, "description": self.description,
            "tags": [{"name": tag["name"]} for i, tag in enumerate(fields["tags"]) if i not in self.hidden_tags],
            "extension": fields["filetype"], "standardized_popularity": self.popularity and self.popularity * 100,
            **{k: fields.get(k) for k in ("title", "creator", "provider", "source", "license", "category", "filetype", "url")}}
        if self.media == "image" and fields.get("width"):
            width, height = fields["width"], fields["height"]
            document["aspect_ratio"] = "tall" if height > width else "wide" if height < width else "square"
            area = width * height
            document["size"] = "small" if area < 307200 else "medium" if area < 1440000 else "large"
        if self.media == "audio" and fields.get("duration"):
            document["length"] = "shortest" if fields["duration"] < 30000 else "long"
        return {k: v for k, v in document.items() if v is not None}


def tag(name: str, provider: str = "met") -> dict:
    return {"name": name, "provider": provider}


WORKS = [
    Work(1, title="Lighthouse at dusk", tags=[tag("sea"), tag("hidden secret"), {**tag("tower", "rek"), "accuracy": 0.5}],
         hidden_tags=[1], category="photograph", width=3000, height=2000, license="cc0", license_version="1.0",
         former=["aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"], filesize=1234, creator="Ann Lee"),
    Work(2, title="A quiet bay", description="with a lighthouse far away, seen at dusk", popularity=0.99, width=300, height=400),
    Work(3, title="Harbour", tags=[tag("lighthouse")], source="flickr", provider="flickr", license="by-nc", width=800, height=800,
         url="files.example.org/3.png", filetype="png"),
    Work(4, title="Dancing penguins on the ice", popularity=0.2, tags=[tag("Cat")]),
    Work(5, title="Penguins that were dancing", popularity=0.9, tags=[tag("cat")], license="by-nd"),
    Work(6, title="Grim scene", sensitivity=["user_reported_sensitivity"]),
    Work(7, title="Rude words grim", sensitivity=["sensitive_text"]),
    Work(8, title="Copied lighthouse", status="duplicate"),
    Work(9, title="Blocked lighthouse", status="blocked"),
    Work(10, title="Ghost in the index", in_postgres=False),
    Work(11, title="Relative of the lighthouse", tags=[tag("sea")], creator="Ann Lee"),
    Work(12, title=None, creator=None, creator_url=None, license_version=None, foreign_landing_url=None),
    Work(13, title="Shy", source="behance", provider="behance"),
    *(Work(100 + n, title=f"Series {n}", popularity=0.5) for n in range(90)),
    Work(1001, "audio", title="Rain on a roof", duration=12000, category="sound_effect", bit_rate=128000, sample_rate=44100,
         genres=["ambient", "field recording"], source="freesound", provider="freesound",
         audio_set={"title": "Weather", "foreign_identifier": "w1", "creator": "Jane Doe"}, audio_set_foreign_identifier="w1",
         alt_files=[{"url": "https://x/r.ogg", "filetype": "ogg", "bit_rate": "96000", "filesize": "10"}]),
    Work(1002, "audio", title="Rain song", duration=700000, category="music", thumbnail="https://x/art.jpg",
         source="jamendo", provider="jamendo"),
]


class Service:
    """`freshet api` on free ports."""

    def __init__(self, **settings: str):
        self.log = tempfile.NamedTemporaryFile("w+", prefix="api-", suffix=".log")
        environment = {**os.environ, "FRESHET_POSTGRES_DSN": dsn_of(DATABASE), "FRESHET_ELASTICSEARCH_URL": SEARCH,
                       "FRESHET_ELASTICSEARCH_INDEX_PREFIX": NAME + "-", "FRESHET_API_LISTEN": "127.0.0.1:0",
                       "FRESHET_METRICS_LISTEN": "127.0.0.1:0", "FRESHET_LOG_FORMAT": "json", "FRESHET_API_LIMITS": "off", "FRESHET_REDIS_URL": "",
                       "FRESHET_API_TRUSTED_PROXIES": "127.0.0.1", "FRESHET_API_LINK_CHECKS": "false", **settings}
        self.process = subprocess.Popen([BINARY, "api"], env=environment, stderr=self.log)
        self.address = self.event("api_started")["address"]
        self.metrics = self.event("metrics_served")["address"]

    def event(self, name: str) -> dict:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for line in pathlib.Path(self.log.name).read_text().splitlines():
                if line.startswith("{") and json.loads(line).get("event") == name:
                    return json.loads(line)
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"no {name}: " + pathlib.Path(self.log.name).read_text()[-2000:])

    def wait_ready(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{self.metrics}/readyz", timeout=5) as reply:
                if reply.status == 200:
                    return
            time.sleep(0.1)
        raise AssertionError("never ready")

    def metric(self, text: str) -> float:
        with urllib.request.urlopen(f"http://{self.metrics}/metrics", timeout=5) as reply:
            return sum(float(line.rsplit(" ", 1)[1]) for line in reply.read().decode().splitlines() if line.startswith(text))

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def ask(self, path: str, method: str = "GET", **headers: str):
        """Status, headers and body (JSON where it is)."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            reply = connection.getresponse()
            body = reply.read()
            if reply.headers.get("Content-Type") == "application/json" and body:
                body = json.loads(body)
            return reply.status, reply.headers, body
        finally:
            connection.close()

    def search(self, media: str = "images", **parameters) -> dict:
        status, _, body = self.ask(f"/v1/{media}/?" + urllib.parse.urlencode(parameters))
        if status != 200:
            raise AssertionError(f"{parameters}: {status} {body}")
        return body

    def found(self, media: str = "images", **parameters) -> list[int]:
        return [int(item["id"][:8], 16) for item in self.search(media, **parameters)["results"]]


class Forwarder:
    """A port in front of a service, that can be cut and mended."""

    def __init__(self, host: str, port: int):
        self.target, self.is_up, self.pairs = (host, port), True, []
        self.flowing = threading.Event()
        self.flowing.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                if not self.is_up:
                    client.close()
                    continue
                server = socket.create_connection(self.target)
                self.pairs += [client, server]
                for a, b in ((client, server), (server, client)):
                    threading.Thread(target=self._copy, args=(a, b), daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.flowing.wait()
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self.cut()
        self.listener.close()

    def cut(self) -> None:
        self.is_up = False
        for end in self.pairs:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.pairs = []

    def mend(self) -> None:
        self.is_up = True


def set_up_stores(works: list[Work] = WORKS) -> None:
    psql(f"create database {DATABASE}", "postgres")
    environment = {**os.environ, "FRESHET_POSTGRES_DSN": dsn_of(DATABASE), "FRESHET_ELASTICSEARCH_INDEX_PREFIX": NAME + "-"}
    subprocess.run([BINARY, "schema", "apply"], env=environment, check=True, timeout=120, stdout=subprocess.DEVNULL)
    psql("".join(work.row() for work in works if work.in_postgres))
    index_works(works, NAME)


def index_works(works: list[Work], prefix: str) -> None:
    for media in {work.media for work in works}:
        lines = ""
        for work in works:
            if work.media == media:
                lines += json.dumps({"index": {"_id": work.id}}) + "\n" + json.dumps(work.document()) + "\n"
        done = search_http("POST", f"/{prefix}-{media}-write/_bulk?refresh=true&require_alias=true", lines)
        assert not done["errors"], done


def tear_down_stores() -> None:
    with contextlib.suppress(Exception):
        psql(f"drop database if exists {DATABASE} with (force)", "postgres")
    with contextlib.suppress(Exception):
        for index in search_http("GET", f"/_cat/indices/{NAME}-*?format=json"):
            search_http("DELETE", "/" + index["index"])
    with contextlib.suppress(Exception):
        search_http("DELETE", f"/_index_template/{NAME}-*")


service: Service


def setUpModule() -> None:
    global service
    unittest.addModuleCleanup(tear_down_stores)
    set_up_stores()
    service = Service()
    unittest.addModuleCleanup(service.stop)
    service.wait_ready()


class Relevance(unittest.TestCase):
    def test_title_beats_tags_and_description_even_a_popular_one(self):
        found = service.found(q="lighthouse")
        self.assertEqual(set(found), {1, 2, 3, 11})
        self.assertEqual(set(found[:2]), {1, 11})

    def test_every_word_must_match_somewhere(self):
        self.assertEqual(set(service.found(q="lighthouse dusk")), {1, 2})
        self.assertEqual(service.found(q="lighthouse penguins"), [])
        self.assertEqual(service.search(q="lighthouse penguins")["result_count"], 0)

    def test_words_are_stemmed_and_phrases_are_not(self):
        self.assertEqual(set(service.found(q="dance penguin")), {4, 5})
        self.assertEqual(service.found(q='"dancing penguins"'), [4])
        self.assertEqual(service.found(q='"dance penguins"'), [])

    def test_popularity_breaks_even_matches(self):
        self.assertEqual(service.found(q="penguins dancing"), [5, 4])

    def test_operators_are_few(self):
        self.assertEqual(service.found(q="penguins -ice"), [5])
        self.assertEqual(service.found(q="lighthous*zz"), [])
        self.assertEqual(set(service.found(q="(penguins)")), {4, 5})
        for hostile in ('lighthouse "', "lighthouse!", "lighthouse \\", "lighthouse ~2", "+-+", '"', "a" * 500, "é\u0301 💧"):
            self.assertEqual(service.ask("/v1/images/?" + urllib.parse.urlencode({"q": hostile}))[0], 200, hostile)
        self.assertTrue(service.found(q='lighthouse "'))
        self.assertTrue(service.found(q="lighthouse!"))
        self.assertTrue(service.found(q="*"))

    def test_single_fields(self):
        self.assertEqual(set(service.found(creator="Ann")), {1, 11})
        self.assertEqual(set(service.found(creator='"Ann Lee"')), {1, 11})
        self.assertEqual(service.found(title="lighthouse", creator="ann", tags="tower"), [1])

    def test_fields_matched(self):
        fields = {int(item["id"][:8], 16): item["fields_matched"] for item in service.search(q="lighthouse")["results"]}
        self.assertEqual(fields[1], ["title"])
        self.assertEqual(fields[2], ["description"])
        self.assertEqual(fields[3], ["tags.name"])
        fields = {int(item["id"][:8], 16): item["fields_matched"] for item in service.search(q="lighthouse sea -nothing")["results"]}
        self.assertEqual(fields, {1: ["title", "tags.name"], 11: ["title", "tags.name"]})
        self.assertEqual(service.search(q='"dancing penguins"')["results"][0]["fields_matched"], ["title"])
        self.assertEqual(service.search(title="penguins", tags="cat")["results"][0]["fields_matched"], ["title", "tags.name"])
        self.assertTrue(all(item["fields_matched"] == [] for item in service.search()["results"]))


class Filters(unittest.TestCase):
    def test_each_one(self):
        for parameters, expected in [
            ({"license": "CC0"}, {1}), ({"license": "cc0,by-nc"}, {1, 3}), ({"license_type": "commercial,modification", "q": "lighthouse"}, {1, 2, 11}),
            ({"extension": "PNG"}, {3}), ({"category": "Photograph"}, {1}), ({"aspect_ratio": "tall"}, {2}), ({"aspect_ratio": "square,wide"}, {1, 3}),
            ({"size": "small"}, {2}), ({"size": "medium,large"}, {1, 3}), ({"source": "Flickr"}, {3}),
            ({"excluded_source": "flickr", "q": "lighthouse"}, {1, 2, 11})]:
            with self.subTest(parameters):
                self.assertEqual(set(service.found(**parameters)), expected)

    def test_audio(self):
        self.assertEqual(service.found("audio", length="shortest"), [1001])
        self.assertEqual(service.found("audio", category="music"), [1002])
        self.assertEqual(set(service.found("audio", size="huge", q="rain")), {1001, 1002})

    def test_sensitive_works_only_on_demand(self):
        self.assertEqual(service.found(q="grim"), [])
        self.assertEqual(service.found(q="grim", mature="false"), [])
        items = service.search(q="grim", mature="true")["results"]
        by_id = {int(item["id"][:8], 16): item for item in items}
        self.assertEqual(set(by_id), {6, 7})
        self.assertEqual((by_id[6]["mature"], by_id[6]["unstable__sensitivity"]), (True, ["user_reported_sensitive"]))
        self.assertEqual((by_id[7]["mature"], by_id[7]["unstable__sensitivity"]), (False, ["sensitive_text"]))

    def test_sources_unknown_here(self):
        body = service.search(source="met,nowhere", q="lighthouse")
        self.assertEqual(list(body)[0], "warnings")
        self.assertEqual(body["warnings"][0]["invalid_sources"], ["nowhere"])
        self.assertEqual(body["warnings"][0]["message"].rsplit(" ", 1)[1], f"http://{service.address}/v1/images/stats/")
        status, _, body = service.ask("/v1/images/?source=nowhere")
        self.assertEqual(status, 400)
        self.assertIn("No valid sources selected", body["detail"]["source"][0])
        self.assertEqual(service.search(mature="false", excluded_source="flickr,inaturalist,wikimedia", license="pdm,cc0", page_size=20)["result_count"], 1)

    def test_collections(self):
        self.assertEqual(service.found(unstable__collection="tag", unstable__tag="Cat"), [4])
        self.assertEqual(service.found(unstable__collection="source", source="flickr"), [3])
        self.assertEqual(service.found(unstable__collection="creator", source="met", creator="Ann Lee"), [11, 1])


class Pages(unittest.TestCase):
    def test_no_work_stands_on_two_pages(self):
        seen: list[int] = []
        for page in (1, 2, 3, 4):
            body = service.search(page=page)
            self.assertEqual((body["page"], body["page_size"], body["page_count"]), (page, 20, 5))
            self.assertEqual(len(body["results"]), 20 if page != 4 else len(body["results"]))
            seen += [item["id"] for item in body["results"]]
        self.assertEqual(len(seen), len(set(seen)))

    def test_counts(self):
        body = service.search(q="series", page_size=7, page=2)
        self.assertEqual((body["result_count"], body["page_count"], len(body["results"])), (90, 13, 7))
        body = service.search(q="lighthouse")
        self.assertEqual((body["result_count"], body["page_count"]), (4, 1))
        body = service.search(q="series", page=9)
        self.assertEqual((body["results"], body["result_count"], body["page_count"]), ([], 0, 0))

    def test_limits(self):
        for query, status, detail in [
            ("page_size=21", 401, "page_size may not exceed 20 for anonymous requests"),
            ("page=13", 401, "pagination depth may not exceed 240 for anonymous requests"),
            ("page=0", 400, {"page": ["Ensure this value is greater than or equal to 1."]}),
            ("q=%20", 400, {"q": ["This field may not be blank."]}),
            ("li=by", 400, {"li": ["Parameter 'li' is deprecated in this release of the API. Use 'license' instead."]})]:
            got, headers, body = service.ask("/v1/images/?" + query)
            self.assertEqual((got, body), (status, {"detail": detail}), query)
            self.assertIsNone(headers["Cache-Control"])
            self.assertEqual(headers["WWW-Authenticate"], 'Bearer realm="api"' if status == 401 else None)

    def test_newest_first_for_everybody(self):
        self.assertEqual(service.found(q="lighthouse", sort="created_on"), [11, 3, 2, 1])
        self.assertEqual(service.found(q="lighthouse", sort="indexed_on"), [11, 3, 2, 1])
        self.assertEqual(service.found(q="lighthouse", sort="updated_on"), [1, 2, 3, 11])
        self.assertEqual(set(service.found(q="lighthouse", sort="relevance")), {1, 2, 3, 11})
        self.assertEqual(service.found(unstable__collection="creator", source="met", creator="Ann Lee", sort="updated_on"), [1, 11])
        self.assertEqual(service.ask("/v1/images/?sort=size")[2], {"detail": {"sort": ['"size" is not a valid choice.']}})

    def test_since(self):
        self.assertEqual(set(service.found(q="lighthouse", created_since="2026-01-01T00:00:03Z")), {3, 11})
        self.assertEqual(set(service.found(q="lighthouse", created_since="2026-01-01")), {1, 2, 3, 11})
        self.assertEqual(service.found(q="lighthouse", created_since="2026-01-02"), [])
        self.assertEqual(set(service.found(q="lighthouse", updated_since="2026-02-01T01:00:57+01:00")), {1, 2})
        self.assertEqual(service.ask("/v1/images/?updated_since=soon")[0], 400)

    def test_exact_count(self):
        live = sum(w.media == "image" and w.status == "live" and not w.sensitivity for w in WORKS)
        self.assertEqual(service.search(exact_count="true", page_size=2)["result_count"], live)

    def test_a_hit_without_a_row_is_left_out_and_counted(self):
        before = service.metric("freshet_api_hits_without_row_total")
        self.assertEqual(service.found(q="ghost"), [])
        self.assertEqual(service.metric("freshet_api_hits_without_row_total"), before + 1)


class Items(unittest.TestCase):
    def test_image(self):
        status, headers, item = service.ask(f"/v1/images/{identifier(1)}/", X_Forwarded_Proto="https", X_Forwarded_Host="api.example")
        self.assertEqual(status, 200)
        self.assertEqual(headers["Cache-Control"], "max-age=10, public")
        here = f"https://api.example/v1/images/{identifier(1)}/"
        self.assertEqual(item, {
            "id": identifier(1), "title": "Lighthouse at dusk", "indexed_on": "2026-01-01T00:00:01.500000Z",
            "foreign_landing_url": "https://example.org/1", "url": "https://files.example.org/1.jpg", "creator": "Ann Lee",
            "creator_url": "https://example.org/jane", "license": "cc0", "license_version": "1.0",
            "license_url": "https://creativecommons.org/publicdomain/zero/1.0/", "provider": "met", "source": "met",
            "category": "photograph", "filesize": 1234, "filetype": "jpg",
            "tags": [{"name": "sea", "accuracy": None, "unstable__provider": "met"},
                     {"name": "tower", "accuracy": 0.5, "unstable__provider": "rek"}],
            "attribution": '"Lighthouse at dusk" by Ann Lee is marked with CC0 1.0. To view the terms, visit '
                           "https://creativecommons.org/publicdomain/zero/1.0/.",
            "fields_matched": [], "mature": False, "height": 2000, "width": 3000, "thumbnail": here + "thumb/",
            "detail_url": here, "related_url": here + "related/",
            "indexed_at": "2026-01-02T00:00:00Z", "last_seen_at": None, "unstable__sensitivity": []})
        self.assertEqual(list(item)[-1], "unstable__sensitivity")

    def test_image_without_much(self):
        item = service.ask(f"/v1/images/{identifier(12)}/")[2]
        for name in ("title", "creator", "creator_url", "license_version", "foreign_landing_url", "width"):
            self.assertIsNone(item[name], name)
        self.assertEqual(item["indexed_on"], "2026-01-01T00:00:12Z")
        self.assertEqual(item["tags"], [])
        self.assertEqual(service.ask(f"/v1/images/{identifier(3)}/")[2]["url"], "https://files.example.org/3.png")

    def test_audio(self):
        item = service.ask(f"/v1/audio/{identifier(1001)}/?peaks=true")[2]
        self.assertEqual(item["genres"], ["ambient", "field recording"])
        self.assertEqual(item["audio_set"], {"title": "Weather", "foreign_landing_url": None, "creator": "Jane Doe", "creator_url": None,
                                             "url": None, "filesize": None, "filetype": None})
        self.assertEqual(item["alt_files"], [{"url": "https://x/r.ogg", "bit_rate": 96000, "filesize": 10, "filetype": "ogg"}])
        self.assertEqual((item["duration"], item["bit_rate"], item["sample_rate"]), (12000, 128000, 44100))
        self.assertEqual((item["thumbnail"], item["peaks"]), (None, []))
        self.assertNotIn("peaks", service.search("audio", q="rain")["results"][0])
        self.assertTrue(service.ask(f"/v1/audio/{identifier(1002)}/")[2]["thumbnail"].endswith("/thumb/"))

    def test_former_identifier(self):
        status, _, item = service.ask("/v1/images/aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa/")
        self.assertEqual((status, item["id"]), (200, identifier(1)))

    def test_what_is_not_there(self):
        for number in (8, 9, 10, 5000):
            self.assertEqual(service.ask(f"/v1/images/{identifier(number)}/")[0], 404)
        self.assertEqual(service.ask("/v1/images/abcd/")[::2], (404, {"detail": "Not found."}))
        self.assertEqual(service.ask("/v1/images/abcd")[0], 404)
        self.assertEqual(service.found(q="copied"), [])
        self.assertEqual(service.found(q="blocked"), [])

    def test_related(self):
        body = service.ask(f"/v1/images/{identifier(1)}/related/")[2]
        self.assertEqual((body["result_count"], body["page_count"], body["page_size"]), (10, 1, 10))
        found = [int(item["id"][:8], 16) for item in body["results"]]
        self.assertEqual(found, [11])
        self.assertEqual(service.ask(f"/v1/images/{identifier(5000)}/related/")[::2], (404, {"detail": "Not found."}))

    def test_oembed(self):
        ask = lambda url: service.ask("/v1/images/oembed/?" + urllib.parse.urlencode({"url": url}))
        for url in (f"https://any.example/image/{identifier(1)}", f"https://any.example/image/{identifier(1).upper()}/"):
            status, headers, body = ask(url)
            self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
            self.assertEqual(body, {"version": "1.0", "type": "photo", "width": 3000, "height": 2000, "title": "Lighthouse at dusk",
                                    "author_name": "Ann Lee", "author_url": "https://example.org/jane",
                                    "license_url": "https://creativecommons.org/publicdomain/zero/1.0/"})
        for url in (f"HTTPS://any.example/bücher/{identifier(1)}", f"https://bücher.example/\"x\"/{identifier(1)}?ref=\"y\"#ü"):
            status, _, body = ask(url)
            self.assertEqual((status, body.get("title")), (200, "Lighthouse at dusk"), url)
        zero = "https://any.example/00000000-0000-0000-0000-000000000000"
        self.assertEqual(ask(zero)[::2], (400, {"detail": {"Could not find image from the provided URL": [zero]}}))

    def test_stats(self):
        status, headers, body = service.ask("/v1/images/stats/")
        self.assertEqual((status, headers["Cache-Control"]), (200, "max-age=60, public"))
        counts = {entry["source_name"]: entry["media_count"] for entry in body}
        self.assertEqual(counts["flickr"], 1)
        self.assertEqual(counts["met"], sum(w.media == "image" and w.status == "live" and w.fields["source"] == "met" for w in WORKS))
        self.assertEqual(list(body[0]), ["source_name", "display_name", "source_url", "logo_url", "media_count", "last_indexed_at"])
        times = {entry["source_name"]: entry["last_indexed_at"] for entry in body}
        self.assertEqual(times["flickr"], Work(3).document()["updated_on"].replace("Z", ".000Z"), "its one work")
        self.assertEqual(times["met"], max(w.document()["updated_on"] for w in WORKS if w.media == "image" and w.status == "live" and
                                           w.fields["source"] == "met").replace("Z", ".000Z"))
        self.assertEqual([entry["source_name"] for entry in body], sorted(counts))
        self.assertIn("jamendo", {entry["source_name"] for entry in service.ask("/v1/audio/stats/")[2]})

    def test_a_source_hidden_by_hand_is_gone_within_seconds_and_comes_back(self):
        self.assertEqual(service.found(q="shy"), [13])
        for hidden, status in (("true", 404), ("false", 200)):
            psql(f"insert into source_visibility (source, hidden) values ('behance', {hidden}) "
                 "on conflict (source) do update set hidden = excluded.hidden")
            deadline = time.monotonic() + 10
            while service.ask(f"/v1/images/{identifier(13)}/")[0] != status and time.monotonic() < deadline:
                time.sleep(0.1)
            self.assertEqual(service.ask(f"/v1/images/{identifier(13)}/")[0], status)
            self.assertEqual(service.found(q="shy"), [13] if status == 200 else [])


class Wire(unittest.TestCase):
    def raw(self, data: bytes) -> bytes:
        host, port = service.address.split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(data)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
            return received

    def test_common_headers(self):
        _, headers, _ = service.ask("/v1/images/", Origin="https://wp.example", X_Request_Id="abc-1")
        self.assertEqual(headers["Access-Control-Allow-Origin"], "*")
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertRegex(headers["Date"], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
        self.assertEqual(headers["X-Request-Id"], "abc-1")
        self.assertEqual(headers["Allow"], "GET, HEAD, OPTIONS")
        self.assertEqual(headers["Cache-Control"], "max-age=10, public")

    def test_head_has_the_headers_of_get(self):
        status, get, body = service.ask("/v1/images/stats/")
        status, head, nothing = service.ask("/v1/images/stats/", "HEAD")
        self.assertEqual((status, nothing), (200, b""))
        self.assertEqual(head["Content-Length"], get["Content-Length"])
        self.assertEqual(head["Content-Type"], "application/json")
        self.assertEqual(service.ask("/v1/images/abcd/", "HEAD")[::2], (404, b""))

    def test_missing_slash(self):
        status, headers, body = service.ask("/v1/images?q=a%20b&page=2", Origin="https://wp.example")
        self.assertEqual((status, headers["Location"], body), (301, "/v1/images/?q=a%20b&page=2", b""))
        self.assertEqual(headers["Access-Control-Allow-Origin"], "*")
        self.assertEqual(service.ask("/v1/sources?x=1")[1]["Location"], "/v1/images/stats/")

    def test_preflight(self):
        status, headers, body = service.ask("/v1/images/", "OPTIONS", Origin="https://wp.example", Access_Control_Request_Method="GET",
                                            Access_Control_Request_Headers="content-type,user-agent", Authorization="Bearer bad")
        self.assertEqual((status, body, headers["Content-Length"]), (200, b"", "0"))
        self.assertEqual(headers["Access-Control-Allow-Origin"], "*")
        self.assertEqual(headers["Access-Control-Allow-Methods"], "DELETE, GET, OPTIONS, PATCH, POST, PUT")
        self.assertTrue({"accept", "authorization", "content-type", "user-agent"} <= set(headers["Access-Control-Allow-Headers"].split(", ")))
        self.assertEqual(headers["Access-Control-Max-Age"], "86400")

    def test_methods(self):
        status, headers, body = service.ask("/v1/images/", "DELETE")
        self.assertEqual((status, headers["Allow"], body), (405, "GET, HEAD, OPTIONS", {"detail": 'Method "DELETE" not allowed.'}))
        self.assertEqual(service.ask("/v1/images/", "OPTIONS")[0], 200)
        self.assertEqual(service.ask("/v1/link/", "POST")[0], 410)

    def test_bodies_that_nobody_wants(self):
        connection = http.client.HTTPConnection(service.address, timeout=20)
        self.addCleanup(connection.close)
        for method, path, status in [("POST", "/v1/images/", 405), ("GET", "/v1/images/stats/", 200), ("PUT", "/v1/link/x", 410),
                                     ("POST", "/nowhere/", 404)]:
            for body, headers in [(b"x" * 60_000, {}), (iter([b"x" * 30_000] * 2), {"Transfer-Encoding": "chunked"})]:
                connection.request(method, path, body, headers, encode_chunked=bool(headers))
                reply = connection.getresponse()
                reply.read()
                self.assertEqual((reply.status, reply.headers["Connection"]), (status, None), "the connection is kept")
        large = b"POST /v1/images/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
        self.assertEqual(self.raw(large + b"8001\r\n" + b"x" * 0x8001 + b"\r\n0\r\n\r\n").split(b" ")[1], b"413")
        answer = self.raw(b"POST /v1/images/ HTTP/1.1\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n")
        self.assertEqual(answer.split(b" ")[1], b"405")
        self.assertIn(b"Connection: close", answer)

    def test_pages_for_people(self):
        self.assertEqual(service.ask("/")[0], 200)
        status, headers, body = service.ask("/v1/")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertIn(b"<title>", body)
        for part in ("/v1/audio/{id}/related/", "/v1/images/oembed/", "/healthcheck/", "excluded_source", "unstable__collection"):
            self.assertIn(part.encode(), body)

    def test_healthcheck(self):
        self.assertEqual(service.ask("/healthcheck/")[::2], (200, {"status": "200 OK"}))
        status, headers, body = service.ask("/healthcheck/?check_es")
        health = search_http("GET", "/_cluster/health")["status"]
        self.assertEqual((status, body), (200, {"status": "200 OK"}) if health == "green" else (503, {"detail": "es_status_" + health}))
        self.assertIsNone(headers["Cache-Control"])

    def test_bad_token(self):
        status, headers, body = service.ask("/v1/images/", Authorization="Bearer abc")
        self.assertEqual((status, body), (401, {"detail": "Incorrect authentication credentials."}))
        self.assertIn("invalid_token", headers["WWW-Authenticate"])

    def test_connections_are_kept_and_pipelined(self):
        request = b"GET /v1/images/stats/ HTTP/1.1\r\nHost: h\r\n\r\n"
        answer = self.raw(request * 2 + b"GET /healthcheck/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        self.assertEqual(answer.count(b"HTTP/1.1 200 OK"), 3)
        self.assertTrue(answer.endswith(b'{"status":"200 OK"}'))
        self.assertTrue(self.raw(b"GET /healthcheck/ HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.0 200 OK\r\n"))  # and closes

    def test_what_is_no_request(self):
        for data, status in [(b"nonsense\r\n\r\n", b"400"), (b"GET / HTTP/1.1\r\nX: " + b"a" * 20000 + b"\r\n\r\n", b"431"),
                             (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"413")]:
            answer = self.raw(data)
            self.assertEqual(answer.split(b" ")[1], status)
            self.assertIn(b'{"detail":', answer)
        self.assertEqual(service.ask("/v1/images/?q=%FF%FE")[0], 200)
        self.assertEqual(service.ask("/v1/images/?q=a%00")[0], 400)
        self.assertEqual(service.ask("/v1/images/?" + urllib.parse.urlencode({"creator": "'; drop table image; --"}))[0], 200)

    def test_metrics(self):
        name = 'freshet_api_requests_total{route="healthcheck",status="200"}'
        before = service.metric(name)
        service.ask("/healthcheck/")
        self.assertEqual(service.metric(name), before + 1)
        self.assertGreater(service.metric("freshet_api_request_duration_seconds_count"), 0)


class WhatBreaksClients(unittest.TestCase):
    """What clients of v1 rely on, one by one."""

    def test_01_a_missing_slash_is_a_redirect_that_browsers_may_follow(self):
        for path in ("/v1/images", "/v1/audio/stats", f"/v1/images/{identifier(1)}", f"/v1/images/{identifier(1)}/related", "/v1/rate_limit", "/healthcheck"):
            status, headers, body = service.ask(path + "?a=b%20c", Origin="https://wp.example")
            self.assertEqual((status, headers["Location"], body, headers["Access-Control-Allow-Origin"]), (301, path + "/?a=b%20c", b"", "*"), path)

    def test_02_every_reply_is_for_every_origin(self):
        for path in ("/v1/images/", "/v1/images/?page_size=99", "/nowhere/", "/v1/images/?page=0", "/v1/link/x", "/version"):
            self.assertEqual(service.ask(path, Origin="https://wp.example")[1]["Access-Control-Allow-Origin"], "*", path)
        status, headers, _ = service.ask("/v1/audio/", "OPTIONS", Origin="https://wp.example", Access_Control_Request_Method="GET",
                                         Access_Control_Request_Headers="content-type, user-agent")
        self.assertEqual((status, headers["Vary"]), (200, "origin"))
        self.assertNotIn("Access-Control-Allow-Credentials", headers)

    def test_03_a_list_is_its_five_members(self):
        self.assertEqual(list(service.search(q="lighthouse")), ["result_count", "page_count", "page_size", "page", "results"])

    def test_04_identifiers_are_lower_case_uuids_of_version_4(self):
        for wrong in (identifier(1).replace("-4000-", "-1000-"), identifier(0xABCDEF).upper(), identifier(1).replace("-", ""), identifier(1) + "0", "abcd"):
            self.assertEqual(service.ask(f"/v1/images/{wrong}/")[::2], (404, {"detail": "Not found."}), wrong)

    def test_05_what_is_too_much_is_401(self):
        for query in ("page_size=21", "page=13", "page=25&page_size=10"):
            self.assertEqual(service.ask("/v1/images/?" + query)[0], 401, query)
        for query in ("page_size=20&page=12", "page=24&page_size=10"):
            self.assertEqual(service.ask("/v1/images/?" + query)[0], 200, query)

    def test_06_counts_end_at_240(self):
        body = service.search(page_size=2)
        self.assertLessEqual(body["result_count"], 240)
        self.assertLessEqual(body["page_count"], 120)

    def test_07_faults_of_fields_are_lists_and_others_a_sentence(self):
        self.assertEqual(service.ask("/v1/images/?license=x&page=0")[2]["detail"], {
            "page": ["Ensure this value is greater than or equal to 1."], "license": ["License 'x' does not exist."]})
        for path in ("/v1/images/?page_size=21", "/nowhere/", f"/v1/images/{identifier(5000)}/"):
            self.assertIsInstance(service.ask(path)[2]["detail"], str)

    def test_08_an_empty_parameter_is_absent_and_a_blank_one_wrong(self):
        self.assertEqual(service.search(q="")["result_count"], service.search()["result_count"])
        self.assertEqual(service.ask("/v1/images/?q=%20%09")[2], {"detail": {"q": ["This field may not be blank."]}})

    def test_09_unknown_names_pass_and_old_ones_do_not(self):
        self.assertEqual(service.ask("/v1/images/?colour=blue&categories=x&Q=a")[0], 200)
        for old, now in (("li", "license"), ("lt", "license_type"), ("pagesize", "page_size"), ("provider", "source")):
            self.assertEqual(service.ask(f"/v1/images/?{old}=x")[2], {"detail": {old: [
                f"Parameter '{old}' is deprecated in this release of the API. Use '{now}' instead."]}})

    def test_10_the_block_editor_is_answered_whatever_sources_there_are(self):
        body = service.search("images", mature="false", excluded_source="inaturalist,wikimedia,nowhere", license="pdm,cc0", page_size=10)
        self.assertTrue(body["results"])
        for name in ("id", "title", "foreign_landing_url", "creator", "creator_url", "license", "license_version", "license_url", "thumbnail", "url"):
            self.assertIn(name, body["results"][0])

    def test_11_lists_are_never_null_and_urls_have_a_scheme(self):
        for item in service.search(q="lighthouse")["results"] + [service.ask(f"/v1/images/{identifier(12)}/")[2]]:
            self.assertIsInstance(item["tags"], list)
            self.assertIsInstance(item["fields_matched"], list)
            self.assertEqual(item["license"], item["license"].lower())
            self.assertRegex(item["url"], "^https?://")

    def test_12_links_lead_to_this_server(self):
        here = f"http://{service.address}/v1/audio/{identifier(1002)}/"
        item = service.ask(f"/v1/audio/{identifier(1002)}/")[2]
        self.assertEqual([item[name] for name in ("detail_url", "related_url", "waveform", "thumbnail")], [here, here + "related/", here + "waveform/", here + "thumb/"])

    # 13, tokens, is in test_accounts.py; 14, thumbnails, in test_thumbnails.py.

    def test_15_a_bad_token_is_never_anonymous(self):
        for path in ("/v1/images/", "/v1/images/stats/", f"/v1/images/{identifier(1)}/", "/healthcheck/", "/v1/rate_limit/"):
            status, _, body = service.ask(path, Authorization="bearer nonsense")
            self.assertEqual((status, body), (401, {"detail": "Incorrect authentication credentials."}), path)

    def test_injections_are_words(self):
        for text in ("' or 1=1 --", '"}}}]}', "${jndi:ldap://x}", "{{7*7}}", "../../etc/passwd", "<script>", "a\r\nSet-Cookie: x=1", "%00", "\\", "*:*", "title:x OR 1"):
            for name in ("q", "title", "creator", "tags", "source", "unstable__tag", "extension"):
                status, headers, body = service.ask("/v1/images/?" + urllib.parse.urlencode({name: text}))
                self.assertIn(status, (200, 400), (name, text))
                self.assertNotIn("Set-Cookie", headers)


class Lifecycle(unittest.TestCase):
    def forwarded(self) -> tuple[Forwarder, Forwarder, Service]:
        address = urllib.parse.urlsplit(SEARCH)
        search = Forwarder(address.hostname, address.port)
        port = re.search(r"port=(\d+)", DSN)
        postgres = Forwarder(re.search(r"host=(\S+)", DSN).group(1), int(port.group(1)) if port else 5432)
        dsn = re.sub(r"(host|port)=\S+", "", dsn_of(DATABASE)) + f" host=127.0.0.1 port={postgres.port}"
        api = Service(FRESHET_ELASTICSEARCH_URL=f"http://127.0.0.1:{search.port}", FRESHET_POSTGRES_DSN=dsn)
        for clean_up in (postgres.close, search.close, api.stop):
            self.addCleanup(clean_up)
        api.wait_ready()
        return search, postgres, api

    def wait(self, what, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not what() and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertTrue(what())

    def is_ready(self, api: Service) -> bool:
        try:
            with urllib.request.urlopen(f"http://{api.metrics}/readyz", timeout=5) as reply:
                return reply.status == 200
        except OSError:
            return False

    def test_each_store_may_go_and_come_back(self):
        search, postgres, api = self.forwarded()
        self.assertEqual(api.ask("/v1/images/?q=lighthouse")[0], 200)

        search.cut()
        status, headers, body = api.ask("/v1/images/?q=lighthouse")
        self.assertEqual((status, headers["Retry-After"]), (503, "5"))
        self.assertIn("Search unavailable", body["detail"])
        self.assertEqual(api.ask(f"/v1/images/{identifier(1)}/")[0], 200)
        self.assertEqual(api.ask("/v1/images/stats/")[0], 200)
        self.assertEqual(api.ask("/healthcheck/")[0], 200)
        self.assertEqual(api.ask("/healthcheck/?check_es")[0], 503)
        self.wait(lambda: not self.is_ready(api))
        search.mend()
        self.assertEqual(api.ask("/v1/images/?q=lighthouse")[0], 200)

        postgres.cut()
        self.assertEqual(api.ask(f"/v1/images/{identifier(1)}/")[0], 503)
        self.assertEqual(api.ask("/v1/images/?q=lighthouse")[0], 503)
        status, _, body = api.ask("/healthcheck/")
        self.assertEqual(status, 503)
        self.assertIn("Database unavailable", body["detail"])
        postgres.mend()
        self.wait(lambda: api.ask(f"/v1/images/{identifier(1)}/")[0] == 200)
        self.wait(lambda: self.is_ready(api))
        self.assertGreater(api.metric("freshet_api_store_failures_total"), 0)

    def test_a_missing_index_is_an_error_of_its_own(self):
        api = Service(FRESHET_ELASTICSEARCH_INDEX_PREFIX=NAME + "-none-")
        self.addCleanup(api.stop)
        status, _, body = api.ask("/v1/images/")
        self.assertEqual(status, 500)
        self.assertIn("no such index", body["detail"])
        self.assertFalse(self.is_ready(api))

    def test_sigterm_closes_idle_connections_and_ends_well(self):
        api = Service()
        host, port = api.address.split(":")
        with socket.create_connection((host, int(port)), timeout=10) as idle:
            idle.sendall(b"GET /healthcheck/ HTTP/1.1\r\nHost: h\r\n\r\n")
            self.assertIn(b"200 OK", idle.recv(65536))
            started = time.monotonic()
            self.assertEqual(api.stop(), 0)
            self.assertLess(time.monotonic() - started, 5)
            self.assertEqual(idle.recv(10), b"")

    def test_sigterm_lets_a_request_under_way_finish(self):
        search, _, api = self.forwarded()
        search.flowing.clear()
        answers: list[int] = []
        asking = threading.Thread(target=lambda: answers.append(api.ask("/v1/images/?q=lighthouse")[0]))
        asking.start()
        self.wait(lambda: api.metric("freshet_api_connections") == 1)
        time.sleep(0.3)
        api.process.send_signal(signal.SIGTERM)
        time.sleep(0.7)
        self.assertIsNone(api.process.poll())
        self.assertEqual(answers, [])
        search.flowing.set()
        asking.join()
        self.assertEqual(answers, [200])
        self.assertEqual(api.process.wait(10), 0)  # a second SIGTERM would end it at once

    def test_sigterm_does_not_wait_for_ever(self):
        search, _, api = self.forwarded()
        search.flowing.clear()
        with contextlib.closing(http.client.HTTPConnection(api.address, timeout=30)) as client:
            client.request("GET", "/v1/images/?q=lighthouse")
            time.sleep(0.3)
            started = time.monotonic()
            self.assertEqual(api.stop(), 0)
            self.assertLess(time.monotonic() - started, 15)
        search.flowing.set()

    def test_services_that_cannot_be_reached_at_start(self):
        for setting in ({"FRESHET_POSTGRES_DSN": "host=127.0.0.1 port=1 dbname=x"}, {"FRESHET_ELASTICSEARCH_URL": "http://127.0.0.1:1"}):
            environment = {**os.environ, "FRESHET_POSTGRES_DSN": dsn_of(DATABASE), "FRESHET_API_LISTEN": "127.0.0.1:0", **setting}
            done = subprocess.run([BINARY, "api"], env=environment, capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 2, done.stderr)

    def test_many_at_once(self):
        wrong: list[object] = []

        def ask_some() -> None:
            for n in range(15):
                try:
                    if service.found(q="lighthouse") != expected or service.ask(f"/v1/images/{identifier(1)}/")[0] != 200:
                        wrong.append(n)
                except Exception as fault:  # a thread's exception would be lost
                    wrong.append(fault)

        expected = service.found(q="lighthouse")
        threads = [threading.Thread(target=ask_some) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
