"""A text editor for the lab's files in a notebook: lines with numbers, errors at their line, help for each option."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

SCRIPT = """
const LINE = 20, PAD = 6;
function make(name, kind, into, text) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = text;
  into.append(made);
  return made;
}
function render({ model, el }) {
  el.replaceChildren();
  const root = make("div", "labkit-editor", el);
  const left = make("div", "labkit-edit", root), right = make("div", "labkit-help", root);
  const head = make("label", "labkit-file", left, "File ");
  const pick = make("select", "", head);
  const paper = make("div", "labkit-sheet", left);
  const gutter = make("div", "labkit-gutter", paper);
  gutter.setAttribute("aria-hidden", "true");
  const area = make("textarea", "", paper);
  area.spellcheck = false;
  area.setAttribute("wrap", "off");
  area.setAttribute("autocapitalize", "off");
  area.setAttribute("aria-label", "text of the file; Control and S applies");
  const errors = make("ul", "labkit-errors", left);
  errors.setAttribute("aria-label", "errors");
  make("h4", "", right, "What the option means");
  const help = make("pre", "", right);
  help.setAttribute("aria-live", "polite");
  help.tabIndex = 0;
  let typed = 0, moved = 0, spot = 0, last = -1e9, open = "";

  function numbers() {
    const bad = new Set(model.get("marks").filter((m) => m.file === model.get("file")).map((m) => m.line));
    gutter.replaceChildren();
    const count = area.value.split("\\n").length;
    for (let n = 1; n <= count; n++) {
      const line = make("div", bad.has(n) ? "labkit-wrong" : "", gutter, bad.has(n) ? `✕ ${n}` : String(n));
      line.style.height = LINE + "px";
    }
    gutter.scrollTop = area.scrollTop;
  }
  function files() {
    pick.replaceChildren();
    for (const [name, note] of model.get("files")) {
      const option = make("option", "", pick, note ? `${name} (${note})` : name);
      option.value = name;
    }
    pick.value = model.get("file");
  }
  function list() {
    errors.replaceChildren();
    for (const mark of model.get("marks")) {
      const item = make("li", "", errors);
      const go = make("button", "", item, mark.line ? `✕ ${mark.file}, line ${mark.line}` : "✕");
      go.type = "button";
      go.disabled = !mark.line;
      go.addEventListener("click", () => jump(mark.file, mark.line));
      make("span", "", item, " " + mark.text);
    }
    numbers();
  }
  function fill() {
    const left = last + 1500 - performance.now();
    if (open === model.get("file") && left > 0) { setTimeout(fill, left); return; }
    open = model.get("file");
    if (area.value !== model.get("text")) {
      const at = area.selectionStart, top = area.scrollTop;
      area.value = model.get("text");
      area.setSelectionRange(at, at);
      area.scrollTop = top;
    }
    pick.value = model.get("file");
    numbers();
    if (spot && spot.file === model.get("file")) { const line = spot.line; spot = 0; show(line); }
  }
  function show(line) {
    const before = area.value.split("\\n").slice(0, line - 1).join("\\n").length + (line > 1 ? 1 : 0);
    const end = area.value.indexOf("\\n", before);
    area.focus();
    area.setSelectionRange(before, end < 0 ? area.value.length : end);
    area.scrollTop = Math.max(0, (line - 6) * LINE);
    ask(line);
  }
  function jump(file, line) {
    if (file === model.get("file")) { show(line); return; }
    spot = { file, line };
    model.send({ do: "pick", file });
  }
  function flush() {
    clearTimeout(typed);
    typed = 0;
    if (open && area.value !== model.get("text")) model.send({ do: "type", file: open, text: area.value });
  }
  function ask(line) {
    clearTimeout(moved);
    moved = setTimeout(() => model.send({ do: "at", file: model.get("file"), line }), 120);
  }
  function caret() { ask(area.value.slice(0, area.selectionStart).split("\\n").length); }

  area.addEventListener("input", () => {
    last = performance.now();
    numbers();
    clearTimeout(typed);
    typed = setTimeout(flush, 250);
  });
  area.addEventListener("blur", flush);
  area.addEventListener("keyup", caret);
  area.addEventListener("click", caret);
  area.addEventListener("mousemove", (event) => {
    const y = event.clientY - area.getBoundingClientRect().top + area.scrollTop - PAD;
    ask(Math.floor(y / LINE) + 1);
  });
  area.addEventListener("scroll", () => { gutter.scrollTop = area.scrollTop; });
  area.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if ((event.ctrlKey || event.metaKey) && event.key === "s") {
      event.preventDefault();
      flush();
      model.send({ do: "apply" });
    }
  });
  pick.addEventListener("change", () => { flush(); model.send({ do: "pick", file: pick.value }); });
  model.on("change:files", files);
  model.on("change:marks", list);
  model.on("change:text", fill);
  model.on("change:file", fill);
  model.on("change:help", () => { help.textContent = model.get("help"); });
  help.textContent = model.get("help");
  files();
  fill();
  list();
}
export default { render };
"""

STYLE = """
.labkit-editor { display: flex; flex-wrap: wrap; gap: 14px; color: var(--lk-ink); }
.labkit-edit { flex: 3 1 520px; min-width: 0; }
.labkit-help { flex: 1 1 280px; min-width: 0; }
.labkit-board .labkit-help pre { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 372px; min-height: 60px; }
.labkit-file { display: block; margin: 4px 0; font-size: 14px; }
.labkit-file select { height: 30px; padding: 0 6px; max-width: 420px; }
.labkit-sheet { display: flex; border: 1px solid var(--lk-quiet); border-radius: 6px; height: 380px; resize: vertical;
  overflow: hidden; }
.labkit-gutter { overflow: hidden; padding: 6px 6px; text-align: right; color: var(--lk-quiet); min-width: 34px;
  background: var(--lk-head); font: 12px/20px monospace; white-space: nowrap; }
.labkit-gutter .labkit-wrong { color: var(--lk-bad); font-weight: bold; }
.labkit-board.labkit-board .labkit-sheet textarea { flex: 1; border: none; border-radius: 0; padding: 6px 8px;
  font: 13px/20px monospace; resize: none; outline-offset: -3px; white-space: pre; overflow: auto; tab-size: 4; }
.labkit-errors { list-style: none; margin: 6px 0; padding: 0; color: var(--lk-bad); font-size: 13px;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.labkit-errors button { color: var(--lk-bad); background: var(--lk-head); border: 1px solid var(--lk-bad);
  border-radius: 6px; font: inherit; padding: 2px 8px; margin: 2px 0; cursor: pointer; }
.labkit-errors button:disabled { border: none; background: none; cursor: default; }
"""


class FileBox(anywidget.AnyWidget):
    """The editor.

    It sends `{"do": "type", "file", "text"}`, `{"do": "pick", "file"}`, `{"do": "at", "file", "line"}`,
    `{"do": "apply"}`.
    """

    _esm = SCRIPT
    _css = STYLE
    files: traitlets.List[tuple[str, str]] = traitlets.List().tag(sync=True)
    """Name of each file, and a word about it."""
    file = traitlets.Unicode().tag(sync=True)
    """The one that is open."""
    text = traitlets.Unicode().tag(sync=True)
    marks: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    """Errors: text, file, line."""
    help = traitlets.Unicode().tag(sync=True)
    """What the option means that the pointer or the caret is on."""
