/** A list of suggestions under a text field (ARIA combobox pattern): arrows, Enter, Escape, pointer. */
export function suggest(input, { load, pick }) {
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = `${input.id}_list`;
  list.setAttribute("role", "listbox");
  list.hidden = true;
  input.insertAdjacentElement("afterend", list);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-autocomplete", "list");
  list.setAttribute("aria-label", input.labels?.[0]?.textContent.trim() || input.placeholder);
  let items = [];
  let active = -1;
  let asked = 0;
  let timer = 0;

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(place) {
    active = place;
    [...list.children].forEach((row, index) => row.setAttribute("aria-selected", String(index === place)));
    if (place >= 0) input.setAttribute("aria-activedescendant", list.children[place].id);
    else input.removeAttribute("aria-activedescendant");
  }

  function show(found) {
    items = found;
    list.replaceChildren(
      ...found.map((item, index) => {
        const row = document.createElement("li");
        row.id = `${list.id}_${index}`;
        row.setAttribute("role", "option");
        row.dir = "auto";
        row.textContent = item.text;
        if (item.note) {
          const note = document.createElement("small");
          note.dir = "auto";
          note.textContent = item.note;
          row.append(" ", note);
        }
        row.addEventListener("mousedown", (event) => {
          event.preventDefault();
          choose(index);
        });
        return row;
      }),
    );
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(!!found.length));
    mark(-1);
  }

  function choose(index) {
    const item = items[index];
    close();
    pick(item);
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const turn = ++asked;
      try {
        const found = await load(input.value);
        if (turn === asked && document.activeElement === input) show(found);
      } catch {
        close();
      }
    }, 150);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      clearTimeout(timer);
      asked += 1; // what comes late stays away too
      close();
    }
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark((active + step + items.length + 1) % (items.length + 1) === items.length ? -1 : (active + step + items.length) % items.length);
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      choose(active);
    }
  });
  input.addEventListener("blur", close);
}
