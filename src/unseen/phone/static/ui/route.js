// Addresses of views behind the #, so that a reload and the back button lead where one was.

/** "#/street/A%2F1" -> {view: "street", id: "A/1"}. */
export function read(hash) {
  const [view, id] = hash.replace(/^#\/?/, "").split("/");
  let name = null;
  try {
    name = id === undefined ? null : decodeURIComponent(id);
  } catch {
    name = id; // a % that is none: the street will not be found, and said so
  }
  return { view, id: name };
}

export const streetLink = (id) => `#/street/${encodeURIComponent(id)}`;
