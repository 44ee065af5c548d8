/* What a page of the console does in a browser: it stays current, says so when it is not, and asks for what a button
   says. Nothing is shown before the door has answered. Without this script every page works, and loads again by itself. */
const { seat, address, zone, of } = document.body.dataset;
const QUIET_MS = 3_000, LOST_MS = 10_000, POLL_MS = 5_000;
const ARMED_MS = 5_000, TWO_PRESSES_MS = 300, MOVED_MS = 400, TOASTS = 3, TOAST_MS = 10_000, SAME_MS = 60_000, HERE_MS = 20_000, GONE_MS = 150_000;
const FRAME = "*frame";
const byId = (id) => document.getElementById(id);
const policy = window.trustedTypes?.createPolicy("careroute", { createHTML: (markup) => markup }) ??
  { createHTML: (markup) => markup };

// --- how current this page is -------------------------------------------------------------------------------------

let beat = null; // what the door said last: its time, how far behind the journals it is, pages it could not render
let beatAt = performance.now(), polled = false, signedOut = false, offset = Number(document.body.dataset.now) - Date.now();
const quietFor = () => performance.now() - beatAt;
const behindFor = () => Math.max(quietFor() - (polled ? POLL_MS : 0), 0) + (beat?.lag ?? 0) * 1_000;
const isBroken = () => beat !== null && (beat.broken.includes(address) || beat.broken.includes(FRAME));
export const isCurrent = () => !signedOut && !isBroken() && behindFor() <= QUIET_MS;

function noteBeat(heard, byPoll) {
  beat = heard; beatAt = performance.now(); polled = byPoll; offset = heard.at - Date.now();
  showFreshness();
}

function showFreshness() {
  const current = isCurrent(), connection = byId("connection"), stale = byId("stale");
  const state = signedOut ? "out" : !current ? "stale" : !beat ? "unknown" : polled ? "slow" : "live";
  connection.dataset.state = state;
  document.body.classList.toggle("not-current", !current);
  setText(connection.firstElementChild, {
    unknown: "◌ connecting",
    live: `● live, ${(quietFor() / 1_000).toFixed(1)} s`,
    slow: `◐ slow: looks every ${POLL_MS / 1_000} s`,
    stale: `◆ not current, ${Math.floor(behindFor() / 1_000)} s`,
    out: "◆ signed out",
  }[state]);
  stale.hidden = current;
  if (!current) setText(stale, staleWords());
  for (const button of document.querySelectorAll("form[data-act] button")) {
    if (current) button.removeAttribute("aria-disabled"); else button.setAttribute("aria-disabled", "true");
  }
}

function staleWords() {
  if (signedOut) return "You are signed out. What you see is old: sign in again.";
  if (isBroken()) return "careroute could not show this page anew: what you see is old. Work from your CAD.";
  const since = clock.format(new Date(Date.now() + offset - behindFor()));
  if (behindFor() > LOST_MS) {
    return `NOT CURRENT since ${since}. What you see here is old, and nothing but a stop can be asked for. ` +
      "Work from your CAD: where it hears nothing from careroute, it sends what it would have sent.";
  }
  return `Nothing new from careroute since ${since}. Buttons wait until it is back; stop can be pressed, and says if it worked.`;
}

// --- clocks and ages ----------------------------------------------------------------------------------------------

const clock = new Intl.DateTimeFormat("en-GB", {
  timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const said = new Set();
let ticked = 0;

function tick() { // by animation frames: on a page that has frozen the clock stands still, too
  const now = Date.now() + offset;
  setText(document.querySelector(".clock"), clock.format(new Date(now)));
  if (now - ticked >= 200) { ticked = now; showFreshness(); showAges(document, now); }
  requestAnimationFrame(tick);
}

function showAges(within, now) {
  for (const span of within.querySelectorAll("[data-age]")) {
    setText(span, ageWords((now - Date.parse(span.dataset.age)) / 1_000));
  }
  for (const span of within.querySelectorAll("[data-left]")) {
    const seconds = (Date.parse(span.dataset.left) - now) / 1_000;
    setText(span, leftWords(seconds));
    span.classList.toggle("soon", seconds <= 10);
    if (span.dataset.say) sayLeft(span.dataset.say, span.dataset.left, seconds);
  }
}

function sayLeft(what, until, seconds) {
  for (const mark of [10, 30, 60]) {
    if (seconds > mark || seconds <= 0) continue;
    const key = `${what} ${until} ${mark}`;
    if (!said.has(key)) { said.add(key); if (seconds > mark - 2) say(`${mark} seconds left: ${what}`); }
    return;
  }
}

function ageWords(seconds) { // as `words.py` says it
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s ago`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ago`;
  return whole < 172_800 ? `${Math.floor(whole / 3_600)} h ago` : `${Math.floor(whole / 86_400)} days ago`;
}

function leftWords(seconds) {
  const whole = Math.trunc(seconds);
  if (whole <= 0) return "time is up";
  if (whole < 120) return `${whole} s left`;
  return whole < 7_200 ? `${Math.floor(whole / 60)} min left` : `${Math.floor(whole / 3_600)} h left`;
}

function say(words) { // to whoever has the page read out
  const line = Object.assign(document.createElement("p"), { textContent: words });
  byId("say").append(line);
  setTimeout(() => line.remove(), TOAST_MS);
}

function spoken(row) { // what it says, without signs and what can be pressed
  const copy = row.cloneNode(true);
  for (const part of copy.querySelectorAll("[aria-hidden], .acts, dl")) part.remove();
  for (const part of copy.querySelectorAll("*")) part.append(" ");
  return copy.textContent.replace(/\s+/g, " ").trim();
}

function setText(element, text) { if (element.textContent !== text) element.textContent = text; }

// --- rows ---------------------------------------------------------------------------------------------------------

function show(change) { // replaces the rows that changed; focus, what is typed, and the place on the page stay
  const region = byId(change.region);
  if (!region) return;
  const focus = focusIn(region, change.order), before = [...region.children].map((row) => row.id);
  for (const [id, markup] of Object.entries(change.rows)) {
    const old = byId(id);
    if (old && markup.slice(0, markup.indexOf(">")).includes(`data-revision="${old.dataset.revision}"`)) continue;
    const row = made(markup);
    showAges(row, Date.now() + offset);
    if (old ? change.page === FRAME && !row.querySelector("[role=alert]") : row.matches(".waits, .alert")) say(spoken(row));
    if (old) { carryTyped(old, row); old.replaceWith(row); } else region.append(row);
    if (old && actsOf(old) !== actsOf(row)) row.movedAt = performance.now();
    for (const form of row.querySelectorAll("form[data-act]")) if (asked.has(keyOf(form))) markAsked(form);
  }
  const wanted = new Set(change.order);
  for (const row of [...region.children]) if (!wanted.has(row.id)) row.remove();
  change.order.forEach((id, place) => {
    const row = byId(id);
    if (row && region.children[place] !== row) region.insertBefore(row, region.children[place] ?? null);
  });
  before.forEach((id, place) => { // a row that now stands where another stood may be pressed in its stead
    const row = region.children[place];
    if (row && row.id !== id && !id.endsWith("-empty")) row.movedAt = performance.now();
  });
  if (focus) bringBack(region, focus);
}

function made(markup) {
  const template = document.createElement("template");
  template.innerHTML = policy.createHTML(markup);
  return document.importNode(template.content, true).firstElementChild; // so that its addresses are those of this page
}

const FOCUSABLE = "a[href], button, input, select, textarea, summary";

function focusIn(region, order) { // or in a row that comes here from another list
  const active = document.activeElement, row = active?.closest?.(".row");
  if (!row || (row.parentElement !== region && !order.includes(row.id))) return null;
  const place = [...row.parentElement.children].indexOf(row);
  return { active, id: row.id, place, start: active.selectionStart, end: active.selectionEnd };
}

let acted = { id: "", key: "" }; // the row that was acted in last, and by which key
let passed = { at: -MOVED_MS, key: null }; // when a row got the focus of one that went: by itself, or by this key, which may come twice

function bringBack(region, { active, id, place, start, end }) {
  if (document.activeElement === active && active.isConnected) return;
  if (!byId(id)) passed = { at: performance.now(), key: id === acted.id ? acted.key : null };
  const row = byId(id) ?? region.children[Math.min(place, region.children.length - 1)];
  const inRow = row ? [...row.querySelectorAll(FOCUSABLE)] : [];
  const same = inRow.find((other) => isSameControl(other, active));
  if (byId(id) && !same) row.tabIndex = -1; // another act in its place would be done by whoever presses twice
  const target = active.isConnected ? active : byId(id) ? same ?? row : inRow[0];
  (target ?? byId("main")).focus({ preventScroll: true });
  if (start != null && target?.selectionStart != null && [active, same].includes(target)) target.setSelectionRange(start, end);
}

const isSameField = (other, field) => other.type === field.type && other.name === field.name && keyOf(other.form) === keyOf(field.form);

const isSameControl = (other, was) => other.localName === was.localName && isSameField(other, was) && other.href === was.href &&
  other.dataset.key === was.dataset.key && other.closest("details")?.id === was.closest("details")?.id;

const actsOf = (row) => [...row.querySelectorAll("form[data-act]")].map(keyOf).join(" ");

const keyOf = (form) => form?.id || form?.action; // of several forms that post to one place, each has an id

function isTyped(field) { // whether somebody has changed it; the rest shows what stands, and is to show what stands now
  if (field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (!field.options) return field.value !== field.defaultValue;
  return field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
}

const MOVED = "The switchboard has changed since you began to write: look again before you press.";

function carryTyped(old, row) {
  for (const field of old.querySelectorAll("input[name]:not([type=hidden]), select[name], textarea[name]")) {
    if (!isTyped(field)) continue;
    sayMoved(field.form, row);
    const same = [...row.querySelectorAll(`[name="${CSS.escape(field.name)}"]`)]
      .find((other) => isSameField(other, field) && (field.type !== "checkbox" || other.value === field.value));
    if (same && field.type === "checkbox") same.checked = field.checked; else if (same) same.value = field.value;
  }
  for (const said of old.querySelectorAll("form[id] output")) {
    const same = said.value && row.querySelector(`#${CSS.escape(said.form.id)} output`);
    if (same) same.value = said.value;
  }
  for (const opened of old.querySelectorAll("details[open][id]")) row.querySelector(`#${CSS.escape(opened.id)}`)?.setAttribute("open", "");
}

function sayMoved(form, row) { // what is written was meant for what stood; it would be asked for of what stands now
  const basis = form?.elements.based_on, now = basis && row.querySelector(`#${CSS.escape(form.id)}`);
  if (!now || now.elements.based_on.value === basis.value || asked.has(keyOf(form))) return;
  const output = form.querySelector("output");
  if (output.value.includes(MOVED)) return;
  output.value = `${output.value} ${MOVED}`.trim(); // what is said there goes on to the new row
  say(MOVED);
}

// --- asking for something -----------------------------------------------------------------------------------------

const asked = new Set(); // where a request is under way

const stood = new WeakMap(); // what stands on a button again once its request is answered

function markAsked(form) {
  for (const button of form.querySelectorAll("button")) {
    if (!stood.has(button)) stood.set(button, [...button.childNodes]);
    button.classList.add("asked");
    button.replaceChildren("asked…");
  }
}

function unmark(form) {
  for (const button of form.querySelectorAll("button.asked")) { button.classList.remove("asked"); button.replaceChildren(...stood.get(button)); }
}

const unanswered = new Map(); // what was asked for and not answered yet → its key, and when: asked again soon, it is the same command

function keyFor(action, what) { // later it is another: what an old one came to says nothing of now. A stop is always another
  const before = unanswered.get(what), isOld = !before || performance.now() - before.at > SAME_MS;
  const asked = isOld || action.endsWith("/switchboard/pause") ? { key: crypto.randomUUID(), at: performance.now() } : before;
  unanswered.set(what, asked);
  return asked.key;
}

export async function ask(action, fields) { // resolves to [whether it was done, what to say, the command]; never rejects
  const what = `${action} ${fields}`;
  fields.set("key", keyFor(action, what));
  try {
    const answer = await fetch(`${action}?${new URLSearchParams({ of })}`, { method: "POST", headers: { Accept: "application/json" }, body: fields });
    const body = await answer.json();
    if (answer.status < 500 && !["waiting", "held"].includes(body.state)) unanswered.delete(what);
    if (body.reason === "prove-first") { location.assign(answer.headers.get("Location")); return [false, body.detail]; }
    if (answer.status === 503) return [false, body.detail];
    if (!answer.ok) return [false, `Not done. ${body.detail} ${body.errors.map((fault) => `${fault.path}: ${fault.what}`).join(" ")}`];
    const done = body.state === "done";
    return [done, body.sentence || (done ? "Done." : "Not answered yet: the command is on the log."), body.command_id];
  } catch {
    return [false, "No answer: careroute cannot be reached, and perhaps nothing was done. Look before you ask again."];
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.dataset.stop) { event.preventDefault(); pressStop(form); return; }
  if (!("act" in form.dataset)) return;
  event.preventDefault();
  if (!isCurrent()) { tell("This page is not current: nothing was asked for.", true); return; }
  const key = keyOf(form);
  if (asked.has(key)) return;
  const row = form.closest(".region > .row"), by = event.submitter?.dataset.key ?? "";
  const movedAt = pressedBy === "pointer" ? row?.movedAt ?? -MOVED_MS : [null, by].includes(passed.key) ? passed.at : -MOVED_MS;
  if (performance.now() - movedAt < MOVED_MS) {
    tell("The list moved just now, so nothing was asked for: press again.", true);
    return;
  }
  const fields = new URLSearchParams(new FormData(form, event.submitter));
  asked.add(key);
  acted = { id: row?.id ?? "", key: by };
  markAsked(form);
  const [done, words, command] = await ask(form.action, fields);
  if (done && "then" in form.dataset) { leadTo(fields.get("back"), command); return; } // asked once, until this page is gone
  asked.delete(key);
  const there = [...document.querySelectorAll("form[data-act]")].filter((other) => keyOf(other) === key);
  for (const other of there) { unmark(other); answer(other, done, words); }
  tell(words, !done);
});

function leadTo(back, command) { // what is done here is seen on a page made anew, which says what became of it
  const to = new URL(back, location.origin);
  if (command) to.searchParams.set("said", command);
  location.assign(to);
}

function answer(form, done, words) { // where it was asked: what was refused stays there, what was done closes its form
  const output = form.querySelector("output"), details = form.closest("details[id]");
  if (output) output.value = done ? "" : words;
  if (!done) return;
  form.reset();
  if (!details) return;
  const had = details.contains(document.activeElement);
  details.open = false;
  if (had) details.querySelector("summary").focus();
}

let pressedBy = "keyboard";
addEventListener("pointerdown", () => { pressedBy = "pointer"; }, true);
addEventListener("keydown", (event) => {
  pressedBy = "keyboard";
  if (event.repeat && event.key === "Enter" && event.target.matches("button")) event.preventDefault(); // held down it is one press
}, true);

export function tell(words, isWrong) { // below what was said just before: an answer that comes late hides nothing
  const bar = byId("toast"), line = Object.assign(document.createElement("p"), { textContent: words, className: isWrong ? "wrong" : "" });
  [...bar.children].find((other) => other.textContent === words)?.remove();
  bar.append(line);
  if (bar.children.length > TOASTS) bar.firstElementChild.remove();
  setTimeout(() => line.remove(), TOAST_MS);
}

// --- stop: the first press arms it, the second stops --------------------------------------------------------------

let armed = null;

function pressStop(form) {
  const district = form.elements.district, what = district.selectedOptions[0].textContent.trim();
  if (armed?.district === district.value) {
    if (armed.released && performance.now() - armed.at > TWO_PRESSES_MS) stop(form, district.value);
    return;
  }
  disarm(form);
  armed = { district: district.value, at: performance.now(), released: false, timer: setTimeout(() => disarm(form), ARMED_MS) };
  form.classList.add("armed");
  form.querySelector("[data-words]").textContent = `Press again: stop ${what}`;
  say(`Press again within five seconds to stop ${what}.`);
}

// a key that is held down repeats: only a press after a release is another
for (const kind of ["pointerup", "keyup"]) addEventListener(kind, () => { if (armed) armed.released = true; }, true);

function disarm(form) {
  clearTimeout(armed?.timer);
  armed = null;
  form.classList.remove("armed");
  form.querySelector("[data-words]").textContent = "Stop";
}

async function stop(form, district) {
  disarm(form);
  form.querySelector("[data-words]").textContent = "asked…";
  const [done, words] = await ask(form.dataset.stop, new URLSearchParams({ district }));
  form.querySelector("[data-words]").textContent = "Stop";
  tell(words, !done);
}
document.querySelector("form[data-stop] select")?.addEventListener("change", (event) => disarm(event.target.form));

// --- one stream for all tabs of this browser ----------------------------------------------------------------------

const channel = new BroadcastChannel(`careroute ${seat}`), tab = crypto.randomUUID();
const tabs = new Map(); // where this tab leads: each tab's address, and when it was last heard of
let source = null, following = "";

const take = {
  beat: (data) => noteBeat(data, false),
  rows: show,
  "signed-out": () => { signedOut = true; showFreshness(); },
};
let heardCount = 0; // how often a stream has said something about this page

function hear(kind, data) {
  if (kind === "beat" && !(data.pages ?? [address]).includes(address)) return; // it follows as many pages as it can, and not this one
  if (kind === "rows" && data.page !== address && data.page !== FRAME) return;
  heardCount += 1;
  take[kind](data);
}

channel.onmessage = ({ data: [kind, data] }) => {
  if (kind in take) hear(kind, data);
  else if (kind === "who") channel.postMessage(["here", { tab, address }]);
  else if (source && kind === "here") {
    tabs.set(data.tab, { address: data.address, at: performance.now() });
    if (data.isNew) following = ""; // what happened since it was made is told by a new stream only
    follow();
  }
  else if (source && kind === "gone") { tabs.delete(data.tab); }
};

function lead() {
  follow();
  channel.postMessage(["who", null]);
  setInterval(follow, HERE_MS);
  return new Promise(() => {}); // until this tab is gone
}

function follow() {
  for (const [name, { at }] of tabs) if (performance.now() - at > GONE_MS) tabs.delete(name);
  const addresses = [...new Set([address, ...[...tabs.values()].map((other) => other.address)])].slice(0, 12);
  const wanted = `/stream?${new URLSearchParams([["of", of], ...addresses.map((each) => ["page", each])])}`;
  if (source && source.readyState !== EventSource.CLOSED && wanted === following) return;
  source?.close();
  following = wanted;
  source = new EventSource(wanted);
  for (const kind of Object.keys(take)) {
    source.addEventListener(kind, ({ data }) => {
      const heard = JSON.parse(data);
      hear(kind, heard);
      channel.postMessage([kind, heard]);
    });
  }
}

async function poll() { // the second way: slow, and each tab for itself
  if (quietFor() < POLL_MS - 500 || signedOut) return;
  if (source?.readyState === EventSource.CLOSED) follow();
  const before = heardCount, query = new URLSearchParams([["of", of], ["page", address]]);
  try { // it ends before the next begins, so that none overtakes another
    const signal = AbortSignal.timeout(POLL_MS - 500);
    const answer = await fetch(`/news?${query}`, { headers: { Accept: "application/json" }, signal });
    if (answer.status === 401) { take["signed-out"](); return; }
    if (!answer.ok) return;
    const news = await answer.json();
    if (heardCount !== before) return; // a stream has said something since, and would not say it again
    news.rows.forEach(show);
    noteBeat(news.beat, true);
  } catch { /* it says that it is not current */ }
}

addEventListener("pagehide", () => channel.postMessage(["gone", { tab }]));
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
setInterval(() => channel.postMessage(["here", { tab, address }]), HERE_MS);
setInterval(poll, POLL_MS);
new ResizeObserver(([{ target }]) => document.documentElement.style.setProperty("--frame", `${target.offsetHeight + 8}px`)).observe(document.querySelector("header"));
channel.postMessage(["here", { tab, address, isNew: true }]);
if (navigator.locks) navigator.locks.request(`careroute ${seat}`, lead); else lead();
tick();
