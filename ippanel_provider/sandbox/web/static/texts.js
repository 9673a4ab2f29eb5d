"use strict";
// Keeps the list of texts up to date from /_sandbox/events.
const names = JSON.parse(document.getElementById("names").textContent);
const list = document.getElementById("texts");
const empty = document.getElementById("empty");
const link = document.getElementById("link");

function element(tag, className, content, dir) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (content !== undefined) node.textContent = content;
  if (dir) node.dir = dir;
  return node;
}

function showTime(node) {
  const when = new Date(Number(node.dataset.epoch) * 1000);
  node.dateTime = when.toISOString();
  node.textContent = when.toLocaleTimeString();
}

function draw(text) {
  const item = element("li", "text");
  item.id = "text-" + text.id;
  const who = element("div", "who");
  const from = element("span", "", "from ");
  from.append(element("span", "", text.sender, "ltr"));
  who.append(element("b", "", text.recipient, "ltr"), from);
  const what = element("div", "what");
  const time = element("time");
  time.dataset.epoch = text.time;
  showTime(time);
  what.append(
    element("span", "state"),
    element("span", "status"),
    element("span", "", text.parts + (text.parts === 1 ? " part" : " parts")),
    element("span", "", text.type),
    element("span", "", "#" + text.outbox_id, "ltr"),
    time,
  );
  item.append(who, element("p", "words", text.text, "auto"), what);
  return item;
}

function mark(item, text) {
  const state = item.querySelector(".state");
  state.dataset.state = text.state_id;
  state.textContent = names.states[text.state_id];
  const status = item.querySelector(".status");
  status.dataset.status = text.message_status;
  status.textContent = names.statuses[text.message_status];
}

function take(texts) {
  // Newest first: the oldest of them goes in first, so each newer one lands above it.
  for (const text of texts.reverse()) {
    let item = document.getElementById("text-" + text.id);
    if (!item) {
      item = draw(text);
      list.prepend(item);
    }
    mark(item, text);
  }
  while (list.children.length > Number(list.dataset.shown)) list.lastElementChild.remove();
  empty.hidden = list.children.length > 0;
}

document.querySelectorAll("time[data-epoch]").forEach(showTime);
const events = new EventSource("/_sandbox/events");
events.addEventListener("open", () => { link.textContent = "live"; link.dataset.on = "yes"; });
events.addEventListener("error", () => { link.textContent = "not connected"; delete link.dataset.on; });
events.addEventListener("totals", (event) => {
  const totals = JSON.parse(event.data);
  document.getElementById("total").textContent = totals.texts.toLocaleString("en");
  document.getElementById("credit").textContent = totals.credit.toLocaleString("en", { minimumFractionDigits: 1 });
  if (totals.cleared) { list.replaceChildren(); empty.hidden = false; }
});
events.addEventListener("texts", (event) => take(JSON.parse(event.data)));
addEventListener("pagehide", () => events.close());
