"use strict";
// Keeps the open page as the server would draw it now: asks for it again when the server says that something changed,
// or when the page itself says that something is about to, and puts only what differs in place.

const SLOWEST = 10_000;
const QUICKEST = 250;
const reading = { pause: QUICKEST, busy: false, again: false, timer: 0, due: Infinity };
let withheld = 0;
let news = 0;

// --- putting what differs in place

function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) return old.replaceWith(fresh.cloneNode(true));
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return undefined;
  }
  if ("keep" in old.dataset || old.isEqualNode(fresh)) return undefined;
  for (const { name } of [...old.attributes]) {
    // Whether details are open, and buttons the script has shown, are the reader's business.
    if (!fresh.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS")) old.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value && !(name === "hidden" && "copy" in old.dataset)) old.setAttribute(name, value);
  }
  if ("feed" in old.dataset && held(old)) return morphHeld(old, fresh);
  return morphChildren(old, fresh);
}

function morphChildren(old, fresh) {
  const wanted = new Set([...fresh.children].map((child) => child.id).filter(Boolean));
  for (const child of [...old.children]) if (child.id && !wanted.has(child.id)) child.remove();
  const known = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  const isFeed = "feed" in old.dataset;
  let place = old.firstChild;
  for (const child of fresh.childNodes) {
    const same = child.id ? known.get(child.id) : undefined;
    if (same) {
      if (same === place) place = place.nextSibling;
      else old.insertBefore(same, place);
      morph(same, child);
    } else if (!child.id && place && !place.id && place.nodeName === child.nodeName) {
      const next = place.nextSibling;
      morph(place, child);
      place = next;
    } else {
      const added = document.importNode(child, true);
      old.insertBefore(added, place);
      if (isFeed && added.nodeType === Node.ELEMENT_NODE) arrive(added);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function arrive(row) {
  news += 1;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  row.animate([{ opacity: 0, backgroundColor: "color-mix(in srgb, var(--accent) 18%, transparent)" }, { opacity: 1 }], 500);
}

// --- a reader who is in the middle of the list keeps their place

const pointer = { moved: 0 };
addEventListener("pointermove", () => { pointer.moved = performance.now(); }, { passive: true });

function held(list) {
  const isReading = list.matches(":hover") && performance.now() - pointer.moved < 1500;
  return isReading || list.contains(document.activeElement) || list.getBoundingClientRect().top < 0;
}

function morphHeld(list, fresh) {
  const coming = new Map([...fresh.children].map((row) => [row.id, row]));
  for (const row of [...list.children]) {
    if (coming.has(row.id)) morph(row, coming.get(row.id));
    coming.delete(row.id);
  }
  withheld = coming.size;
}

function showWithheld() {
  const pill = document.getElementById("pill");
  if (!pill) return;
  pill.hidden = withheld === 0;
  if (withheld) pill.textContent = counted(pill, withheld);
}

function counted(element, n) {
  const words = n === 1 ? element.dataset.one : element.dataset.many;
  return words.replace("{n}", new Intl.NumberFormat(document.documentElement.lang).format(n));
}

// --- asking again

function put(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const note of fresh.querySelectorAll("main > .note[role]")) toast(note);
  withheld = 0;
  for (const part of document.querySelectorAll("[data-live]")) {
    const same = fresh.getElementById(part.id);
    if (same) {
      const list = part.querySelector("[data-bottom]");
      const isAtBottom = list && list.scrollHeight - list.scrollTop - list.clientHeight < 40;
      morph(part, same);
      if (isAtBottom) list.scrollTop = list.scrollHeight;
    }
  }
  showWithheld();
  prepare();
}

// In the flow of the page a note would push everything down, and up again when it goes.
const toasts = document.getElementById("toasts");

function toast(note) {
  note.remove();
  toasts.replaceChildren(document.importNode(note, true));
  setTimeout((shown) => shown.remove(), note.getAttribute("role") === "alert" ? 10_000 : 4000, toasts.firstElementChild);
}

async function read() {
  if (document.hidden) return;
  if (reading.busy) { reading.again = true; return; }
  reading.busy = true;
  clearTimeout(reading.timer);
  reading.due = Infinity;
  const started = performance.now();
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if ((answer.headers.get("content-type") || "").startsWith("text/html")) put(await answer.text());
  } catch {
    // The stream notices and says so.
  }
  // A page that is dear to draw is asked for less often.
  reading.pause = Math.max(QUICKEST, 10 * (performance.now() - started));
  reading.busy = false;
  const next = document.getElementById("main").dataset.next;
  readIn(next === undefined ? SLOWEST : Math.min(SLOWEST, Number(next) * 1000 + 30));
  if (reading.again) { reading.again = false; readIn(0); }
}

function readIn(delay) {
  const due = performance.now() + Math.max(delay, reading.pause);
  if (due >= reading.due) return;
  reading.due = due;
  clearTimeout(reading.timer);
  reading.timer = setTimeout(read, due - performance.now());
}

let events;
const link = document.getElementById("link");

function listen() {
  events = new EventSource("/_sandbox/events");
  events.addEventListener("open", () => say(true));
  events.addEventListener("error", () => say(false));
  events.addEventListener("changed", () => readIn(0));
}

function say(isOn) {
  link.hidden = false;
  link.classList.toggle("on", isOn);
  link.textContent = isOn ? link.dataset.on : link.dataset.off;
}

// A browser opens six connections to a server, whichever tab they are for.
document.addEventListener("visibilitychange", () => {
  events.close();
  if (!document.hidden) { listen(); readIn(0); }
});
addEventListener("pagehide", () => events.close());
addEventListener("pageshow", (event) => { if (event.persisted) { listen(); readIn(0); } });

// --- forms stay on their page, searches go as one types

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.dataset.confirm && !confirm(form.dataset.confirm)) { event.preventDefault(); return; }
  if (!("inline" in form.dataset) || form.method !== "post") return;
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(form, event.submitter));
  try {
    const answer = await fetch(form.action, { method: "post", body: fields });
    put(await answer.text());
    // What was wrong stays in its field, to be put right.
    if (answer.ok && "clear" in form.dataset) form.reset();
  } catch {
    say(false);
  }
});

let typing = 0;
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-search]");
  if (!form) return;
  clearTimeout(typing);
  typing = setTimeout(() => search(form), 200);
});

function search(form) {
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  history.replaceState(null, "", form.action + (query.size ? "?" + query : ""));
  readIn(0);
}

document.addEventListener("click", async (event) => {
  if (event.target.id === "pill") {
    scrollTo({ top: 0 });
    document.activeElement.blur();
    pointer.moved = 0;
    read();
    return;
  }
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  const before = button.innerHTML;
  button.textContent = button.dataset.done;
  setTimeout(() => { button.innerHTML = before; }, 1500);
});

// --- clocks, and what a fresh page needs

const loaded = new WeakMap();

function tick() {
  for (const clock of document.querySelectorAll("[data-clock]")) {
    const start = loaded.get(clock);
    if (!start || start.shown !== clock.dataset.clock) {
      loaded.set(clock, { shown: clock.dataset.clock, at: performance.now() });
      continue;
    }
    const now = Number(clock.dataset.clock) + ((performance.now() - start.at) / 1000) * Number(clock.dataset.speed);
    const words = timeOfDay.format(new Date(now * 1000));
    if (clock.textContent !== words) clock.textContent = words;
  }
}

const timeOfDay = new Intl.DateTimeFormat(document.documentElement.lang === "fa" ? "fa-IR" : "en-GB", {
  timeZone: "Asia/Tehran", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});

function prepare() {
  if (navigator.clipboard) for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
}

setInterval(() => {
  const said = document.getElementById("news");
  if (!news) return;
  said.textContent = counted(said, news);
  news = 0;
}, 5000);

prepare();
for (const note of document.querySelectorAll("main > .note[role]")) toast(note);
tick();
setInterval(tick, 250);
document.querySelector("nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
for (const list of document.querySelectorAll("[data-bottom]")) list.scrollTop = list.scrollHeight;
const first = document.getElementById("main").dataset.next;
listen();
readIn(first === undefined ? SLOWEST : Math.min(SLOWEST, Number(first) * 1000 + 30));
// An address with what was just said would say it again when it is reloaded.
const address = new URL(location.href);
if (address.searchParams.has("said")) {
  address.searchParams.delete("said");
  history.replaceState(null, "", address);
}
