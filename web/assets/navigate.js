// While a recording plays, links and searches change the page around it instead of leaving it.
import { addControls, onChange, playing } from "./player.js";
import { say } from "./say.js";

/** @type {HTMLElement | undefined} */
let dock;

/** A player at the bottom, once the page that the recording was started on is gone. */
function showDock() {
  const current = playing();
  if (!current) {
    return;
  }
  dock?.remove();
  dock = document.createElement("section");
  dock.className = "dock";
  dock.setAttribute("aria-label", current.title);
  const title = document.createElement("span");
  title.className = "title";
  title.textContent = current.title;
  const player = document.createElement("div");
  player.className = "player";
  dock.append(title, player);
  addControls(player, current.audio, current.texts);
  document.body.append(dock);
}

/** @param {URL} url */
const isPage = (url) =>
  url.origin === location.origin && !url.pathname.startsWith("/v1/") && !url.pathname.startsWith("/assets/");

/**
 * @param {string} address
 * @param {"push" | "stay"} how
 * @param {(root: ParentNode) => void} upgrade
 */
async function go(address, how, upgrade) {
  try {
    const reply = await fetch(address, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const main = page.querySelector("main");
    const top = page.querySelector(".top");
    if (!main || !top) {
      throw new Error("no page");
    }
    if (how === "push") {
      history.pushState({ isSwapped: true }, "", reply.url);
    }
    document.title = page.title;
    document.documentElement.lang = page.documentElement.lang;
    document.documentElement.dir = page.documentElement.dir;
    document.querySelector(".top")?.replaceWith(document.importNode(top, true));
    document.querySelector("main")?.replaceWith(document.importNode(main, true));
    upgrade(document);
    showDock();
    scrollTo({ top: 0, behavior: "instant" });
    document.querySelector("main")?.focus({ preventScroll: true });
    say(document.title);
  } catch {
    location.assign(address);
  }
}

/** @param {(root: ParentNode) => void} upgrade */
export function keepPlaying(upgrade) {
  const isPlaying = () => playing()?.audio.paused === false;
  onChange(() => dock && showDock());
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    if (
      !isPlaying() || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey ||
      event.shiftKey || !(link instanceof HTMLAnchorElement) || link.target || !isPage(new URL(link.href)) ||
      link.getAttribute("href")?.startsWith("#")
    ) {
      return;
    }
    event.preventDefault();
    void go(link.href, "push", upgrade);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!isPlaying() || !(form instanceof HTMLFormElement) || form.method !== "get") {
      return;
    }
    event.preventDefault();
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      query.append(name, String(value));
    }
    void go(`${form.action}?${query}`, "push", upgrade);
  });
  addEventListener("popstate", () => {
    if (dock) {
      void go(location.href, "stay", upgrade);
    }
  });
}
