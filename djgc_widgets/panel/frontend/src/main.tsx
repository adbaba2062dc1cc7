// What anywidget calls: one panel per view, removed without a trace.

import { render as draw } from "preact";
import { App } from "./app";
import { Kernel, type Model } from "./kernel";
import { guardKeys } from "./keys";

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const root = document.createElement("div");
  root.className = "djgc";
  root.setAttribute("role", "region");
  root.setAttribute("aria-label", "DataJoint object stores");
  el.append(root);
  const show = (): void => {
    root.dataset.connection = kernel.connection;
    draw(<App kernel={kernel} root={root} />, root);
  };
  const kernel = new Kernel(model, show);
  show();
  const unguard = guardKeys(root);
  return () => {
    unguard();
    kernel.close();
    draw(null, root);
    root.remove();
  };
}

export default { render };
