/* The command line, the cheat sheet and the keys of rows. What can be typed stands in the sheet, which the door made. */
import { ask, isCurrent, tell } from "/console.js";

const byId = (id) => document.getElementById(id);
const line = byId("line"), words = byId("line-words"), choices = byId("line-choices"), sheet = byId("sheet");
const commands = [...sheet.querySelectorAll("[data-command]")].map((row) => ({
  ...row.dataset, choices: row.dataset.choices ? row.dataset.choices.split("\n") : [],
}));
const KEYS = "careroute keys", TWICE_MS = 5_000;
let keysOn = localStorage.getItem(KEYS) !== "off", armed = { typed: "", at: 0 };

// --- the command line ---------------------------------------------------------------------------------------------

function parsed() { // the command that is meant, and its argument: an unambiguous beginning of each is enough
  const typed = words.value.trim().replace(/^\//, ""), [first, ...rest] = typed.split(/\s+/), argument = rest.join(" ");
  const found = commands.filter((command) => command.command.startsWith(first.toLowerCase()));
  const command = found.find((each) => each.command === first.toLowerCase()) ?? (found.length === 1 ? found[0] : null);
  if (!command && /\d/.test(first) && !rest.length) return [commands.find((each) => each.command === "call"), typed];
  return [command, command ? completed(command, argument) : argument];
}

function completed(command, argument) {
  const begins = command.choices.filter((choice) => choice.toLowerCase().startsWith(argument.toLowerCase()));
  const exact = begins.find((choice) => choice.toLowerCase() === argument.toLowerCase());
  return exact ?? (begins.length === 1 ? begins[0] : argument);
}

function complete() {
  const lines = commands.flatMap(({ command, choices: all }) => all.length ? all.map((choice) => `${command} ${choice}`) : [command]);
  choices.replaceChildren(...lines.map((text) => Object.assign(document.createElement("option"), { value: text })));
}

line.addEventListener("submit", async (event) => {
  event.preventDefault();
  const [command, argument] = parsed();
  if (!command) { tell(`There is no such command: ${words.value}. Press ? for all of them.`, true); return; }
  if (command.field && !argument) { tell(`Say which ${command.field}: ${command.command} …`, true); return; }
  if (command.choices.length && !command.choices.includes(argument)) {
    tell(`${argument} is none of: ${command.choices.join(", ")}.`, true);
    return;
  }
  await does[command.does](command, argument);
});

const does = {
  go: ({ target, field }, argument) => location.assign(field ? target + encodeURIComponent(argument) : target),
  own: ({ target }) => { words.value = ""; if (target === "keys") switchKeys(); else openSheet(); },
  row: ({ target, command }, argument) => {
    const links = [...document.querySelectorAll(".row .incident")].filter((each) => each.textContent.trim() === argument);
    const buttons = links.flatMap((link) => [...link.closest(".row").querySelectorAll(`[data-key="${target}"]`)]);
    if (!buttons.length) { tell(`Nothing to ${command} for ${argument} on this page.`, true); return; }
    if (buttons.length > 1) { tell(`Several calls have the number ${argument}: press ${command} at the one that you mean.`, true); return; }
    words.value = "";
    buttons[0].click();
  },
  stop: (command, argument) => {
    const typed = `${command.command} ${argument}`, now = performance.now();
    if (armed.typed !== typed || now - armed.at > TWICE_MS) {
      armed = { typed, at: now };
      tell(`Press Enter once more within five seconds to stop ${argument === "all" ? "everything" : argument}.`, true);
      return undefined;
    }
    armed = { typed: "", at: 0 };
    return does.post(command, argument);
  },
  post: async ({ target, field }, argument) => {
    words.value = "";
    const [done, said] = await ask(target, new URLSearchParams({ [field]: argument }));
    tell(said, !done);
  },
};
words.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { words.value = ""; words.blur(); }
  if (event.key === "Enter" && event.repeat) event.preventDefault(); // a key that is held down is one press
});
complete();

// --- the sheet, and the switch of all keys ------------------------------------------------------------------------

function openSheet() { sheet.showModal(); }

function switchKeys() {
  keysOn = !keysOn;
  localStorage.setItem(KEYS, keysOn ? "on" : "off");
  showKeys();
  tell(keysOn ? "Keys are on." : "Keys are off; the command line is in the frame of every page.", false);
}

function showKeys() {
  const button = byId("keys-switch");
  button.setAttribute("aria-pressed", String(keysOn));
  button.textContent = keysOn ? "Keys are on" : "Keys are off";
  document.body.classList.toggle("keys-off", !keysOn);
}
byId("keys-switch").addEventListener("click", switchKeys);
showKeys();

// --- keys ---------------------------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (!keysOn || event.ctrlKey || event.altKey || event.metaKey || event.repeat || sheet.open) return;
  if (target.matches("input, textarea, select")) return;
  if (key === "/") { event.preventDefault(); words.focus(); words.select(); return; }
  if (key === "?") { event.preventDefault(); openSheet(); return; }
  const row = target.closest(".region > .row");
  if (!row) return;
  if (key === "j" || key === "k") { event.preventDefault(); step(row, key === "j" ? 1 : -1); return; }
  const button = row.querySelector(`button[data-key="${CSS.escape(key)}"]`);
  if (!button) return;
  event.preventDefault();
  if (isCurrent()) button.click(); else tell("This page is not current: nothing was asked for.", true);
});

function step(row, by) {
  const rows = [...document.querySelectorAll("main .region > .row")], next = rows[rows.indexOf(row) + by];
  next?.querySelector("a[href], button")?.focus();
}
