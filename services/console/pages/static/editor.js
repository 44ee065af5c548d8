/* The editor of the programme: numbers the lines, has what is typed checked while it is typed, and leads from a fault to
   its line. Without it the page works, too: its buttons check and try. */
"use strict";
(() => {
  const CHECK_AFTER_MS = 300;
  const byId = (id) => document.getElementById(id);
  const form = byId("edit"), text = byId("document"), numbers = byId("numbers"), checked = byId("checked");
  const policy = window.trustedTypes?.createPolicy("careroute-editor", { createHTML: (markup) => markup }) ??
    { createHTML: (markup) => markup };
  let timer = 0, asking = null, tries = byId("checked").querySelector(".verdict") !== null;

  function number() {
    const lines = text.value.split("\n").length;
    text.rows = Math.max(lines + 1, 20);
    while (numbers.childElementCount > lines) { numbers.lastElementChild.remove(); }
    while (numbers.childElementCount < lines) {
      const line = document.createElement("span");
      line.id = `line-${numbers.childElementCount + 1}`;
      line.textContent = numbers.childElementCount + 1;
      numbers.append(line);
    }
  }

  function later() { // what was checked is not what stands there: nothing of it can be proposed
    for (const button of checked.querySelectorAll("[data-propose]")) { button.disabled = true; button.textContent = "checking…"; }
    checked.classList.add("old");
    asking?.abort();
    clearTimeout(timer);
    timer = setTimeout(check, CHECK_AFTER_MS);
  }

  async function check() {
    asking?.abort();
    const mine = asking = new AbortController(), fields = new FormData(form);
    if (tries) fields.set("try", "yes");
    try {
      const answer = await fetch(form.action, {
        method: "POST", headers: { Accept: "application/json" }, body: fields, signal: mine.signal,
      });
      const body = await answer.json();
      if (answer.ok) show(body.part); else say(body.detail);
    } catch (error) {
      if (error.name !== "AbortError") say("Not checked: careroute cannot be reached. What you typed is still here.");
    }
  }

  function show(markup) {
    const reason = byId("reason")?.value, focus = checked.contains(document.activeElement) ? document.activeElement.id : "";
    const opened = [...checked.querySelectorAll("details[open]")].map((each) => each.id);
    checked.innerHTML = policy.createHTML(markup);
    checked.classList.remove("old");
    for (const id of opened) byId(id)?.setAttribute("open", "");
    if (reason && byId("reason")) byId("reason").value = reason;
    if (focus) byId(focus)?.focus();
    byId("say").textContent = byId("check-title").textContent.trim();
  }

  function say(words) {
    const told = document.createElement("p");
    told.className = "warn";
    told.textContent = words;
    checked.prepend(told);
    byId("say").textContent = words;
  }

  form.addEventListener("input", (event) => {
    if (event.target === text) number();
    if (event.target === text || tries) later();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    tries ||= event.submitter?.name === "try";
    later();
    clearTimeout(timer);
    check();
  });

  document.addEventListener("click", (event) => { // from a fault to its line, which is then marked
    const line = Number(event.target.closest?.("a[data-line]")?.dataset.line);
    if (!line) return;
    event.preventDefault();
    const lines = text.value.split("\n"), start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    text.focus({ preventScroll: true });
    text.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
    byId(`line-${Math.min(line, lines.length)}`).scrollIntoView({ block: "center" });
  });
})();
