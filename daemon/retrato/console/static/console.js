// What the pages do beyond links and forms: change while they are open, ask before Forçar, and obey the keyboard.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const main = () => byId("main");

  // --- Live events -----------------------------------------------------------------------------------------------

  let source = null;
  let watched = null;
  let lostAt = null;
  let heardAt = 0;

  const pageAddress = () => location.pathname + location.search;
  const eventsAddress = () => "/events?page=" + encodeURIComponent(watched);

  const say = (kind) => {
    const line = byId("connection");
    line.hidden = kind === null;
    if (kind !== null) line.textContent = line.dataset[kind];
  };

  const connect = () => {
    if (!main().hasAttribute("data-live") || document.hidden) return;
    disconnect();
    watched = pageAddress();
    source = new EventSource(eventsAddress());
    heardAt = Date.now();
    source.addEventListener("open", () => { clearTimeout(lostAt); lostAt = null; say(null); showAgain(); });
    source.addEventListener("alive", () => { heardAt = Date.now(); });
    source.addEventListener("pieces", (event) => { heardAt = Date.now(); exchange(JSON.parse(event.data)); });
    source.addEventListener("away", (event) => say(JSON.parse(event.data).why || "away"));
    source.addEventListener("back", () => say(null));
    source.addEventListener("gone", () => { say("gone"); disconnect(); });
    source.addEventListener("error", () => {
      // The browser tries again by itself, unless it was refused.
      if (lostAt === null) lostAt = setTimeout(() => say("lost"), 1500);
      if (source !== null && source.readyState === EventSource.CLOSED) refused();
    });
  };

  // An EventSource does not tell why it was refused; the same question without a stream does.
  const refused = async () => {
    let status = 0;
    try {
      status = (await fetch(eventsAddress(), { method: "HEAD" })).status;
    } catch {
      // Nobody answers.
    }
    if (status === 401) location.replace("/login?back=" + encodeURIComponent(pageAddress()));
    else setTimeout(connect, 10000);
  };

  const disconnect = () => {
    if (source !== null) source.close();
    source = null;
  };

  // A dead network closes nothing: the server gives a sign of life every 15 seconds.
  setInterval(() => {
    if (source !== null && Date.now() - heardAt > 40000) { say("lost"); connect(); }
  }, 5000);
  addEventListener("offline", () => say("lost"));
  addEventListener("online", connect);

  // A hidden tab asks for nothing: browsers allow six connections to one host.
  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", (event) => { if (event.persisted) connect(); });

  const exchange = ({ html, orders }) => {
    if (watched !== pageAddress()) return;
    const fresh = {};
    for (const [id, text] of Object.entries(html)) {
      const old = byId(id);
      if (old === null) fresh[id] = element(text);
      else morph(old, text);
    }
    for (const [listId, ids] of Object.entries(orders)) arrange(byId(listId), ids, fresh);
    for (const node of Object.values(fresh)) announce(node);
    settle();
  };

  const element = (text) => {
    const template = document.createElement("template");
    template.innerHTML = text.trim();
    return template.content.firstElementChild;
  };

  // An open <details> stays open.
  const morph = (old, text) => {
    const before = old.dataset.state;
    Idiomorph.morph(old, text, {
      morphStyle: "outerHTML",
      callbacks: { beforeAttributeUpdated: (name) => name !== "open" },
    });
    const now = byId(old.id) || old;
    if (before && now.dataset.state !== before) announce(now);
    htmx.process(now);
  };

  const arrange = (list, ids, fresh) => {
    if (list === null) return;
    const wanted = new Set(ids);
    for (const node of [...list.children]) if (!wanted.has(node.id)) node.remove();
    ids.forEach((id, place) => {
      const node = byId(id) || fresh[id];
      if (node && list.children[place] !== node) {
        list.insertBefore(node, list.children[place] || null);
        htmx.process(node);
      }
    });
  };

  // One sentence for those who listen, and a soft arrival for those who see.
  let unspoken = [];
  const announce = (node) => {
    if (!node || !node.classList.contains("card")) return;
    if (node.dataset.state === "ready") {
      node.classList.add("arrived");
      setTimeout(() => node.classList.remove("arrived"), 1000);
    }
    const name = node.querySelector(".name");
    const state = node.querySelector(".state");
    if (name && state) unspoken.push(name.textContent.trim() + ": " + state.textContent.trim());
    if (unspoken.length === 1) setTimeout(() => { byId("spoken").textContent = unspoken.slice(-3).join(". "); unspoken = []; }, 2000);
  };

  // --- After every change of the page ----------------------------------------------------------------------------

  document.documentElement.classList.add("scripted");

  const language = document.documentElement.lang;
  const full = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const today = new Intl.DateTimeFormat(language, { timeStyle: "short" });
  const clock = { format: (moment) => (moment.toDateString() === new Date().toDateString() ? today : full).format(moment) };

  const settle = () => {
    for (const time of document.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.dateTime);
      if (!isNaN(moment)) { time.textContent = clock.format(moment); time.title = full.format(moment); }
    }
    for (const box of document.querySelectorAll(".choose input")) box.checked = chosen.has(box.value);
    showChosen();
  };

  // A picture that cannot be shown leaves the initials; when the connection is back it is asked for again.
  document.addEventListener("error", (event) => {
    if (event.target instanceof HTMLImageElement) event.target.classList.add("unshown");
  }, true);

  const showAgain = () => {
    for (const image of document.querySelectorAll("img.unshown")) {
      image.classList.remove("unshown");
      image.src = image.getAttribute("src");
    }
  };

  // --- Choosing several cards ------------------------------------------------------------------------------------

  const chosen = new Set();

  const showChosen = () => {
    const form = byId("selection");
    if (form === null) return;
    form.classList.toggle("some", chosen.size > 0);
    byId("listing").classList.toggle("choosing", chosen.size > 0);
    byId("chosen").textContent = chosen.size === 1 ? form.dataset.one : form.dataset.many.replace("#", chosen.size);
  };

  let lastBox = null;
  document.addEventListener("click", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || !box.closest(".choose")) return;
    const boxes = [...document.querySelectorAll(".choose input")];
    if (event.shiftKey && lastBox && boxes.includes(lastBox)) {
      const [from, to] = [boxes.indexOf(lastBox), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
    }
    for (const one of boxes) if (one.checked) chosen.add(one.value); else chosen.delete(one.value);
    lastBox = box;
    showChosen();
  });
  document.addEventListener("reset", (event) => {
    if (event.target.id === "selection") { chosen.clear(); setTimeout(settle); }
  });

  // --- The dialog ------------------------------------------------------------------------------------------------

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "dialog-body" && byId("dialog-body").childElementCount > 0) byId("dialog").showModal();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("#dialog [data-close]")) { event.preventDefault(); byId("dialog").close(); }
    if (event.target.id === "dialog") byId("dialog").close();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.closest("#dialog form") && event.detail.successful) {
      byId("dialog").close();
      chosen.clear();
      settle();
    }
    if (event.detail.successful && event.detail.requestConfig.verb === "post") main().scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("htmx:sendError", () => say("lost"));
  document.addEventListener("htmx:responseError", () => say("lost"));

  // --- Another list in the same page: other filters, other events -------------------------------------------------

  document.addEventListener("htmx:afterSettle", () => { settle(); if (watched !== null && watched !== pageAddress()) connect(); });
  document.addEventListener("htmx:historyRestore", () => { settle(); connect(); });

  // --- Keyboard: / searches, arrows walk through the gallery, x chooses ------------------------------------------

  const columns = (cards) => cards.filter((card) => card.offsetTop === cards[0].offsetTop).length;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("dialog").open) return;
    if (event.target.matches("input:not([type=checkbox]), textarea, select")) return;
    if (event.key === "/") {
      const field = byId("q");
      if (field) { event.preventDefault(); field.focus(); field.select(); }
      return;
    }
    const card = event.target.closest(".card");
    if (card === null) return;
    const cards = [...card.parentElement.children];
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(cards), ArrowUp: -columns(cards) }[event.key];
    if (step !== undefined) {
      const next = cards[cards.indexOf(card) + step];
      if (next) { event.preventDefault(); next.querySelector(".portrait").focus(); }
    } else if (event.key === "x") {
      const box = card.querySelector(".choose input");
      if (box) box.click();
    }
  });

  addEventListener("DOMContentLoaded", () => { settle(); connect(); });
})();
