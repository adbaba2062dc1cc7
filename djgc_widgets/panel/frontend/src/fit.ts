// Where parts of the panel have to lie.

// Keeps a bar in sight: position:sticky does not, since JupyterLab makes every output scroll. The bar is
// moved up by as much as it lies below what can be seen.

export function keepInSight(root: HTMLElement, bar: HTMLElement): () => void {
  let due = 0;
  const place = (): void => {
    due = 0;
    bar.style.transform = "";
    const own = bar.getBoundingClientRect();
    const whole = root.getBoundingClientRect();
    const over = Math.min(own.bottom - visibleBottom(root), own.top - whole.top);
    bar.classList.toggle("djgc-floating", over > 0);
    if (over > 0) bar.style.transform = `translateY(${-over}px)`;
  };
  const soon = (): void => {
    due ||= requestAnimationFrame(place);
  };
  const sizes = new ResizeObserver(soon);
  sizes.observe(root);
  window.addEventListener("scroll", soon, true);
  window.addEventListener("resize", soon);
  return () => {
    cancelAnimationFrame(due);
    sizes.disconnect();
    window.removeEventListener("scroll", soon, true);
    window.removeEventListener("resize", soon);
  };
}

function visibleBottom(root: HTMLElement): number {
  let bottom = window.innerHeight;
  let node: Node | null = root.parentNode;
  while (node) {
    if (node instanceof Element) {
      const { overflowY } = getComputedStyle(node);
      if (overflowY !== "visible" && node.clientHeight > 0) {
        bottom = Math.min(bottom, node.getBoundingClientRect().top + node.clientTop + node.clientHeight);
      }
    }
    node = node instanceof ShadowRoot ? node.host : node.parentNode;
  }
  return bottom;
}

// Moves a box to the left by as much as it would leave the panel on its right.
export function keepWithin(root: HTMLElement, box: HTMLElement): () => void {
  const place = (): void => {
    box.style.transform = "";
    const own = box.getBoundingClientRect();
    const whole = root.getBoundingClientRect();
    const shift = Math.max(Math.min(whole.right - own.right, 0), whole.left - own.left);
    box.style.transform = `translateX(${shift}px)`;
  };
  place();
  const sizes = new ResizeObserver(place);
  sizes.observe(box);
  return () => sizes.disconnect();
}
