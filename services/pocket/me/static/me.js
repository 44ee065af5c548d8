// The one script: it asks the browser for pushes when somebody taps the button, and sends the subscription here again
// whenever the page is opened. Everything else on the page works without it.
"use strict";

const section = document.getElementById("push");
const button = document.getElementById("push-on");
const ending = document.getElementById("push-off");
const said = document.getElementById("push-said");

// An iPhone subscribes to a calendar by this scheme alone; what it loads by https it copies once. Others do not know it.
const calendar = document.getElementById("subscribe");
if (calendar && /iPhone|iPad|Macintosh/.test(navigator.userAgent)) calendar.href = calendar.href.replace(/^https?:/, "webcal:");

const RELOAD_SECONDS = 8;
let asking = false;

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/worker.js", { scope: "/" }).then(begin, tell);
}
if (document.body.querySelector("[data-reloads]")) {
  setInterval(() => { if (!asking && document.visibilityState === "visible") location.replace("/me"); }, RELOAD_SECONDS * 1000);
}

function tell(error) {
  if (said) said.textContent = typeof error === "string" ? error : "Notifications could not be turned on: look at the settings of your phone.";
}

function keyOf(text) {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (character) => character.charCodeAt(0));
}

function sameKey(subscription, key) {
  const own = subscription.options && subscription.options.applicationServerKey;
  return !own || String(new Uint8Array(own)) === String(key);
}

async function begin(registration) {
  if (!section || !registration.pushManager) return;  // Safari has it once the page is on the home screen
  document.getElementById("push-how").hidden = true;
  const key = keyOf(section.dataset.pushKey);
  let subscription = await registration.pushManager.getSubscription();
  if (subscription && !sameKey(subscription, key)) {
    await subscription.unsubscribe();
    subscription = null;
  }
  button.hidden = Boolean(subscription);
  if (subscription) await send(subscription);
  button.addEventListener("click", () => subscribe(registration, key));
  if (ending) ending.addEventListener("submit", (event) => unsubscribe(event, registration));
}

async function subscribe(registration, key) {
  asking = true;
  button.disabled = true;
  try {
    if (await Notification.requestPermission() !== "granted") {
      tell("You have not allowed notifications: your phone's settings for this page have the switch.");
      return;
    }
    await send(await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
    button.hidden = true;
  } catch (error) {
    tell(error);
  } finally {
    asking = false;
    button.disabled = false;
  }
}

async function unsubscribe(event, registration) {
  event.preventDefault();
  asking = true;
  const subscription = await registration.pushManager.getSubscription();
  if (subscription) await subscription.unsubscribe();
  event.target.submit();
}

// Once for every opening of the page: what was sent in this tab is not sent again when it loads anew.
async function send(subscription) {
  const text = JSON.stringify(subscription);
  const sent = sessionStorage.getItem("sent");
  if (sent === text && section.dataset.pushOn === "yes") return;
  const response = await fetch("/me/push", { method: "POST", headers: { "Content-Type": "application/json" }, body: text });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) sessionStorage.setItem("sent", text);
  tell(answer.sentence || "careroute did not answer: load this page again in a moment.");
}
