// Shows what is pushed, opens what is tapped, and says that there is no connection; the page of a call that the team has
// stays readable then. It queues nothing: an answer that is sent late is worse than none, for the offer is over by then.
"use strict";

const OFFLINE = "/me/offline", STYLE = "/style.css";
const CACHE = "careroute-offline-3";
const OF_A_CALL = "careroute-call";  // a header of the page of a call that the team has
const ANSWERS = ["accept", "decline"];  // buttons of a notification, and where the offer's page takes them

self.addEventListener("install", (event) => {
  const kept = [OFFLINE, STYLE].map((path) => new Request(path, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(kept)));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([
    self.clients.claim(),
    caches.keys().then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)))),
  ]));
});

self.addEventListener("fetch", (event) => {
  if (event.request.mode === "navigate") {
    event.respondWith(load(event.request));
  } else if (new URL(event.request.url).pathname === STYLE) {
    event.respondWith(fetch(event.request).catch(() => caches.match(STYLE)));
  }
});

// The page of a call as it was loaded last, in memory alone, until it shows the call no more: where there is no connection
// the address is needed most.
let call = null;

async function load(request) {
  let response;
  try {
    response = await fetch(request);
  } catch {
    return callAsItWas(request) || caches.match(OFFLINE);
  }
  if (response.status >= 429) return callAsItWas(request) || response;  // careroute is away, starting or busy
  const url = addressOf(response.url);
  if (response.headers.has(OF_A_CALL)) call = { url, at: Date.now(), headers: response.headers, text: await response.clone().text() };
  else if (call && url === call.url) call = null;
  return response;
}

function addressOf(url) {
  return url.split(/[?#]/)[0];
}

// Also for what was tapped on it: the answer may not have arrived, and the page looks again by itself.
function callAsItWas(request) {
  if (!call || !`${addressOf(request.url)}/`.startsWith(`${call.url}/`)) return null;
  const minutes = Math.floor((Date.now() - call.at) / 60_000);
  const since = minutes ? `${minutes} min ago` : "less than a minute ago";
  const said = `<p class="notice danger" role="alert"><strong>No connection.</strong> This is what was known ${since}. What you tapped since may not have arrived: say it by radio.</p>`;
  return new Response(call.text.replace("<main>", `<main>${said}`), { headers: call.headers });
}

// Every push shows something, whatever it holds: a browser takes pushes away from whoever stays silent.
self.addEventListener("push", (event) => {
  const said = contentOf(event.data);
  event.waitUntil(show(said.title || "careroute", said));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { navigate = "/me" } = event.notification.data || {};
  const answers = ANSWERS.includes(event.action);
  event.waitUntil(answers ? send(`${navigate}/${event.action}`, navigate, event.notification) : open(navigate));
});

function contentOf(data) {
  try {
    return data.json().notification || {};
  } catch {
    return {};
  }
}

function show(title, said) {
  return self.registration.showNotification(title, {
    body: said.body || "Open careroute.",
    tag: said.tag || "careroute",
    renotify: true,
    requireInteraction: true,
    silent: false,
    icon: "/me/icon.png",
    lang: "en",
    actions: (said.actions || []).map(({ action, title: label }) => ({ action, title: label })),
    data: { navigate: said.navigate },
  });
}

// An answer goes to the offer's own link, as a tap on its page does; what came of it, that page says. The cookie goes with
// it: on a phone that is another person's by now it answers nothing.
async function send(address, navigate, notification) {
  try {
    const response = await fetch(address, { method: "POST", redirect: "follow", credentials: "same-origin" });
    if (!response.ok) throw new Error("not taken");
  } catch {
    const said = { body: "Your answer may not have arrived. Open the offer, or say it by radio.", tag: notification.tag, navigate };
    return show("No answer", said);
  }
  return open(navigate);
}

async function open(address) {
  const url = new URL(address, self.location.origin).href;
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const shown = windows.find((window) => window.url.split("?")[0] === url);
  return shown ? shown.focus() : self.clients.openWindow(url);
}
