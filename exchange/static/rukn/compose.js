/** Writing a listing: what is typed is kept within two seconds, skills are understood while typing. */
import { suggest } from "./suggest.js";

const form = document.querySelector("[data-autosave]");
const status = form?.querySelector("[data-status]");
const PAUSE = 800;
const LONGEST = 1800;
let timer = 0;
let waitingSince = 0;
let lastSaved = form ? new URLSearchParams(new FormData(form)).toString() : "";

async function save() {
  clearTimeout(timer);
  waitingSince = 0;
  const body = new FormData(form);
  const now = new URLSearchParams(body).toString();
  if (now === lastSaved) return;
  try {
    const answer = await fetch(form.dataset.autosave, { method: "POST", body, keepalive: true });
    if (!answer.ok) throw new Error(String(answer.status));
    lastSaved = now;
    status.textContent = form.dataset.saved;
    understood((await answer.json()).tags);
  } catch {
    status.textContent = form.dataset.unsaved;
    timer = setTimeout(save, 3000);
  }
}

function later() {
  waitingSince ||= Date.now();
  clearTimeout(timer);
  timer = setTimeout(save, Math.max(0, Math.min(PAUSE, waitingSince + LONGEST - Date.now())));
}

function understood(tags) {
  const list = form.querySelector("[data-understood]");
  if (!list) return;
  list.replaceChildren(
    ...tags.map((tag) => {
      const item = document.createElement("li");
      const word = document.createElement("bdi");
      word.dir = "auto";
      word.textContent = tag.text;
      item.append(word);
      if (tag.concept && tag.concept !== tag.text) {
        const name = document.createElement("small");
        name.dir = "auto";
        name.textContent = ` ${tag.concept}`;
        item.append(name);
      }
      if (!tag.concept) item.className = "unknown";
      return item;
    }),
  );
}

if (form) {
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  addEventListener("pagehide", () => {
    if (new URLSearchParams(new FormData(form)).toString() !== lastSaved) navigator.sendBeacon(form.dataset.autosave, new FormData(form));
  });
  const skills = form.querySelector("[data-suggest]");
  if (skills) {
    const commas = /[,،؛;]/;
    suggest(skills, {
      load: async (text) => {
        const last = text.split(commas).pop().trim();
        if (last.length < 2) return [];
        const answer = await fetch(`${form.dataset.suggestUrl}?q=${encodeURIComponent(last)}`);
        return (await answer.json()).concepts.map((hit) => ({ text: hit.name, note: hit.other }));
      },
      pick: (item) => {
        const parts = skills.value.split(commas).slice(0, -1).map((part) => part.trim());
        skills.value = `${[...parts, item.text].join("، ")}، `;
        later();
      },
    });
  }
}
