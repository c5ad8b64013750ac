// Says how the pages are used, where the reader and the installation want it (docs/privacy.md): what
// was searched, shown, chosen and copied, without who it was. The server says in `data-usage` whether
// anything is to be said at all.

/** @typedef {Record<string, unknown>} Members */

const address = "/v1/events/";
const mostAtOnce = 50;
const mostWaiting = 200;
const pause = 3000;

/** @type {Members[]} */
let waiting = [];
/** @type {number | undefined} */
let timer;
let isSending = false;

/** In some browsers, and where storage is switched off, it throws. @param {() => string | null} use */
function stored(use) {
  try {
    return use();
  } catch {
    return null;
  }
}

/** The first letters of a text; half of one would be refused. @param {string} text @param {number} most */
function cut(text, most) {
  return [...text].slice(0, most).join("").replace(/\p{Surrogate}/gu, "\ufffd");
}

/** A UUID of version 4; `crypto.randomUUID` is there on https alone. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** What stands in storage, for this page alone where storage is switched off. */
let sessionKept = "";

/** Another one each day, so that no reader is known for longer. */
function session() {
  const today = new Date().toISOString().slice(0, 10);
  const [day, known] = (stored(() => localStorage.getItem("freshet.session")) ?? sessionKept).split(" ");
  if (day === today && known) {
    return known;
  }
  const id = uuid();
  sessionKept = `${today} ${id}`;
  stored(() => (localStorage.setItem("freshet.session", sessionKept), null));
  return id;
}

/** Where a work was chosen from; it goes along to the work's page. @returns {Members} */
function origin() {
  const text = stored(() => sessionStorage.getItem("freshet.from"));
  return text ? JSON.parse(text) : {};
}

/**
 * @param {string} type
 * @param {Members} [payload]
 * @param {Members} [members]
 */
function say(type, payload = {}, members = {}) {
  waiting.push({
    event_id: uuid(),
    type,
    occurred_at: new Date().toISOString(),
    session_id: session(),
    ...members,
    payload: { ...payload, width: innerWidth, height: innerHeight },
  });
  // A broker that is away for long is no reason to grow.
  waiting = waiting.slice(-mostWaiting);
  timer ??= setTimeout(send, pause);
}

/** Those that a 400 names; all of them where it names none. @param {Members[]} events @param {Response} reply */
async function refused(events, reply) {
  const detail = (await reply.json().catch(() => ({})))?.detail;
  const fields = detail !== null && typeof detail === "object" ? Object.keys(detail) : [];
  const places = fields.map((field) => Number(/^events\[(\d+)\]/.exec(field)?.[1] ?? -1));
  const named = events.filter((_, place) => places.includes(place));
  return named.length > 0 ? named : events;
}

async function send() {
  timer = undefined;
  if (isSending || waiting.length === 0) {
    return;
  }
  isSending = true;
  const events = waiting.slice(0, mostAtOnce);
  try {
    const reply = await fetch(address, {
      method: "POST",
      keepalive: true,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ events }),
    });
    // What was refused is refused again; what was not taken keeps its ids and is sent again.
    if (reply.status < 500 && reply.status !== 429) {
      const done = reply.status === 400 ? await refused(events, reply) : events;
      waiting = waiting.filter((event) => !done.includes(event));
    }
  } catch {
    // offline: the next turn
  }
  isSending = false;
  if (waiting.length > 0) {
    timer ??= setTimeout(send, 10 * pause);
  }
}

/** The page may be gone a moment later. What a request has under way may then be sent twice. */
function sendAtOnce() {
  while (waiting.length > 0) {
    if (!navigator.sendBeacon(address, JSON.stringify({ events: waiting.slice(0, mostAtOnce) }))) {
      return;
    }
    waiting = waiting.slice(mostAtOnce);
  }
}

/** The search that this page shows. @returns {Members | undefined} */
function search() {
  const place = document.querySelector("[data-search]");
  if (!(place instanceof HTMLElement)) {
    return undefined;
  }
  place.dataset.searchId ??= uuid();
  const query = new URLSearchParams(location.search);
  /** @type {Record<string, string[]>} */
  const filters = {};
  for (const [name, value] of query) {
    const isFilter = !["q", "page", "sort"].includes(name) && value !== "" && name.length <= 80;
    if (isFilter && Object.keys(filters).length < 20) {
      filters[name] = value.split(",", 50).map((one) => cut(one, 100));
    }
  }
  return {
    search_id: place.dataset.searchId,
    query: cut(query.get("q") ?? "", 200),
    media_type: place.dataset.search,
    filters,
    page: Number(place.dataset.page ?? 1),
  };
}

/** @param {Element} work @returns {{ id: string, medium: string, rank: number, source: string } | undefined} */
function result(work) {
  const link = work.querySelector("a[href]");
  const found = /\/(image|audio)\/([0-9a-f-]{36})$/.exec(link?.getAttribute("href") ?? "");
  const list = work.parentElement;
  if (!found?.[1] || !found[2] || !list) {
    return undefined;
  }
  const first = Number(list.dataset.first ?? 0);
  return {
    medium: found[1],
    id: found[2],
    rank: first + [...list.children].indexOf(work),
    source: work instanceof HTMLElement ? (work.dataset.source ?? "") : "",
  };
}

/** @type {Members[]} */
let seen = [];
/** @type {IntersectionObserver | undefined} */
let observer;

/** A work counts as shown when half of it was on the screen. */
function watchResults() {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const shown = entry.isIntersecting ? result(entry.target) : undefined;
        if (shown) {
          observer?.unobserve(entry.target);
          seen.push({ id: shown.id, rank: shown.rank, medium: shown.medium });
        }
      }
      setTimeout(sayImpressions, 500);
    },
    { threshold: 0.5 },
  );
  for (const work of document.querySelectorAll("[data-search] .rows > li, [data-search] .tracks > li")) {
    if (work instanceof HTMLElement && !work.dataset.watched) {
      work.dataset.watched = "";
      observer.observe(work);
    }
  }
}

function sayImpressions() {
  const now = search();
  for (const medium of ["image", "audio"]) {
    const results = seen.filter((one) => one.medium === medium).map(({ id, rank }) => ({ id, rank }));
    if (now && results.length > 0) {
      say("IMPRESSION", { results: results.slice(0, 100) }, { ...now, media_type: medium });
    }
  }
  seen = [];
}

/** @param {ParentNode} root */
function arrive(root) {
  const place = root.querySelector("[data-search]");
  const now = search();
  if (place instanceof HTMLElement && now && !place.dataset.said) {
    place.dataset.said = "";
    const { query, media_type: mediaType } = now;
    say("GET_SEARCH_RESULTS", { mediaType, query, resultsCount: Number(place.dataset.count ?? 0) }, now);
    const [timing] = performance.getEntriesByType("navigation");
    if (timing instanceof PerformanceNavigationTiming && root === document && timing.responseStart > 0) {
      const elapsedTime = Math.round(timing.responseStart - timing.requestStart);
      say("SEARCH_RESPONSE_TIME", { mediaType, elapsedTime }, now);
    }
  }
  watchResults();
}

/** What the page of a work is about, and where it was chosen from. @returns {Members | undefined} */
function work() {
  const place = document.querySelector(".work[data-id]");
  if (!(place instanceof HTMLElement)) {
    return undefined;
  }
  const from = origin();
  const { id, medium, source } = place.dataset;
  return {
    result_id: id,
    media_type: medium,
    source,
    ...(from.result_id === id ? { search_id: from.search_id, query: from.query, rank: from.rank, page: from.page } : {}),
  };
}

/** @param {Element} target */
function choose(target) {
  const chosen = target.closest(".rows > li, .tracks > li");
  const found = chosen ? result(chosen) : undefined;
  if (!chosen || !found || !target.closest("a[href]")) {
    return;
  }
  const now = search();
  const kind = now ? "search" : chosen.closest(".related") ? "related" : "collection";
  const members = { ...now, result_id: found.id, rank: found.rank, source: found.source, media_type: found.medium };
  const text = JSON.stringify(now ? members : {});
  stored(() => (sessionStorage.setItem("freshet.from", text), null));
  const related = kind === "related" ? document.querySelector(".work[data-id]") : null;
  say(
    "SELECT_SEARCH_RESULT",
    {
      id: found.id,
      kind,
      mediaType: found.medium,
      isBlurred: chosen.classList.contains("veiled"),
      ...(related instanceof HTMLElement ? { relatedTo: related.dataset.id } : {}),
    },
    members,
  );
}

/** @param {Element} target */
function follow(target) {
  const link = target.closest("a[href]");
  if (!(link instanceof HTMLAnchorElement)) {
    return;
  }
  const about = work();
  const id = about?.result_id;
  const mediaType = about?.media_type;
  if (about && link.matches(".get")) {
    say("GET_MEDIA", { id, mediaType }, about);
  } else if (about && link.closest("[itemprop=creator]")) {
    say("VISIT_CREATOR_LINK", { id, url: cut(link.href, 500) }, about);
  } else if (about && link.closest(".makers")) {
    say("VISIT_SOURCE_LINK", { id, source: about.source }, about);
  } else if (link.rel.includes("license")) {
    say("VISIT_LICENSE_PAGE", { license: cut((link.textContent ?? "").trim(), 500) }, about ?? {});
  } else if (link.matches("[data-back]")) {
    say("BACK_TO_SEARCH", { id }, about ?? {});
  } else if (link.closest(".tabs")) {
    const now = search();
    const next = /\/search\/?(image|audio)?/.exec(link.pathname)?.[1] ?? "all";
    say("CHANGE_CONTENT_TYPE", { previous: now?.media_type, next, component: "tabs" }, now ?? {});
  } else if (link.origin !== location.origin) {
    say("EXTERNAL_LINK_CLICK", { url: cut(link.href, 500) }, about ?? {});
  }
}

/** @param {Element} target */
function press(target) {
  const copied = target.closest("button[data-copy]");
  const now = search();
  if (copied instanceof HTMLElement) {
    const about = work();
    const format = (copied.dataset.copy ?? "").replace("credit-", "");
    say("COPY_ATTRIBUTION", { id: about?.result_id, format, mediaType: about?.media_type }, about ?? {});
  } else if (target.closest("[popovertarget=filters]")) {
    const toState = document.querySelector("#filters:popover-open") ? "closed" : "opened";
    say("TOGGLE_FILTER_SIDEBAR", { searchType: now?.media_type, toState }, now ?? {});
  } else if (target.closest(".more a")) {
    say("LOAD_MORE_RESULTS", { resultPage: now?.page, kind: "search", searchType: now?.media_type }, now ?? {});
  }
}

/** @param {HTMLInputElement} box */
function choice(box) {
  const now = search();
  if (box.getAttribute("form") === "search-form" && box.type === "checkbox") {
    const payload = { category: box.name, key: cut(box.value, 500), checked: box.checked };
    say("APPLY_FILTER", { ...payload, searchType: now?.media_type }, now ?? {});
  } else if (box.name === "sensitive") {
    say("TOGGLE_FETCH_SENSITIVE", { checked: box.checked });
  } else if (box.name === "blurred") {
    say("TOGGLE_BLUR_SENSITIVE", { checked: box.checked });
  }
}

/** @param {HTMLDetailsElement} details */
function open(details) {
  const about = work();
  if (about && details.matches(".veil")) {
    say(details.open ? "UNBLUR_SENSITIVE_RESULT" : "REBLUR_SENSITIVE_RESULT", { id: about.result_id }, about);
  } else if (details.matches(".rest")) {
    say("TOGGLE_TAG_EXPANSION", { toState: details.open ? "expanded" : "collapsed" }, about ?? {});
  }
}

/** @param {Event} event */
function hear(event) {
  const player = event.target;
  const named = { play: "play", pause: "pause", seeked: "seek" }[event.type];
  if (!(player instanceof HTMLAudioElement) || !named) {
    return;
  }
  const about = work();
  const listed = player.closest(".tracks > li");
  const found = listed ? result(listed) : undefined;
  say("AUDIO_INTERACTION", { id: about?.result_id ?? found?.id, event: named, component: about ? "work" : "list" }, about ?? {});
}

/** @param {SubmitEvent} event */
function submit(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) {
    return;
  }
  const data = new FormData(form);
  const words = data.get("q");
  if (typeof words === "string") {
    const searchType = /\/search\/?(image|audio)?$/.exec(new URL(form.action).pathname)?.[1] ?? "all";
    say("SUBMIT_SEARCH", { searchType, query: cut(words, 200) }, { query: cut(words, 200), media_type: searchType });
  } else if (form.action.endsWith("/report")) {
    const given = data.get("reason");
    const reason = given === "mature" ? "sensitive" : given;
    const id = /\/([0-9a-f-]{36})\/report$/.exec(form.action)?.[1];
    say("REPORT_MEDIA", { id, reason }, { result_id: id });
  }
}

/**
 * @param {string} requestKind
 */
export function sayFailure(requestKind) {
  if (isOn()) {
    say("NETWORK_ERROR", { requestKind, searchType: search()?.media_type }, search() ?? {});
  }
}

/** The last work of a search was reached. */
export function sayEnd() {
  const now = isOn() ? search() : undefined;
  if (now) {
    say("REACH_RESULT_END", { resultPage: now.page, kind: "search", searchType: now.media_type }, now);
  }
}

const isOn = () =>
  "usage" in document.body.dataset && !(/** @type {{ globalPrivacyControl?: boolean }} */ (navigator).globalPrivacyControl);

let isWatching = false;

/** Called for the whole page, and for what is put into it later. @param {ParentNode} root */
export function watchUsage(root) {
  if (!isOn()) {
    return;
  }
  arrive(root);
  if (isWatching) {
    return;
  }
  isWatching = true;
  const element = (/** @type {Event} */ event) => (event.target instanceof Element ? event.target : undefined);
  // Before others, who may take the page away.
  addEventListener(
    "click",
    (event) => {
      const target = element(event);
      if (target) {
        choose(target);
        follow(target);
        press(target);
      }
    },
    { capture: true },
  );
  addEventListener("contextmenu", (event) => {
    const target = element(event);
    if (target?.matches("img")) {
      const listed = target.closest(".rows > li");
      const id = listed ? result(listed)?.id : work()?.result_id;
      say("RIGHT_CLICK_IMAGE", { id }, { result_id: id });
    }
  });
  addEventListener("change", (event) => event.target instanceof HTMLInputElement && choice(event.target), { capture: true });
  addEventListener("toggle", (event) => event.target instanceof HTMLDetailsElement && open(event.target), { capture: true });
  addEventListener("submit", submit, { capture: true });
  for (const name of ["play", "pause", "seeked"]) {
    addEventListener(name, hear, { capture: true });
  }
  addEventListener("visibilitychange", () => document.visibilityState === "hidden" && sendAtOnce());
  addEventListener("pagehide", () => {
    sayImpressions();
    sendAtOnce();
  });
}
