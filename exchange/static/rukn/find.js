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

const filters = form?.querySelector("[data-filters]");
if (filters && window.matchMedia("(min-width: 60rem)").matches) filters.open = true;
filters?.addEventListener("change", () => form.requestSubmit());
