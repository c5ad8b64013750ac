"""Tables made anew beside those in use: compared, taken into use, taken back, while everything goes on."""

import concurrent.futures
import json
import threading
import time
import unittest

from stream import Stream, until
from test_rebuild import WHO, sighting


class Postgres(unittest.TestCase):
    """Each test finds roles that run, and no former tables."""

    @classmethod
    def setUpClass(cls):
        cls.stream = cls.enterClassContext(Stream("rebuildpg", partitions=2))
        cls.stream.run("simulate", "generate", "--works", "2000")
        for number in range(1, 11):
            cls.stream.produce_raw(*sighting(number))
            cls.stream.produce_raw(*sighting(number, "audio"))
        cls.stream.drain(sinks=("postgres",))
        cls.stream.process("one", "--loops", "2")
        cls.sink = cls.stream.role("sink", "sink", "postgres")
        until(lambda: all(group["members"] for group in cls.stream.json("lag", "--over", "0")
                          if group["group"] in ("process.catalogue", "sink.postgres")), 60, "both to have joined")

    def setUp(self):
        self.plain = self.shape("image"), self.shape("audio")
        self.feed = self.stream.psql("select epoch from work_change_start")

    def tearDown(self):
        self.stream.run("rebuild", "postgres", "--resume", expect=None)

        def is_dropped() -> bool:  # where somebody still holds a table, it says so, and is run again
            self.stream.run("rebuild", "postgres", "--drop", expect=None)
            return self.schemas() == []

        until(is_dropped, 60, "nothing but the tables in use", every=1)
        self.assertEqual((self.shape("image"), self.shape("audio")), self.plain)

    def oid(self, table: str) -> str:
        return self.stream.psql(f"select coalesce(to_regclass('{table}')::oid::text, '')").strip()

    def schemas(self) -> list[str]:
        return self.stream.psql("select nspname from pg_namespace where nspname like 'public\\_%' order by 1").split()

    def shape(self, media: str) -> str:
        """Columns, constraints, indexes, settings, owner and rights of a table."""
        return self.stream.psql(f"""
          select attname, format_type(atttypid, atttypmod), attnotnull, attgenerated, nullif(attacl::text, '{{}}') from pg_attribute
            where attrelid = '{media}'::regclass and attnum > 0 order by attnum;
          select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = '{media}'::regclass order by 1;
          select pg_get_triggerdef(oid) from pg_trigger where tgrelid = '{media}'::regclass and not tgisinternal order by 1;
          select pg_get_indexdef(indexrelid) from pg_index where indrelid = '{media}'::regclass order by 1;
          select reloptions, relowner, (select array_agg(a::text order by a::text) from unnest(coalesce(relacl, acldefault('r', relowner))) a)
            from pg_class where oid = '{media}'::regclass;
          select c.relname, c.reloptions, c.relacl, pg_get_viewdef(c.oid) from pg_class c where relkind = 'v' order by 1""")

    def settled(self) -> dict:
        self.stream.run("lag", "--wait", "60", "--group", "process.catalogue")
        self.stream.run("lag", "--wait", "60", "--group", "sink.postgres")
        return self.stream.rows()

    def live(self) -> int:
        return int(self.stream.psql("select (select count(*) from image_live) + (select count(*) from audio_live)"))

    def same_as_catalogue(self):
        self.settled()
        rows = dict(line.split("|") for line in self.stream.psql("select identifier, revision from image union all select identifier, revision from audio").split())
        self.assertEqual({name: int(revision) for name, revision in rows.items()},
                         {record["identifier"]: record["revision"] for record in self.stream.catalogue().values()})

    def test_taken_into_use_and_back_while_works_flow_and_queries_go_on(self):
        before = self.settled()
        used = self.oid("image"), self.oid("audio")
        shown = self.live()
        stop = threading.Event()
        failed: list[str] = []
        queries = 0

        def query() -> None:
            nonlocal queries
            while not stop.wait(0.02):
                try:
                    if self.live() < shown:
                        failed.append("works are missing")
                    queries += 1
                except Exception as error:  # noqa: BLE001
                    failed.append(str(error))

        def write() -> None:
            number = 5000
            while not stop.wait(0.01):
                number += 1
                self.stream.produce_raw(*sighting(number))
                self.stream.produce_raw(*sighting(1 + number % 10, day=2 + number % 20))

        with concurrent.futures.ThreadPoolExecutor() as pool:
            tasks = [pool.submit(query), pool.submit(write)]
            try:
                done = self.stream.json("rebuild", "postgres")
                self.assertEqual((done["tables"], done["differences"]), (["image", "audio"], []))
                made = self.oid("image"), self.oid("audio")
                self.assertTrue(set(made).isdisjoint(used))
                self.assertNotEqual(self.stream.psql("select epoch from work_change_start"), self.feed, "who follows the feed is told")
                self.assertEqual((self.oid("public_previous.image"), self.oid("public_previous.audio")), used)
                self.stream.run("rebuild", "postgres", expect=3)
                time.sleep(1)
                self.stream.run("rebuild", "back", "--store", "postgres")
                self.assertEqual((self.oid("image"), self.oid("audio")), used)
            finally:
                stop.set()
            for task in tasks:
                task.result(30)
        self.assertEqual(failed, [])
        self.assertGreater(queries, 10)
        self.assertGreater(len(self.settled()), len(before))
        self.same_as_catalogue()
        logged = int(self.stream.psql("select count(*) from work_change"))
        self.stream.produce_raw(*sighting(9999))
        self.settled()
        self.assertEqual(int(self.stream.psql("select count(*) from work_change")), logged + 1, "the feed goes on")
        after = self.stream.rows()
        # Back again: the other tables get what they missed.
        self.stream.run("rebuild", "back", "--store", "postgres")
        self.assertEqual((self.oid("image"), self.oid("audio")), made)
        self.assertEqual(self.stream.rows(), after)

    def test_cut_short_it_goes_on(self):
        self.settled()
        used = self.oid("audio")
        child = self.stream.role("rebuild", "rebuild", "postgres", "--throttle", "400")
        until(lambda: self.oid("public_filling.audio"), 30, "the table to be made")
        until(lambda: int(self.stream.psql("select coalesce(sum(next_offset), 0) from public_filling.sink_offsets")) > 400, 30, "some to be filled")
        child.kill()
        self.assertEqual(self.oid("audio"), used)
        until(lambda: self.stream.psql("select count(*) from pg_stat_activity where application_name = 'freshet rebuild'") .strip() == "0", 10,
              "the session to end")
        self.stream.run("rebuild", "postgres", expect=3)
        self.stream.run("rebuild", "back", "--store", "postgres", expect=3)
        done = self.stream.json("rebuild", "postgres", "--resume")
        self.assertLess(done["records"], len(self.stream.read("media.catalog.v1")) - 400, "what was done before is not done again")
        self.assertEqual(done["differences"], [])
        self.stream.run("rebuild", "postgres", "--resume", expect=3)
        self.same_as_catalogue()

    def test_rows_that_are_wrong_are_found_and_mended(self):
        before = self.settled()
        used = self.oid("image")
        self.stream.psql("update image set title = 'other'")
        failed = self.stream.run("rebuild", "postgres", "--media", "image", "--sample", "1000", expect=1)
        self.assertIn(b"other content under the same revision", failed.stderr)
        self.assertEqual(self.oid("image"), used)
        self.stream.run("rebuild", "postgres", "--promote-anyway", expect=2)
        done = self.stream.json("rebuild", "postgres", "--promote-anyway", *WHO)
        self.assertNotEqual(done["differences"], [])
        self.assertEqual(self.stream.rows(), before)
        note = json.loads(self.stream.psql("select obj_description('image'::regclass)"))["promoted"]
        self.assertEqual((note["by"], note["why"]), (WHO[1], WHO[3]))
        self.assertEqual(done["previous"], ["image"])

    def test_works_that_are_missing_are_found(self):
        self.settled()
        self.stream.psql("delete from image where provider = 'met'")
        failed = self.stream.run("rebuild", "postgres", "--media", "image", expect=1)
        self.assertRegex(failed.stderr, rb"image: source met: \d+ live works, 0 in use")
        self.stream.run("rebuild", "postgres", "--promote-anyway", *WHO)
        self.same_as_catalogue()

    def test_rights_settings_and_views_stay(self):
        self.settled()
        self.stream.psql("alter table audio set (autovacuum_vacuum_threshold = 77); grant select on audio to public; grant update (title) on audio to public;"
                         "create view mine with (security_barrier = true) as select a.title, i.url from audio a, image_live i; grant select on mine to public;"
                         "create view over_mine as select title from mine")
        try:
            shape = self.shape("audio")
            self.stream.run("rebuild", "postgres", "--media", "audio")
            self.assertEqual(self.shape("audio"), shape)
            self.stream.psql("drop table public_previous.audio; create table public_previous.audio ()")
            self.assertGreater(int(self.stream.psql("select count(*) from over_mine")), 0)
            self.stream.run("rebuild", "postgres", "--drop")
        finally:
            self.stream.psql("drop view over_mine, mine; alter table audio reset (autovacuum_vacuum_threshold); "
                             "revoke all on audio from public; revoke all (title) on audio from public")
            self.plain = self.shape("image"), self.shape("audio")

    def test_what_a_new_table_would_lack_is_named(self):
        self.stream.psql("create materialized view counts as select count(*) from image")
        try:
            refused = self.stream.run("rebuild", "postgres", expect=3)
            self.assertIn(b"materialized view counts", refused.stderr)
        finally:
            self.stream.psql("drop materialized view counts")
        self.assertEqual(self.schemas(), [])

    def test_a_reader_that_holds_the_tables_delays_the_swap_alone(self):
        self.settled()
        used = self.oid("image")
        reader = threading.Thread(target=self.stream.psql, args=("select count(*), pg_sleep(4) from image group by ()",))
        reader.start()
        try:
            until(lambda: self.stream.psql("select count(*) from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid()").strip() != "0",
                  10, "the reader to read")
            self.stream.run("rebuild", "postgres", "--media", "image")
        finally:
            reader.join()
        self.assertNotEqual(self.oid("image"), used)


if __name__ == "__main__":
    unittest.main()
