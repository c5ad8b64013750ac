import { say } from "./say.js";
import { sayEnd, sayFailure } from "./usage.js";

/** @typedef {(root: ParentNode) => void} Upgrade */

/** @param {string} url */
async function fetchPage(url) {
  const reply = await fetch(url, { headers: { Accept: "text/html" } });
  if (!reply.ok) {
    throw new Error(String(reply.status));
  }
  return new DOMParser().parseFromString(await reply.text(), "text/html");
}

/**
 * Appends the next page's works to this one's.
 * @param {HTMLAnchorElement} link
 * @param {Upgrade} upgrade
 * @returns {Promise<Element | undefined>} the first work that was added
 */
async function append(link, upgrade) {
  const list = document.querySelector(".found .rows, .found .tracks");
  const page = await fetchPage(link.href);
  const works = [...page.querySelectorAll(".found .rows > li, .found .tracks > li")];
  const fragment = document.createDocumentFragment();
  fragment.append(...works.map((work) => document.importNode(work, true)));
  const first = fragment.firstElementChild ?? undefined;
  const added = [...fragment.children];
  list?.append(fragment);
  for (const work of added) {
    upgrade(work);
  }
  const next = page.querySelector(".more a");
  const paging = link.closest(".more");
  if (next instanceof HTMLAnchorElement) {
    link.href = next.getAttribute("href") ?? "";
  } else {
    const end = page.querySelector(".found > .note");
    if (end) {
      paging?.before(document.importNode(end, true));
    }
    paging?.remove();
    sayEnd();
  }
  return first;
}

/** How many pages were added to the one of this address. */
const pagesAdded = () => Number(history.state?.pagesAdded ?? 0);

/**
 * "Load more" appends in place; without scripts it leads to the next page.
 * @param {ParentNode} root
 * @param {Upgrade} upgrade
 */
export function upgradeMore(root, upgrade) {
  const link = root.querySelector(".more a");
  if (!(link instanceof HTMLAnchorElement)) {
    return;
  }
  let isBusy = false;
  link.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) {
      return;
    }
    event.preventDefault();
    if (isBusy) {
      return;
    }
    isBusy = true;
    link.classList.add("is-loading");
    link.setAttribute("aria-busy", "true");
    const slow = setTimeout(() => say(document.body.dataset.slow ?? ""), 2000);
    try {
      const first = await append(link, upgrade);
      history.replaceState({ ...history.state, pagesAdded: pagesAdded() + 1 }, "");
      say(link.dataset.added ?? "");
      // The focus goes where reading goes on, also when the link is gone.
      const target = first?.querySelector("a");
      target?.focus({ preventScroll: true });
    } catch {
      sayFailure("search");
      say(document.body.dataset.failed ?? "");
      link.focus();
    } finally {
      clearTimeout(slow);
      link.classList.remove("is-loading");
      link.removeAttribute("aria-busy");
      isBusy = false;
    }
  });
  void restore(link, upgrade);
}

/**
 * Coming back, the page is as long as it was, and where it was.
 * @param {HTMLAnchorElement} link
 * @param {Upgrade} upgrade
 */
async function restore(link, upgrade) {
  const pages = pagesAdded();
  const top = Number(history.state?.top ?? 0);
  for (let page = 0; page < pages && link.isConnected; ++page) {
    try {
      await append(link, upgrade);
    } catch {
      return;
    }
  }
  if (pages > 0) {
    scrollTo({ top, behavior: "instant" });
  }
}

addEventListener("pagehide", () => {
  history.replaceState({ ...history.state, top: scrollY }, "");
});
