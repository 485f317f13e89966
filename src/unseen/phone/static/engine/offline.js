// The app kept on the device: call this before the engine is opened, so that nothing is loaded twice.

/**
 * @typedef {object} Kept
 * @property {boolean} offline whether the app now runs without a network
 * @property {boolean} waiting whether a newer version is complete and takes over at the next start
 * @property {string | null} fault why not, in one English sentence
 */

/**
 * Register the service worker; on the first start wait until it holds every file.
 * @param {URL} base address of the folder with app.json, ending in /
 * @param {(kept: Kept) => void} [told] called again whenever a newer version has come, or failed its check
 * @returns {Promise<Kept>} never rejects: an app that cannot be kept still runs online
 */
export async function keepOffline(base, told = () => undefined) {
  const container = navigator.serviceWorker;
  if (!container) return kept(false, false, "this browser keeps no apps, or the address is not https");
  let registration;
  try {
    const settings = { scope: base.href, updateViaCache: "none" };
    registration = await container.register(new URL("service-worker.js", base), settings);
  } catch (fault) {
    const offline = Boolean(container.controller);
    return kept(offline, false, offline ? null : `the app cannot be kept: ${fault.message}`);
  }
  registration.addEventListener("updatefound", () => follow(registration, told));
  if (registration.active) return kept(true, Boolean(registration.waiting), null);
  const state = await settled(registration.installing ?? registration.waiting, "activated");
  if (state !== "activated") return kept(false, false, "a file of the app failed its check, or could not be loaded");
  if (!container.controller) await claimed(container);
  return kept(true, false, null);
}

/** A newer version is on its way: say whether it came whole. */
async function follow(registration, told) {
  if (!registration.active) return;
  const state = await settled(registration.installing, "installed");
  const whole = state !== "redundant";
  told(kept(true, whole, whole ? null : "a newer version failed its check; this one stays"));
}

/** @param {ServiceWorker | null} worker @param {ServiceWorkerState} wanted @returns {Promise<ServiceWorkerState>} */
function settled(worker, wanted) {
  return new Promise((resolve) => {
    const look = () => {
      if (!worker || worker.state === wanted || ["activated", "redundant"].includes(worker.state)) {
        resolve(worker?.state ?? "redundant");
      }
    };
    worker?.addEventListener("statechange", look);
    look();
  });
}

/** @param {ServiceWorkerContainer} container @returns {Promise<void>} once this page is answered by the worker */
function claimed(container) {
  return new Promise((resolve) => {
    container.addEventListener("controllerchange", () => resolve(), { once: true });
    if (container.controller) resolve();
    setTimeout(resolve, 2000);
  });
}

/** @returns {Kept} */
const kept = (offline, waiting, fault) => ({ offline, waiting, fault });
