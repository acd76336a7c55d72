"use strict";
// A list to tick off. Ticks are kept on this device, under the key that the chat uses for the same list.
const list = document.getElementById("list"), key = "ticks " + list.dataset.key, count = document.getElementById("count"), boxes = [...list.querySelectorAll("input")];
const must = list.querySelector(".must") ? [...list.querySelectorAll(".must input")] : boxes; // what only some need is not counted
function kept() {
  try { return new Set(JSON.parse(localStorage.getItem(key) || "[]")); } catch { return new Set(); }
}
function show() {
  const ticks = kept();
  for (const b of boxes) b.checked = ticks.has(b.id);
  if (count) count.textContent = list.dataset.count.replace("{a}", must.filter(b => b.checked).length).replace("{b}", must.length);
}
function keep() {
  try { localStorage.setItem(key, JSON.stringify(boxes.filter(b => b.checked).map(b => b.id))); } catch { return; } // a browser that keeps nothing: the ticks stay until it is closed
  show();
}
for (const b of boxes) b.addEventListener("change", keep);
const button = (id, press) => { const b = document.getElementById(id); if (b) { b.hidden = false; b.addEventListener("click", press); } };
button("print", () => print());
button("clear", () => { for (const b of boxes) b.checked = false; keep(); });
addEventListener("storage", show); // another page of the same list
show();
