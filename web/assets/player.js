// Players of our own over the browser's: the same element plays, but one at a time, it goes on while
// the page around it changes, and every key works.

const icons = new URL("icons.svg", import.meta.url).pathname;
const speeds = [0.75, 1, 1.25, 1.5, 2];

/** @type {{ audio: HTMLAudioElement, title: string, texts: DOMStringMap } | undefined} */
let current;
/** @type {Set<() => void>} */
const listeners = new Set();

/** The recording that plays, or is paused after it played. */
export const playing = () => current;

/** @param {() => void} listener called when another recording becomes the current one */
export function onChange(listener) {
  listeners.add(listener);
}

/** @param {number} seconds */
function clock(seconds) {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${two(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/** @param {string} id */
function icon(id) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${icons}#${id}`);
  svg.append(use);
  return svg;
}

/**
 * Puts buttons and a slider for a recording into `place`.
 * @param {HTMLElement} place
 * @param {HTMLAudioElement} audio
 * @param {DOMStringMap} texts
 */
export function addControls(place, audio, texts) {
  const known = Number(texts.seconds ?? 0);
  const length = () => (Number.isFinite(audio.duration) ? audio.duration : known);
  const play = document.createElement("button");
  play.type = "button";
  play.className = "play";
  const seek = document.createElement("input");
  seek.type = "range";
  seek.className = "seek";
  seek.min = "0";
  seek.step = "1";
  seek.setAttribute("aria-label", `${texts.seek}: ${texts.title}`);
  const time = document.createElement("span");
  time.className = "time";

  const show = () => {
    const label = (audio.paused ? texts.play : texts.pause) ?? "";
    play.setAttribute("aria-label", `${label}: ${texts.title}`);
    play.replaceChildren(icon(audio.paused ? "play" : "pause"));
  };
  const move = () => {
    seek.max = String(Math.ceil(length()));
    seek.value = String(Math.floor(audio.currentTime));
    const now = clock(audio.currentTime);
    const all = clock(length());
    seek.setAttribute("aria-valuetext", (texts.of ?? "").replace("{now}", now).replace("{all}", all));
    time.textContent = `${now} / ${all}`;
  };
  /** @param {number} seconds */
  const go = (seconds) => {
    audio.currentTime = Math.min(Math.max(0, seconds), length());
    move();
  };
  const toggle = () => (audio.paused ? audio.play().catch(() => {}) : audio.pause());

  play.addEventListener("click", toggle);
  seek.addEventListener("input", () => go(Number(seek.value)));
  place.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLSelectElement) {
      return;
    }
    const forward = getComputedStyle(place).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const step = event.shiftKey ? 15 : 1;
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      go(audio.currentTime + (event.key === forward ? step : -step));
    } else if (event.key === "Home" || event.key === "End") {
      go(event.key === "Home" ? 0 : length());
    } else if (event.key === " ") {
      toggle();
    } else {
      return;
    }
    event.preventDefault();
  });
  audio.addEventListener("play", show);
  audio.addEventListener("pause", show);
  audio.addEventListener("timeupdate", move);
  audio.addEventListener("durationchange", move);
  audio.addEventListener("error", () => {
    const fault = document.createElement("p");
    fault.className = "fault";
    fault.setAttribute("role", "alert");
    fault.textContent = texts.error ?? "";
    place.replaceChildren(fault);
  });
  show();
  move();
  place.replaceChildren(play, seek, time);
  if (texts.speed) {
    place.append(speedChoice(audio, texts));
  }
}

/**
 * @param {HTMLAudioElement} audio
 * @param {DOMStringMap} texts
 */
function speedChoice(audio, texts) {
  const select = document.createElement("select");
  select.setAttribute("aria-label", texts.speed ?? "");
  for (const speed of speeds) {
    const option = document.createElement("option");
    option.value = String(speed);
    option.textContent = `${speed}×`;
    option.selected = speed === audio.playbackRate;
    select.append(option);
  }
  select.addEventListener("change", () => (audio.playbackRate = Number(select.value)));
  return select;
}

/** @param {ParentNode} root */
export function upgradePlayers(root) {
  for (const place of root.querySelectorAll(".player")) {
    const found = place.querySelector("audio");
    if (!(place instanceof HTMLElement) || !found) {
      continue;
    }
    // The one that plays already goes on in its new place. Out of the page, nothing stops it.
    const isCurrent = current?.audio.src === found.src;
    const audio = isCurrent && current ? current.audio : found;
    const texts = place.dataset;
    if (!isCurrent) {
      audio.addEventListener("play", () => {
        if (current && current.audio !== audio) {
          current.audio.pause();
        }
        current = { audio, title: texts.title ?? "", texts };
        for (const listener of listeners) {
          listener();
        }
      });
    }
    audio.controls = false;
    addControls(place, audio, texts);
  }
}
