// The service worker: it keeps the app for use without a network, and fetches a new version for the next start.

import { tell } from "./state.js";

const WORKER = "service-worker.js";

/** Tell once a worker that is being installed waits for the next start. */
function watch(worker) {
  worker?.addEventListener("statechange", () => {
    if (worker.state === "installed" && navigator.serviceWorker.controller) tell({ update: true });
  });
}

/** Register the worker; a browser without one, or a private window, works with a network only. */
export async function keepOffline() {
  if (!("serviceWorker" in navigator)) return;
  try {
    const registration = await navigator.serviceWorker.register(WORKER);
    if (registration.waiting && registration.active) tell({ update: true });
    watch(registration.installing);
    registration.addEventListener("updatefound", () => watch(registration.installing));
    await navigator.serviceWorker.ready;
    tell({ cached: true });
  } catch {
    tell({ cached: false });
  }
}
