// Browse › Texts: asks for the campaigns while somebody looks, draws them, and sends what a person decides.

import * as airflow from "./airflow.js";
import { direct, isPersian, legend, moment, number, say, span, stateName, switchLanguage } from "./words.js";

const EVERY = 15_000;
const SLOWEST = 240_000;
const main = document.getElementById("main");
const wanted = { search: "", state: "", dag: "", day: "" };
let chosen = new URLSearchParams(window.location.search);
let pause = EVERY;
let timer = 0;
let note = null;
let last = null;

/** Make an element; texts are set as texts, so nothing that a campaign is called can be markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "click") element.addEventListener("click", value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const isolated = (text) => make("bdi", {}, text);

function bar(one) {
  const delivered = one.delivered ?? 0, lost = one.lost ?? 0;
  const shares = { delivered, confirmed: Math.max(one.confirmed - delivered - lost, 0), lost, open: one.open };
  const done = Object.values(shares).reduce((sum, share) => sum + share, 0);
  shares.rest = Math.max((one.planned || done) - done, 0);
  const whole = Math.max(done + shares.rest, 1);
  const told = Object.entries(shares).filter(([, share]) => share).map(([name, share]) => `${legend()[name]}: ${number(share)}`).join(isPersian() ? "، " : ", ");
  const drawn = make("div", { class: "bar", role: "img", "aria-label": told, title: told });
  for (const [name, share] of Object.entries(shares)) {
    if (!share) continue;
    const part = make("span", { class: `share ${name}` });
    part.style.setProperty("width", `${(100 * share) / whole}%`);
    drawn.append(part);
  }
  return drawn;
}

const badge = (state) => make("span", { class: `badge ${state.replace(" ", "-")}` }, stateName(state));

function tile(key, value, marked = false) {
  return make("div", { class: marked ? "tile marked" : "tile" }, make("strong", {}, value), make("span", {}, say(key)));
}

function taskLink(task) {
  if (!task.dag_id) return null;
  const name = `${task.dag_id} › ${task.task_id}${task.map_index >= 0 ? ` [${task.map_index}]` : ""}`;
  return airflow.airflowLink(make("a", { dir: "ltr" }, name), airflow.taskPath(task));
}

function campaignLink(one) {
  return make("a", { href: `?campaign=${one.id ?? one.campaign}`, click: (event) => {
    if (event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    go(`?campaign=${one.id ?? one.campaign}`);
  } }, isolated(one.name));
}

function go(query) {
  window.history.pushState({}, "", query || window.location.pathname);
  chosen = new URLSearchParams(window.location.search);
  note = null;
  refresh();
}

function doubtCard(doubt, now, questions) {
  const asked = airflow.isAsked(questions, doubt.task);
  const button = (decision, kind) => make("button", {
    type: "button", class: kind, disabled: !doubt.may_decide, title: doubt.may_decide ? null : say("no_right"),
    click: () => decide(doubt, decision, asked),
  }, say(decision));
  return make("section", { class: "doubt" },
    make("div", {},
      make("strong", {}, campaignLink(doubt), " — ", say("doubt", { count: number(doubt.size) })),
      make("p", {}, say("where", { chunk: number(doubt.chunk), first: number(doubt.first_line), last: number(doubt.last_line), ago: say("ago", { time: span(now - doubt.left_at) }) })),
      make("p", { class: "quiet" }, taskLink(doubt.task)),
      doubt.decision ? make("p", { class: "quiet" }, isolated(say("decided", { who: doubt.decided_by || "?", what: say(doubt.decision) }))) : null,
      asked ? make("p", { class: "quiet" }, say("asked")) : null,
      doubt.may_decide ? null : make("p", { class: "quiet" }, say("no_right"))),
    make("div", { class: "buttons" }, button("look", "main"), button("send-again", "danger"), button("treat-as-sent", "danger")));
}

/** Ask in a dialog what costs money or people; whoever only looks is not asked. */
function confirmed(doubt, decision) {
  if (decision === "look") return Promise.resolve(true);
  const dialog = document.getElementById("confirm"), isSend = decision === "send-again";
  const set = (id, text) => { document.getElementById(id).textContent = text; };
  set("confirm-title", say(isSend ? "confirm_title" : "sent_title"));
  set("confirm-text", say(isSend ? "confirm" : "sent_confirm", { count: number(doubt.size) }));
  set("confirm-yes", say(isSend ? "yes_send" : "yes_sent"));
  set("confirm-no", say("no"));
  return new Promise((resolve) => {
    const end = (value) => { dialog.close(); resolve(value); };
    document.getElementById("confirm-yes").onclick = () => end(true);
    document.getElementById("confirm-no").onclick = () => end(false);
    dialog.oncancel = () => resolve(false);
    dialog.showModal();
  });
}

async function decide(doubt, decision, asked) {
  if (!(await confirmed(doubt, decision))) return;
  const options = { look: "Look again", "send-again": "Send again", "treat-as-sent": "Treat as sent" };
  let told;
  if (asked) {
    const given = await airflow.answer(doubt.task, options[decision]);
    told = given.ok ? ["good", say("done_answer")] : ["bad", say("failed", { why: given.detail })];
  } else {
    const written = await airflow.post(`../api/campaigns/${doubt.campaign}/chunks/${doubt.chunk}`, { decision });
    if (!written.ok) told = ["bad", say(written.status === 409 ? "conflict" : "failed", { why: written.detail })];
    else {
      const cleared = await airflow.clear(doubt.task);
      told = cleared.ok ? ["good", say("done_clear")] : ["bad", say("done_no_clear", { why: cleared.detail })];
    }
  }
  note = told;
  refresh();
}

const noteCard = () => (note ? make("p", { class: `note ${note[0]}`, role: "status" }, isolated(note[1])) : null);

function filters(campaigns) {
  const select = (name, first, values) => {
    const chooser = make("select", { "aria-label": say(first) }, make("option", { value: "" }, say(first)),
      ...values.map(([value, text]) => make("option", { value, selected: wanted[name] === value }, text)));
    chooser.addEventListener("change", () => { wanted[name] = chooser.value; draw(); });
    return chooser;
  };
  const search = make("input", { type: "search", id: "search", placeholder: say("search"), "aria-label": say("search"), value: wanted.search, dir: "auto" });
  search.addEventListener("input", () => { wanted.search = search.value; drawRows(); });
  const dags = [...new Set(campaigns.flatMap((one) => one.tasks.map((task) => task.dag_id)))].filter(Boolean).sort();
  const states = [...new Set(campaigns.map((one) => one.state))].sort();
  const day = make("input", { type: "date", "aria-label": say("any_day"), title: say("any_day"), value: wanted.day });
  day.addEventListener("change", () => { wanted.day = day.value; drawRows(); });
  return make("div", { class: "filters" }, search, select("state", "all_states", states.map((one) => [one, stateName(one)])),
    select("dag", "all_dags", dags.map((one) => [one, one])), day);
}

function matches(one) {
  const text = wanted.search.trim().toLowerCase();
  const named = [one.name, ...one.tasks.map((task) => `${task.dag_id} ${task.task_id}`)].join(" ").toLowerCase();
  const from = wanted.day ? Date.parse(`${wanted.day}T00:00:00`) / 1000 : 0;
  return named.includes(text) && (!wanted.state || one.state === wanted.state) &&
    (!wanted.dag || one.tasks.some((task) => task.dag_id === wanted.dag)) &&
    (!wanted.day || (one.touched_at >= from && one.begun_at < from + 86400));
}

const cell = (label, ...children) => make("td", { "data-label": say(label) }, ...children);

function row(one) {
  const planned = one.planned || one.confirmed + one.open;
  const reasons = Object.entries(one.rejected_why);
  return make("tr", {},
    cell("campaign", campaignLink(one), make("div", { class: "quiet" }, one.tasks[0] ? taskLink(one.tasks[0]) : "", one.tasks[0]?.sender ? " · " : null, one.tasks[0]?.sender ? make("bdi", { dir: "ltr", class: "line" }, one.tasks[0].sender) : "")),
    cell("state", badge(one.state)),
    cell("progress", make("div", {}, bar(one),
      one.seconds_left ? make("div", { class: "quiet" }, say("left", { time: span(one.seconds_left) })) : null,
      reasons.length ? make("details", { class: "quiet" }, make("summary", {}, say("why_refused")),
        make("ul", {}, ...reasons.map(([reason, count]) => make("li", {}, `${number(count)} · `, isolated(reason))))) : null)),
    cell("accepted", say("of", { some: number(one.confirmed), all: number(planned) })),
    cell("refused", number(one.rejected)), cell("parts", number(one.parts)), cell("cost", number(one.cost)), cell("last", moment(one.touched_at)));
}

function drawRows() {
  const body = document.getElementById("rows");
  if (!body || !last) return;
  const found = last.data.campaigns.filter(matches);
  body.replaceChildren(...(found.length ? found.map(row) : [make("tr", {}, make("td", { colspan: 8, class: "quiet" }, say("no_match")))]));
}

function drawList(data, questions, held) {
  const columns = ["campaign", "state", "progress", "accepted", "refused", "parts", "cost", "last"];
  const parts = [
    make("div", { class: "tiles" }, tile("in_doubt", number(data.tiles.in_doubt), data.tiles.in_doubt > 0), tile("sending_now", number(data.tiles.sending)),
      tile("accepted_day", number(data.tiles.accepted)), data.tiles.delivered === undefined ? null : tile("delivered_day", number(data.tiles.delivered)),
      tile("cost_day", number(data.tiles.cost)), held === null ? null : tile("held_back", number(held))),
    noteCard(),
    make("h2", {}, say("needs")),
    ...(data.doubts.length ? data.doubts.map((doubt) => doubtCard(doubt, data.now, questions)) : [make("p", { class: "quiet" }, say("none_needs"))]),
    make("h2", {}, say("tasks")),
  ];
  if (!data.campaigns.length) parts.push(make("p", { class: "quiet" }, say("none")));
  else parts.push(filters(data.campaigns),
    make("div", { class: "scroll" }, make("table", {}, make("thead", {}, make("tr", {}, ...columns.map((name) => make("th", { scope: "col" }, say(name))))), make("tbody", { id: "rows" }))),
    make("p", { class: "legend quiet" }, ...Object.entries(legend()).map(([name, text]) => make("span", {}, make("i", { class: `share ${name}` }), text))));
  main.replaceChildren(...parts.filter(Boolean));
  drawRows();
}

function drawOne(one, questions) {
  const pair = (key, value) => make("div", {}, make("dt", {}, say(key)), make("dd", {}, value));
  const counts = [["accepted", one.confirmed], ["in_doubt", one.open], ["given_up", one.given_up], ["rows", one.rows], ["merged", one.merged], ["suppressed", one.suppressed],
    ["skipped", one.skipped], ["refused", one.rejected], ["parts", one.parts], ["cost", one.cost]];
  const reasons = Object.entries(one.rejected_why);
  main.replaceChildren(...[
    make("p", {}, make("a", { href: window.location.pathname, click: (event) => { event.preventDefault(); go(""); } }, say("back"))),
    make("h2", {}, isolated(one.name), " ", badge(one.state)), bar(one),
    one.seconds_left ? make("p", { class: "quiet" }, say("left", { time: span(one.seconds_left) })) : null,
    noteCard(),
    make("dl", { class: "counts" }, pair("began", moment(one.begun_at)), pair("last", moment(one.touched_at)),
      ...counts.filter(([, count]) => count).map(([key, count]) => pair(key, number(count)))),
    ...(one.doubts.length ? [make("h2", {}, say("needs")), ...one.doubts.map((doubt) => doubtCard(doubt, one.now, questions))] : []),
    reasons.length ? make("h2", {}, say("why_refused")) : null,
    reasons.length ? make("ul", {}, ...reasons.map(([reason, count]) => make("li", {}, `${number(count)} · `, isolated(reason)))) : null,
    make("h2", {}, say("tasks")),
    make("div", { class: "scroll" }, make("table", {}, make("thead", {}, make("tr", {}, ...["log", "state", "run", "line", "began", "last"].map((name) => make("th", { scope: "col" }, say(name))))),
      make("tbody", {}, ...one.tasks.map((task) => make("tr", {}, cell("log", taskLink(task), make("div", { class: "quiet" }, say("try_", { n: number(task.try_number) }))),
        cell("state", badge(task.state)), cell("run", make("bdi", { dir: "ltr" }, task.run_id)), cell("line", make("bdi", { dir: "ltr", class: "line" }, task.sender)),
        cell("began", moment(task.began_at)), cell("last", moment(task.seen_at))))))),
  ].filter(Boolean));
}

function drawTrouble(found) {
  const children = found.status === 401 || found.status === 403
    ? [make("p", {}, say("signed_out")), make("button", { type: "button", class: "main", click: airflow.signIn }, say("sign_in"))]
    : [make("p", {}, found.reason === "no-ledger" ? say("no_ledger") : found.status === 404 ? say("gone") : isolated(say("unreachable", { why: found.detail })))];
  if (chosen.has("campaign")) children.unshift(make("p", {}, make("a", { href: window.location.pathname, click: (event) => { event.preventDefault(); go(""); } }, say("back"))));
  main.replaceChildren(make("section", { class: "trouble" }, ...children));
}

function draw() {
  direct();
  document.title = say("title");
  document.getElementById("title").textContent = say("title");
  document.getElementById("language").textContent = say("other");
  document.getElementById("language").lang = isPersian() ? "en" : "fa";
  if (!last) { main.replaceChildren(make("p", { class: "quiet" }, say("loading"))); return; }
  main.setAttribute("aria-busy", "false");
  if (!last.ok) { drawTrouble(last); return; }
  document.getElementById("updated").textContent = say("updated", { time: moment(last.data.now) });
  if (chosen.has("campaign")) drawOne(last.data, last.questions);
  else drawList(last.data, last.questions, last.held);
}

async function refresh() {
  window.clearTimeout(timer);
  const one = chosen.get("campaign");
  const found = await airflow.ask(one ? `../api/campaigns/${encodeURIComponent(one)}` : `../api/campaigns${window.location.search}`)
    .catch((error) => ({ ok: false, status: 0, detail: String(error.message) }));
  if (found.ok && found.data.found) { go(`?campaign=${found.data.found}`); return; }
  const doubts = found.ok ? found.data.doubts : [];
  found.questions = doubts.length ? await airflow.openQuestions().catch(() => []) : [];
  found.held = found.ok && !one ? await airflow.heldBack().catch(() => null) : null;
  const before = JSON.stringify([last?.data?.campaigns, last?.data?.doubts, last?.data?.tasks]);
  const isBusy = document.getElementById("confirm").open || document.activeElement?.id === "search";
  pause = found.ok && before !== JSON.stringify([found.data.campaigns, found.data.doubts, found.data.tasks]) ? EVERY : Math.min(pause * 1.5, SLOWEST);
  last = found;
  if (isBusy) drawRows(); else draw();
  timer = window.setTimeout(() => { if (!document.hidden) refresh(); }, pause);
}

document.getElementById("language").addEventListener("click", () => { switchLanguage(); draw(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) { pause = EVERY; refresh(); } });
window.addEventListener("popstate", () => { chosen = new URLSearchParams(window.location.search); refresh(); });
airflow.followTheme();
draw();
refresh();
