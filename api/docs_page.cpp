#include "api/docs_page.hpp"

namespace freshet::api {

std::string docs_page() {
  return R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Freshet API v1</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #ccc; }
code { font-family: ui-monospace, monospace; }
</style>
</head>
<body>
<main>
<h1>Freshet API v1</h1>
<p>Openly licensed images and audio, searchable seconds after they were read at their source.</p>
<h2>Endpoints</h2>
<table>
<thead><tr><th scope="col">Path</th><th scope="col">Answer</th></tr></thead>
<tbody>
<tr><td><a href="/v1/images/"><code>/v1/images/</code></a></td><td>image search</td></tr>
<tr><td><code>/v1/images/{id}/</code></td><td>one image</td></tr>
<tr><td><code>/v1/images/{id}/related/</code></td><td>up to ten images like it</td></tr>
<tr><td><a href="/v1/images/stats/"><code>/v1/images/stats/</code></a></td><td>sources and their numbers of images</td></tr>
<tr><td><code>/v1/images/oembed/?url=</code></td><td>oEmbed of an image</td></tr>
<tr><td><a href="/v1/audio/"><code>/v1/audio/</code></a></td><td>audio search</td></tr>
<tr><td><code>/v1/audio/{id}/</code></td><td>one recording</td></tr>
<tr><td><code>/v1/audio/{id}/related/</code></td><td>up to ten recordings like it</td></tr>
<tr><td><a href="/v1/audio/stats/"><code>/v1/audio/stats/</code></a></td><td>sources and their numbers of recordings</td></tr>
<tr><td><a href="/healthcheck/"><code>/healthcheck/</code></a></td><td>whether the service can answer; with <code>?check_es</code> the index too</td></tr>
</tbody>
</table>
<h2>Search parameters</h2>
<table>
<thead><tr><th scope="col">Name</th><th scope="col">Values</th></tr></thead>
<tbody>
<tr><td><code>q</code></td><td>words; <code>"a phrase"</code>, <code>-without</code></td></tr>
<tr><td><code>title</code>, <code>creator</code>, <code>tags</code></td><td>words in that field, without <code>q</code></td></tr>
<tr><td><code>license</code></td><td>by, by-sa, by-nd, by-nc, by-nc-sa, by-nc-nd, cc0, pdm, sampling+, nc-sampling+</td></tr>
<tr><td><code>license_type</code></td><td>all, all-cc, commercial, modification</td></tr>
<tr><td><code>source</code>, <code>excluded_source</code></td><td>names from the stats, one of the two parameters</td></tr>
<tr><td><code>category</code></td><td>images: digitized_artwork, illustration, photograph; audio: audiobook, music, news, podcast, pronunciation, sound_effect</td></tr>
<tr><td><code>extension</code></td><td>such as jpg, mp3</td></tr>
<tr><td><code>aspect_ratio</code>, <code>size</code></td><td>images: tall, wide, square; small, medium, large</td></tr>
<tr><td><code>length</code></td><td>audio: shortest, short, medium, long</td></tr>
<tr><td><code>mature</code></td><td>true: sensitive works too</td></tr>
<tr><td><code>page</code>, <code>page_size</code></td><td>from 1; up to 20 a page and 240 in all</td></tr>
</tbody>
</table>
<p>Lists take several values with commas between them, and any of them matches.</p>
</main>
</body>
</html>
)";
}

}  // namespace freshet::api
