// What the page takes from the Airflow around it: theme, ways to other pages, and its REST API with the user's rights.

const REST = "../../api/v2/";

const framed = () => {
  try {
    return window.parent !== window && Boolean(window.parent.document);
  } catch {
    return false;
  }
};

/** Follow Airflow's own switch of light and dark, or the system's where the page stands alone. */
export function followTheme() {
  const here = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const outer = framed() ? window.parent.document.documentElement : null;
  const set = () => { here.dataset.theme = (outer ? outer.classList.contains("dark") : system.matches) ? "dark" : "light"; };
  set();
  if (outer) new MutationObserver(set).observe(outer, { attributes: true, attributeFilter: ["class"] });
  else system.addEventListener("change", set);
}

/** Make a link to one of Airflow's pages: inside a frame its router has to be told, as the frame may not lead it. */
export function airflowLink(element, path) {
  element.href = `../../${path}`;
  element.addEventListener("click", (event) => {
    if (!framed() || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const base = new URL(window.parent.document.baseURI);
    window.parent.history.pushState({}, "", new URL(path, base).href);
    window.parent.dispatchEvent(new PopStateEvent("popstate"));
  });
  return element;
}

/** Where a person signs in again: a whole load of Airflow, which leads there by itself. */
export function signIn() {
  if (!framed()) { window.location.href = "../../"; return; }
  const link = window.parent.document.createElement("a");
  link.href = window.parent.document.baseURI;
  link.click();
}

export async function ask(address, options = {}) {
  const answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" }, ...options });
  const data = await answer.json().catch(() => ({}));
  const detail = typeof data.detail === "string" ? data.detail : answer.statusText || `HTTP ${answer.status}`;
  return { ok: answer.ok, status: answer.status, data, detail, reason: answer.headers.get("X-Reason") };
}

const changing = (method, body) => ({
  method, body: JSON.stringify(body),
  headers: { Accept: "application/json", "Content-Type": "application/json", "X-Requested-With": "ippanel" },
});

export const post = (address, body) => ask(address, changing("POST", body));

const seg = encodeURIComponent;
export const taskPath = (task) =>
  `dags/${seg(task.dag_id)}/runs/${seg(task.run_id)}/tasks/${seg(task.task_id)}` + (task.map_index >= 0 ? `/mapped/${task.map_index}` : "");

const same = (one, task) =>
  one.dag_id === task.dag_id && one.task_id === task.task_id &&
  (one.run_id ?? one.dag_run_id) === task.run_id && (one.map_index ?? -1) === task.map_index;

/** The tasks for which Airflow has the question of what is in doubt open itself; none before 3.1, or without the right. */
export async function openQuestions() {
  const found = await ask(`${REST}dags/~/dagRuns/~/hitlDetails?response_received=false&limit=100`);
  if (!found.ok) return [];
  return (found.data.hitl_details ?? [])
    .filter((one) => (one.options ?? []).includes("Treat as sent"))
    .map((one) => one.task_instance);
}

export const isAsked = (questions, task) => questions.some((one) => same(one, task));

export function answer(task, option) {
  const path = `dags/${seg(task.dag_id)}/dagRuns/${seg(task.run_id)}/taskInstances/${seg(task.task_id)}/${task.map_index}/hitlDetails`;
  return ask(REST + path, changing("PATCH", { chosen_options: [option], params_input: {} }));
}

/**
 * Clear the task, so that its next try takes the decision up; Airflow's audit log has who did. What came after it and has
 * succeeded stays as it is: it may have sent texts of its own.
 */
export function clear(task) {
  const which = task.map_index >= 0 ? [[task.task_id, task.map_index]] : [task.task_id];
  return post(`${REST}dags/${seg(task.dag_id)}/clearTaskInstances`, {
    dry_run: false, dag_run_id: task.run_id, task_ids: which, only_failed: true, reset_dag_runs: true,
    include_downstream: true, include_upstream: false, include_future: false, include_past: false,
  });
}

/** How many alerts wait in their windows; null to whoever may not read Variables. */
export async function heldBack() {
  const found = await ask(`${REST}variables?variable_key_pattern=${seg("ippanel_alert_%")}&limit=100`);
  if (!found.ok) return null;
  return (found.data.variables ?? []).reduce((sum, one) => {
    try { return Object.values(JSON.parse(one.value)).reduce((held, entry) => held + Number(entry[1]), sum); } catch { return sum; }
  }, 0);
}
