/**
 * What was written and not acknowledged yet, kept in IndexedDB for a week: it outlives a reload, a crash and a day
 * without a connection, and is wiped at sign-out (rukn.js). Where a browser keeps nothing it lives as long as the page.
 */
const WEEK = 7 * 24 * 3600 * 1000;
const NAME = "rukn";
const held = new Map();
let opening = null;

function open() {
  opening ??= new Promise((resolve) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("unsent", { keyPath: "client_id" });
    asked.onsuccess = () => {
      asked.result.onversionchange = () => asked.result.close();
      resolve(asked.result);
    };
    asked.onerror = asked.onblocked = () => resolve(null);
  }).catch(() => null);
  return opening;
}

async function change(mode, act) {
  const base = await open();
  if (!base) return null;
  return new Promise((resolve) => {
    try {
      const step = base.transaction("unsent", mode);
      const asked = act(step.objectStore("unsent"));
      step.oncomplete = () => resolve(asked.result);
      step.onerror = step.onabort = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}

/** Read what this person has unsent, oldest first; forget what is older than a week. */
export async function load(me) {
  for (const each of (await change("readonly", (rows) => rows.getAll())) || []) {
    if (Date.now() - each.made > WEEK) change("readwrite", (rows) => rows.delete(each.client_id));
    else if (each.me === me) held.set(each.client_id, each);
  }
  return waiting();
}

/** Give what waits, oldest first. */
export const waiting = () => [...held.values()].sort((one, other) => one.made - other.made);

/** Keep a message; resolves once it is on the disk. */
export function keep(message) {
  held.set(message.client_id, message);
  return change("readwrite", (rows) => rows.put(message));
}

/** Take note of one that another tab keeps. */
export const note = (message) => held.set(message.client_id, message);

/** Forget a message that was acknowledged or refused. Gives whether it was waiting here. */
export function forget(clientId) {
  change("readwrite", (rows) => rows.delete(clientId));
  return held.delete(clientId);
}
