// What pages with forms do beyond plain HTML: leave at once on Shift pressed three times, keep a
// half-written form at the node, copy or print a code. Nothing is stored in the browser.
(() => {
  "use strict";
  let presses = [];
  const leave = () => {
    const cover = document.createElement("div");
    cover.className = "hush";
    document.body.append(cover);
    document.title = "";
    location.replace("/out");
  };
  addEventListener("keyup", (event) => {
    if (event.key !== "Shift") { presses = []; return; }
    const now = Date.now();
    presses = presses.filter((at) => now - at < 1500).concat(now);
    if (presses.length >= 3) leave();
  });
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) break; // browsers give it to https and onions of their own alone
    button.hidden = false;
    button.addEventListener("click", () => {
      navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    });
  }
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
  for (const form of document.querySelectorAll("form[data-keep]")) {
    let timer = 0;
    const keep = () => {
      const body = new URLSearchParams();
      for (const [name, value] of new FormData(form)) {
        if (typeof value === "string") body.append(name, value);
      }
      fetch(form.dataset.keep, { method: "POST", body, redirect: "error" }).catch(() => {});
    };
    form.addEventListener("input", () => {
      timer = timer || setTimeout(() => { timer = 0; keep(); }, 4000);
    });
    form.addEventListener("submit", () => clearTimeout(timer));
  }
})();
