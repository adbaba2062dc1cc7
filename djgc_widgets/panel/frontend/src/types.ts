// What the kernel sends; see panel/parts.py, which draws each part.

export interface Notice {
  where: string;
  text: string;
}

export interface Card {
  key: string;
  label: string;
  mark: string;
  value: string;
  note: string;
  hover: string;
  share?: number;
  none?: boolean;
}

export interface Bar {
  label: string;
  value: string;
  parts: { status: string; share: number; hover: string }[];
}

export interface Scan {
  title: string;
  facts: string;
  servers: string;
  complete: boolean;
  started_at: string;
  seconds: string;
  cards: Card[];
  adds_up: boolean;
  sum: string;
  missing: string;
  trash: string;
  hidden: string;
  unlisted: string; // what the list of objects leaves out, and where it is
  needed: string;
  interrupted: number;
  problems: Notice[];
  warnings: Notice[];
  unread: Notice[];
  stale: boolean;
  overview: { stores: Bar[]; ages: Bar[] };
}

export interface Work {
  activity: string;
  text: string;
  done: number | null;
  stoppable: boolean;
  handler: string; // what a handler of somebody else raised
}

export interface Receipt {
  id: string;
  headline: string;
  freed: string;
  undoable: boolean;
  lines: string[];
  problems: Notice[];
}

export interface Said {
  at: string;
  error: string;
  note: string;
  receipt: Receipt | null;
}

export interface Question {
  name: string;
  text: string;
  why: string;
  tab: string;
  liftable: boolean;
  lifted: boolean;
}

export interface PlanLine {
  table: string;
  store: string;
  count: string;
  size: string;
  hover: string;
  of_table: string;
  of_store: string;
  oldest: string;
  newest: string;
}

export interface Plan {
  number: number;
  title: string;
  lines: PlanLine[];
  more: string;
  questions: Question[];
  confirm: string;
}

export interface Purge {
  number: number;
  title: string;
  text: string;
  asked: number;
  nothing: boolean;
  questions: Question[];
  confirm: string;
  days: number;
}

export interface Basket {
  n_objects: number;
  text: string;
  tables: string;
  more: number;
  can_sweep: boolean;
}

export interface Opinion {
  collector: string;
  loses: boolean;
  verdict: string;
  problems: Notice[];
  lines: string[];
  warnings: string[];
}

export interface Tile {
  parent: number; // the tile that it lies on; -1 for none
  bytes: number;
  share: number; // percent that is orphaned
  lines: string[];
  where: string;
  objects: string;
  orphan_size: string;
}

export interface Treemap {
  revision: number;
  tiles: Tile[];
}

export interface Marks {
  pressed: number;
  here: number;
}

export interface Row {
  id: number;
  ticked: boolean;
  tickable: boolean;
  cells: string[];
  hovers: (string | null)[];
}

export interface Fact {
  label: string;
  text: string;
  copyable: boolean;
  time: boolean;
}

export interface Grid {
  columns: { title: string; source: string; kind: string }[];
  facets: { title: string; unit: string }[];
  rows: Row[];
  generation: number;
  arrangement: number;
  offset: number;
  limit: number;
  shown: number;
  tickable: number;
  total: number;
  ticked: number;
  sort: string;
  descending: boolean;
  text: string;
  chips: { title: string; text: string }[];
  opened: number;
  facts: Fact[];
}

export const TABLES = ["objects", "missing", "usage", "sweeps", "opinions"] as const;
export type Table = (typeof TABLES)[number];

export interface State extends Record<Table, Grid> {
  v: number;
  scan: Scan | Record<string, never>;
  work: Work;
  said: Said;
  plan: Plan | Record<string, never>;
  purge: Purge | Record<string, never>;
  basket: Basket;
  opinion: Opinion | Record<string, never>;
  treemap: Treemap | Record<string, never>;
  marks: Marks;
}

// each comes as { v, is }: its version, and what it is
export const DRAWN = ["scan", "work", "said", "plan", "purge", "basket", "opinion", "treemap", "marks", ...TABLES] as const;

// An empty object says that there is none.
export function given<T extends object>(part: T | Record<string, never>): T | undefined {
  return Object.keys(part).length ? (part as T) : undefined;
}
