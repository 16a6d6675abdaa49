/**
 * A photo, a PDF or a voice note: sent with progress and a way to stop, recorded here where the browser can. Without
 * scripts the same form goes as it is. A file that could not be sent stays chosen, and keeps its number.
 */
const LARGEST = 10 * 1024 * 1024;
const LONGEST = 120;
const FORMS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

export function start(form, { sent, newId, clock }) {
  const words = form.dataset;
  const [file, bar, cancel, button] = ["[name=file]", "progress", "[data-cancel]", "button.do"].map((each) => form.querySelector(each));
  const told = document.querySelector("[data-told]"); // beside the form, which closes when it is done
  const number = form.querySelector("[name=client_id]");
  const voice = recorder(form, { clock, chosen: () => (file.value = "", (file.required = false)), say: (text) => (told.textContent = text) });
  let asked = null;

  file.addEventListener("change", () => {
    voice.forget();
    file.required = true;
    number.value = newId();
    told.textContent = "";
  });

  function sending(is) {
    bar.hidden = cancel.hidden = !is;
    button.disabled = is;
    bar.value = 0;
    if (!is) asked = null;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = voice.blob() || file.files[0];
    if (!chosen) return void (told.textContent = words.none);
    if (chosen.size > LARGEST) return void (told.textContent = words.large);
    const body = new FormData(form);
    body.set("file", chosen, chosen.name || `voice.${chosen.type.includes("mp4") ? "m4a" : chosen.type.includes("ogg") ? "ogg" : "webm"}`);
    asked = new XMLHttpRequest();
    asked.open("POST", form.action);
    asked.setRequestHeader("Accept", "application/json");
    asked.responseType = "json";
    asked.upload.onprogress = ({ loaded, total }) => {
      bar.value = (100 * loaded) / total;
      if (loaded === total) told.textContent = words.reading;
    };
    asked.onload = () => {
      const { status, response } = asked;
      sending(false);
      if (status === 200 && response?.type === "ack") {
        form.reset();
        voice.forget();
        file.required = true;
        number.value = newId();
        told.textContent = words.done;
        setTimeout(() => (told.textContent = ""), 8000);
        form.closest("details").open = false;
        sent(response.message);
      } else told.textContent = response?.text || (status === 413 ? words.large : words.offline);
    };
    asked.onerror = () => {
      sending(false);
      told.textContent = words.offline;
    };
    asked.onabort = () => {
      sending(false);
      told.textContent = words.stopped;
    };
    told.textContent = "";
    sending(true);
    asked.send(body);
  });
  cancel.addEventListener("click", () => asked?.abort());
}

function recorder(form, { clock, chosen, say }) {
  const place = form.querySelector("[data-voice]");
  const button = place.querySelector("[data-record]");
  const time = place.querySelector("[data-clock]");
  const player = place.querySelector("audio");
  const begin = button.textContent;
  let blob = null;
  let running = null;
  let ticking = 0;
  const type = window.MediaRecorder && navigator.mediaDevices && FORMS.find((each) => MediaRecorder.isTypeSupported(each));
  place.hidden = !type;

  function forget() {
    if (player.src) URL.revokeObjectURL(player.src);
    player.removeAttribute("src");
    player.hidden = true;
    time.textContent = "";
    blob = null;
  }

  async function record() {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      return say(form.dataset.denied);
    }
    forget();
    say("");
    const parts = [];
    running = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: 32000 });
    running.ondataavailable = ({ data }) => parts.push(data);
    running.onstop = () => {
      clearInterval(ticking);
      stream.getTracks().forEach((track) => track.stop());
      running = null;
      button.textContent = begin;
      blob = new Blob(parts, { type: type.split(";")[0] });
      player.src = URL.createObjectURL(blob);
      player.hidden = false;
      form.querySelector("[name=client_id]").value = crypto.randomUUID?.() || "";
      chosen();
    };
    const since = Date.now();
    ticking = setInterval(() => {
      const seconds = Math.floor((Date.now() - since) / 1000);
      time.textContent = clock(seconds);
      if (seconds >= LONGEST) running?.stop();
    }, 250);
    button.textContent = form.dataset.stop;
    running.start();
  }

  button.addEventListener("click", () => (running ? running.stop() : record()));
  return { blob: () => blob, forget };
}
