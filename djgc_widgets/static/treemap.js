// View of a treemap: one button per tile, placed by the kernel. Arrow keys go from tile to tile.

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "djgc-treemap";
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Bytes by store, schema, table and attribute; a tile filters the list of orphans");
  el.append(root);

  root.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const tiles = [...root.children];
    const at = tiles.indexOf(document.activeElement) + step;
    tiles[(at + tiles.length) % tiles.length]?.focus();
  });
  root.addEventListener("focusin", (event) => {
    for (const tile of root.children) tile.tabIndex = tile === event.target ? 0 : -1;
  });

  function drawTiles() {
    root.style.height = `${model.get("height")}px`;
    root.replaceChildren(...model.get("tiles").map((tile, at) => {
      const node = document.createElement("button");
      node.type = "button";
      node.className = tile.group ? "djgc-tile djgc-tile-group" : "djgc-tile";
      node.tabIndex = at ? -1 : 0;
      node.style.left = `${tile.x}%`;
      node.style.width = `${tile.width}%`;
      node.style.top = `${tile.y}px`;
      node.style.height = `${tile.height}px`;
      node.style.setProperty("--djgc-share", `${tile.share}%`);
      node.title = tile.hover;
      if (!tile.lines.length) node.setAttribute("aria-label", tile.hover);
      for (const line of tile.lines) {
        const text = document.createElement("span");
        text.textContent = line;
        node.append(text);
      }
      node.addEventListener("click", () => model.send({ do: "press", tile: at, of: model.get("generation") }));
      return node;
    }));
    drawMarks();
  }

  function drawMarks() {
    [...root.children].forEach((node, at) => {
      node.setAttribute("aria-pressed", model.get("pressed").includes(at));
      node.toggleAttribute("aria-current", model.get("here").includes(at));
    });
  }

  model.on("change:tiles", drawTiles);
  model.on("change:pressed change:here", drawMarks);
  drawTiles();
  return () => {
    model.off("change:tiles", drawTiles);
    model.off("change:pressed change:here", drawMarks);
  };
}

export default { render };
