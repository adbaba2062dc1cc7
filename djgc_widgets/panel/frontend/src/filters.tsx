// The filters of a list: a text, and one chip per column. A chip opens what it is made of.

import { useEffect, useRef, useState } from "preact/hooks";
import { Saved } from "./saved";
import type { Grid, Table } from "./types";
import { Button, Menu, usePanel } from "./ui";

const PAUSE_MS = 150;
const PRESETS: Record<string, string[]> = {
  size: ["> 1 GB", "> 100 MB", "> 1 MB", "< 1 MB"],
  age: ["> 1 year", "> 90 days", "> 30 days", "< 30 days"],
};

export function Filters({ table, grid, hint }: { table: Table; grid: Grid; hint: string }) {
  const { ask } = usePanel();
  const [adding, setAdding] = useState("");
  const filtered = grid.chips.length > 0 || grid.text !== "";
  return (
    <>
      <Search table={table} text={grid.text} hint={hint} />
      {grid.chips.map((chip) => (
        <Chip key={chip.title} table={table} grid={grid} title={chip.title} text={chip.text} />
      ))}
      <Menu label="+ Filter" name="Add a filter" look="djgc-link" onClose={() => setAdding("")}>
        {(close) =>
          adding ? (
            <Editor table={table} grid={grid} title={adding} done={close} />
          ) : (
            grid.facets.map((facet) => (
              <Button look="djgc-plain" onClick={() => setAdding(facet.title)}>
                {facet.title} …
              </Button>
            ))
          )
        }
      </Menu>
      {table === "objects" && <Saved filtered={filtered} />}
      {filtered && (
        <button type="button" class="djgc-link" onClick={() => ask(table, "unfilter", { table })}>
          Remove all filters
        </button>
      )}
    </>
  );
}

function Search({ table, text, hint }: { table: Table; text: string; hint: string }) {
  const { ask } = usePanel();
  const [typed, setTyped] = useState(text);
  const [focused, setFocused] = useState(false);
  const pause = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => {
    if (!focused) setTyped(text);
  }, [text, focused]);
  const type = (value: string): void => {
    setTyped(value);
    clearTimeout(pause.current);
    pause.current = setTimeout(() => ask(table, "search", { table, text: value }, `search ${table}`), PAUSE_MS);
  };
  return (
    <input
      type="search"
      class="djgc-search"
      value={typed}
      placeholder={hint}
      aria-label={`Search in ${table}`}
      onInput={(event) => type(event.currentTarget.value)}
      onFocus={() => setFocused(true)}
      onBlur={() => setFocused(false)}
    />
  );
}

function Chip(props: { table: Table; grid: Grid; title: string; text: string }) {
  const { table, grid, title, text } = props;
  const { ask } = usePanel();
  const unit = grid.facets.find((facet) => facet.title === title)?.unit;
  const label = `${title}${unit ? "" : ":"} ${text}`;
  const remove = (): Promise<unknown> => ask(table, "bound", { table, title, text: "" });
  return (
    <span class="djgc-chip">
      <Menu label={label} name={`Change the filter ${label}`} look="djgc-link">
        {(close) => <Editor table={table} grid={grid} title={title} done={close} />}
      </Menu>
      <button type="button" class="djgc-link" aria-label={`Remove the filter ${label}`} onClick={remove}>
        ✕
      </button>
    </span>
  );
}

function Editor(props: { table: Table; grid: Grid; title: string; done: () => void }) {
  const unit = props.grid.facets.find((facet) => facet.title === props.title)?.unit ?? "";
  return unit ? <Bounds {...props} unit={unit} /> : <Choices {...props} />;
}

function Bounds(props: { table: Table; title: string; unit: string; done: () => void }) {
  const { ask } = usePanel();
  const [text, setText] = useState("");
  const [error, setError] = useState("");
  const use = (bound: string): void => {
    ask("", "bound", { table: props.table, title: props.title, text: bound }).then(props.done, (refused: Error) =>
      setError(refused.message),
    );
  };
  const presets = PRESETS[props.unit] ?? [];
  return (
    <div>
      <label>
        {props.title}{" "}
        <input
          type="text"
          size={14}
          value={text}
          placeholder={presets[0]}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && text.trim() && use(text)}
        />
      </label>
      <Button onClick={() => use(text)} disabled={!text.trim()}>
        Use
      </Button>
      <div role="alert">{error && <div class="djgc-error">{error}</div>}</div>
      <div class="djgc-presets">
        {presets.map((preset) => (
          <Button onClick={() => use(preset)}>{preset}</Button>
        ))}
      </div>
    </div>
  );
}

interface Offered {
  of: number;
  choices: [number, string, number][];
  chosen: number[];
}

function Choices(props: { table: Table; title: string; grid: Grid; done: () => void }) {
  const { ask } = usePanel();
  const { table, title } = props;
  const [text, setText] = useState("");
  const [offered, setOffered] = useState<Offered>();
  const clicks = useRef(0);
  useEffect(() => {
    const before = clicks.current; // what was clicked since is newer than the answer
    ask(table, "choices", { table, title, text }, `choices ${table}`).then((value) => {
      const came = value as Offered | null | undefined;
      if (!came) return;
      setOffered((now) => (now && clicks.current !== before ? { ...came, chosen: now.chosen } : came));
    });
  }, [text, props.grid.generation]);
  const choose = (number: number, on: boolean): void => {
    if (!offered) return;
    clicks.current += 1;
    const chosen = on ? [...offered.chosen, number] : offered.chosen.filter((each) => each !== number);
    setOffered({ ...offered, chosen });
    ask(table, "choose", { table, title, of: offered.of, numbers: chosen });
  };
  return (
    <div class="djgc-choices">
      <input
        type="search"
        class="djgc-search"
        value={text}
        placeholder={`search ${title.toLowerCase()} …`}
        aria-label={`Search ${title}`}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <div class="djgc-options" role="group" aria-label={title}>
        {offered?.choices.map(([number, label, count]) => (
          <label>
            <input
              type="checkbox"
              checked={offered.chosen.includes(number)}
              onChange={(event) => choose(number, event.currentTarget.checked)}
            />{" "}
            <span>{label}</span> <small>{count.toLocaleString("en")}</small>
          </label>
        ))}
        {offered?.choices.length === 0 && <span class="djgc-muted">nothing matches</span>}
      </div>
      <Button onClick={props.done}>Done</Button>
    </div>
  );
}
