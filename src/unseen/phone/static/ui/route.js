// Addresses of views behind the #, so that a reload and the back button lead where one was.

/** "#/history" -> "history"; the start has the empty name. */
export const read = (hash) => hash.replace(/^#\/?/, "").split("/")[0];
