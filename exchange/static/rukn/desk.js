/** Keys of the curators' desk: a lets through, j skips, u undoes, r opens the reasons, a number picks one. */
const desk = document.querySelector("[data-desk]");
const reasons = desk?.querySelector("[data-return]");

desk &&
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("textarea, input:not([type=radio]), select")) return;
    const key = event.key.toLowerCase();
    if (reasons && /^[1-9]$/.test(key)) {
      const reason = reasons.querySelector(`[data-reason="${key}"]`);
      if (reason) {
        reasons.open = true;
        reason.checked = true;
        reason.focus();
        event.preventDefault();
      }
    } else if (key === "enter" && event.target.matches("input[type=radio]")) {
      event.target.form.requestSubmit();
      event.preventDefault();
    } else if (reasons && key === "r") {
      reasons.open = true;
      reasons.querySelector("input[type=radio]").focus();
      event.preventDefault();
    } else {
      const button = desk.querySelector(`button[data-key="${CSS.escape(key)}"]`);
      if (button) {
        button.form.requestSubmit(button);
        event.preventDefault();
      }
    }
  });
