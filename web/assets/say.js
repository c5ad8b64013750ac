/**
 * Tells those who listen to the page rather than look at it.
 * @param {string} text
 */
export function say(text) {
  const live = document.querySelector(".live");
  if (live) {
    live.textContent = "";
    setTimeout(() => (live.textContent = text), 50);
  }
}
