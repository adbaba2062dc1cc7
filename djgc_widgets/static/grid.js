// View of a grid: draws the page that the kernel sends, and sends what the person did.
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

const counted = (number) => number.toLocaleString("en");

// the clipboard is closed to pages that came without TLS; a selection can be copied by hand
async function copy(node) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(node.textContent);
  } else {
    getSelection().selectAllChildren(node);
  }
}

function render({ model, el }) {
  const columns = model.get("columns");
  const texts = model.get("texts");
  const tickable = model.get("tickable");
  const page = () => model.get("page");
  const send = (message) => model.send(message);

  const pending = new Map(); // row -> what was clicked, until the kernel has handled it
  let click = 0;
  let anchor = null;
  let generation = 0;
  const tick = (message, rows = []) => {
    click = Math.max(click + 1, Date.now());
    for (const row of rows) pending.set(row, { on: message.on, click });
    send({ ...message, click, of: page().generation, as: page().arrangement });
  };

  // filters
  const search = element("input", {
    type: "search", class: "djgc-filter", placeholder: texts.hint, "aria-label": `Filter ${texts.name} by text`,
  });
  let pause;
  search.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => send({ do: "filter", text: search.value }), FILTER_PAUSE_MS);
  });
  const facet = element("select", { "aria-label": "Filter by" });
  const choice = element("select", { "aria-label": "Value" });
  const bound = element("input", { type: "text", "aria-label": "Bound", size: "10" });
  const add = () => {
    const typed = !bound.hidden;
    if (!(typed ? bound.value : choice.value).trim()) return (typed ? bound : choice).focus();
    send({ do: "add", facet: Number(facet.value), value: typed ? bound.value : choice.value, of: page().generation });
    bound.value = "";
  };
  const adding = element("span", { class: "djgc-adding" }, [facet, choice, bound, button("Add filter", add)]);
  bound.addEventListener("keydown", (event) => { if (event.key === "Enter") add(); });
  const offer = () => {
    const offered = model.get("facets")[facet.value];
    if (!offered) return;
    choice.replaceChildren(...offered.choices.map((label, at) => element("option", { value: at }, [label])));
    choice.hidden = offered.unit !== "";
    bound.hidden = offered.unit === "";
    bound.placeholder = offered.unit === "size" ? "10 MiB" : "90 d";
  };
  facet.addEventListener("change", offer);
  const filters = element("div", { class: "djgc-tools" }, [search, adding]);
  const chips = element("div", { class: "djgc-chips", role: "group", "aria-label": "Filters in force" });

  // what is done with what the filters show
  const act = (label, name) => button(label, () => tick({ do: name }), { "data-do": name });
  const all = act("", "tick_filtered");
  const invert = act("Invert", "invert");
  const clear = act("Clear", "clear");
  const exporting = element("details", { class: "djgc-export" }, [element("summary", {}, ["Export"])]);
  const exports = element("div", { class: "djgc-menu" });
  for (const what of tickable ? ["filtered", "ticked"] : ["filtered"]) {
    for (const format of ["csv", "parquet"]) {
      const label = `${what} as ${format === "csv" ? "CSV" : "Parquet"}`;
      exports.append(button(label, () => { exporting.open = false; send({ do: "export", what, format }); }));
    }
  }
  exporting.append(exports);
  const actions = element("div", { class: "djgc-tools" }, [...(tickable ? [all, invert, clear] : []), exporting]);
  const failure = element("div", { class: "djgc-problems", role: "alert" });

  // the table
  const pageBox = element("input", { type: "checkbox", "aria-label": "Tick all rows of this page" });
  pageBox.addEventListener("change", () => {
    const rows = page().rows.map((row) => row.id);
    tick({ do: "tick", rows, on: pageBox.checked }, rows);
  });
  const heads = columns.map((column) => {
    const label = button(column.title, () => {
      const descending = page().sort === column.source ? !page().descending : column.numeric;
      send({ do: "sort", source: column.source, descending });
    }, { class: "djgc-head" });
    return element("th", { scope: "col", class: column.numeric ? "djgc-number" : "" }, [label]);
  });
  const more = element("th", { scope: "col" }, [element("span", { class: "djgc-unseen" }, ["Details"])]);
  const ticks = tickable ? [element("td", { class: "djgc-tick" }, [pageBox])] : [];
  const body = element("tbody");
  const table = element("table", { class: "djgc-grid", "aria-label": texts.name }, [
    element("thead", {}, [element("tr", {}, [...ticks, more, ...heads])]), body,
  ]);
  // it can be scrolled by the arrow keys, so it can be reached
  const scroll = element("div", { class: "djgc-scroll", tabindex: "0", role: "region", "aria-label": `${texts.name}, scrollable` }, [table]);

  const where = element("span", { role: "status" });
  const turn = (offset) => send({ do: "page", offset });
  const first = button("«", () => turn(0), { "aria-label": "First page" });
  const back = button("‹", () => turn(page().offset - page().limit), { "aria-label": "Previous page" });
  const forth = button("›", () => turn(page().offset + page().limit), { "aria-label": "Next page" });
  const last = button("»", () => turn(page().shown), { "aria-label": "Last page" });
  const foot = element("div", { class: "djgc-foot" }, [where, element("span", {}, [first, back, forth, last])]);
  const facts = element("dl");
  const details = element("div", { class: "djgc-details", "aria-label": "Details", role: "group" }, [facts]);

  const root = element("div", { class: "djgc-grid-root" }, [filters, chips, actions, failure, scroll, foot, details]);
  el.append(root);

  // up and down go from row to row in a column of boxes or buttons, over the edge to the next page
  let heading = 0;
  body.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const line = event.target.closest("tr");
    if (!step || !line) return;
    event.preventDefault();
    const next = step > 0 ? line.nextElementSibling : line.previousElementSibling;
    const cell = event.target.closest("td").cellIndex;
    if (next) return next.cells[cell].firstChild.focus();
    const over = step > 0 ? forth : back;
    if (!over.disabled) { heading = step; turn(page().offset + step * page().limit); }
  });

  function newRow() {
    const row = element("tr");
    const id = () => Number(row.dataset.id);
    if (tickable) {
      const box = element("input", { type: "checkbox" });
      box.addEventListener("click", (event) => {
        const rows = page().rows.map((shown) => shown.id);
        if (event.shiftKey && anchor !== null && anchor !== id()) {
          const [from, to] = [rows.indexOf(anchor), rows.indexOf(id())].sort((a, b) => a - b);
          tick({ do: "range", rows: [anchor, id()], on: box.checked }, from < 0 ? [id()] : rows.slice(from, to + 1));
        } else {
          tick({ do: "tick", rows: [id()], on: box.checked }, [id()]);
        }
        anchor = id();
        draw(); // a range shows at once, too
      });
      row.append(element("td", { class: "djgc-tick" }, [box]));
    }
    const open = button("▸", () => send({ do: "open", row: id(), of: page().generation }), { class: "djgc-open" });
    row.append(element("td", {}, [open]));
    row.append(...columns.map((column) => element("td", { class: column.numeric ? "djgc-number" : "" })));
    return row;
  }

  // rows are reused, not rebuilt, so that the keyboard's focus stays where it is
  function draw() {
    const now = page();
    const locked = model.get("locked");
    if (now.generation !== generation) { // rows of another scan have the same numbers
      generation = now.generation;
      anchor = null;
      pending.clear();
    }
    for (const [row, clicked] of pending) if (clicked.click <= now.handled) pending.delete(row);
    const isTicked = (row) => pending.get(row.id)?.on ?? row.ticked;
    while (body.rows.length > now.rows.length) body.deleteRow(-1);
    while (body.rows.length < now.rows.length) body.append(newRow());
    now.rows.forEach((row, index) => {
      const line = body.rows[index];
      const name = row.hovers.at(-1) ?? row.cells.at(-1);
      line.dataset.id = row.id;
      line.classList.toggle("djgc-ticked", isTicked(row));
      if (tickable) {
        const box = line.cells[0].firstChild;
        box.checked = isTicked(row);
        box.disabled = locked;
        box.setAttribute("aria-label", `Tick ${name}`);
      }
      const open = line.cells[tickable ? 1 : 0].firstChild;
      open.textContent = row.id === now.opened ? "▾" : "▸";
      open.setAttribute("aria-expanded", row.id === now.opened);
      open.setAttribute("aria-label", `Details of ${name}`);
      row.cells.forEach((text, cell) => {
        const shown = line.cells[cell + (tickable ? 2 : 1)];
        shown.textContent = text;
        shown.title = row.hovers[cell] ?? text;
      });
    });
    heads.forEach((cell, index) => {
      const sorted = columns[index].source === now.sort;
      cell.setAttribute("aria-sort", sorted ? (now.descending ? "descending" : "ascending") : "none");
    });
    const ticked = now.rows.filter(isTicked).length;
    pageBox.checked = ticked > 0 && ticked === now.rows.length;
    pageBox.indeterminate = ticked > 0 && ticked < now.rows.length;
    pageBox.disabled = all.disabled = invert.disabled = locked || !now.rows.length;
    clear.disabled = locked || !now.ticked;
    const narrowed = now.shown !== now.total;
    all.textContent = `Select all ${counted(now.shown)}${narrowed ? " filtered" : ""}`;
    const end = now.offset + now.rows.length;
    const of = narrowed ? ` filtered (${counted(now.total)} in all)` : "";
    where.textContent = now.rows.length
      ? `rows ${counted(now.offset + 1)}–${counted(end)} of ${counted(now.shown)}${of}`
      : now.total ? `no ${texts.noun} matches the filters` : model.get("none");
    first.disabled = back.disabled = now.offset === 0;
    forth.disabled = last.disabled = end >= now.shown;
    table.hidden = !now.rows.length;
    if (document.activeElement !== search) search.value = now.text;
    drawChips(now.chips, now.text);
    if (heading) {
      const line = body.rows[heading > 0 ? 0 : body.rows.length - 1];
      line?.cells[0].firstChild.focus();
      heading = 0;
    }
    root.dataset.ready = "true";
  }

  function drawChips(rules, text) {
    const labels = [...(text ? [`text: ${text}`] : []), ...rules];
    const shown = [...chips.querySelectorAll(".djgc-chip")].map((chip) => chip.dataset.label);
    if (labels.join("\n") === shown.join("\n")) return;
    const focused = chips.contains(document.activeElement);
    const chip = (label, at) => {
      const remove = () => {
        const rule = text ? at - 1 : at;
        if (rule >= 0) return send({ do: "remove", chips: [rule], as: page().arrangement });
        search.value = "";
        send({ do: "filter", text: "" });
      };
      return button(`${label} ✕`, remove, { class: "djgc-chip", "data-label": label, "aria-label": `Remove filter ${label}` });
    };
    const everything = button("Remove all filters", () => {
      search.value = "";
      send({ do: "remove", chips: rules.map((_, at) => at), as: page().arrangement });
      send({ do: "filter", text: "" });
    });
    chips.replaceChildren(...labels.map(chip), ...(labels.length > 1 ? [everything] : []));
    if (focused) (chips.querySelector("button") ?? search).focus();
  }

  function drawFacets() {
    const offered = model.get("facets");
    const was = facet.value;
    facet.replaceChildren(...offered.map((each, at) => element("option", { value: at }, [each.title])));
    if (was) facet.value = was;
    adding.hidden = !offered.length;
    offer();
  }

  function drawDetails() {
    facts.replaceChildren(...model.get("details").flatMap((fact) => {
      const text = element("span", {}, [fact.text]);
      const copied = fact.copyable ? [button("Copy", () => copy(text), { "aria-label": `Copy ${fact.label}` })] : [];
      return [element("dt", {}, [fact.label]), element("dd", {}, [text, ...copied])];
    }));
    details.hidden = !model.get("details").length;
  }

  function drawFailure() {
    failure.textContent = model.get("failure");
    failure.hidden = !model.get("failure");
  }

  const bound_to = { page: draw, locked: draw, facets: drawFacets, details: drawDetails, failure: drawFailure, none: draw };
  for (const [trait, redraw] of Object.entries(bound_to)) {
    model.on(`change:${trait}`, redraw);
    redraw();
  }
  return () => {
    clearTimeout(pause);
    for (const [trait, redraw] of Object.entries(bound_to)) model.off(`change:${trait}`, redraw);
  };
}

export default { render };
