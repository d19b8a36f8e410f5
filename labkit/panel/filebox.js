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
    const count = area.value.split("\n").length;
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
    const before = area.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    const end = area.value.indexOf("\n", before);
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
  function caret() { ask(area.value.slice(0, area.selectionStart).split("\n").length); }

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
