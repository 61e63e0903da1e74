// Follow-up questions appear when they are due, "none" stands alone, and a form is sent once. All works without it, too.
"use strict";

(() => {
  const form = document.querySelector("form[data-ask]");

  /** The answers that are ticked for one question. */
  const ticked = (name) => [...form.querySelectorAll("input:checked")].filter((one) => one.name === name).map((one) => one.value);

  /** Show what is asked now; what is hidden is not sent. */
  function arrange() {
    const end = form.querySelector("[data-ends]");
    const isOver = end && ticked(end.querySelector("input").name).includes(end.dataset.ends);
    for (const rest of form.querySelectorAll("[data-rest]")) show(rest, !isOver);
    for (const one of form.querySelectorAll("[data-follows]")) {
      const rest = one.closest("[data-rest]");
      show(one, ticked(one.dataset.follows).some((code) => one.dataset.answers.split(" ").includes(code)) && !(rest && isOver));
    }
  }

  function show(part, isShown) {
    part.hidden = !isShown;
    for (const input of part.querySelectorAll("input")) {
      const hidden = input.closest("[hidden]");
      input.disabled = Boolean(hidden);
    }
  }

  /** An answer that goes with no other takes them away, and the other way round. */
  function part(input) {
    if (input.type !== "checkbox" || !input.checked) return;
    const isAlone = "alone" in input.dataset;
    for (const other of form.querySelectorAll("input[type=checkbox]")) {
      if (other !== input && other.name === input.name && (isAlone || "alone" in other.dataset)) other.checked = false;
    }
  }

  async function copy(button) {
    const text = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(text.textContent);
    } catch {
      const range = document.createRange();
      range.selectNodeContents(text);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
    }
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
  document.getElementById("problems")?.scrollIntoView();
  if (!form) return;
  for (const words of form.querySelectorAll(".only-if")) words.hidden = true;
  form.addEventListener("change", (event) => { part(event.target); arrange(); });
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => { delete form.dataset.sent; arrange(); });
  arrange();
})();
