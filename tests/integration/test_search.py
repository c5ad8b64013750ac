"""What a search finds: spelling, case and accents, documents that are far too large, shards that fail, older indexes.

Works are written as in test_api.py, straight into the stores, so that also what no sink would write is there.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import unittest

import test_api as api
from test_api import NAME, SOURCE, Work, identifier, tag

service: api.Service

# By number; each stands for a spelling that is looked for in others.
SPELLINGS = [
    Work(1, title="Animals of the savannah"),
    Work(2, title="wild animals"),
    Work(3, title="ANIMAL’S HOME"),
    Work(4, title="Plate 7", tags=[tag("Animal")]),
    Work(5, title="Plate 8", description="THREE ANIMALS"),
    Work(6, title="Animation studies"),
    Work(10, title="Anime poster"),
    Work(11, title="Animated sign"),
    Work(12, title="ANIMATING a puppet"),
    Work(20, title="Universe"),
    Work(21, title="UNIVERSES"),
    Work(22, title="University of Oslo"),
    Work(23, title="The Universe’s edge"),
    Work(30, title="Café de Flore"),
    Work(31, title="CAFÉ TERRACE"),
    Work(32, title="cafe at night"),
    Work(33, title="Cafe\u0301 in two letters"),
    Work(34, title="Plate 9", tags=[tag("Café")]),
    Work(35, title="Plate 10", description="deux cafés noirs"),
    Work(40, title="Portrait one", creator="José Núñez"),
    Work(41, title="Portrait two", creator="JOSE NUNEZ"),
    Work(42, title="Portrait three", creator="Jose\u0301 Nu\u0301n\u0303ez"),
    Work(43, title="Portrait four", creator="Flann O’Brien"),
    Work(44, title="Portrait five", creator="Edna O'Brien"),
    Work(45, title="Portrait nine", creator="The It"),
    Work(50, title="Children’s hospital"),
    Work(51, title="CHILDREN'S HOSPITAL"),
    Work(52, title="Children's drawings"),
    Work(60, title="It"),
    Work(61, title="To be or not to be"),
    Work(62, title="Thé vert"),
    Work(63, title="Tarte à la crème"),
    Work(64, title="TARTE A LA CREME"),
    Work(65, title="It’s"),
    Work(70, title="STRASSE"),
    Work(71, title="Straße"),
    Work(72, title="ΑΘΗΝΑ"),
    Work(73, title="Αθήνα"),
    Work(74, title="İstanbul"),
    Work(75, title="КОРОЛЁВ"),
    Work(76, title="Чайковский"),
    Work(77, title="ЧАИ\u0306КОВСКИИ\u0306"),
    Work(78, title="Encyclopædia ŒUVRE"),
    Work(79, title="Łódź"),
    Work(80, "audio", title="ANIMALS at night", creator="Mário"),
]

ANIMALS = {1, 2, 3, 4, 5}
CAFES = {30, 31, 32, 33, 34, 35}
FOUND = [
    *(({"q": q}, ANIMALS) for q in ("animals", "Animals", "ANIMALS", "animal", "ANIMAL", "animal's", "Animal’s", "ANIMALS’")),
    *(({"title": t}, {1, 2, 3}) for t in ("animals", "ANIMALS")),
    *(({"tags": t}, {4}) for t in ("animals", "ANIMAL")),
    # Phrases in one field are stemmed, as upstream.
    *(({"title": t}, {2}) for t in ('"wild animals"', '"Wild Animal"')),
    ({"title": '"animals wild"'}, set()),
    ({"tags": '"cafés"'}, {34}),
    ({"q": "Animals -WILD"}, ANIMALS - {2}),
    ({"q": "plate -Animals"}, {34, 35}),
    ({"q": "plate -ANIMAL’S"}, {34, 35}),
    ({"q": '"Wild Animals"'}, {2}),
    ({"q": '"WILD ANIMALS"'}, {2}),
    ({"q": '"wild animal"'}, set()),
    ({"q": '"animal\'s home"'}, {3}),
    *(({"q": q}, {10}) for q in ("anime", "ANIME", "Animés")),
    *(({"q": q}, {11, 12}) for q in ("animate", "Animated", "ANIMATING")),
    *(({"q": q}, {20, 21, 23}) for q in ("universe", "Universe", "UNIVERSES", "universe’s")),
    *(({"q": q}, {22}) for q in ("university", "UNIVERSITY")),
    *(({"q": q}, CAFES) for q in ("café", "Café", "CAFÉ", "cafe", "CAFE", "cafe\u0301", "cafés")),
    *(({"tags": t}, {34}) for t in ("café", "CAFE")),
    *(({"q": q}, {30}) for q in ('"café de flore"', '"cafe de flore"', '"CAFE\u0301 DE FLORE"')),
    ({"q": "cafe -night -TERRACE"}, CAFES - {31, 32}),
    ({"q": "plate -CAFE"}, {4, 5}),
    ({"q": "plate -café"}, {4, 5}),
    ({"q": 'portrait -"one"'}, {41, 42, 43, 44, 45}),
    *(({"creator": c}, {40, 41, 42}) for c in ("josé", "jose", "JOSÉ", "José Núñez", '"jose nunez"', '"JOSÉ NÚÑEZ"')),
    *(({"creator": c}, {43, 44}) for c in ("O'Brien", "O’Brien", "o'brien", "O`BRIEN", "Oʼbrien")),
    ({"creator": '"Flann O\'Brien"'}, {43}),
    ({"creator": "it"}, {45}),
    *(({"q": q}, {50, 51}) for q in ("children's hospital", "children’s hospital", '"children\'s hospital"', '"Children’s Hospital"')),
    *(({"q": q}, {50, 51, 52}) for q in ("children", "CHILDREN’S", "childrenʼs", "children´s")),
    *(({"q": q}, {60}) for q in ("it", "IT", '"it"')),
    *(({"q": q}, {61}) for q in ("to be or not to be", "To Be Or Not To Be", '"to be or not to be"')),
    *(({"q": q}, {65}) for q in ("it's", "IT’S")),
    ({"title": "IT"}, {60}),
    *(({"q": q}, {62}) for q in ("thé", "THÉ VERT", "the\u0301 vert")),
    *(({"q": q}, {63, 64}) for q in ("tarte à la crème", "TARTE A LA CREME", "tarte a\u0300 la crème", "Tarte À La")),
    *(({"q": q}, {70, 71}) for q in ("strasse", "straße", "STRASSE", "STRAẞE", '"Strasse"')),
    *(({"q": q}, {72, 73}) for q in ("Αθήνα", "αθηνα", "ΑΘΉΝΑ")),
    *(({"q": q}, {74}) for q in ("istanbul", "ISTANBUL", "İSTANBUL")),
    *(({"q": q}, {75}) for q in ("королёв", "Королев", "КОРОЛЕВ", "короле\u0308в")),
    *(({"q": q}, {76, 77}) for q in ("чайковский", "ЧАЙКОВСКИЙ", "чаи\u0306ковскии\u0306")),
    *(({"q": q}, {78}) for q in ("encyclopaedia", "ENCYCLOPÆDIA œuvre")),
    *(({"q": q}, {79}) for q in ("lodz", "ŁÓDŹ", "łódź")),
]

# Documents that no limit of ours lets through, as if an older version or somebody else had written them.
OVERSIZED = [
    Work(200, title="zebra owl"),
    Work(201, title="zebra one", tags=[tag("quagga " * 143_000)]),
    Work(202, title="zebra two", tags=[tag("漢" * 1_000_001)]),
    Work(203, title="zebra three", tags=[tag("a" * 1_100_000)]),
    Work(204, title="zebra four", tags=[tag(f"quagga {n}") for n in range(60_000)]),
    Work(205, title="zebra five"),
    Work(206, title="zebra " + "six " * 400_000),
    Work(207, "audio", title="zebra seven", tags=[tag("quagga " * 143_000)]),
]
OVERSIZED[5].description = ["an owl in a tree. " * 110] * 520
ZEBRAS = {200, 201, 202, 203, 204, 205, 206}


def setUpModule() -> None:
    global service
    unittest.addModuleCleanup(api.tear_down_stores)
    api.set_up_stores(SPELLINGS)
    # The rows of what is oversized are small: what is shown is not the subject here.
    small = [Work(w.number, w.media, title=w.fields["title"][:20], tags=[tag("quagga")]) for w in OVERSIZED]
    api.psql("".join(work.row() for work in small))
    for work in OVERSIZED:  # one alone takes seconds
        api.index_works([work], NAME)
    service = api.Service()
    unittest.addModuleCleanup(service.stop)
    service.wait_ready()


class Spelling(unittest.TestCase):
    def test_case_accents_and_apostrophes_do_not_hide_a_work(self):
        for parameters, expected in FOUND:
            with self.subTest(parameters):
                self.assertEqual(set(service.found(**parameters)), expected)

    def test_audio_is_analysed_alike(self):
        for parameters in ({"q": "animals"}, {"q": "ANIMAL’S"}, {"creator": "mario"}, {"q": '"animals at night"'}):
            with self.subTest(parameters):
                self.assertEqual(service.found("audio", **parameters), [80])
        analyses = [json.loads((SOURCE / f"schemas/elasticsearch/{media}.json").read_text())["settings"] for media in ("image", "audio")]
        self.assertEqual(*analyses)

    def test_fields_matched_have_case_and_accents_too(self):
        fields = {int(item["id"][:8], 16): item["fields_matched"] for item in service.search(q="CAFE")["results"]}
        self.assertEqual(fields, {n: ["title"] for n in CAFES - {34, 35}} | {34: ["tags.name"], 35: ["description"]})
        self.assertEqual(service.search(q="it")["results"][0]["fields_matched"], ["title"])

    def test_values_of_filters_are_found_in_any_case(self):
        for number, (field, stored) in enumerate((("category", "Photograph"), ("extension", "JPG"), ("license", "BY-SA"))):
            work = Work(90 + number, title=f"capital {field}")
            document = {**work.document(), field: stored}
            api.search_http("PUT", f"/{NAME}-image-write/_doc/{work.id}?refresh=true", json.dumps(document))
            api.psql(work.row())
            with self.subTest(field):
                self.assertEqual(service.found(q=f"capital {field}", **{field: stored.lower()}), [work.number])


class Oversized(unittest.TestCase):
    def test_a_page_that_holds_one_is_whole(self):
        for media, parameters, expected in [
                ("images", {"q": "zebra"}, ZEBRAS), ("images", {"q": "ZEBRA -owl"}, ZEBRAS - {200, 205}),
                ("images", {"q": "quagga"}, {201, 204}), ("images", {"q": "owl"}, {200, 205}),
                ("images", {"q": "漢"}, {202}), ("images", {"q": "six"}, {206}), ("images", {"q": '"zebra two"'}, {202}),
                ("images", {"title": "zebra", "tags": "quagga"}, {201, 204}),
                ("audio", {"q": "zebra"}, {207}), ("audio", {"q": "quagga"}, {207})]:
            with self.subTest(parameters):
                self.assertEqual(set(service.found(media, **parameters)), expected)

    def test_their_fields_still_match(self):
        fields = {int(item["id"][:8], 16): item["fields_matched"] for item in service.search(q="zebra")["results"]}
        self.assertEqual(fields, {n: ["title"] for n in ZEBRAS})
        fields = {int(item["id"][:8], 16): item["fields_matched"] for item in service.search(q="quagga")["results"]}
        self.assertEqual(fields, {201: ["tags.name"], 204: ["tags.name"]})
        fields = {int(item["id"][:8], 16): item["fields_matched"] for item in service.search(q="owl")["results"]}
        self.assertEqual(fields, {200: ["title"], 205: ["description"]})

    def test_nothing_was_left_out(self):
        service.search(q="zebra")
        self.assertEqual(service.metric("freshet_api_incomplete_searches_total"), 0)

    def test_what_is_related_to_one(self):
        huge = Work(210, title=None, tags=[tag("quagga " * 143_000), tag("rare mark")], creator=None)
        like = Work(211, title="relative", tags=[tag("rare mark")])
        api.psql(huge.row() + like.row())
        api.index_works([huge, like], NAME)
        for path in (f"/v1/images/{identifier(210)}/related/", "/v1/images/?unstable__collection=tag&unstable__tag=rare%20mark"):
            status, _, body = service.ask(path)
            self.assertEqual(status, 200, path)
            self.assertIn(identifier(211), [item["id"] for item in body["results"]])
        self.assertEqual(service.ask(f"/v1/images/{identifier(210)}/")[0], 200)


def apply_schema(prefix: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "FRESHET_POSTGRES_DSN": api.dsn_of(api.DATABASE), "FRESHET_ELASTICSEARCH_INDEX_PREFIX": prefix + "-"}
    return subprocess.run([api.BINARY, "schema", "apply"], env=environment, timeout=120, capture_output=True, text=True)


def started_with(test: unittest.TestCase, prefix: str) -> api.Service:
    started = api.Service(FRESHET_ELASTICSEARCH_INDEX_PREFIX=prefix + "-")
    test.addCleanup(started.stop)
    started.wait_ready()
    return started


class FailingShards(unittest.TestCase):
    def test_a_shard_that_fails_is_done_without_and_counted(self):
        prefix = NAME + "-shards"
        self.assertEqual(apply_schema(prefix).returncode, 0)
        api.index_works(SPELLINGS[:3], prefix)
        # Popularity of another type: whatever is asked of these documents by relevance fails.
        api.search_http("PUT", f"/{prefix}-image-odd", json.dumps({
            "settings": {"number_of_replicas": 0},
            "mappings": {"properties": {"standardized_popularity": {"type": "keyword"}, "status": {"type": "keyword"},
                                        "identifier": {"type": "keyword"}, "created_on": {"type": "date"},
                                        "source": {"type": "keyword"}}},
            "aliases": {f"{prefix}-image": {"filter": {"term": {"status": "live"}}}}}))
        api.search_http("PUT", f"/{prefix}-image-odd/_doc/1?refresh=true", json.dumps(Work(4, title="odd animals").document()))
        sut = started_with(self, prefix)
        name = 'freshet_api_incomplete_searches_total{lacking="documents"}'
        before = sut.metric(name)
        self.assertEqual(set(sut.found(q="animals")), {1, 2, 3})
        self.assertEqual(sut.metric(name), before + 1)
        self.assertEqual(set(sut.found()), {1, 2, 3})
        self.assertEqual(sut.metric(name), before + 2)


class OlderIndexes(unittest.TestCase):
    """An index keeps the analysis that it was made with: nothing breaks, and `schema` says so."""

    def as_before(self) -> dict:
        body = copy.deepcopy(json.loads((SOURCE / "schemas/elasticsearch/image.json").read_text()))
        english = {"type": "text", "analyzer": "custom_english", "similarity": "boolean"}
        keyword, raw = {"type": "keyword", "ignore_above": 256}, {"type": "text", "analyzer": "standard"}
        body["settings"]["analysis"] = {
            "filter": {
                "english_possessive_stemmer": {"type": "stemmer", "language": "possessive_english"},
                "english_stop": {"type": "stop", "stopwords": "_english_"},
                "stem_overrides": {"type": "stemmer_override", "rules": ["animals => animal", "animal => animal"]},
                "english_stemmer": {"type": "stemmer", "language": "english"}},
            "analyzer": {"custom_english": {"type": "custom", "tokenizer": "standard", "filter": [
                "stem_overrides", "english_possessive_stemmer", "lowercase", "english_stop", "english_stemmer"]}}}
        properties = body["mappings"]["properties"]
        properties["title"] = {**english, "fields": {"keyword": keyword, "raw": raw}}
        properties["description"] = {**english, "fields": {"raw": raw}}
        properties["tags"]["properties"]["name"] = {"type": "text", "analyzer": "custom_english", "fields": {"keyword": keyword, "raw": raw}}
        properties["creator"] = {"type": "text", "fields": {"keyword": keyword}}
        text = json.dumps(body["mappings"]).replace(', "normalizer": "any_case"', "")
        return {**body, "mappings": {**json.loads(text), "_meta": {"freshet_schema": "of an older version"}}}

    def test_are_searched_as_they_are_told_and_made_anew(self):
        prefix = NAME + "-older"
        index = f"{prefix}-image-older"
        api.search_http("PUT", "/" + index, json.dumps({**self.as_before(), "aliases": {
            f"{prefix}-image": {"filter": {"term": {"status": "live"}}}, f"{prefix}-image-write": {"is_write_index": True}}}))
        done = apply_schema(prefix)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertRegex(done.stdout, rf"{index}\s.*made from another mapping")
        api.index_works(SPELLINGS, prefix)
        sut = started_with(self, prefix)
        self.assertEqual(set(sut.found(q="animals")), {2})  # the fault that the older analysis has
        self.assertEqual(set(sut.found(q='"wild animals"')), {2})
        self.assertEqual(set(sut.found(q="plate -three")), {4, 34, 35})
        for parameters, _ in FOUND:
            status, _, body = sut.ask("/v1/images/?" + api.urllib.parse.urlencode(parameters))
            self.assertEqual(status, 200, (parameters, body))
        self.assertEqual(sut.metric("freshet_api_incomplete_searches_total"), 0)
        # As docs/operations.md says.
        api.search_http("DELETE", "/" + index)
        self.assertEqual(apply_schema(prefix).returncode, 0)
        api.index_works(SPELLINGS, prefix)
        for parameters, expected in FOUND:
            self.assertEqual(set(sut.found(**parameters)), expected, parameters)


if __name__ == "__main__":
    unittest.main()
