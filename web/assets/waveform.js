// Bars of recordings whose waveform was not made before the page was: it is asked for, and drawn as
// api/web/waveform.cpp draws it.

const bars = 160;

/** @param {number[]} points from 0 to 1 */
function pathOf(points) {
  let path = "";
  for (let bar = 0; bar < bars && points.length > 0; bar += 1) {
    const from = Math.floor((bar * points.length) / bars);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * points.length) / bars));
    const height = Math.round(Math.max(2, Math.max(...points.slice(from, to)) * 96));
    path += `M${bar}.5 ${50 - Math.floor(height / 2)}v${height}`;
  }
  return path;
}

/**
 * @param {HTMLElement} place
 * @param {string} address
 */
async function draw(place, address) {
  const reply = await fetch(address);
  if (!reply.ok) {
    return;
  }
  /** @type {{ points: number[] }} */
  const { points } = await reply.json();
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${bars} 100`);
  svg.setAttribute("preserveAspectRatio", "none");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", pathOf(points));
  svg.append(path);
  place.replaceChildren(svg);
}

/** @param {ParentNode} root */
export function upgradeWaveforms(root) {
  for (const place of root.querySelectorAll("[data-waveform]")) {
    if (place instanceof HTMLElement && place.dataset.waveform) {
      draw(place, place.dataset.waveform).catch(() => {}); // without it the place stays empty
    }
  }
}
