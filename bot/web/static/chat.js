"use strict";
// The visitors' chat. What is said comes from the server's history by number, so a reload or a lost connection loses and repeats nothing.
const words = {
  zh: { title: "备案助手", typing: "正在输入", box: "输入消息", send: "发送", lang: "English", log: "对话", lost: "连接中断,正在重连…", unsent: "没有发出去,请再试一次。", queued: "还没发出去,连上后自动再发。", full: "展开全文", less: "收起",
    open: "清单网页(打勾、打印)", pdf: "下载 PDF", copies: n => `一式${n}份`, where: "哪里拿:", pass: "符合", fail: "不符合", unknown: "还不能确定", customer: "您说:", bot: "助手说:", hosting: "现在指向:", checked: "查询时间(北京时间):", todo: "现在要做:", by: { knowledge: "批复名单", whois: "注册局 WHOIS", rdap: "注册局 RDAP", dns: "DNS" }, done: "已完成", now: "当前", later: "未到",
    place: { mainland: "中国大陆", overseas: "大陆以外", mixed: "大陆和大陆以外都有", unknown: "没有解析或查不到" }, picked: (a, b) => `已备 ${a}/${b}`,
    conditions: { tld_approved: "后缀已获批复", registrar_approved: "注册商已获批复", registration_valid: "在注册有效期内", real_name_verified: "已实名认证", holder_matches: "持有者与主体一致" } },
  en: { title: "Filing assistant", typing: "writing", box: "Your message", send: "Send", lang: "中文", log: "Conversation", lost: "Connection lost, reconnecting…", unsent: "Not sent; please try again.", queued: "Not sent yet; it goes out once connected.", full: "Full text", less: "Less",
    open: "List page (tick, print)", pdf: "Download PDF", copies: n => `${n} copies`, where: "Where to get it: ", pass: "met", fail: "not met", unknown: "not known", customer: "You said: ", bot: "Assistant said: ", hosting: "Points to: ", checked: "Checked (Beijing time): ", todo: "Do now: ", by: { knowledge: "approved list", whois: "registry, WHOIS", rdap: "registry, RDAP", dns: "DNS" }, done: "done", now: "now", later: "later",
    place: { mainland: "mainland China", overseas: "outside the mainland", mixed: "mainland and abroad", unknown: "nowhere, or not known" }, picked: (a, b) => `${a} of ${b} ready`,
    conditions: { tld_approved: "Suffix approved", registrar_approved: "Registrar approved", registration_valid: "Registration valid", real_name_verified: "Real name verified", holder_matches: "Holder is the subject" } },
};
const $ = id => document.getElementById(id);
const log = $("log"), box = $("box"), notice = $("notice"), typing = $("typing");
// What is kept on this device, and what only until the tab closes; a browser that keeps nothing forgets it with the page.
const keeper = store => ({
  get(key) { try { return store().getItem(key); } catch { return null; } },
  set(key, value) { try { store().setItem(key, value); } catch { /* not kept */ } },
});
const kept = keeper(() => localStorage), draft = keeper(() => sessionStorage);
let lang = kept.get("lang") || (navigator.language.startsWith("zh") ? "zh" : "en");
let last = 0, waiting = 0, retry = 1000, timer = 0, started = false, day = "", unsent = JSON.parse(draft.get("unsent"));
const t = () => words[lang];

function make(tag, className, text) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (text !== undefined) e.textContent = text;
  return e;
}
function speak() {
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  document.title = t().title;
  for (const e of document.querySelectorAll("[data-t]")) e.textContent = t()[e.dataset.t];
  $("lang").textContent = t().lang;
  $("lang").lang = lang === "zh" ? "en" : "zh-CN";
  log.setAttribute("aria-label", t().log);
  box.placeholder = t().box;
}
// Text becomes text nodes and, for http(s) addresses, links: nothing a customer or a file says is ever markup.
function fill(e, text) {
  const parts = text.split(/(https?:\/\/[\w.~:/?#@!$&'*+=%-]*[\w/#=&-])/); // a stop or a Chinese word after it is the sentence's
  parts.forEach((p, i) => {
    if (i % 2 === 0) { e.append(p); return; }
    const a = make("a", "", p);
    a.href = p; a.target = "_blank"; a.rel = "noopener noreferrer";
    e.append(a);
  });
}
function checklist(c) {
  const card = make("section", "card"), list = make("ul"), links = make("p", "links");
  const key = "ticks " + (c.query || c.title).replace(/(^|&)lang=[a-z]*/, "").replace(/^&/, ""); // the same on the list's own page (list.js)
  const ticks = new Set(JSON.parse(kept.get(key) || "[]"));
  const count = make("span", "small");
  const show = () => { count.textContent = t().picked(c.items.filter(i => ticks.has(i.id)).length, c.items.length); };
  card.append(make("h2", "", c.title), ...(c.before || []).map(b => make("p", "before", b)), count, list, links);
  card.setAttribute("aria-label", c.title);
  for (const item of c.items) {
    const li = make("li", "tick"), box = make("input"), label = make("label"), id = "tick" + Math.random().toString(36).slice(2);
    box.type = "checkbox"; box.id = id; box.checked = ticks.has(item.id); label.htmlFor = id;
    box.addEventListener("change", () => { box.checked ? ticks.add(item.id) : ticks.delete(item.id); kept.set(key, JSON.stringify([...ticks])); show(); });
    label.append(make("strong", "", item.name));
    if (item.copies > 1) label.append(" (" + t().copies(item.copies) + ")");
    if (item.if) label.append(make("span", "small", item.if));
    if (item.format) label.append(make("span", "small", item.format));
    if (item.where) label.append(make("span", "small", t().where + item.where));
    li.append(box, label);
    list.append(li);
  }
  for (const [page, name] of c.query ? [["list", t().open], ["list.pdf", t().pdf]] : []) {
    const a = make("a", "", name);
    a.href = page + "?" + c.query; a.target = "_blank"; a.rel = "noopener";
    links.append(a);
  }
  show();
  return card;
}
function domain(d) {
  const card = make("section", "card"), list = make("ul"), marks = { pass: "✓", fail: "✗", unknown: "?" }, rank = ["fail", "unknown", "pass"];
  card.append(make("h2", "", d.unicode || d.domain));
  card.setAttribute("aria-label", d.unicode || d.domain);
  if (d.checked_at) card.append(make("span", "small", t().checked + new Date(d.checked_at).toLocaleString(lang === "zh" ? "zh-CN" : "en-GB", { timeZone: "Asia/Shanghai", dateStyle: "medium", timeStyle: "short" })));
  for (const w of d.warnings || []) card.append(make("p", "warning", "⚠ " + w));
  card.append(list);
  for (const c of [...(d.conditions || [])].sort((a, b) => rank.indexOf(a.result) - rank.indexOf(b.result))) {
    const li = make("li", "condition " + c.result), body = make("div");
    const mark = make("span", "mark", marks[c.result]);
    mark.setAttribute("aria-hidden", "true");
    body.append(make("strong", "", t().conditions[c.id] || c.id), make("span", "word", t()[c.result]));
    body.append(make("span", "small", c.evidence.replace(/^[a-z]+ /, w => w[0].toUpperCase() + w.slice(1)) + " (" + (t().by[c.source] || c.source) + ")"));
    if (c.advice) body.append(make("span", "small todo", t().todo + c.advice));
    li.append(mark, body);
    list.append(li);
  }
  if (d.hosting) card.append(make("span", "small", d.hosting.text || t().hosting + t().place[d.hosting.location]));
  return card;
}
function steps(c) {
  const card = make("section", "card"), list = make("ol", "steps" + (c.trouble ? " trouble" : ""));
  card.append(make("h2", "", c.case_no), list);
  for (const s of c.steps) {
    const li = make("li", s.mark, s.name);
    if (s.at) li.append(make("span", "small", s.at));
    li.append(make("span", "sr", " (" + t()[s.mark] + ")"));
    if (s.mark === "now") li.setAttribute("aria-current", "step");
    list.append(li);
  }
  return card;
}
function show(e) {
  if (e.id <= last) return;
  last = e.id;
  if (e.from === "customer" && !e.text) return; // the page was opened: nothing was said
  const near = log.scrollHeight - log.scrollTop - log.clientHeight < 120;
  const turn = make("article", "turn " + e.from), bubble = make("div", "bubble"), r = e.reply;
  if (r) {
    if (r.lang && r.lang !== lang) { lang = r.lang; kept.set("lang", lang); speak(); }
    for (const [part, draw] of [[r.checklist, checklist], [r.domain, domain], [r.case, steps]]) if (part) turn.append(draw(part));
  }
  turn.append(make("span", "sr", t()[e.from]));
  // A list or a check is read from its card: its text folds to the first lines. What is asked at its end stays in sight, above its buttons.
  const asks = r && r.question && e.text.endsWith(r.question) ? r.question : "", folds = r && (r.checklist || r.domain) && e.text.length > 160;
  const said = folds ? e.text.slice(0, e.text.length - asks.length).trimEnd() : e.text;
  if (said) { fill(bubble, said); turn.append(bubble); }
  if (folds) {
    const more = make("button", "unfold", t().full);
    more.type = "button"; more.setAttribute("aria-expanded", "false");
    bubble.classList.add("fold");
    if (r.domain) bubble.classList.add("brief");
    more.addEventListener("click", () => { const open = bubble.classList.toggle("fold") === false; more.textContent = open ? t().less : t().full; more.setAttribute("aria-expanded", String(open)); });
    turn.append(more);
    if (asks) { const question = make("div", "bubble"); fill(question, asks); turn.append(question); }
  }
  const at = make("time", "", e.at.slice(11, 16)); // the server writes the operator's time zone
  at.dateTime = e.at;
  turn.append(at);
  if (r && r.options && r.options.length) {
    for (const old of document.querySelectorAll(".options")) old.classList.add("old");
    const row = make("div", "options");
    for (const o of r.options) {
      const b = make("button", "", o.label);
      b.type = "button";
      b.addEventListener("click", () => send(o.label, o.value));
      row.append(b);
    }
    turn.append(row);
  }
  if (e.at.slice(0, 10) !== day) log.append(make("p", "day", day = e.at.slice(0, 10)));
  log.append(turn);
  if (e.from === "customer") { if (waiting > 0) typing.hidden = false; } else { waiting = 0; typing.hidden = true; }
  if (near || e.from === "customer") log.scrollTop = e.from === "customer" || turn.offsetHeight < log.clientHeight ? log.scrollHeight : turn.offsetTop - log.offsetTop - 8;
}
// What did not reach the server keeps its id: sent again, it is the same message, should the first have arrived after all.
function keepUnsent(message) { unsent = message; draft.set("unsent", JSON.stringify(message)); }
async function send(text, choice = "") {
  notice.textContent = "";
  const id = unsent && unsent.text === text && unsent.choice === choice ? unsent.id : crypto.getRandomValues(new Uint32Array(4)).join("-");
  waiting++;
  try {
    const res = await fetch("api/messages", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ id, text, choice }) });
    if (res.status >= 502) throw new Error("a proxy answered for the server");
    keepUnsent(null);
    if (res.ok) return true;
    const body = await res.json().catch(() => null);
    notice.textContent = body && body.error ? body.error[lang] : t().unsent;
  } catch { keepUnsent({ id, text, choice }); notice.textContent = t().queued; }
  waiting--;
  return false;
}
function emptied() { box.value = ""; draft.set("text", ""); grow(); }
// Once the connection is back, what could not be sent goes out, unless it was changed since.
async function resend() {
  if (!unsent || !unsent.choice && unsent.text !== box.value) return;
  const typed = !unsent.choice;
  if (await send(unsent.text, unsent.choice) && typed) emptied();
}
function later(what) {
  $("status").textContent = t().lost;
  timer = setTimeout(what, retry);
  retry = Math.min(retry * 2, 30000);
}
function connect() {
  timer = 0;
  const source = new EventSource("api/events?after=" + last);
  source.addEventListener("open", () => { $("status").textContent = ""; retry = 1000; resend(); });
  source.addEventListener("entry", ev => show(JSON.parse(ev.data)));
  source.addEventListener("typing", () => { typing.hidden = false; });
  source.addEventListener("error", () => { source.close(); typing.hidden = true; later(connect); });
}
function start() {
  timer = 0;
  fetch("api/history").then(r => r.ok ? r.json() : Promise.reject()).then(entries => {
    entries.forEach(show);
    log.scrollTop = log.scrollHeight;
    if (entries.length === 0) send("", "follow");
    started = true;
    connect();
  }).catch(() => later(start));
}
// A phone that wakes or finds its network again does not wait for the next try.
for (const [target, event] of [[window, "online"], [document, "visibilitychange"]]) target.addEventListener(event, () => {
  if (!timer || document.hidden) return;
  clearTimeout(timer);
  retry = 1000;
  started ? connect() : start();
});
$("form").addEventListener("submit", async ev => {
  ev.preventDefault();
  const text = box.value;
  if (!text.trim()) return;
  $("send").disabled = true;
  if (await send(text)) emptied();
  $("send").disabled = false;
  box.focus();
});
function grow() { box.style.height = "auto"; box.style.height = Math.min(box.scrollHeight + 2, 128) + "px"; }
box.addEventListener("input", () => { draft.set("text", box.value); grow(); });
box.addEventListener("keydown", ev => { if (ev.key === "Enter" && !ev.shiftKey && !ev.isComposing) { ev.preventDefault(); $("form").requestSubmit(); } });
$("lang").addEventListener("click", () => { lang = lang === "zh" ? "en" : "zh"; kept.set("lang", lang); speak(); send(lang === "zh" ? "中文" : "English", "act:speak_" + lang); });
speak();
box.value = draft.get("text") || "";
grow();
start();
