"""The cleaning rules in the shape of the batch original: dict by dict, column by column, in Python.

Reads lines of key, tab, raw sighting (`freshet simulate generate --stdout`), prints one cleaned row per line as JSON, with
the columns of `freshet clean`. A port of our rules, as far as generated and provider works meet them, not of the
original's code; the shape is the original's: a store object per medium, a column object per column that prepares its
value, licences looked up, tags enriched, `meta_data` made text leaf by leaf.
"""

import html.parser
import json
import re
import sys

LICENSE = re.compile(r"^https?://creativecommons\.org/(?:licenses/([a-z-]+)|publicdomain/(zero|mark))/([\d.]+)/?")
DENIED_TAGS = ("no person", "squareformat", "undefined", "by")
DENIED_PARTS = (":", "=", "by-nc", "by-nd", "by-sa", "cc0", "creative commons", "flickriosapp", "pdm", "public domain", "uploaded")
FILETYPES = {"image": ("jpg", "jpeg", "png", "gif", "bmp", "webp", "tiff", "tif", "svg"),
             "audio": ("mp3", "ogg", "wav", "aiff", "flac", "wma", "mp4", "aac", "m4a", "m4b")}
UNIFIED = {"jpeg": "jpg", "tif": "tiff", "midi": "mid"}
CATEGORIES = {**dict.fromkeys(("stocksnap", "animaldiversity", "capl", "floraon", "inaturalist", "nappy", "sciencemuseum", "worms"), "photograph"),
              **dict.fromkeys(("brooklynmuseum", "clevelandmuseum", "deviantart", "digitaltmuseum", "mccordmuseum", "met", "museumsvictoria",
                               "rijksmuseum", "thorvaldsenmuseum"), "digitized_artwork"),
              **dict.fromkeys(("phylopic", "svgsilh"), "illustration")}
LARGEST = 2**31 - 1


class Markup(html.parser.HTMLParser):
    """The text between tags."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.parts = []
        self.tags = 0

    def handle_data(self, data):
        self.parts.append(data)

    def handle_starttag(self, tag, attrs):
        self.tags += 1

    handle_endtag = handle_startendtag = lambda self, *_: None


def without_markup(text):
    if not isinstance(text, str) or "<" not in text:
        return text
    parser = Markup()
    parser.feed(text)
    parser.close()
    return "".join(parser.parts).strip() if parser.tags else text


class StringColumn:
    def __init__(self, name, size, truncate=True):
        self.name, self.size, self.truncate = name, size, truncate

    def prepare(self, value):
        if value is None:
            return None
        text = re.sub(r"\s+", " ", str(value)).replace("\b", "").replace("\x00", "").strip()
        if len(text) > self.size:
            return text[:self.size] if self.truncate else None
        return text or None


class UrlColumn(StringColumn):
    def prepare(self, value):
        if not isinstance(value, str) or value != super().prepare(value):
            return None
        if value.startswith("http://"):
            value = "https://" + value[7:]
        elif not value.startswith("https://"):
            value = "https:" + value if value.startswith("//") else "https://" + value
        host = value[8:].partition("/")[0]
        return value if "." in host and len(value) <= self.size else None


class IntegerColumn:
    def __init__(self, name):
        self.name = name

    def prepare(self, value):
        try:
            number = int(float(value))
        except (TypeError, ValueError, OverflowError):
            return None
        return number if -LARGEST <= number <= LARGEST else None


class BooleanColumn:
    def __init__(self, name):
        self.name = name

    def prepare(self, value):
        if value in (True, "true", "True", "t", "T"):
            return True
        return False if value in (False, "false", "False", "f", "F") else None


class JsonColumn:
    def __init__(self, name):
        self.name = name
        self.text = StringColumn(name, 10**9)

    def leaf(self, value):
        if isinstance(value, dict):
            return {key: made for key, one in sorted(value.items()) if (made := self.leaf(one)) is not None}
        if isinstance(value, list):
            return [made for one in value if (made := self.leaf(one)) is not None]
        return self.text.prepare(value)

    def prepare(self, value):
        return self.leaf(value) or None if value is not None else None


COMMON = (StringColumn("foreign_identifier", 3000, False), UrlColumn("foreign_landing_url", 1000), UrlColumn("url", 1000), UrlColumn("thumbnail", 1000),
          StringColumn("filetype", 5, False), IntegerColumn("filesize"), StringColumn("license", 50, False), StringColumn("license_version", 25, False),
          StringColumn("creator", 2000), UrlColumn("creator_url", 2000), StringColumn("title", 5000), JsonColumn("meta_data"), JsonColumn("tags"),
          StringColumn("category", 80, False), BooleanColumn("watermarked"), StringColumn("provider", 80, False), StringColumn("source", 80, False),
          StringColumn("ingestion_type", 80, False))
COLUMNS = {"image": (*COMMON, IntegerColumn("width"), IntegerColumn("height")),
           "audio": (*COMMON, IntegerColumn("duration"), IntegerColumn("bit_rate"), IntegerColumn("sample_rate"), JsonColumn("genres"),
                     JsonColumn("audio_set"), IntegerColumn("set_position"), JsonColumn("alt_files"))}
REQUIRED = ("foreign_identifier", "foreign_landing_url", "url", "license", "license_version", "provider")


class MediaStore:
    def __init__(self, media_type):
        self.media_type, self.columns = media_type, COLUMNS[media_type]

    def clean(self, given):
        media = dict(given)
        self.set_license(media)
        media["title"], media["creator"] = without_markup(media.get("title")), without_markup(media.get("creator"))
        media["source"] = media.get("source") or media.get("provider")
        media["ingestion_type"] = media.get("ingestion_type") or ("commoncrawl" if media["source"] == "commoncrawl" else "provider_api")
        media["category"] = media.get("category") or CATEGORIES.get(media.get("provider"))
        media["filetype"] = self.filetype(media)
        media["tags"] = self.tags(media.get("tags"), media.get("provider"))
        row = {"media_type": self.media_type, **{column.name: column.prepare(media.get(column.name)) for column in self.columns}}
        if row["watermarked"] is None:
            row["watermarked"] = False
        return row if all(row[name] is not None for name in REQUIRED) else None

    @staticmethod
    def set_license(media):
        url = media.get("license_url")
        found = LICENSE.match(url) if isinstance(url, str) else None
        if found:
            slug, public, version = found.groups()
            media["license"], media["license_version"] = slug or {"zero": "cc0", "mark": "pdm"}[public], version
            media["meta_data"] = {**(media.get("meta_data") or {}), "license_url": found.group(), "raw_license_url": url}

    def filetype(self, media):
        given = media.get("filetype")
        if not given:
            given = str(media.get("url", "")).partition("?")[0].rpartition(".")[2]
            given = given if given.lower() in FILETYPES[self.media_type] else None
        return UNIFIED.get(given.lower(), given.lower()) if given else None

    @staticmethod
    def tags(given, provider):
        if not isinstance(given, list):
            return None
        tags = {}
        for one in given:
            tag = {"name": one, "provider": provider} if isinstance(one, str) else {"provider": provider, **one}
            name = re.sub(r"\s+", " ", str(tag.get("name") or "")).strip()
            if name and name not in DENIED_TAGS and not any(part in name for part in DENIED_PARTS):
                tags[(name, tag["provider"])] = {**tag, "name": name}
        return [tags[key] for key in sorted(tags)] or None


def main():
    stores = {media_type: MediaStore(media_type) for media_type in COLUMNS}
    for line in sys.stdin:
        work = json.loads(line.partition("\t")[2])["work"]
        row = stores[work["media_type"]].clean(work)
        if row is not None:
            print(json.dumps(row, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
