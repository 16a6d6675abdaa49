/** What every page does when scripts are there: look at once, focus where reading goes on, wipe at sign-out. */
const page = document.documentElement;

for (const form of document.querySelectorAll("[data-appearance]")) {
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button) return;
    event.preventDefault();
    const body = new FormData(form);
    body.set(button.name, button.value);
    page.dataset[button.name] = button.value;
    for (const other of form.querySelectorAll(`button[name="${button.name}"]`)) other.removeAttribute("aria-current");
    button.setAttribute("aria-current", "true");
    fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } }).catch(() => form.submit());
  });
}

// The language switch comes back to the same address, the same place of the page and what was being typed.
const place = "rukn-place";
const typed = () => document.querySelectorAll("main :is(input:not([type=hidden], [type=file]), textarea, select)");
for (const form of document.querySelectorAll("[data-language]")) {
  form.addEventListener("submit", () => {
    if (new URL(form.elements.next.value, location).pathname === location.pathname) form.elements.next.value = location.pathname + location.search;
    const fields = [...typed()].map((field) => (field.type === "checkbox" || field.type === "radio" ? field.checked : field.value));
    const scroll = window.scrollY / Math.max(1, document.body.scrollHeight);
    sessionStorage.setItem(place, JSON.stringify({ path: form.elements.next.value, scroll, fields }));
  });
}
const kept = sessionStorage.getItem(place);
if (kept) {
  sessionStorage.removeItem(place);
  const { path, scroll, fields } = JSON.parse(kept);
  const spots = [...typed()];
  if (path === location.pathname + location.search && spots.length === fields.length) {
    spots.forEach((spot, number) => {
      const value = fields[number];
      if (spot.type === "checkbox" || spot.type === "radio") spot.checked = value;
      else if (spot.value !== value) {
        spot.value = value;
        spot.closest("details")?.setAttribute("open", "");
        spot.dispatchEvent(new Event("input", { bubbles: true }));
      }
    });
    window.scrollTo(0, scroll * document.body.scrollHeight);
  }
}

const errors = document.getElementById("errors");
if (errors) errors.focus();
document.querySelector("textarea.secret")?.select();

for (const form of document.querySelectorAll("[data-sign-out]")) {
  form.addEventListener("submit", () => {
    localStorage.clear();
    sessionStorage.clear();
    indexedDB.deleteDatabase("rukn");
    if ("BroadcastChannel" in window) new BroadcastChannel("rukn").postMessage({ signedOut: true });
  });
}

// A second click while the first is on its way does nothing.
for (const form of document.querySelectorAll("form[method=post]:not([data-appearance]):not([data-compose])")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 4000);
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
