// What moves on the start page is asked for every two seconds, as the HTML that the
// server would draw. Without this script the pages are the same, on reload.
"use strict";

const regions = document.querySelectorAll("[data-live]");
let asking = false;

async function refresh() {
  if (asking || document.hidden) return;
  asking = true;
  try {
    const answer = await fetch("/live", { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    const parts = await answer.json();
    for (const region of regions) show(region, parts[region.dataset.live]);
    document.body.classList.remove("away");
  } catch {
    document.body.classList.add("away");
  } finally {
    asking = false;
  }
}

// A region in which somebody is at work with the keyboard or selects text waits.
function show(region, html) {
  if (html === undefined || region.shown === html) return;
  const selection = document.getSelection();
  const selecting = selection && !selection.isCollapsed && region.contains(selection.anchorNode);
  if (region.contains(document.activeElement) || selecting) return;
  region.innerHTML = html;
  region.shown = html;
}

for (const form of document.querySelectorAll("form[data-quiet]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new URLSearchParams([[event.submitter.name, event.submitter.value]]);
    try {
      await fetch(form.action, { method: "POST", body });
    } finally {
      refresh();
    }
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.previousElementSibling.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}

if (regions.length > 0) setInterval(refresh, 2000);
