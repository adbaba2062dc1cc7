// JupyterLab takes single letters for commands, such as D for "delete the cell"; none of them may reach
// it from here. It keeps what is pressed with Ctrl, Alt or Meta, such as saving.

const OWN = new Set(["a", "enter"]); // select all, and what would run the cell again

// JupyterLab listens on the document, so this has to come before, on the window; it looks for the mark from
// the focused element upwards and stops at the first shortcut that fits, so the mark is on that element.
export function guardKeys(root: HTMLElement): () => void {
  const guard = (event: KeyboardEvent): void => {
    const path = event.composedPath();
    if (!path.includes(root)) return;
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    const own = !modified || OWN.has(event.key.toLowerCase());
    (path[0] as Element).toggleAttribute("data-lm-suppress-shortcuts", own);
  };
  window.addEventListener("keydown", guard, true);
  return () => window.removeEventListener("keydown", guard, true);
}

const ANSWER_MS = 10000;

// The target may still be hidden or disabled, and the person may be elsewhere in the page: the focus is
// moved once the element that had it is gone or can no longer have it.
export function moveFocus(root: HTMLElement, selector: string): void {
  const until = performance.now() + ANSWER_MS;
  const tree = root.getRootNode() as Document | ShadowRoot;
  const attempt = (): void => {
    const target = root.querySelector<HTMLElement>(selector);
    // in a shadow root, the focus may be elsewhere in the page
    const outer = document.activeElement as HTMLElement | null;
    const focused = (tree.activeElement ?? (outer?.shadowRoot === tree ? null : outer)) as HTMLElement | null;
    const free = !focused || focused === document.body || focused.contains(root) || focused.matches(":disabled") || !focused.offsetParent;
    if (target?.offsetParent && !target.matches(":disabled") && free) target.focus();
    else if (performance.now() < until) requestAnimationFrame(attempt);
  };
  attempt();
}
