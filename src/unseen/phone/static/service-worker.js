// Keeps the app on the device: every file of app.json, each checked by its hash. A new version is fetched beside
// the old one while that runs on, and takes its place at the next start; where a hash fails, the old one stays.

// SHA-256 of app.json, written when the app is: a new app is a new service worker.
const APP = "";

const KEPT = `unseen-app ${self.registration.scope} `;
const CACHE = KEPT + APP;
// The same rules as in the page, for hosts that send none: nothing goes anywhere but to this host.
const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' blob: data:; style-src 'self'; " +
  "worker-src 'self'; connect-src 'self'; frame-ancestors 'none'";
const TYPES = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json",
  webmanifest: "application/manifest+json",
  svg: "image/svg+xml",
  png: "image/png",
  txt: "text/plain; charset=utf-8",
};
// Files fetched at once.
const ABREAST = 6;

self.addEventListener("install", (event) => event.waitUntil(fetchAll()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const ours = event.request.method === "GET" && url.href.startsWith(self.registration.scope);
  if (ours) event.respondWith(answer(event.request, url));
});

/** Fetch app.json and all it names into a cache of their own; a fault leaves nothing of it. */
async function fetchAll() {
  try {
    const cache = await caches.open(CACHE);
    const app = await fetched("app.json", APP);
    await cache.put(place("app.json"), shown("app.json", app));
    const files = Object.entries(JSON.parse(new TextDecoder().decode(app)).files);
    const next = async () => {
      for (let entry = files.pop(); entry; entry = files.pop()) {
        const [path, { sha256 }] = entry;
        await cache.put(place(path), shown(path, await fetched(path, sha256)));
      }
    };
    await Promise.all(Array.from({ length: ABREAST }, next));
  } catch (fault) {
    await caches.delete(CACHE);
    throw fault;
  }
}

/** Older versions go once nothing runs on them. */
async function takeOver() {
  const old = (await caches.keys()).filter((name) => name.startsWith(KEPT) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function answer(request, url) {
  url.search = url.hash = "";
  if (url.href === self.registration.scope) url.pathname += "index.html";
  const cache = await caches.open(CACHE);
  return (await cache.match(url.href)) ?? fetch(request);
}

const place = (path) => new URL(path, self.registration.scope).href;

/** Bytes of a file, as they were hashed: from an older version where it has the same, else from the host. */
async function fetched(path, sha256) {
  const held = await (await caches.match(place(path)))?.arrayBuffer();
  if (held && (await digest(held)) === sha256) return held;
  const found = await fetch(place(path), { cache: "no-cache" });
  if (!found.ok) throw new Error(`${path}: ${found.status}`);
  const bytes = await found.arrayBuffer();
  if ((await digest(bytes)) !== sha256) throw new Error(`${path} is not the file that belongs to this version`);
  return bytes;
}

async function digest(bytes) {
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(found, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function shown(path, bytes) {
  const headers = {
    "Content-Type": TYPES[path.split(".").pop()] ?? "application/octet-stream",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  };
  return new Response(bytes, { headers });
}
