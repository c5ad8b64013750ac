import { say } from "./say.js";

/**
 * @param {HTMLElement} from
 * @param {boolean} withMarkup
 */
async function copy(from, withMarkup) {
  const text = from.textContent?.trim() ?? "";
  if (withMarkup && "ClipboardItem" in window) {
    await navigator.clipboard.write([
      new ClipboardItem({
        "text/html": new Blob([from.innerHTML], { type: "text/html" }),
        "text/plain": new Blob([text], { type: "text/plain" }),
      }),
    ]);
  } else {
    await navigator.clipboard.writeText(text);
  }
}

/** @param {HTMLElement} from */
function select(from) {
  getSelection()?.selectAllChildren(from);
}

/** @param {ParentNode} root */
export function upgradeCopies(root) {
  for (const button of root.querySelectorAll("button[data-copy]")) {
    if (!(button instanceof HTMLButtonElement)) {
      continue;
    }
    const label = button.textContent;
    button.addEventListener("click", async () => {
      const from = document.getElementById(button.dataset.copy ?? "");
      if (!from) {
        return;
      }
      try {
        await copy(from, "copyHtml" in button.dataset);
        button.textContent = button.dataset.done ?? label;
        say(button.textContent ?? "");
        setTimeout(() => (button.textContent = label), 2500);
      } catch {
        select(from); // no permission: it is ready for the keyboard
      }
    });
  }
}
