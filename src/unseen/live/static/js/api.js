// The only way to the server: relative addresses, the token in a header, faults with the server's own line.

import { t } from "./words.js";

const KEPT = "unseen.token";

/** Take a one-time `#token=...` out of the address, so that it is neither sent, logged nor kept in the history. */
export function takeToken() {
  const found = /^#token=(.+)$/.exec(location.hash);
  if (!found) return;
  keepToken(found[1].replace(/%([0-9a-f]{2})/gi, (_, code) => String.fromCharCode(parseInt(code, 16))));
  history.replaceState(null, "", location.pathname + location.search);
}

export const keepToken = (token) => sessionStorage.setItem(KEPT, token);

function headers(more) {
  const token = sessionStorage.getItem(KEPT);
  return { ...(token ? { Authorization: `Bearer ${token}` } : {}), ...more };
}

class Fault extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

async function fault(answer) {
  const text = await answer.text().catch(() => "");
  try {
    const told = JSON.parse(text).detail;
    return new Fault(answer.status, typeof told === "string" ? told : told[0].msg);
  } catch {
    return new Fault(answer.status, `${answer.status} ${answer.statusText}`.trim());
  }
}

/** Ask; anything but a good answer is a Fault. A silent server is given 20 s, a stream any time. */
export async function ask(path, { limit = 20000, headers: more, ...options } = {}) {
  const signal = options.signal ?? AbortSignal.timeout(limit);
  let answer;
  try {
    answer = await fetch(path, {
      cache: "no-store",
      credentials: "omit",
      ...options,
      signal,
      headers: headers(more),
    });
  } catch (error) {
    throw new Fault(0, error.name === "TimeoutError" ? `${path}: ${limit / 1000} s` : t("lost"));
  }
  if (!answer.ok) throw await fault(answer);
  return answer;
}

export async function json(path) {
  const answer = await ask(path);
  return answer.json().catch(() => {
    throw new Fault(answer.status, `${path}: ${t("notJson")}`);
  });
}

export const post = async (path, body) =>
  (
    await ask(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "Content-Type": "application/json" },
    })
  ).json();

/** Words of a query; empty ones are left out. */
export function query(path, values) {
  const words = new URLSearchParams(
    Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined),
  );
  return words.size ? `${path}?${words}` : path;
}
