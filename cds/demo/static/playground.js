// The playground without a reload, and real feedback calls. Every page works without this file, too.
"use strict";

(() => {
  const support = () => document.getElementById("support");

  let newest = 0;

  /** Fire a hook by loading the page of that moment, and show its decision support here. */
  async function fire(address, { push = true } = {}) {
    const place = support();
    if (!place) { location.assign(address); return; }
    const mine = ++newest;
    place.classList.add("busy");
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("support");
      if (mine !== newest) return; // a later call was made meanwhile: an older answer never takes its place
      if (!answer.ok || !fresh) { location.assign(address); return; }
      place.replaceChildren(...fresh.childNodes);
      if (push) history.pushState({}, "", address);
      prepare(place);
      document.getElementById("support-title")?.focus({ preventScroll: true });
    } catch {
      location.assign(address);
    } finally {
      if (mine === newest) place.classList.remove("busy");
    }
  }

  /** One item of feedback as CDS Hooks wants it. */
  function item(fields) {
    const common = { card: fields.get("card"), outcome: fields.get("outcome"), outcomeTimestamp: new Date().toISOString() };
    if (common.outcome === "accepted") return { ...common, acceptedSuggestions: [{ id: fields.get("suggestion") }] };
    const [system, code] = (fields.get("reason") || "").split("|");
    return code ? { ...common, overrideReason: { reason: { code, system } } } : common;
  }

  /** Send feedback as an EHR does, and say on the card what became of it. */
  async function feedback(form, label) {
    const card = form.closest("[data-card]");
    const status = card.querySelector(".card-status");
    const fields = new FormData(form);
    const body = JSON.stringify({ feedback: [item(fields)] });
    const address = `/cds-services/${encodeURIComponent(fields.get("service"))}/feedback`;
    status.textContent = "Sending …";
    try {
      const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body });
      if (!answer.ok) throw new Error(`the service answered ${answer.status}`);
    } catch (problem) {
      status.textContent = `Feedback was not stored: ${problem.message}.`;
      return;
    }
    for (const control of card.querySelectorAll("button, select")) control.disabled = true;
    const accepted = fields.get("outcome") === "accepted";
    status.textContent = accepted ? `Accepted: ${label}. The draft now waits for a signature. ` : "Dismissed. ";
    const again = document.createElement("a");
    again.href = location.href;
    again.textContent = "Call again";
    again.dataset.fire = "";
    status.append(again, " and see whether it comes back.");
    again.focus();
  }

  async function copy(button) {
    const text = document.getElementById(button.dataset.copy).textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(document.getElementById(button.dataset.copy));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      button.textContent = "Selected: press Ctrl+C";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2500);
  }

  /** Show what needs this script. */
  function prepare(root) {
    for (const hidden of root.querySelectorAll("[data-copy], [data-file]")) hidden.hidden = false;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-fire]");
    const button = event.target.closest("button[data-copy]");
    if (button) copy(button);
    if (!link || !support() || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    fire(link.href);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-feedback]")) {
      event.preventDefault();
      feedback(form, event.submitter?.textContent.trim() ?? "");
    } else if (form.matches("[data-fire]")) {
      event.preventDefault();
      fire(`${location.pathname}?${new URLSearchParams(new FormData(form))}`);
    }
  });

  document.addEventListener("change", async (event) => {
    if (event.target.id !== "file" || !event.target.files.length) return;
    document.getElementById("pasted").value = await event.target.files[0].text();
  });

  window.addEventListener("popstate", () => fire(location.href, { push: false }));
  prepare(document);
})();
