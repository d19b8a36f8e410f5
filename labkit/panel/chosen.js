function make(name, kind, into) {
  const made = document.createElement(name);
  made.className = kind;
  into.append(made);
  return made;
}
function render({ model, el }) {
  const paper = make("div", "labkit-map", el), said = make("pre", "labkit-said", el);
  paper.setAttribute("role", "group");
  said.setAttribute("aria-live", "polite");
  said.tabIndex = 0;
  let parts = [];
  function draw() {
    paper.replaceChildren();
    const image = make("img", "", paper);
    image.src = model.get("source");
    image.alt = model.get("words");
    parts = model.get("spots").map((spot, at) => {
      const part = make("button", "labkit-spot", paper);
      part.type = "button";
      part.setAttribute("aria-label", spot.name);
      for (const side of ["left", "top", "width", "height"]) part.style[side] = 100 * spot[side] + "%";
      part.addEventListener("click", () => choose(at));
      return part;
    });
    paper.setAttribute("aria-label", `${parts.length} parts: arrow keys choose one`);
    show();
  }
  function show() {
    const chosen = model.get("chosen"), spot = model.get("spots")[chosen];
    parts.forEach((part, at) => {
      part.tabIndex = at === Math.max(chosen, 0) ? 0 : -1;
      part.setAttribute("aria-pressed", String(at === chosen));
    });
    said.hidden = !parts.length;
    said.textContent = spot ? spot.words : "Click a part of the picture, or go there by Tab and the arrow keys.";
  }
  function choose(at) {
    model.set("chosen", Math.min(Math.max(at, 0), parts.length - 1));
    model.save_changes();
    show();
    parts[model.get("chosen")].focus();
  }
  paper.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -1e9, End: 1e9 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    choose(parts.indexOf(document.activeElement) + steps[event.key]);
  });
  model.on("change:source", draw);
  model.on("change:chosen", show);
  draw();
}
export default { render };
