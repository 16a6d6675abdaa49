// "On this device": asks the browser for an address where it can be reached, and tells the city, or takes that back.
const part = document.querySelector("[data-push]");
if (part && "serviceWorker" in navigator && "PushManager" in window) {
  const [button, state] = [part.querySelector("button"), part.querySelector("[role=status]")];
  const send = (fields) => fetch(part.dataset.push, {
    method: "POST", body: new URLSearchParams({ ...fields, csrfmiddlewaretoken: part.dataset.token }),
  });
  const registered = () => navigator.serviceWorker.getRegistration(part.dataset.worker);
  const draw = (isOn, words) => {
    button.textContent = isOn ? part.dataset.off : part.dataset.on;
    state.textContent = words || (isOn ? part.dataset.isOn : "");
  };
  const current = async () => (await registered())?.pushManager.getSubscription();
  button.addEventListener("click", async () => {
    const known = await current();
    if (known) {
      await send({ remove: "1", endpoint: known.endpoint });
      await known.unsubscribe();
      draw(false);
      return;
    }
    try {
      const worker = await navigator.serviceWorker.register(part.dataset.worker);
      const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: part.dataset.key });
      const { endpoint, keys } = made.toJSON();
      const answer = await send({ endpoint, ...keys });
      if (!answer.ok) await made.unsubscribe();
      draw(answer.ok, answer.ok ? "" : part.dataset.failed);
    } catch {
      draw(false, part.dataset.failed);
    }
  });
  part.hidden = false;
  current().then((known) => draw(Boolean(known)));
}
