// The page for operators, live: the server sends its parts whenever something was measured, and only
// those that changed are put in, so that what one reads, copies or has open stays as it is.
import { upgradeCopies } from "./copy.js";

/** @type {Map<string, string>} */
const shown = new Map();

/** @param {Element} part */
const isInUse = (part) => {
  const selection = getSelection();
  return Boolean(selection && !selection.isCollapsed && selection.anchorNode && part.contains(selection.anchorNode));
};

/** @param {string} html */
function update(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const part of page.querySelectorAll("section[id]")) {
    const there = document.getElementById(part.id);
    if (!there || shown.get(part.id) === part.innerHTML || isInUse(there)) {
      continue;
    }
    shown.set(part.id, part.innerHTML);
    const open = [...there.querySelectorAll("details[open]")].map((details) => details.id);
    const focused = there.contains(document.activeElement) ? document.activeElement?.getAttribute("data-copy") : null;
    const frames = [...there.querySelectorAll("[tabindex='0']")].map((frame) => frame.scrollLeft);
    there.replaceChildren(...[...part.childNodes].map((node) => document.importNode(node, true)));
    for (const id of open) {
      document.getElementById(id)?.setAttribute("open", "");
    }
    [...there.querySelectorAll("[tabindex='0']")].forEach((frame, n) => (frame.scrollLeft = frames[n] ?? 0));
    upgradeCopies(there);
    const again = focused ? there.querySelector(`[data-copy="${focused}"]`) : null;
    if (again instanceof HTMLElement) {
      again.focus({ preventScroll: true });
    }
  }
}

document.documentElement.dataset.scripts = "";
upgradeCopies(document);
const state = document.getElementById("link-state");
const events = new EventSource("/ops/events");
events.addEventListener("open", () => state && (state.textContent = "Live."));
events.addEventListener("error", () => state && (state.textContent = "The server does not answer; trying again."));
events.addEventListener("parts", (event) => update(JSON.parse(event.data)));
