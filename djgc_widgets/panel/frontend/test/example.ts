// A state as the kernel draws it, with two objects.

import type { Grid, Plan, State } from "../src/types";

function grid(change: Partial<Grid> = {}): Grid {
  return {
    columns: [
      { title: "Size", source: "size_bytes", kind: "number" },
      { title: "Table", source: "table", kind: "text" },
      { title: "Path", source: "path", kind: "path" },
    ],
    facets: [{ title: "Table", unit: "" }, { title: "Size", unit: "size" }],
    rows: [],
    generation: 3,
    arrangement: 7,
    offset: 0,
    limit: 12,
    shown: 0,
    tickable: 0,
    total: 0,
    ticked: 0,
    sort: "size_bytes",
    descending: true,
    text: "",
    chips: [],
    opened: -1,
    facts: [],
    ...change,
  };
}

const hovers = [null, null, null];

export function example(): State & { planned: Plan } {
  return {
    v: 1,
    scan: {
      title: "lab",
      facts: "1 store",
      servers: "postgresql",
      complete: true,
      started_at: new Date().toISOString(),
      seconds: "0.1 s",
      cards: ["all", "live", "orphan", "young", "unknown", "trash", "missing"].map((key) => ({
        key,
        label: key,
        mark: "",
        value: "1 B",
        note: "1 object",
        hover: "1 byte",
        ...(key === "all" || key === "missing" ? {} : { share: 0.2 }),
      })),
      adds_up: true,
      sum: "1 B = 1 B",
      missing: "",
      trash: "",
      hidden: "",
      unlisted: "",
      needed: "",
      interrupted: 0,
      problems: [],
      warnings: [],
      unread: [],
      stale: false,
      overview: { stores: [], ages: [] },
    },
    work: { activity: "", text: "", done: null, stoppable: false, handler: "" },
    said: { at: "header", error: "", note: "", receipt: null },
    plan: {},
    purge: {},
    basket: { n_objects: 1, text: "1 object", tables: "lab.rec 1", more: 0, can_sweep: true },
    opinion: {},
    treemap: {
      revision: 2,
      tiles: [
        { parent: -1, bytes: 90, share: 40, lines: ["raw", "90 B", "40 % orphaned"], where: "raw", objects: "2 objects", orphan_size: "1 B" },
        { parent: 0, bytes: 60, share: 0, lines: ["lab.a", "60 B", "0 % orphaned"], where: "raw / lab / a", objects: "2 objects", orphan_size: "1 B" },
        { parent: 0, bytes: 30, share: 100, lines: ["lab.b", "30 B", "100 % orphaned"], where: "raw / lab / b", objects: "2 objects", orphan_size: "1 B" },
        { parent: -1, bytes: 10, share: 10, lines: ["cold", "10 B", "10 % orphaned"], where: "cold", objects: "2 objects", orphan_size: "1 B" },
      ],
    },
    marks: { pressed: -1, here: -1 },
    objects: grid({
      rows: [
        { id: 10, ticked: false, tickable: true, cells: ["2 B", "<img src=x onerror=alert(1)>", "a/b"], hovers },
        { id: 11, ticked: false, tickable: false, cells: ["1 B", "unit", "c/d"], hovers },
      ],
      shown: 2,
      total: 2,
      tickable: 1,
      chips: [{ title: "Size", text: "> 1 GB" }],
    }),
    missing: grid(),
    usage: grid(),
    sweeps: grid(),
    opinions: grid(),
    planned: {
      number: 5,
      title: "Move 1 object?",
      lines: [],
      more: "",
      questions: [
        { name: "sole-owner", text: "Does only this server use it?", why: "Because.", tab: "", liftable: true, lifted: false },
      ],
      confirm: "raw",
    },
  };
}
