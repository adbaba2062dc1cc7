// The whole panel on a kernel that is played here: what is drawn, and what is asked.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import main from "../src/main";
import type { Answer } from "../src/wire";
import type { Tile, Treemap } from "../src/types";
import { example } from "./example";

class Model {
  state = example();
  sent: Record<string, unknown>[] = [];
  refuse = "";
  value: unknown = null;
  mute = false;
  deaf = false; // as a host whose comm is closed
  private readonly acts = new Map<string, Set<(...args: never[]) => void>>();

  lost = new Set<string>(); // parts whose latest change does not come by itself
  versions: Record<string, number> = {};
  private readonly old = new Map<string, unknown>();

  get(name: string): unknown {
    if (name === "v") return this.state.v;
    if (name === "versions") return this.versions;
    const part = { v: this.versions[name] ?? 0, is: (this.state as unknown as Record<string, unknown>)[name] };
    return this.lost.has(name) ? this.old.get(name) : part;
  }

  send(content: unknown): void {
    if (this.deaf) throw new Error("Cannot send");
    const message = content as Record<string, unknown>;
    this.sent.push(message);
    if (this.mute) return;
    const answer: Answer = {
      re: message.id as number,
      page: message.page as string,
      v: this.state.v,
      ok: !this.refuse || message.do === "hello",
      value: this.value,
      error: this.refuse,
    };
    if (message.do === "hello") {
      this.lost.clear();
      const parts = [...Object.keys(this.state), "versions"].map((name) => [name, this.get(name)]);
      answer.state = structuredClone(Object.fromEntries(parts)) as never;
    }
    queueMicrotask(() => this.emit("msg:custom", answer));
  }

  on(event: string, act: (...args: never[]) => void): void {
    this.acts.set(event, (this.acts.get(event) ?? new Set()).add(act));
  }

  off(event: string, act: (...args: never[]) => void): void {
    this.acts.get(event)?.delete(act);
  }

  emit(event: string, ...args: unknown[]): void {
    for (const act of this.acts.get(event) ?? []) act(...(args as never[]));
  }

  change(change: object): void {
    for (const name of Object.keys(change)) this.old.set(name, this.get(name));
    Object.assign(this.state, change, { v: this.state.v + 1 });
    for (const name of Object.keys(change)) this.versions[name] = this.state.v;
    this.emit("change:versions");
  }

  asked(verb: string): Record<string, unknown>[] {
    return this.sent.filter((message) => message.do === verb);
  }

  get listeners(): number {
    return [...this.acts.values()].reduce((sum, acts) => sum + acts.size, 0);
  }
}

let model: Model;
let el: HTMLElement;
let close: () => void;

const settle = (ms = 40): Promise<void> => new Promise((done) => setTimeout(done, ms));
const find = (selector: string): HTMLElement => {
  const found = el.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`nothing is ${selector}: ${el.innerHTML.slice(0, 2000)}`);
  return found;
};
const button = (text: string): HTMLButtonElement => {
  const found = [...el.querySelectorAll("button")].find((each) => each.textContent?.trim() === text);
  if (!found) throw new Error(`no button says ${text}`);
  return found;
};
async function type(input: HTMLElement, text: string): Promise<void> {
  (input as HTMLInputElement).value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  await settle();
}
async function press(target: HTMLElement, key: string): Promise<void> {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
  await settle();
}

beforeEach(async () => {
  vi.stubGlobal("ResizeObserver", class { observe() {} disconnect() {} });
  Element.prototype.scrollIntoView = () => undefined;
  model = new Model();
  el = document.createElement("div");
  document.body.append(el);
  close = main.render({ model, el });
  await settle();
});

afterEach(() => {
  close();
  el.remove();
});

test("it is live once the kernel has answered, and leaves nothing behind", async () => {
  expect(find(".djgc").dataset.connection).toBe("live");
  close();
  expect(el.innerHTML).toBe("");
  expect(model.listeners).toBe(0);
  close = () => undefined;
});

test("names are text, whatever they look like", () => {
  const rows = [...el.querySelectorAll(".djgc-row")];
  expect(rows[0]?.textContent).toContain("<img src=x onerror=alert(1)>");
  expect(el.querySelector("img")).toBeNull();
});

test("a tick shows at once, names what was seen, and is taken back if it is refused", async () => {
  const box = find(".djgc-row input") as HTMLInputElement;
  model.refuse = "The list has changed meanwhile.";
  box.click();
  expect(box.checked).toBe(true);
  await settle();
  expect(model.asked("tick")).toMatchObject([{ table: "objects", of: 3, rows: [10], on: true }]);
  expect((find(".djgc-row input") as HTMLInputElement).checked).toBe(false);
  expect(find(".djgc-list [role=alert]").textContent).toContain("changed meanwhile");
});

test("what cannot be ticked has no open box", () => {
  const boxes = [...el.querySelectorAll<HTMLInputElement>(".djgc-row input")];
  expect(boxes.map((box) => box.disabled)).toEqual([false, true]);
});

test("select all and a range name the arrangement that was seen", async () => {
  button("Select all 1").click();
  await settle();
  expect(model.asked("tick_filtered")).toMatchObject([{ of: 3, shown: 7 }]);
});

test("cards lead to their rows", async () => {
  find(".djgc-tone-unknown").click();
  await settle();
  expect(model.asked("show")).toMatchObject([{ status: "unknown" }]);
  find(".djgc-tone-missing").click();
  await settle();
  expect(find("[role=tab][aria-selected=true]").textContent).toContain("Missing");
});

test("what the list leaves out is told where one would look for it", async () => {
  const { scan, objects } = example();
  const told = "9 objects are counted, and not listed here.";
  model.change({ scan: { ...scan, unlisted: told }, objects: { ...objects, chips: [] } });
  await settle();
  expect(el.textContent).toContain(told);
  model.change({ objects: { ...objects, chips: [{ title: "Status", text: "live" }] } });
  await settle();
  expect(el.textContent).toContain(told);
  model.change({ objects: { ...objects, chips: [{ title: "Status", text: "orphan" }] } });
  await settle();
  expect(el.textContent).not.toContain(told);
});

test("a search waits for the next letter and asks once", async () => {
  const search = find(".djgc-search");
  for (const text of ["r", "re", "rec"]) await type(search, text);
  await settle(250);
  expect(model.asked("search")).toMatchObject([{ table: "objects", text: "rec" }]);
});

test("a chip changes and removes its filter", async () => {
  button("Size > 1 GB").click();
  await settle();
  const typed = find(".djgc-menu input");
  await type(typed, "> 2 GB");
  await press(typed, "Enter");
  expect(model.asked("bound")).toMatchObject([{ title: "Size", text: "> 2 GB" }]);
  expect(el.querySelector(".djgc-menu")).toBeNull();
  find("[aria-label^='Remove the filter Size']").click();
  await settle();
  expect(model.asked("bound")[1]).toMatchObject({ title: "Size", text: "" });
});

test("values of a column are chosen by their numbers", async () => {
  model.value = { of: 3, choices: [[4, "unit", 2], [0, "recording", 9]], chosen: [0] };
  button("+ Filter").click();
  await settle();
  button("Table …").click();
  await settle();
  const boxes = [...el.querySelectorAll<HTMLInputElement>(".djgc-options input")];
  expect(boxes.map((box) => box.checked)).toEqual([false, true]);
  boxes[0]?.click();
  await settle();
  expect(model.asked("choose")).toMatchObject([{ title: "Table", of: 3, numbers: [0, 4] }]);
  await press(find(".djgc-options"), "Escape");
  expect(el.querySelector(".djgc-menu")).toBeNull();
});

test("a sweep needs every answer and the typed name, and is confirmed by Enter", async () => {
  model.change({ plan: { ...example().planned } });
  await settle();
  const typed = find(".djgc-typed");
  await press(typed, "Enter");
  expect(find(".djgc-hint").textContent).toBe("Answer the question above first.");
  find(".djgc-questions input").click();
  await settle();
  expect(model.asked("lift")).toMatchObject([{ plan: 5, name: "sole-owner", on: true }]);
  const lifted = { ...example().planned };
  lifted.questions = lifted.questions.map((question) => ({ ...question, lifted: true }));
  model.change({ plan: lifted });
  await settle();
  await type(typed, "cooked");
  await press(typed, "Enter");
  expect(find(".djgc-hint").textContent).toBe("Type raw to confirm.");
  await type(typed, "raw");
  await press(typed, "Enter");
  expect(model.asked("sweep")).toMatchObject([{ plan: 5, typed: "raw" }]);
});

test("Escape keeps everything, but not while it is moved", async () => {
  model.change({ plan: example().planned, work: { activity: "sweeping", text: "", done: 0.5, stoppable: true } });
  await settle();
  await press(find(".djgc-typed"), "Escape");
  expect(model.asked("drop")).toEqual([]);
  model.change({ work: { activity: "", text: "", done: null, stoppable: false } });
  await settle();
  await press(find(".djgc-typed"), "Escape");
  expect(model.asked("drop")).toMatchObject([{ plan: 5 }]);
});

test("what the kernel says stands beside the control that it is about", async () => {
  model.change({ said: { at: "plan", error: "Type raw to confirm", note: "", receipt: null }, plan: example().planned });
  await settle();
  expect(find(".djgc-confirm-bar").textContent).toContain("✕ Type raw to confirm");
  expect(find(".djgc-head").textContent).not.toContain("Type raw");
});

test("what a handler raised hides neither a message nor a note", async () => {
  const work = { ...model.state.work, handler: "A handler failed." };
  model.change({ work, said: { at: "objects", error: "", note: "3 rows written", receipt: null } });
  await settle();
  expect(find(".djgc-head").textContent).toContain("A handler failed.");
  expect(find(".djgc-list .djgc-note").textContent).toContain("3 rows written");
});

test("a receipt can be undone once it is shown", async () => {
  const receipt = { id: "s1", headline: "3 objects moved", freed: "Store raw: 0 B freed now.", undoable: true, lines: ["p: failed"], problems: [] };
  model.change({ said: { at: "plan", error: "", note: "", receipt } });
  await settle();
  expect(find(".djgc-receipt").textContent).toContain("p: failed");
  button("Undo").click();
  await settle();
  expect(model.asked("undo")).toMatchObject([{ receipt: "s1" }]);
});

test("a kernel that is gone or silent is told, and nothing can be moved", async () => {
  model.emit("comm_live_update");
  await settle();
  expect(find(".djgc-head").textContent).toContain("restarted or has died");
  expect(button("Rescan").disabled).toBe(true);
  expect(button("Move to trash …").disabled).toBe(true);
});

test("a kernel to which nothing can be sent is gone, and nothing is thrown", async () => {
  const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  model.deaf = true;
  button("Select all 1").click();
  await settle();
  expect(String(warned.mock.calls[0]?.[1])).toContain("Cannot send");
  warned.mockRestore();
  expect(find(".djgc-head").textContent).toContain("restarted or has died");
  expect(button("Rescan").disabled).toBe(true);
});

test("a kernel that does not answer is told until it does, and is asked the same again", async () => {
  model.mute = true;
  button("Select all 1").click();
  await settle(3700);
  expect(find(".djgc-head").textContent).toContain("does not answer");
  const asked = model.asked("tick_filtered");
  expect(new Set(asked.map((message) => message.id)).size).toBe(1);
  expect(asked.length).toBeGreaterThan(2);
  model.mute = false;
  await settle(4500);
  expect(find(".djgc").dataset.connection).toBe("live");
  expect(find(".djgc-head").textContent).not.toContain("does not answer");
}, 20000);

test("a page whose state is older than an answer asks for it", async () => {
  model.state.v = 9;
  button("Select all 1").click();
  await settle(600);
  expect(model.asked("hello").length).toBe(2);
  expect(find(".djgc").dataset.connection).toBe("live");
});

test("an update that is lost is asked for, and is not undone by the next one", async () => {
  const before = find(".djgc-basket").textContent;
  model.lost.add("basket");
  model.change({ basket: { ...example().basket, text: "7 objects" } });
  model.change({ work: { activity: "planning", text: "Planning", done: null, stoppable: true } });
  await settle();
  expect(find(".djgc-basket").textContent?.includes("7 objects")).toBe(false);
  await settle(600);
  expect(find(".djgc-basket").textContent).toContain("7 objects");
  model.lost.add("basket"); // the model of the page never got it
  model.emit("change:versions");
  await settle();
  expect(find(".djgc-basket").textContent).toContain("7 objects");
  expect(before).toContain("1 object ticked");
});

test("arrow keys go from tab to tab and from row to row", async () => {
  find("[role=tab][aria-selected=true]").focus();
  await press(find("[role=tab][aria-selected=true]"), "ArrowRight");
  expect(find("[role=tab][aria-selected=true]").textContent).toContain("Missing");
  await press(find("[role=tab][aria-selected=true]"), "ArrowLeft");
  const [first, second] = [...el.querySelectorAll<HTMLElement>(".djgc-open .djgc-link")];
  first?.focus();
  await press(first as HTMLElement, "ArrowDown");
  expect(document.activeElement).toBe(second);
});

test("letters do not reach the shortcuts of the page, saving does", async () => {
  const search = find(".djgc-search");
  await press(search, "d");
  expect(search.hasAttribute("data-lm-suppress-shortcuts")).toBe(true);
  search.dispatchEvent(new KeyboardEvent("keydown", { key: "s", ctrlKey: true, bubbles: true, composed: true }));
  expect(search.hasAttribute("data-lm-suppress-shortcuts")).toBe(false);
});

const tileNames = (): string[] => [...el.querySelectorAll(".djgc-tile")].map((tile) => tile.getAttribute("title")?.split(": ")[0] ?? "");

test("a tile filters the list", async () => {
  find(".djgc-tile").click();
  await settle();
  expect(model.asked("press")).toMatchObject([{ tile: 0, of: 2 }]);
});

test("a tile is zoomed into and out of, and another scan shows all", async () => {
  expect(tileNames()).toEqual(["raw", "raw / lab / a", "raw / lab / b", "cold"]);
  find(".djgc-tile").dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
  await settle();
  expect(tileNames()).toEqual(["raw / lab / a", "raw / lab / b"]);
  expect(document.activeElement).toBe(find(".djgc-tile"));
  for (const tab of ["missing", "objects"]) {
    find(`[data-tab=${tab}]`).click();
    await settle();
  }
  expect(tileNames()).toHaveLength(2); // still zoomed into
  const out = [...el.querySelectorAll<HTMLElement>(".djgc-where .djgc-link")].find((link) => link.textContent === "↑ out of raw");
  out?.click();
  await settle();
  expect(tileNames()).toHaveLength(4);
  find(".djgc-tile").dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
  await settle();
  const treemap = model.state.treemap as Treemap;
  model.change({ treemap: { ...treemap, revision: 3 } });
  await settle();
  expect(tileNames()).toHaveLength(4);
});

test("the pressed tile and that of the open row are marked, if only by what they lie on", async () => {
  model.change({ marks: { pressed: 2, here: 1 } });
  await settle();
  expect(find(".djgc-tile[aria-pressed=true]").title).toBe("raw / lab / b: 30 B, 2 objects, 100 % orphaned (1 B)");
  expect(find(".djgc-tile[aria-current]").title).toMatch("raw / lab / a: 60 B, ");
  const treemap = model.state.treemap as Treemap;
  const tiny = { ...(treemap.tiles[1] as Tile), parent: 1, bytes: 0.001, where: "raw / lab / a / v" };
  model.change({ treemap: { ...treemap, tiles: [...treemap.tiles, { ...tiny, bytes: 60 }, tiny] }, marks: { pressed: -1, here: 5 } });
  await settle();
  expect(find(".djgc-tile[aria-current]").title).toMatch("raw / lab / a: 60 B, ");
});
