/**
 * A picture that does not come gives way to the drawing behind it.
 * @param {ParentNode} root
 */
export function upgradePictures(root) {
  for (const picture of root.querySelectorAll("img")) {
    const remove = () => picture.remove();
    if (picture.complete && picture.naturalWidth === 0 && picture.loading !== "lazy") {
      remove();
    } else {
      picture.addEventListener("error", remove, { once: true });
    }
  }
}
