/** Search as one types and filters that answer at once; without this the form works by its button. */
import { suggest } from "./suggest.js";

const form = document.querySelector("[data-find]");
const input = form?.querySelector("[data-suggest]");
if (input) {
  suggest(input, {
    load: async (text) => {
      if (text.trim().length < 2) return [];
      const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(text)}`);
      return (await answer.json()).suggestions;
    },
    pick: (item) => {
      input.value = item.text;
      form.requestSubmit();
    },
  });
}

// Filters are open on a desk; on a phone they stay as the reader left them while results are exchanged.
let isOpen = window.matchMedia("(min-width: 60rem)").matches;
const filters = () => form?.querySelector("[data-filters]");
if (filters()) filters().open = isOpen;
let focused = "";
document.addEventListener("htmx:beforeSwap", () => {
  isOpen = filters()?.open ?? isOpen;
  focused = document.activeElement?.id || "";
});
document.addEventListener("htmx:afterSwap", () => {
  if (!filters()) return;
  filters().open = isOpen;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
});
