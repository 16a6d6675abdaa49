/**
 * One talk, live. What I write is kept in this browser before it is sent, so a reload or a dead connection loses
 * nothing; the server numbers messages, and the number decides the order. Without a socket it asks by HTTP.
 */
import * as attach from "./attach.js";
import * as unsent from "./unsent.js";

const talk = document.querySelector("[data-talk]");
const words = talk.dataset;
const id = Number(words.talk);
const me = Number(words.me);
const lines = talk.querySelector("[data-lines]");
const compose = talk.querySelector("[data-compose]");
const input = compose?.querySelector("textarea");
const banner = talk.querySelector("[data-banner]");
const typingLine = talk.querySelector("[data-typing-line]");
const flow = talk.querySelector("[data-flow]");
const news = talk.querySelector("[data-news]");
const language = document.documentElement.lang === "ar" ? "ar-JO" : "en-GB"; // as the pages write
const timeZone = words.zone; // the city's, as on every page
const clock = new Intl.DateTimeFormat(`${language}-u-nu-${words.digits}`, { hour: language === "en-GB" ? "2-digit" : "numeric", minute: "2-digit", timeZone });
const dayName = new Intl.DateTimeFormat(`${language}-u-nu-${words.digits}`, { day: "numeric", month: "long", year: "numeric", timeZone });
const dayCode = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone });
const AGAIN = 4000;

let last = Number(words.last);
const past = "past" in words;
const others = JSON.parse(words.marks).map(([person, name, seen, delivered]) => ({ person, name, seen, delivered }));
let socket = null;
let tries = 0;
let connecting = 0;
let typedAt = 0;
let typingTimer = 0;
let polling = false;
let saidSeen = 0;
let deleting = 0;
const sending = new Set();

// --- what waits in this browser, and other tabs ---------------------------------------------------------------------
const draftKey = `rukn-draft-${me}-${id}`;
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("rukn") : null;
const here = () => unsent.waiting().filter((each) => each.talk === id);

function settled(clientId) {
  sending.delete(clientId);
  if (unsent.forget(clientId)) tabs?.postMessage({ settled: clientId });
}

if (tabs) {
  tabs.onmessage = ({ data }) => {
    if (data.signedOut) return location.reload();
    if (data.settled) {
      unsent.forget(data.settled);
      sending.delete(data.settled);
    }
    if (data.unsent?.me === me) {
      unsent.note(data.unsent);
      if (data.unsent.talk === id) drawUnsent(data.unsent);
    }
    tellStates();
  };
}

// --- lines on the page ----------------------------------------------------------------------------------------------
const lineOf = (clientId) => lines.querySelector(`[data-client="${CSS.escape(clientId)}"]`);

const boxOf = (box) => box.getBoundingClientRect();

/** Whether the newest message is in sight; what stands below it may be further down. */
function atEnd() {
  return boxOf(lines).bottom - boxOf(flow).bottom < 80;
}

/** Show all that stands below the newest message, but never less of the message itself for it. */
function toEnd() {
  flow.scrollTop = flow.scrollHeight;
  if (lines.lastElementChild) flow.scrollTop -= Math.max(0, boxOf(flow).top + 8 - boxOf(lines.lastElementChild).top);
}

flow.addEventListener("scroll", seen);
news.addEventListener("click", toEnd);

// --- words, as the template filter `said` writes them ---------------------------------------------------------------
const PIECES = /```\n?([^]+?)\n?```|`([^`\n]+)`|(https?:\/\/[^\s،؛؟]+|[A-Za-z][A-Za-z0-9]*(?:\+\+|#)|\+?[\d٠-٩]+(?:[-–/.:]+[\d٠-٩]+)+|(?:\+|\b[0٠])[\d٠-٩][\d٠-٩ ()-]*[\d٠-٩])/g;
const count = (text, letters) => text.match(letters)?.length || 0;

function write(spot, text) {
  spot.typed = text;
  const [arabic, latin] = [count(text, /[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff]/g), count(text, /[A-Za-z\u00c0-\u024f]/g)];
  spot.dir = arabic > latin ? "rtl" : latin ? "ltr" : document.dir;
  spot.replaceChildren();
  let end = 0;
  for (const found of text.matchAll(PIECES)) {
    const [all, block, code, turned] = found;
    const piece = document.createElement(turned ? "bdi" : "code");
    if (block) piece.className = "block";
    piece.dir = "ltr";
    piece.textContent = block || code || turned;
    spot.append(text.slice(end, found.index), piece);
    end = found.index + all.length;
  }
  spot.append(text.slice(end));
}

function dayLine(at) {
  const local = new Date(at);
  const day = dayCode.format(local);
  if (lines.querySelector(`[data-day="${day}"]`)) return;
  const item = document.createElement("div");
  item.className = "day";
  item.dataset.day = day;
  item.textContent = day === dayCode.format(new Date()) ? words.today : dayName.format(local);
  lines.append(item);
}

/** What came with a message, at its own size, so that nothing jumps when it is there. */
function drawFile({ kind, url, name, small }) {
  if (kind === "voice") {
    const audio = document.createElement("audio");
    Object.assign(audio, { controls: true, preload: "metadata", src: url });
    audio.setAttribute("aria-label", words.voice);
    return audio;
  }
  const link = document.createElement("a");
  link.href = url;
  link.className = kind === "photo" ? "photo" : "paper";
  if (kind === "photo") {
    const image = document.createElement("img");
    const share = Math.min(1, words.tall / small.height);
    Object.assign(image, { width: small.width * share, height: small.height * share, alt: words.photo, src: small.url });
    link.append(image);
  } else {
    const bold = document.createElement("b");
    bold.textContent = "PDF";
    const title = document.createElement("bdi");
    title.textContent = name;
    link.append(bold, " ", title);
  }
  return link;
}

function draw({ client_id: clientId, body, at, seq, mine, name, reply_to: replyTo, deleted, file }) {
  let line = lineOf(clientId);
  if (!line) {
    dayLine(at);
    line = document.createElement("div");
    line.className = mine ? "line mine" : "line";
    line.dataset.client = clientId;
    const text = document.createElement("p");
    text.className = "body";
    write(text, body);
    const small = document.createElement("small");
    const who = document.createElement("span");
    who.className = "who";
    const called = document.createElement("bdi");
    called.textContent = name || "";
    const colon = document.createElement("span");
    colon.className = "hidden";
    colon.textContent = ":";
    who.append(called, colon);
    const time = document.createElement("time");
    small.append(time);
    if (mine) {
      const state = document.createElement("span");
      state.dataset.state = "";
      state.setAttribute("aria-live", "off");
      small.append(" · ", state);
    }
    line.append(who, text, small);
    if (replyTo) text.before(quoted(replyTo));
    if (file) text.before(drawFile(file));
    text.hidden = Boolean(file) && !body;
    const acts = talk.querySelector("[data-acts]")?.content.cloneNode(true);
    if (acts) {
      if (!mine) acts.querySelector("[data-delete]")?.remove();
      line.append(acts);
    }
    lines.append(line);
  }
  const time = line.querySelector("time");
  time.dateTime = at;
  time.textContent = clock.format(new Date(at));
  if (seq) place(line, seq);
  if (deleted) erase(line);
  return line;
}

function quoted(seq) {
  const quote = document.createElement("p");
  quote.className = "quote";
  quote.dataset.answers = seq;
  write(quote, lines.querySelector(`[data-seq="${seq}"] .body`)?.textContent.slice(0, 140) || words.earlier);
  return quote;
}

function erase(line) {
  line.classList.add("gone");
  const body = line.querySelector(".body");
  body.textContent = words.gone;
  body.removeAttribute("dir");
  body.hidden = false;
  line.querySelectorAll(".quote, .photo, .paper, audio").forEach((each) => each.remove());
  line.querySelector(".line-acts")?.remove();
  for (const quote of lines.querySelectorAll(`[data-answers="${line.dataset.seq}"]`)) quote.textContent = words.gone;
}

// --- answering one message, and taking one's own words back ---------------------------------------------------------
const answered = compose?.querySelector("[name=reply_to]");
const answering = compose?.querySelector("[data-answering]");

function answer(line) {
  if (!answered) return;
  answered.value = line?.dataset.seq || "";
  answering.hidden = !line;
  answering.querySelector("bdi").textContent = line ? line.querySelector(".body").textContent.slice(0, 140) : "";
  if (line) input.focus();
}

const LATE = 10 * 60000; // as the rule of the server
talk.addEventListener("toggle", ({ target }) => {
  if (!target.open || !target.matches(".line-acts")) return;
  if (Date.now() - new Date(target.closest(".line").querySelector("time").dateTime) > LATE) target.querySelector("[data-delete]")?.remove();
  target.scrollIntoView({ block: "nearest" });
}, true);

/** Say in passing that somebody writes, or what was refused. */
function tell(text, long = 8000) {
  typingLine.textContent = text;
  clearTimeout(typingTimer);
  typingTimer = setTimeout(() => (typingLine.textContent = ""), long);
}

talk.addEventListener("click", (event) => {
  const line = event.target.closest(".line");
  if (event.target.closest("[data-answer]") && line?.dataset.seq && answered) {
    event.preventDefault();
    line.querySelector("details")?.removeAttribute("open");
    answer(line);
  } else if (event.target.closest("[data-delete]") && line) {
    event.preventDefault();
    line.querySelector("details")?.removeAttribute("open");
    if (!line.dataset.seq) {
      settled(line.dataset.client); // not sent yet: then it never is
      return line.remove();
    }
    const seq = Number(line.dataset.seq);
    if (connected()) {
      put({ type: "delete", conversation: id, seq });
      deleting = setTimeout(() => line.matches(".gone") || tell(words.offline), AGAIN);
    } else
      fetch(words.deleteUrl.replace("/0/", `/${seq}/`), { method: "POST", headers: { "X-CSRFToken": csrf(), Accept: "application/json" } })
        .then((answer) => (answer.ok ? erase(line) : answer.json().then(({ text }) => tell(text))))
        .catch(() => tell(words.offline));
  } else if (event.target.closest("[data-answer-none]")) {
    event.preventDefault();
    answer(null);
  } else if (event.target.closest("[data-quick]") && input) {
    event.preventDefault();
    input.value = event.target.closest("[data-quick]").textContent.trim();
    input.dispatchEvent(new Event("input"));
    input.focus();
  }
});

function drawUnsent({ client_id: clientId, body, made, reply_to: replyTo }) {
  draw({ client_id: clientId, body, at: new Date(made).toISOString(), mine: true, reply_to: replyTo });
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
  if (spot && spot.textContent !== state) spot.textContent = state;
}

/** How far a message of mine is, in words. */
function how(seq) {
  const seen = others.filter((other) => other.seen >= seq).map((other) => `\u2068${other.name}\u2069`);
  if (!others.length) return words.sent;
  if (seen.length === others.length) return words.seenWord;
  if (seen.length) return words.seenBy.replace("@", seen.join(words.comma));
  return others.every((other) => other.delivered >= seq) ? words.delivered : words.sent;
}

/** Another has, or has seen, what was sent up to here. */
function moved(what, { conversation, person, seq }) {
  const other = conversation === id && others.find((each) => each.person === person);
  if (!other) return;
  other[what] = Math.max(other[what], seq);
  other.delivered = Math.max(other.delivered, other.seen);
  tellStates();
}

// Told once a second for all that came meanwhile.
const has = new Map();
let telling = 0;
function received({ conversation, seq, sender }) {
  if (sender.id === me) return;
  has.set(conversation, Math.max(seq, has.get(conversation) || 0));
  telling ||= setTimeout(() => {
    telling = 0;
    for (const [talked, upTo] of has) put({ type: "received", conversation: talked, seq: upTo });
    has.clear();
  }, 1000);
}

function tellStates() {
  for (const line of lines.querySelectorAll(".mine:not(.waits, .refused)")) {
    const seq = Number(line.dataset.seq || 0);
    say(line, seq ? how(seq) : words[sending.has(line.dataset.client) && connected() ? "sending" : "failed"]);
  }
}

// --- frames ---------------------------------------------------------------------------------------------------------
function onMessage(message) {
  received(message);
  if (message.conversation !== id) return;
  const mine = message.sender.id === me;
  if (past) return void (mine && settled(message.client_id)); // this page shows an old part of the talk
  const follow = atEnd() || mine;
  const line = draw({ ...message, mine, name: message.sender.name });
  if (!message.deleted && (message.note || mine)) write(line.querySelector(".body"), message.body); // what is stored is what is shown
  beside(line, { ...message, mine });
  if (mine) settled(message.client_id);
  last = Math.max(last, message.seq);
  if (follow) toEnd();
  if (lines.querySelector(".mine[data-seq]") && lines.querySelector(".line:not(.mine)")) mayAttach();
  if (!mine) {
    typingLine.textContent = "";
    news.hidden = atEnd();
    seen();
  }
  tellStates();
}

const on = {
  message: onMessage,
  ack(frame) {
    const line = lineOf(frame.client_id);
    settled(frame.client_id);
    if (line) place(line, frame.seq);
    tellStates();
  },
  seen: (frame) => moved("seen", frame),
  delivered: (frame) => moved("delivered", frame),
  typing(frame) {
    if (frame.conversation !== id) return;
    tell(`\u2068${frame.name}\u2069 ${words.typing}`, 5000);
  },
  deleted(frame) {
    if (frame.conversation !== id) return;
    const line = lines.querySelector(`[data-seq="${frame.seq}"]`);
    if (line) erase(line);
  },
  refused(frame) {
    if (!frame.client_id) {
      clearTimeout(deleting);
      return tell(frame.text);
    }
    const line = lineOf(frame.client_id);
    settled(frame.client_id);
    if (!line) return;
    line.classList.add(frame.code === "held" ? "waits" : "refused");
    line.querySelector("[data-state]")?.previousSibling.remove();
    line.querySelectorAll("[data-state], .line-acts").forEach((each) => each.remove());
    beside(line, { note: frame.text, mine: true });
    if (atEnd() || line === lines.lastElementChild) toEnd();
    if (frame.code === "held") return;
    line.removeAttribute("data-client");
    if (input && !input.value) input.value = line.querySelector(".body").typed || "";
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
    saidSeen = 0;
    seen();
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
  // Full jitter, wide from the first: 500 lines that a restarted server lost come back over nine seconds. Messages go
  // by HTTP meanwhile; a device that was offline itself does not wait (below).
  const pause = Math.random() * (tries++ < 5 ? 9400 : 15000) + 200;
  clearTimeout(connecting);
  connecting = setTimeout(connect, pause);
  setTimeout(poll, Math.random() * 3000);
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
        for (const what of ["seen", "delivered"]) for (const [person, seq] of Object.entries(news[what])) moved(what, { conversation: id, person: Number(person), seq });
        await sendByPost();
        seen();
        banner.hidden = here().length === 0;
      }
    } catch {
      banner.hidden = false;
    }
    await new Promise((resolve) => setTimeout(resolve, 3000));
  }
  polling = false;
}

const csrf = () => document.querySelector("[name=csrfmiddlewaretoken]").value;

async function sendByPost() {
  for (const each of here()) {
    const answer = await fetch(words.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() },
      body: JSON.stringify({ client_id: each.client_id, body: each.body, reply_to: each.reply_to && String(each.reply_to) }),
    });
    if (answer.ok || answer.status === 409 || answer.status === 422) {
      const frame = await answer.json();
      on[frame.type]?.({ ...frame, client_id: each.client_id });
    }
  }
}

function sendOne({ client_id: clientId, body, talk: conversation, reply_to: replyTo }) {
  if (!connected()) return;
  sending.add(clientId);
  put({ type: "send", conversation, client_id: clientId, body, ...(replyTo ? { reply_to: replyTo } : {}) });
}

// All that waits, of other talks too. The same number is never stored twice, so asking again does no harm.
function sendWaiting(olderThan = 0) {
  for (const each of unsent.waiting()) if (Date.now() - each.made >= olderThan) sendOne(each);
  tellStates();
}
setInterval(() => sendWaiting(AGAIN), AGAIN);

function seen() {
  if (past || document.visibilityState !== "visible" || !atEnd()) return;
  news.hidden = true;
  if (saidSeen >= last) return;
  const upTo = last;
  if (connected()) {
    saidSeen = upTo;
    return put({ type: "seen", conversation: id, seq: upTo });
  }
  fetch(words.seenUrl, { method: "POST", headers: { "X-CSRFToken": csrf() }, body: new URLSearchParams({ seq: upTo }) })
    .then((answer) => answer.ok && (saidSeen = upTo))
    .catch(() => {});
}

// --- photos, PDFs, voice notes --------------------------------------------------------------------------------------
const form = talk.querySelector("[data-attach]");

function mayAttach() {
  if (!form?.hidden) return;
  form.hidden = false;
  talk.querySelector("[data-too-early]").hidden = true;
}

if (form) {
  const two = new Intl.NumberFormat(`${language}-u-nu-${words.digits}`, { minimumIntegerDigits: 2 });
  const one = new Intl.NumberFormat(`${language}-u-nu-${words.digits}`);
  const length = (seconds) => `\u2066${one.format(Math.floor(seconds / 60))}:${two.format(seconds % 60)}\u2069`;
  const sent = (message) => {
    if (past) return location.assign(`${words.here}#end`);
    onMessage(message);
    lines.lastElementChild.scrollIntoView({ block: "nearest" });
  };
  attach.start(form, { sent, newId, clock: (seconds) => `${length(seconds)} / ${length(120)}` });
}

// --- writing --------------------------------------------------------------------------------------------------------
function newId() {
  return crypto.randomUUID ? crypto.randomUUID() : "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) => (Number(digit) ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (Number(digit) / 4)))).toString(16));
}

async function send() {
  const body = input.value.trim();
  if (!body) return;
  const message = { client_id: newId(), me, talk: id, body, made: Date.now(), reply_to: Number(answered?.value) || undefined };
  input.value = "";
  answer(null);
  localStorage.removeItem(draftKey);
  grow();
  drawUnsent(message);
  toEnd();
  input.focus();
  tabs?.postMessage({ unsent: message });
  await unsent.keep(message);
  if (past) return location.assign(`${words.here}#end`); // the page of the newest messages sends what waits
  sendOne(message);
  tellStates();
}

function grow() {
  input.rows = Math.min(6, Math.max(1, input.value.split("\n").length, Math.ceil(input.value.length / 40)));
}

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
  let wroteAt = 0;
  input.addEventListener("input", () => {
    wroteAt = Date.now();
    localStorage.setItem(draftKey, input.value);
    grow();
    if (Date.now() - typedAt > 3000) {
      typedAt = Date.now();
      put({ type: "typing", conversation: id });
    }
  });
  if (!input.value) input.value = localStorage.getItem(draftKey) || "";
  grow();
  // Another tab wrote on: here stands the same, unless somebody writes here too.
  addEventListener("storage", ({ key, newValue }) => {
    if (key !== draftKey || Date.now() - wroteAt < 3000) return;
    input.value = newValue || "";
    grow();
  });
}
document.addEventListener("visibilitychange", seen);
addEventListener("offline", () => {
  banner.hidden = false;
  socket?.close();
});
addEventListener("online", () => {
  tries = 0;
  if (connected() || socket?.readyState === WebSocket.CONNECTING) return;
  clearTimeout(connecting);
  connecting = setTimeout(connect, 200);
});
const start = () => (lines.querySelector(".found") ? lines.querySelector(".found").scrollIntoView({ block: "center" }) : toEnd());
tellStates();
start();
unsent.load(me).then(() => {
  if (!past) for (const each of here()) drawUnsent(each);
  start();
  connect();
});
