// Beside drawing it keeps JupyterLab's own shortcuts out of the panel, or Enter would edit the cell, not press.
function render({ model, el }) {
  const part = (name, kind) => {
    const made = document.createElement(name);
    made.className = kind;
    el.append(made);
    return made;
  };
  const title = part("h3", "labkit-title");
  const status = part("div", "labkit-status");
  const more = part("details", "labkit-more");
  const twin = part("div", "labkit-twin");
  status.setAttribute("role", "status");
  status.setAttribute("aria-live", "polite");
  let began = 0;
  const clock = setInterval(() => {
    if (began) status.dataset.took = `${Math.round((performance.now() - began) / 1000)} s`;
  }, 1000);
  function draw() {
    const doing = model.get("doing"), alarm = !doing && model.get("alarm");
    began = doing ? began || performance.now() : 0;
    if (!doing) delete status.dataset.took;
    title.textContent = model.get("title");
    status.textContent = doing ? `… ${doing}` : (alarm ? "✕ " : "") + model.get("said");
    status.classList.toggle("labkit-alarm", alarm);
    status.setAttribute("aria-busy", String(Boolean(doing)));
    more.hidden = doing || !model.get("more");
    more.replaceChildren();
    const head = document.createElement("summary"), body = document.createElement("pre");
    head.textContent = "where it happened";
    body.textContent = model.get("more");
    more.append(head, body);
    twin.replaceChildren();
    if (model.get("twin")) {
      const code = document.createElement("code");
      code.textContent = model.get("twin");
      twin.append("the same in code: ", code);
    }
  }
  function settle(tries) {
    const panel = el.closest(".labkit-board");
    if (!panel) { if (tries) requestAnimationFrame(() => settle(tries - 1)); return; }
    panel.setAttribute("data-lm-suppress-shortcuts", "true");
    panel.setAttribute("role", "region");
    panel.setAttribute("aria-label", model.get("title"));
  }
  function theme() {
    const dark = document.body.dataset.jpThemeLight === "false";
    if (dark !== model.get("dark")) { model.set("dark", dark); model.save_changes(); }
  }
  const watch = new MutationObserver(theme);
  watch.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  theme();
  model.on("change", draw);
  draw();
  settle(600);
  return () => { clearInterval(clock); watch.disconnect(); model.off("change", draw); };
}
export default { render };
