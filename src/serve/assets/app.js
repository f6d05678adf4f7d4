// Reading works without this. With it, a page renews its own parts when the swarm changes, and logs come as they are said.
"use strict";
(() => {
  const state = document.getElementById("live");
  const say = (text) => { if (state) state.textContent = text; };
  const busy = (part) => part.contains(document.activeElement) && /^(INPUT|SELECT|TEXTAREA|SUMMARY)$/.test(document.activeElement.tagName);
  const main = document.getElementById("main");
  // What this page shows: events of the same number tell nothing new. None: nobody knows any more.
  let shown = main?.dataset.turn, asked = 0, waiting = false;
  const renew = async () => {
    asked += 1;
    // Whoever asks now may know of something that the answer under way doesn't.
    if (waiting) return;
    waiting = true;
    while (asked > 0) {
      asked = 0;
      await once();
    }
    waiting = false;
  };
  const once = async () => {
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (!answer.ok) throw new Error(answer.status);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      shown = fresh.getElementById("main")?.dataset.turn;
      for (const part of document.querySelectorAll("[data-live]")) {
        const next = fresh.getElementById(part.id);
        if (!next || busy(part) || next.innerHTML === part.innerHTML) continue;
        const open = [...part.querySelectorAll("details[open]")].map((one) => one.id);
        part.className = next.className;
        part.toggleAttribute("data-poll", next.hasAttribute("data-poll"));
        part.replaceChildren(...next.childNodes);
        for (const id of open) if (id && document.getElementById(id)) document.getElementById(id).open = true;
      }
      say("live");
    } catch {
      say("not live: no answer");
    }
  };
  const log = document.getElementById("log");
  if (log && log.dataset.follow) {
    const near = () => log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    const source = new EventSource(log.dataset.follow);
    let first = true;
    source.addEventListener("line", (event) => {
      const line = JSON.parse(event.data), stay = !near();
      if (first) { log.textContent = ""; first = false; }
      log.append(line.task ? `${line.at ?? ""} ${line.task} | ${line.text}\n` : `${line.text}\n`);
      while (log.childNodes.length > 5000) log.firstChild.remove();
      if (!stay) log.scrollTop = log.scrollHeight;
      say("live");
    });
    source.addEventListener("end", () => {
      say("the log has ended");
      source.close();
      if (document.querySelector("[data-live]")) renew();
    });
    // Who comes again is told all of it again.
    source.onopen = () => { first = true; };
    source.onerror = () => say("not live: trying again");
    return;
  }
  if (!document.querySelector("[data-live]")) return;
  const poll = () => { if (document.querySelector("[data-poll]")) renew().then(() => setTimeout(poll, 1000)); };
  poll();
  const source = new EventSource("/api/events");
  source.addEventListener("changed", (event) => {
    if (String(JSON.parse(event.data).turn) === shown) say("live"); else renew();
  });
  source.onerror = () => { say("not live: trying again"); shown = undefined; };
})();
