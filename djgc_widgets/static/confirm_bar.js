// The fields and buttons that confirm a sweep or a purge. A click sends what the fields hold in the
// same message: a kernel with subshells may handle a click before what another widget sent earlier.

const LONGEST_DAYS = 36500;

function field(label, attributes) {
  const input = document.createElement("input");
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
  const node = document.createElement("label");
  node.append(`${label} `, input);
  return [node, input];
}

function render({ model, el }) {
  const [name, typed] = field("Confirm", { type: "text", placeholder: "store name", autocomplete: "off" });
  const [age, days] = field("Days or older", { type: "number", step: 1, max: LONGEST_DAYS, required: "" });
  const aged = model.get("days") !== null;
  age.hidden = !aged;
  const valid = () => !aged || days.checkValidity();
  const agedBy = () => (aged ? { days: days.valueAsNumber } : {});

  const messages = [() => ({ do: "confirm", typed: typed.value, ...agedBy() }), () => ({ do: "decline" })];
  const [confirm, decline] = model.get("buttons").map(([label, hover], at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "jupyter-button widget-button";
    button.textContent = label;
    button.title = hover;
    button.addEventListener("click", () => model.send(messages[at]()));
    return button;
  });
  confirm.classList.add("djgc-primary");
  const root = document.createElement("div");
  root.className = "djgc-actions djgc-confirm-bar";
  root.append(name, age, confirm, decline);
  el.append(root);

  const draw = () => { confirm.disabled = !model.get("allowed") || !valid(); };
  const begin = () => {
    typed.value = "";
    days.value = model.get("days");
    draw();
  };
  days.addEventListener("input", draw);
  days.addEventListener("change", () => { if (valid()) model.send({ do: "days", ...agedBy() }); });
  model.on("change:allowed", draw);
  model.on("change:question", begin);
  begin();
  return () => {
    model.off("change:allowed", draw);
    model.off("change:question", begin);
  };
}

export default { render };
