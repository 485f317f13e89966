// Hand a file of our own making to the user.

import { h } from "./dom.js";

/** Save some text or bytes under a name. */
export function save(content, name, type) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Today's date in a name: 2026-11-28. */
export const dated = (stem, ending) => `${stem}-${new Date().toISOString().slice(0, 10)}.${ending}`;
