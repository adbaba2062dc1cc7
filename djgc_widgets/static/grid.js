// View of a tick grid: draws the page that the kernel sends, and says what the person did.
// Every text is set as text, never as markup.

const FILTER_PAUSE_MS = 150;

function element(tag, attributes = {}, children = []) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function button(label, act, attributes = {}) {
  const node = element("button", { type: "button", class: "djgc-button", ...attributes }, [label]);
  node.addEventListener("click", act);
  return node;
}

function render({ model, el }) {
  const columns = model.get("columns");
  const send = (message) => model.send(message);
  const asked = new Map(); // row -> what was clicked, until the kernel has heard it
  let said = 0;
  const tick = (rows, on, of) => {
    said = Math.max(said + 1, Date.now());
    for (const row of rows) asked.set(row, { on, said });
    send({ do: "tick", rows, on, of, said });
  };
  let anchor = null;

  const filter = element("input", {
    type: "search", class: "djgc-filter", placeholder: "filter path, table, reason …",
    "aria-label": "Filter orphans by text",
  });
  let pause;
  filter.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => send({ do: "filter", text: filter.value }), FILTER_PAUSE_MS);
  });
  const all = button("", () => send({ do: "tick_filtered" }), { "data-do": "tick-filtered" });
  const clear = button("Clear", () => send({ do: "clear" }), { "data-do": "clear" });
  const tools = element("div", { class: "djgc-tools" }, [filter, all, clear]);

  const whole = element("input", { type: "checkbox", "aria-label": "Tick all rows of this page" });
  whole.addEventListener("change", () => {
    const page = model.get("page");
    tick(page.rows.map((row) => row.id), whole.checked, page.generation);
  });
  const heads = columns.map((column) => {
    const label = button(column.title, () => {
      const page = model.get("page");
      const descending = page.sort === column.source ? !page.descending : column.numeric;
      send({ do: "sort", source: column.source, descending });
    }, { class: "djgc-head" });
    return element("th", { scope: "col", class: column.numeric ? "djgc-number" : "" }, [label]);
  });
  const head = element("thead", {}, [element("tr", {}, [element("th", { class: "djgc-tick" }, [whole]), ...heads])]);
  const body = element("tbody");
  const table = element("table", { class: "djgc-grid", "aria-label": "Orphans" }, [head, body]);

  const where = element("span", { role: "status" });
  const turn = (pages) => {
    const page = model.get("page");
    send({ do: "page", offset: page.offset + pages * page.limit });
  };
  const back = button("◀", () => turn(-1), { "aria-label": "Previous page" });
  const forth = button("▶", () => turn(1), { "aria-label": "Next page" });
  const foot = element("div", { class: "djgc-foot" }, [where, element("span", {}, [back, forth])]);

  const root = element("div", { class: "djgc-grid-root", "data-lm-suppress-shortcuts": "true" }, [
    tools, element("div", { class: "djgc-scroll" }, [table]), foot,
  ]);
  root.addEventListener("keydown", (event) => event.stopPropagation());
  el.append(root);

  function newRow() {
    const box = element("input", { type: "checkbox" });
    const row = element("tr", {}, [element("td", { class: "djgc-tick" }, [box])]);
    box.addEventListener("click", (event) => {
      const rows = model.get("page").rows.map((shown) => shown.id);
      const id = Number(row.dataset.id);
      const [from, to] = [rows.indexOf(anchor), rows.indexOf(id)].sort((a, b) => a - b);
      const range = event.shiftKey && from >= 0 ? rows.slice(from, to + 1) : [id];
      anchor = id;
      tick(range, box.checked, Number(row.dataset.of));
    });
    row.append(...columns.map((column) => element("td", { class: column.numeric ? "djgc-number" : "" })));
    return row;
  }

  // rows are reused, not rebuilt, so that the keyboard's focus stays where it is
  function draw() {
    const page = model.get("page");
    const locked = model.get("locked");
    for (const [row, click] of asked) if (click.said <= page.heard) asked.delete(row);
    const isTicked = (row) => asked.get(row.id)?.on ?? row.ticked;
    while (body.rows.length > page.rows.length) body.deleteRow(-1);
    while (body.rows.length < page.rows.length) body.append(newRow());
    page.rows.forEach((row, index) => {
      const line = body.rows[index];
      line.dataset.id = row.id;
      line.dataset.of = page.generation;
      line.classList.toggle("djgc-ticked", isTicked(row));
      const box = line.cells[0].firstChild;
      box.checked = isTicked(row);
      box.disabled = locked;
      box.setAttribute("aria-label", `Tick ${row.hovers.at(-1)}`);
      row.cells.forEach((text, cell) => {
        line.cells[cell + 1].textContent = text;
        line.cells[cell + 1].title = row.hovers[cell];
      });
    });
    heads.forEach((cell, index) => {
      const sorted = columns[index].source === page.sort;
      cell.setAttribute("aria-sort", sorted ? (page.descending ? "descending" : "ascending") : "none");
    });
    const ticked = page.rows.filter(isTicked).length;
    whole.checked = ticked > 0 && ticked === page.rows.length;
    whole.indeterminate = ticked > 0 && ticked < page.rows.length;
    whole.disabled = all.disabled = locked || !page.rows.length;
    clear.disabled = locked || !page.ticked;
    all.textContent = `Select all ${page.shown.toLocaleString("en")} filtered`;
    const last = page.offset + page.rows.length;
    const of = page.shown === page.total ? "" : ` filtered (${page.total.toLocaleString("en")} in all)`;
    where.textContent = page.rows.length
      ? `rows ${page.offset + 1}–${last} of ${page.shown.toLocaleString("en")}${of}`
      : page.total ? "no orphan matches the filter" : "no orphans";
    back.disabled = page.offset === 0;
    forth.disabled = last >= page.shown;
    if (document.activeElement !== filter) filter.value = page.text;
    root.dataset.ready = "true";
  }

  model.on("change:page", draw);
  model.on("change:locked", draw);
  draw();
  return () => { model.off("change:page", draw); model.off("change:locked", draw); };
}

export default { render };
