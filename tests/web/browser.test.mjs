// The pages in Chromium. test_browser.py starts the server, says where it is (SITE), and runs this.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";

const site = process.env.SITE ?? "";
const id = (number) => `${number.toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`;
const hostile = `"><script>alert(1)</script>&'{{TITLE}}[[Search]]\x07 <img src=x onerror=alert(2)>`;

const pages = {
  home: "/",
  results: "/search?q=harbour",
  images: "/search/image?q=harbour&license=by,cc0",
  sounds: "/search/audio?q=rain",
  nothing: "/search/image?q=harbuor&license=by",
  image: `/image/${id(1)}`,
  covered: `/image/${id(501)}`,
  sound: `/audio/${id(2001)}`,
  report: `/image/${id(1)}/report`,
  collection: "/image/collection?tag=sea",
  sources: "/sources",
  help: "/search-help",
  licences: "/licences",
  preferences: "/preferences",
  gone: `/image/${id(502)}`,
};
// Each value of language, theme and width with each of the others.
const settings = [
  { language: "en", colorScheme: "light", width: 1280 },
  { language: "en", colorScheme: "dark", width: 320 },
  { language: "ar", colorScheme: "light", width: 320 },
  { language: "ar", colorScheme: "dark", width: 1280 },
];

const picture = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200"><rect width="300" height="200" fill="#357"/></svg>',
);

/** A minute of silence, 8 kHz. */
function silence() {
  const samples = 60 * 8000;
  const wav = Buffer.alloc(44 + samples, 128);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(36 + samples, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(8000, 24);
  wav.writeUInt32LE(8000, 28);
  wav.writeUInt16LE(1, 32);
  wav.writeUInt16LE(8, 34);
  wav.write("data", 36);
  wav.writeUInt32LE(samples, 40);
  return wav;
}

const recording = silence();

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
  });
});
after(() => browser?.close());

/** A page whose pictures and recordings come from here, and that must not complain. */
async function open(options = {}) {
  const { width = 1280, ...rest } = options;
  const context = await browser.newContext({ viewport: { width, height: 800 }, baseURL: site, ...rest });
  const faults = [];
  const asked = [];
  await context.route(/^https?:\/\/(?!127\.0\.0\.1)/, (route) => {
    asked.push(route.request().url());
    if (!route.request().url().endsWith(".mp3")) {
      return route.fulfill({ contentType: "image/svg+xml", body: picture });
    }
    // In parts, as servers of recordings do: without that no browser can seek.
    const from = Number(/bytes=(\d+)/.exec(route.request().headers().range ?? "")?.[1] ?? 0);
    return route.fulfill({
      status: 206,
      contentType: "audio/wav",
      headers: { "Accept-Ranges": "bytes", "Content-Range": `bytes ${from}-${recording.length - 1}/${recording.length}` },
      body: recording.subarray(from),
    });
  });
  const page = await context.newPage();
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  page.on("pageerror", (fault) => faults.push(fault.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of (404|410|400)/.test(message.text())) {
      faults.push(message.text());
    }
  });
  return { page, context, faults, asked };
}

for (const { language, colorScheme, width } of settings) {
  test(`axe finds nothing: ${language}, ${colorScheme}, ${width} px`, async () => {
    const { page, context, faults } = await open({ width, colorScheme });
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(`/${language}${path === "/" ? "" : path}`);
      const { violations } = await new AxeBuilder({ page })
        .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
        .analyze();
      const found = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 200)).slice(0, 3).join(" | ")}`);
      assert.deepEqual(found, [], `${name} (${path})`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${name} is ${wide} px too wide`);
    }
    assert.deepEqual(faults, []);
    await context.close();
  });
}

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280]) {
    test(`axe finds nothing on the page for operators: ${colorScheme}, ${width} px`, async () => {
      const { page, context, faults } = await open({ width, colorScheme });
      await page.goto("/ops/");
      await page.waitForFunction(() => document.querySelectorAll("#flow [data-group]").length > 3, null, { timeout: 30000 });
      await page.waitForFunction(() => document.querySelector("[data-figure=received]"), null, { timeout: 30000 });
      const { violations } = await new AxeBuilder({ page })
        .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
        .analyze();
      const found = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 200)).slice(0, 3).join(" | ")}`);
      assert.deepEqual(found, []);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, "it is too wide");
      assert.equal(await page.locator("#link-state").textContent(), "Live.");
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/ops-${colorScheme}-${width}.png`, fullPage: true });
      assert.deepEqual(faults, []);
      await context.close();
    });
  }
}

test("the page for operators is live, and keeps what one reads as it is", async () => {
  const { page, context, faults } = await open({ permissions: ["clipboard-read", "clipboard-write"] });
  await page.goto("/ops/");
  await page.waitForFunction(() => document.querySelectorAll("#flow [data-group]").length > 3, null, { timeout: 30000 });
  const at = () => page.locator("[data-figure=at]").textContent();
  const before = await at();
  await page.waitForFunction((then) => document.querySelector("[data-figure=at]")?.textContent !== then, before, { timeout: 15000 });
  await page.locator("[data-copy=c-lag]").click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "freshet lag --watch");
  assert.deepEqual(faults, []);
  await context.close();
});

/** Every event on the topic: also what a page says as it is left comes through here. */
function events() {
  const topic = ["-b", process.env.FRESHET_KAFKA_BROKERS, "-t", process.env.EVENTS_TOPIC];
  const lines = execFileSync("kcat", ["-C", "-e", "-q", ...topic], { encoding: "utf8" });
  return lines.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/** The first event of a type that a page's session has said; ids tell repeats. */
async function said(page, type) {
  const session = await page.evaluate(() => localStorage.getItem("freshet.session")?.split(" ")[1]);
  let found = [];
  for (let turn = 0; turn < 40; ++turn) {
    found = events().filter((event) => event.session_id === session);
    const wanted = found.find((event) => event.type === type);
    if (wanted) return wanted;
    await page.waitForTimeout(500);
  }
  assert.fail(`${type} was never said: ${found.map((event) => event.type)}`);
}

test("pages say how they are used: search, impressions, choice and credit are tied", async () => {
  // Without routes: what a page sends as it is left is lost where Playwright looks at requests.
  const context = await browser.newContext({ baseURL: site, permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  await page.goto("/search/image?q=harbour&license=by,cc0&page=2");
  const results = await said(page, "GET_SEARCH_RESULTS");
  assert.equal(results.query, "harbour");
  assert.equal(results.page, 2);
  assert.deepEqual(results.filters, { license: ["by", "cc0"] });
  const impression = await said(page, "IMPRESSION");
  assert.equal(impression.search_id, results.search_id);
  assert.equal(impression.payload.results[0].rank, 40, "ranks go on over pages");
  const chosen = page.locator(".tile a").nth(3);
  const href = (await chosen.getAttribute("href")) ?? "";
  await chosen.click();
  await page.waitForURL(/\/image\//);
  await page.locator("[data-copy=credit-rich]").click();
  const copy = await said(page, "COPY_ATTRIBUTION");
  const click = await said(page, "SELECT_SEARCH_RESULT");
  assert.equal(click.rank, 43);
  assert.ok(href.endsWith(click.result_id));
  assert.equal(click.payload.kind, "search");
  assert.equal(copy.payload.format, "rich");
  for (const event of [click, copy]) {
    assert.equal(event.search_id, results.search_id);
    assert.equal(event.rank, 43);
    assert.equal(event.session_id, results.session_id);
    assert.ok(event.source.length > 0);
  }
  await context.close();
});

test("another day is another session", async () => {
  const { page, context } = await open();
  await page.goto("/");
  const session = (date) =>
    page.evaluate((then) => {
      const known = localStorage.getItem("freshet.session") ?? "";
      if (then) localStorage.setItem("freshet.session", known.replace(/^\S+/, then));
      return known.split(" ")[1];
    }, date);
  const search = () => page.goto("/search/image?q=harbour", { waitUntil: "networkidle" });
  await search();
  const first = await session();
  await search();
  assert.equal(await session("2020-01-01"), first);
  await search();
  assert.notEqual(await session(), first);
  await context.close();
});

test("nothing is said of those who opted out", async () => {
  for (const how of ["signal", "preference"]) {
    const { page, context } = await open(how === "signal" ? { extraHTTPHeaders: { "Sec-GPC": "1" } } : {});
    if (how === "preference") {
      await page.goto("/preferences");
      await page.locator("input[name=counted]").uncheck();
      await page.locator("main .go").click();
      await page.waitForURL(/saved/);
      await page.waitForTimeout(4000); // what was said before that
    }
    const before = events().filter((event) => event.origin === "web").length;
    const asked = [];
    page.on("request", (request) => request.url().endsWith("/v1/events/") && asked.push(request.method()));
    await page.goto("/search/image?q=harbour");
    await page.locator(".tile a").first().click();
    await page.waitForURL(/\/image\//);
    await page.waitForTimeout(4000);
    assert.deepEqual(asked, [], how);
    assert.equal(events().filter((event) => event.origin === "web").length, before, how);
    if (how === "signal") assert.equal(await page.evaluate(() => localStorage.getItem("freshet.session")), null);
    await context.close();
  }
});

test("nothing moves while pictures load", async () => {
  const { page, context } = await open();
  await page.addInitScript(() => {
    window.shift = 0;
    window.moved = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        window.shift += entry.value;
        for (const { node, previousRect, currentRect } of entry.sources) {
          window.moved.push(`${node?.nodeName}.${node?.className} ${JSON.stringify(previousRect)} ${JSON.stringify(currentRect)}`);
        }
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  for (const path of [pages.images, pages.image, pages.home]) {
    await page.goto(path, { waitUntil: "networkidle" });
    const { shift, moved } = await page.evaluate(() => ({ shift: window.shift, moved: window.moved }));
    assert.equal(shift, 0, `${path}: ${moved.join("; ")}`);
  }
  await context.close();
});

test("all pictures of a row are as tall", async () => {
  const { page, context } = await open();
  await page.goto(pages.images);
  const boxes = await page.$$eval(".rows > .tile", (tiles) => tiles.map((t) => t.getBoundingClientRect().toJSON()));
  const rows = new Map();
  for (const box of boxes) {
    const top = Math.round(box.top);
    rows.set(top, [...(rows.get(top) ?? []), box.height]);
  }
  assert.ok(rows.size > 1);
  for (const heights of rows.values()) {
    assert.ok(Math.max(...heights) - Math.min(...heights) < 1.5, String(heights));
  }
  await context.close();
});

test("everything works without scripts", async () => {
  const { page, context } = await open({ javaScriptEnabled: false });
  await page.goto("/");
  await page.locator("main input[name=q]").fill("harbour");
  await page.locator("main .go").click();
  assert.match(page.url(), /\/search\?q=harbour$/);
  await page.locator(".tabs a").nth(1).click();
  await page.locator("input[value=by]").check();
  await page.locator("input[value=cc0]").check();
  await page.locator(".filters .go").click();
  assert.match(page.url(), /\/search\/image\?q=harbour&license=cc0,by$/);
  await page.goto("/search/image?q=harbour");
  await page.locator(".more a").click();
  assert.match(page.url(), /page=2/);
  await page.locator(".tile a").first().click();
  assert.match(page.url(), /\/image\//);
  await page.locator("a[data-back]").click();
  assert.match(page.url(), /page=2/);
  await page.goto(pages.covered);
  assert.equal(await page.locator(".reasons").isVisible(), true);
  await page.locator(".veil summary").click();
  assert.equal(await page.locator(".reasons").isVisible(), false);
  await page.goto(pages.sound);
  assert.equal(await page.locator(".stage audio[controls]").isVisible(), true);
  await page.goto("/preferences");
  await page.locator("input[value=dark]").check();
  await page.locator("main .go").click();
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  await context.close();
});

test("more results are appended, the focus goes there, and they are there again on coming back", async () => {
  const { page, context, faults } = await open();
  await page.goto("/search/image?q=harbour");
  assert.equal(await page.locator(".tile").count(), 40);
  await page.locator(".more a").click();
  await page.waitForFunction(() => document.querySelectorAll(".tile").length === 80);
  const focused = await page.evaluate(() => [...document.querySelectorAll(".tile a")].indexOf(document.activeElement));
  assert.equal(focused, 40);
  assert.match((await page.locator(".live").textContent()) ?? "", /^(More results were added\.)?$/);
  await page.locator(".tile a").nth(70).scrollIntoViewIfNeeded();
  const href = await page.locator(".tile a").nth(70).getAttribute("href");
  await page.locator(".tile a").nth(70).click();
  await page.waitForURL(/\/image\//);
  await page.goBack();
  await page.waitForFunction(() => document.querySelectorAll(".tile").length === 80);
  await page.waitForFunction(() => scrollY > 500);
  assert.equal(await page.locator(".tile a").nth(70).getAttribute("href"), href);
  assert.deepEqual(faults, []);
  await context.close();
});

test("a search is made by keyboard alone, on a phone", async () => {
  const { page, context } = await open({ width: 320 });
  await page.goto("/search/image?q=harbour");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.className), "skip");
  const reach = async (what, accept) => {
    for (let presses = 0; presses < 80; ++presses) {
      if (await page.evaluate(accept)) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`${what} is out of reach`);
  };
  await reach("the filters' button", () => document.activeElement?.matches(".filter-button"));
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#filters")?.matches(":popover-open"));
  await reach("a licence", () => document.activeElement?.matches("input[value=by]"));
  await page.keyboard.press("Space");
  await page.keyboard.press("Enter");
  await page.waitForURL(/license=by/);
  await reach("a work", () => document.activeElement?.matches(".tile a"));
  const box = await page.evaluate(() => document.activeElement.getBoundingClientRect().top);
  assert.ok(box >= 60, "the focus is behind the head of the page");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/image\//);
  await context.close();
});

test("credit is copied in four formats", async () => {
  const { page, context } = await open({ permissions: ["clipboard-read", "clipboard-write"] });
  await page.goto(`/image/${id(500)}`);
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await page.locator("[data-copy=credit-rich]").click();
  await page.waitForFunction(() => document.querySelector("[data-copy=credit-rich]")?.textContent === "Copied");
  assert.ok((await clipboard()).includes("<script>alert(1)</script>"));
  const rich = await page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    return (await item.getType("text/html")).text();
  });
  assert.ok(!rich.includes("<script>"));
  for (const format of ["html", "plain", "xml"]) {
    await page.locator(`details:has(#credit-${format}) summary`).click();
    await page.locator(`[data-copy=credit-${format}]`).click();
    await page.waitForFunction((f) => document.querySelector(`[data-copy=credit-${f}]`)?.textContent === "Copied", format);
    const text = await clipboard();
    if (format === "xml") {
      const error = await page.evaluate((x) => new DOMParser().parseFromString(x, "application/xml").querySelector("parsererror")?.textContent, text);
      assert.equal(error, undefined);
    }
    assert.equal(text.includes("<script>"), format === "plain");
  }
  await context.close();
});

test("a recording is played by keyboard, one at a time, and goes on while one searches", async () => {
  const { page, context, asked, faults } = await open();
  await page.goto("/search/audio");
  assert.deepEqual(asked, [], "nothing is fetched before it is played");
  const play = (n) => page.locator(".player .play").nth(n);
  await play(0).focus();
  await page.keyboard.press("Space");
  await page.waitForFunction(() => document.querySelector(".player .play")?.getAttribute("aria-label")?.startsWith("Pause"));
  const position = () => page.evaluate(() => Number(document.querySelector(".player .seek").value));
  await page.locator(".player .seek").first().focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("ArrowRight");
  assert.ok((await position()) >= 15 && (await position()) <= 19, String(await position()));
  await page.keyboard.press("End");
  assert.ok((await position()) >= 59);
  await page.keyboard.press("Home");
  await play(1).click();
  await page.waitForFunction(() => document.querySelectorAll(".player .play[aria-label^=Pause]").length === 1);
  assert.match((await play(1).getAttribute("aria-label")) ?? "", /^Pause/);
  await page.locator("#q").fill("harbour");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".dock .play[aria-label^=Pause]");
  assert.match(page.url(), /\/search\/audio\?q=harbour/);
  assert.match(await page.title(), /harbour/);
  await page.goBack();
  await page.waitForFunction(() => document.title.startsWith("All sounds"));
  assert.match((await page.locator(".dock .play").getAttribute("aria-label")) ?? "", /^Pause/);
  assert.deepEqual(faults, []);
  await context.close();
});

test("what strangers wrote stays text, scripts on", async () => {
  const { page, context, faults } = await open();
  const encoded = encodeURIComponent(hostile);
  for (const path of [
    `/image/${id(500)}`, `/audio/${id(600)}`, `/image/collection?tag=${encoded}`, `/search?q=${encoded}`,
    `/search/image?q=onerror`, `/search/image?q=x&source=${encoded}`, `/image/${id(500)}/report`,
  ]) {
    await page.goto(path);
    assert.equal(await page.locator("script:not([src]), img[src=x], [onerror]").count(), 0, path);
    for (const href of await page.$$eval("a[href]", (links) => links.map((l) => l.href))) {
      assert.match(href, /^https?:/, path);
    }
  }
  assert.deepEqual(faults, []);
  await context.close();
});

test("no text was forgotten: everything is in brackets in the pseudo-language", async () => {
  const { page, context } = await open();
  for (const path of ["/en-XA/search/image?q=nothing%20at%20all", `/en-XA/image/${id(1)}`, "/en-XA/about", "/en-XA/preferences"]) {
    await page.goto(path);
    const bare = await page.evaluate(() => {
      const own = "code, pre, .caption, .face, .by, .facts dd, .chips, .makers a, .languages, .brand, h1, .licence, .choice-label, .rich, title";
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const found = [];
      while (walker.nextNode()) {
        const text = walker.currentNode.textContent?.trim() ?? "";
        if (/[A-Za-z]{3}/.test(text) && !/^\[/.test(text) && !walker.currentNode.parentElement?.closest(own)) found.push(text);
      }
      return found;
    });
    assert.deepEqual(bare.filter((text) => !/^(XML|HTML|CC |“|CC0|JPEG|PNG|GIF|SVG|Public Domain|\d)/.test(text)), [], path);
  }
  await context.close();
});
