// The manners of the panel: a region with a name, whose keys are its own.
// JupyterLab takes single letters for commands, such as D for "delete the cell"; none of them may
// reach it from here. JupyterLab keeps what is pressed with Ctrl, Alt or Meta, such as saving.

const OWN = new Set(["a", "enter"]); // select all, and what would run the cell again
const FOCUS_MS = 10000;
const GREETING_MS = 1000;

function render({ model, el }) {
  const root = () => el.closest(".djgc");

  function guard(event) {
    const panel = root();
    if (!panel?.contains(event.target)) return;
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    const own = !modified || OWN.has(event.key.toLowerCase());
    event.target.toggleAttribute("data-lm-suppress-shortcuts", own);
  }

  // the target may still be hidden or disabled, and the person may be elsewhere in the page:
  // the focus is moved once the element that had it is gone
  const free = (focused) => focused.contains(root()) || focused.disabled || !focused.offsetParent;
  function moveFocus() {
    const [selector, until] = [model.get("focus")[0], performance.now() + FOCUS_MS];
    const attempt = () => {
      const target = root()?.querySelector(selector);
      if (target?.offsetParent && !target.disabled && free(document.activeElement)) target.focus();
      else if (performance.now() < until) requestAnimationFrame(attempt);
    };
    attempt();
  }

  // JupyterLab listens on the document, so this has to come before; it looks for the mark from the
  // focused element upwards and stops at the first shortcut that fits, so the mark is on that element
  window.addEventListener("keydown", guard, true);
  const attached = new ResizeObserver(() => {
    root()?.setAttribute("role", "region");
    root()?.setAttribute("aria-label", model.get("label"));
  });
  attached.observe(el);

  // the page missed what changed while it was being built, and its first message may get lost
  // (https://github.com/ipython/ipykernel/issues/1557): so it asks until it is answered
  const greeting = crypto.getRandomValues(new Uint32Array(4)).join("-");
  let asking;
  const ask = () => {
    model.send({ do: "greet", greeting });
    asking = setTimeout(ask, GREETING_MS);
  };
  const answered = () => {
    if (model.get("greeted") !== greeting) return;
    clearTimeout(asking);
    el.dataset.live = "true";
  };
  model.on("change:greeted", answered);
  ask();
  model.on("change:focus", moveFocus);
  return () => {
    window.removeEventListener("keydown", guard, true);
    attached.disconnect();
    model.off("change:focus", moveFocus);
    model.off("change:greeted", answered);
    clearTimeout(asking);
  };
}

export default { render };
