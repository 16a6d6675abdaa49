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

// The language switch comes back to the same place of the page.
const place = "rukn-scroll";
for (const form of document.querySelectorAll("[data-language]")) {
  form.addEventListener("submit", () => sessionStorage.setItem(place, String(window.scrollY / Math.max(1, document.body.scrollHeight))));
}
const kept = sessionStorage.getItem(place);
if (kept) {
  sessionStorage.removeItem(place);
  window.scrollTo(0, Number(kept) * document.body.scrollHeight);
}

const errors = document.getElementById("errors");
if (errors) errors.focus();

for (const form of document.querySelectorAll("[data-sign-out]")) {
  form.addEventListener("submit", () => {
    localStorage.clear();
    sessionStorage.clear();
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
