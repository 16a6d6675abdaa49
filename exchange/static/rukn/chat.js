/**
 * One talk, live. What I write is kept in this browser before it is sent, so a reload or a dead connection loses
 * nothing; the server numbers messages, and the number decides the order. Without a socket it asks by HTTP.
 */
const talk = document.querySelector("[data-talk]");
const words = talk.dataset;
const id = Number(words.talk);
const me = Number(words.me);
const lines = talk.querySelector("[data-lines]");
const compose = talk.querySelector("[data-compose]");
const input = compose?.querySelector("textarea");
const banner = talk.querySelector("[data-banner]");
const typingLine = talk.querySelector("[data-typing-line]");
const language = document.documentElement.lang;
const clock = new Intl.DateTimeFormat(`${language}-u-nu-${words.digits}`, { hour: "numeric", minute: "2-digit" });
const dayName = new Intl.DateTimeFormat(`${language}-u-nu-${words.digits}`, { day: "numeric", month: "long", year: "numeric" });
const WEEK = 7 * 24 * 3600 * 1000;

let last = Number(words.last);
let seenByAll = Number(words.seen);
let socket = null;
let tries = 0;
let typedAt = 0;
let typingTimer = 0;
let polling = false;
const sending = new Set();

// --- what waits in this browser -------------------------------------------------------------------------------------
const queueKey = `rukn-unsent-${me}-${id}`;
const draftKey = `rukn-draft-${me}-${id}`;

function queue() {
  try {
    return JSON.parse(localStorage.getItem(queueKey) || "[]").filter((each) => Date.now() - each.made < WEEK);
  } catch {
    return [];
  }
}

function keep(waiting) {
  if (waiting.length) localStorage.setItem(queueKey, JSON.stringify(waiting));
  else localStorage.removeItem(queueKey);
}

function settled(clientId) {
  sending.delete(clientId);
  keep(queue().filter((each) => each.client_id !== clientId));
}

// --- lines on the page ----------------------------------------------------------------------------------------------
const lineOf = (clientId) => lines.querySelector(`[data-client="${CSS.escape(clientId)}"]`);

function atEnd() {
  return lines.scrollHeight - lines.scrollTop - lines.clientHeight < 80;
}

function toEnd() {
  lines.scrollTop = lines.scrollHeight;
}

function dayLine(at) {
  const local = new Date(at);
  const day = `${local.getFullYear()}-${String(local.getMonth() + 1).padStart(2, "0")}-${String(local.getDate()).padStart(2, "0")}`;
  if (lines.querySelector(`[data-day="${day}"]`)) return;
  const item = document.createElement("div");
  item.className = "day";
  item.dataset.day = day;
  const today = new Date().toDateString() === local.toDateString();
  item.textContent = today ? words.today : dayName.format(local);
  lines.append(item);
}

function draw({ client_id: clientId, body, at, seq, mine, name }) {
  let line = lineOf(clientId);
  if (!line) {
    dayLine(at);
    line = document.createElement("div");
    line.className = mine ? "line mine" : "line";
    line.dataset.client = clientId;
    const text = document.createElement("p");
    text.className = "body";
    text.dir = "auto";
    text.textContent = body;
    const small = document.createElement("small");
    const who = document.createElement("span");
    who.className = "hidden";
    who.textContent = `${name || ""} `;
    const time = document.createElement("time");
    small.append(who, time);
    if (mine) {
      const state = document.createElement("span");
      state.dataset.state = "";
      small.append(" · ", state);
    }
    line.append(text, small);
    lines.append(line);
  }
  const time = line.querySelector("time");
  time.dateTime = at;
  time.textContent = clock.format(new Date(at));
  if (seq) place(line, seq);
  return line;
}

/** What the rules say beside a message: that something is hidden, why to be careful, and where to report it. */
function beside(line, { note, warnings = [], seq, mine }) {
  line.querySelectorAll(".beside").forEach((each) => each.remove());
  const small = line.querySelector("small");
  for (const [text, careful] of [...(note ? [[note, false]] : []), ...warnings.map((each) => [each, true])]) {
    const said = document.createElement("p");
    said.className = careful ? "beside careful" : "beside";
    if (careful) {
      const bold = document.createElement("b");
      bold.textContent = words.careful;
      said.append(bold, " ");
    }
    said.append(text);
    line.insertBefore(said, small);
  }
  if (mine || !seq || small.querySelector(".report")) return;
  const report = document.createElement("a");
  report.className = "report";
  report.href = `${words.reportUrl}?message=${seq}`;
  report.textContent = words.report;
  small.append(" · ", report);
}

function place(line, seq) {
  if (Number(line.dataset.seq) === seq) return;
  line.dataset.seq = seq;
  const next = [...lines.querySelectorAll("[data-seq]")].find((other) => Number(other.dataset.seq) > seq);
  if (next) lines.insertBefore(line, next);
  else {
    const unsent = lines.querySelector(".line:not([data-seq])");
    if (unsent && unsent !== line) lines.insertBefore(line, unsent);
  }
}

function say(line, state) {
  const spot = line?.querySelector("[data-state]");
  if (spot && spot.textContent !== words[state]) spot.textContent = words[state];
}

function tellStates() {
  for (const line of lines.querySelectorAll(".mine")) {
    const seq = Number(line.dataset.seq || 0);
    if (seq) say(line, seq <= seenByAll ? "seenWord" : "sent");
    else say(line, sending.has(line.dataset.client) && connected() ? "sending" : "failed");
  }
}

// --- frames ---------------------------------------------------------------------------------------------------------
function onMessage(message) {
  if (message.conversation !== id) return;
  const mine = message.sender.id === me;
  const follow = atEnd() || mine;
  const line = draw({ ...message, mine, name: message.sender.name });
  if (message.note || mine) line.querySelector(".body").textContent = message.body; // what is stored is what is shown
  beside(line, { ...message, mine });
  if (mine) settled(message.client_id);
  last = Math.max(last, message.seq);
  if (follow) toEnd();
  if (!mine) {
    typingLine.textContent = "";
    seen();
  }
  tellStates();
}

const on = {
  message: onMessage,
  ack(frame) {
    const line = lineOf(frame.client_id);
    if (line) {
      place(line, frame.seq);
      settled(frame.client_id);
      tellStates();
    }
  },
  seen(frame) {
    if (frame.conversation === id && frame.person !== me) {
      seenByAll = Math.max(seenByAll, frame.seq);
      tellStates();
    }
  },
  typing(frame) {
    if (frame.conversation !== id) return;
    typingLine.textContent = `\u2068${frame.name}\u2069 ${words.typing}`;
    clearTimeout(typingTimer);
    typingTimer = setTimeout(() => (typingLine.textContent = ""), 5000);
  },
  refused(frame) {
    if (!frame.client_id) return;
    const line = lineOf(frame.client_id);
    settled(frame.client_id);
    const spot = line?.querySelector("[data-state]");
    if (spot) spot.textContent = frame.text;
    if (frame.code === "held") {
      line?.classList.add("waits");
      return;
    }
    line?.classList.add("refused");
    line?.removeAttribute("data-client");
    if (input && !input.value) input.value = line?.querySelector(".body").textContent || "";
  },
};

const connected = () => socket?.readyState === WebSocket.OPEN;

function put(frame) {
  if (connected()) socket.send(JSON.stringify(frame));
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  try {
    socket = new WebSocket(`${scheme}://${location.host}/ws/chat/`);
  } catch {
    return later();
  }
  socket.onopen = () => {
    tries = 0;
    banner.hidden = true;
    put({ type: "hello", resume: { [id]: last } });
    sendWaiting();
    if (document.visibilityState === "visible") seen();
  };
  socket.onmessage = (event) => {
    const frame = JSON.parse(event.data);
    on[frame.type]?.(frame);
  };
  socket.onclose = (event) => {
    sending.clear();
    tellStates();
    if (event.code === 4401) return location.reload();
    later();
  };
}

function later() {
  banner.hidden = false;
  // Full jitter: a restarted server is not met by everyone at once.
  const pause = Math.random() * Math.min(15000, 500 * 2 ** tries++) + 200;
  setTimeout(connect, pause);
  poll();
}

// --- the HTTP twin, while there is no socket ------------------------------------------------------------------------
async function poll() {
  if (polling) return;
  polling = true;
  while (!connected()) {
    try {
      const answer = await fetch(`${words.url}?after=${last}`, { cache: "no-store" });
      if (answer.ok && !connected()) {
        const news = await answer.json();
        news.messages.forEach(onMessage);
        for (const [person, seq] of Object.entries(news.seen)) on.seen({ conversation: id, person: Number(person), seq });
        await sendByPost();
        banner.hidden = queue().length === 0;
      }
    } catch {
      banner.hidden = false;
    }
    await new Promise((resolve) => setTimeout(resolve, 3000));
  }
  polling = false;
}

async function sendByPost() {
  for (const each of queue()) {
    const answer = await fetch(words.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": compose.querySelector("[name=csrfmiddlewaretoken]").value },
      body: JSON.stringify({ client_id: each.client_id, body: each.body }),
    });
    if (answer.ok || answer.status === 409 || answer.status === 422) {
      const frame = await answer.json();
      on[frame.type]?.({ ...frame, client_id: each.client_id });
    }
  }
}

function sendWaiting() {
  for (const each of queue()) {
    sending.add(each.client_id);
    put({ type: "send", conversation: id, client_id: each.client_id, body: each.body });
  }
  tellStates();
}

function seen() {
  if (document.visibilityState !== "visible") return;
  if (connected()) put({ type: "seen", conversation: id, seq: last });
}

// --- writing --------------------------------------------------------------------------------------------------------
function newId() {
  return crypto.randomUUID ? crypto.randomUUID() : "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) => (Number(digit) ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (Number(digit) / 4)))).toString(16));
}

function send() {
  const body = input.value.trim();
  if (!body) return;
  const message = { client_id: newId(), body, made: Date.now() };
  keep([...queue(), message]);
  input.value = "";
  localStorage.removeItem(draftKey);
  grow();
  draw({ client_id: message.client_id, body, at: new Date().toISOString(), mine: true });
  if (connected()) sending.add(message.client_id);
  put({ type: "send", conversation: id, client_id: message.client_id, body });
  tellStates();
  toEnd();
  input.focus();
}

function grow() {
  input.rows = Math.min(6, Math.max(1, input.value.split("\n").length, Math.ceil(input.value.length / 40)));
}

for (const time of lines.querySelectorAll("time")) time.textContent = clock.format(new Date(time.dateTime));
if (compose) {
  compose.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && window.matchMedia("(pointer: fine)").matches) {
      event.preventDefault();
      send();
    }
  });
  input.addEventListener("input", () => {
    localStorage.setItem(draftKey, input.value);
    grow();
    if (Date.now() - typedAt > 3000) {
      typedAt = Date.now();
      put({ type: "typing", conversation: id });
    }
  });
  if (!input.value) input.value = localStorage.getItem(draftKey) || "";
  grow();
  for (const each of queue()) draw({ client_id: each.client_id, body: each.body, at: new Date(each.made).toISOString(), mine: true });
}
document.addEventListener("visibilitychange", seen);
addEventListener("offline", () => {
  banner.hidden = false;
  socket?.close();
});
addEventListener("online", () => {
  tries = 0;
});
tellStates();
toEnd();
connect();
