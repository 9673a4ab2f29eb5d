// The page's words in both languages, and how each writes numbers and moments.

const ENGLISH = {
  title: "Texts", other: "فارسی", updated: "Updated {time}", loading: "Loading …",
  in_doubt: "In doubt", sending_now: "Sending now", accepted_day: "Accepted in 24 hours", cost_day: "Cost in 24 hours, rial",
  delivered_day: "Delivered", held_back: "Alerts held back",
  needs: "Needs a decision", none_needs: "Nothing waits for a decision.",
  doubt: "{count} recipients", where: "Chunk {chunk} · source rows {first} to {last} · left {ago}",
  decided: "{who} decided: {what}. The next try of the task takes it up.",
  look: "Look again", "send-again": "Send again", "treat-as-sent": "Treat as sent",
  no_right: "You may read this; deciding takes the right to edit task instances of the DAG.",
  asked: "Airflow asks this question itself; your answer goes there, for all that is open in the task.",
  confirm_title: "Send again?",
  confirm: "Up to {count} people may get this text a second time. Whoever the outbox shows by then is left out.",
  sent_title: "Treat as sent?", sent_confirm: "Whoever of these {count} people did not get the text will never get it.",
  yes_send: "Send again", yes_sent: "Treat as sent", no: "Cancel",
  done_clear: "Written down, and the task is cleared: its next try takes it up.",
  done_answer: "Answered: the task goes on.",
  done_no_clear: "Written down. Clear the task to take it up: Airflow did not let you ({why}).",
  tasks: "Sending tasks", search: "Search campaign or DAG", all_states: "All states", all_dags: "All DAGs", any_day: "Any day",
  campaign: "Campaign", state: "State", progress: "Progress", accepted: "Accepted", refused: "Refused", parts: "Parts",
  cost: "Cost, rial", last: "Last activity", of: "{some} of {all}", left: "about {time} left",
  why_refused: "Why rows were refused", none: "No sending task has used the ledger yet.", no_match: "Nothing matches.",
  states: { sending: "sending", waiting: "waiting", "in doubt": "in doubt", failed: "failed", done: "done", pruned: "pruned" },
  legend: { delivered: "delivered", confirmed: "accepted, on the way", lost: "not delivered", open: "in doubt", rest: "not sent yet" },
  back: "All campaigns", began: "Began", rows: "Rows", merged: "Merged", suppressed: "Left out", skipped: "Reached before",
  given_up: "Given up", estimate: "Cost estimated", line: "Line", task: "Task", run: "Run", part: "Part", try_: "try {n}", log: "Task and log",
  no_ledger: "There is no ledger yet. Name a SQL connection in Airflow's configuration, [ippanel] ledger_conn_id, and sending tasks appear here.",
  unreachable: "The page cannot read the campaigns: {why}", signed_out: "Your session has ended.", sign_in: "Sign in again",
  gone: "This campaign is not in the ledger, or you may not read its DAG.", conflict: "Not yet: {why}", failed: "That did not work: {why}",
  minutes: "{n} min", hours: "{n} h", seconds: "{n} s", days: "{n} d", ago: "{time} ago", more: "and {n} more parts",
};

const PERSIAN = {
  title: "پیامک‌ها", other: "English", updated: "آخرین به‌روزرسانی {time}", loading: "در حال بارگذاری …",
  in_doubt: "نامشخص", sending_now: "در حال ارسال", accepted_day: "پذیرفته‌شده در ۲۴ ساعت", cost_day: "هزینهٔ ۲۴ ساعت، ریال",
  delivered_day: "تحویل شده", held_back: "هشدارهای نگه‌داشته‌شده",
  needs: "نیازمند تصمیم", none_needs: "چیزی منتظر تصمیم نیست.",
  doubt: "{count} گیرنده", where: "دستهٔ {chunk} · سطرهای {first} تا {last} منبع · ارسال: {ago}",
  decided: "تصمیم {who}: {what}. تلاش بعدی تسک آن را اجرا می‌کند.",
  look: "نگاه دوباره", "send-again": "ارسال دوباره", "treat-as-sent": "ارسال‌شده حساب شود",
  no_right: "این را می‌توانید ببینید؛ تصمیم‌گیری به اجازهٔ ویرایش task instanceهای این DAG نیاز دارد.",
  asked: "این پرسش در خود Airflow باز است؛ پاسخ شما همان‌جا و برای همهٔ موارد باز تسک ثبت می‌شود.",
  confirm_title: "ارسال دوباره؟",
  confirm: "تا {count} نفر ممکن است این پیامک را دو بار بگیرند. هر کس تا آن موقع در صندوق خروجی دیده شود کنار گذاشته می‌شود.",
  sent_title: "ارسال‌شده حساب شود؟", sent_confirm: "هر کدام از این {count} نفر که پیامک را نگرفته باشد، دیگر آن را نمی‌گیرد.",
  yes_send: "ارسال دوباره", yes_sent: "ارسال‌شده حساب شود", no: "انصراف",
  done_clear: "ثبت شد و تسک پاک (clear) شد؛ تلاش بعدی آن را اجرا می‌کند.",
  done_answer: "پاسخ ثبت شد؛ تسک ادامه می‌دهد.",
  done_no_clear: "ثبت شد. برای اجرا تسک را clear کنید؛ Airflow به شما اجازه نداد ({why}).",
  tasks: "تسک‌های ارسال", search: "جست‌وجوی کمپین یا DAG", all_states: "همهٔ وضعیت‌ها", all_dags: "همهٔ DAGها", any_day: "هر روز",
  campaign: "کمپین", state: "وضعیت", progress: "پیشرفت", accepted: "پذیرفته‌شده", refused: "ردشده", parts: "پارت",
  cost: "هزینه، ریال", last: "آخرین فعالیت", of: "{some} از {all}", left: "حدود {time} مانده",
  why_refused: "دلیل رد شدن سطرها", none: "هنوز هیچ تسک ارسالی از این دفتر ارسال استفاده نکرده است.", no_match: "چیزی با این مشخصات پیدا نشد.",
  states: { sending: "در حال ارسال", waiting: "در انتظار", "in doubt": "نامشخص", failed: "شکست‌خورده", done: "پایان‌یافته", pruned: "پاک‌سازی‌شده" },
  legend: { delivered: "تحویل شده", confirmed: "پذیرفته‌شده، در راه", lost: "تحویل نشده", open: "نامشخص", rest: "هنوز ارسال نشده" },
  back: "همهٔ کمپین‌ها", began: "شروع", rows: "سطرها", merged: "ادغام‌شده", suppressed: "کنار گذاشته‌شده", skipped: "قبلاً ارسال‌شده",
  given_up: "رهاشده", estimate: "هزینهٔ برآوردی", line: "خط", task: "تسک", run: "اجرا", part: "بخش", try_: "تلاش {n}", log: "تسک و لاگ",
  no_ledger: "هنوز دفتر ارسال ندارید. در پیکربندی Airflow، گزینهٔ [ippanel] ledger_conn_id را نام یک اتصال SQL بگذارید تا تسک‌های ارسال این‌جا دیده شوند.",
  unreachable: "کمپین‌ها خوانده نمی‌شوند: {why}", signed_out: "نشست شما تمام شده است.", sign_in: "ورود دوباره",
  gone: "این کمپین در دفتر ارسال نیست، یا اجازهٔ دیدن DAG آن را ندارید.", conflict: "هنوز نه: {why}", failed: "انجام نشد: {why}",
  minutes: "{n} دقیقه", hours: "{n} ساعت", seconds: "{n} ثانیه", days: "{n} روز", ago: "{time} پیش", more: "و {n} بخش دیگر",
};

const KEY = "ippanel-texts-language";
let language = localStorage.getItem(KEY) ?? (navigator.languages.some((one) => one.startsWith("fa")) ? "fa" : "en");

export const isPersian = () => language === "fa";

export function switchLanguage() {
  language = isPersian() ? "en" : "fa";
  localStorage.setItem(KEY, language);
  direct();
}

/** Give the document the direction and the name of its language. */
export function direct() {
  document.documentElement.lang = language;
  document.documentElement.dir = isPersian() ? "rtl" : "ltr";
}

const words = () => (isPersian() ? PERSIAN : ENGLISH);

export function say(key, values = {}) {
  return words()[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export const stateName = (state) => words().states[state] ?? state;
export const legend = () => words().legend;

const locale = () => (isPersian() ? "fa-IR" : "en-GB");

export const number = (value) => new Intl.NumberFormat(locale(), { maximumFractionDigits: 0 }).format(value);

/** A moment in the zone that was chosen in Airflow: Jalali, year first, for Persian readers. */
export function moment(seconds) {
  const chosen = localStorage.getItem("timezone")?.replaceAll('"', "");
  const timeZone = !chosen || chosen === "local" ? undefined : chosen;
  const form = { day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(isPersian() ? { year: "numeric", month: "2-digit" } : { month: "short" }) };
  let writer;
  try {
    writer = new Intl.DateTimeFormat(isPersian() ? "fa-IR-u-ca-persian" : "en-GB", { ...form, timeZone });
  } catch {
    writer = new Intl.DateTimeFormat(isPersian() ? "fa-IR-u-ca-persian" : "en-GB", form);
  }
  if (!isPersian()) return writer.format(seconds * 1000);
  const part = Object.fromEntries(writer.formatToParts(seconds * 1000).map(({ type, value }) => [type, value]));
  return `${part.year}/${part.month}/${part.day}، ${part.hour}:${part.minute}`;
}

export function span(seconds) {
  for (const [size, key] of [[172800, "days"], [5400, "hours"], [90, "minutes"]]) {
    if (seconds >= size) return say(key, { n: number(seconds / { days: 86400, hours: 3600, minutes: 60 }[key]) });
  }
  return say("seconds", { n: number(Math.max(seconds, 0)) });
}
