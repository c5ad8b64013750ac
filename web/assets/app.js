// What scripts add to pages that work without them. Each module looks after one thing; `upgrade` is
// called for the whole page, and again for whatever is put into it later.
import { upgradeCopies } from "./copy.js";
import { upgradeMore } from "./more.js";
import { keepPlaying } from "./navigate.js";
import { upgradePictures } from "./pictures.js";
import { upgradePlayers } from "./player.js";
import { watchUsage } from "./usage.js";
import { upgradeWaveforms } from "./waveform.js";

/** @param {ParentNode} root */
function upgrade(root) {
  upgradePictures(root);
  upgradeCopies(root);
  upgradePlayers(root);
  upgradeWaveforms(root);
  upgradeMore(root, upgrade);
  watchUsage(root);
}

document.documentElement.dataset.scripts = "";
upgrade(document);
keepPlaying(upgrade);

// Back to the results as they were, with their scroll position, where they are the page before.
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-back]") : null;
  if (link instanceof HTMLAnchorElement && link.href === document.referrer && history.length > 1) {
    event.preventDefault();
    history.back();
  }
});
