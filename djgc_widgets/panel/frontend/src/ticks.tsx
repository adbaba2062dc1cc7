// Ticking rows: it shows at once, and the kernel is told what was seen.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Grid, Row, Table } from "./types";
import { Button, Menu, usePanel } from "./ui";

export const counted = (number: number): string => number.toLocaleString("en");

// What was ticked here and is not yet in what the kernel sent.
function usePending(grid: Grid) {
  const { kernel } = usePanel();
  const pending = useRef(new Map<number, { on: boolean; v: number }>());
  const generation = useRef(grid.generation);
  if (generation.current !== grid.generation) {
    generation.current = grid.generation; // rows of another scan have the same numbers
    pending.current.clear();
  }
  for (const [row, each] of pending.current) if (each.v <= kernel.state.v) pending.current.delete(row);
  return pending.current;
}

export function useTicks(table: Table, grid: Grid) {
  const { kernel, ask } = usePanel();
  const pending = usePending(grid);
  const [, redraw] = useState(0);
  const anchor = useRef<number>();
  useEffect(() => {
    anchor.current = undefined;
  }, [grid.generation, grid.arrangement]);
  const isTicked = (row: Row): boolean => pending.get(row.id)?.on ?? row.ticked;
  const tick = (verb: string, args: Record<string, unknown>, rows: number[] = []): void => {
    const clicked = { on: Boolean(args.on), v: Infinity };
    for (const row of rows) pending.set(row, clicked);
    redraw((n) => n + 1);
    const done = (): void => {
      clicked.v = kernel.wire.version;
      redraw((n) => n + 1);
    };
    const failed = (): void => {
      // a later click on the same row stays
      for (const row of rows) if (pending.get(row) === clicked) pending.delete(row);
      redraw((n) => n + 1);
    };
    ask(table, verb, { table, of: grid.generation, ...args }).then((value) => (value === undefined ? failed() : done()));
  };
  const tickRow = (row: Row, on: boolean, range: boolean): void => {
    const ids = grid.rows.map((each) => each.id);
    if (range && anchor.current !== undefined && anchor.current !== row.id) {
      const [from = 0, to = 0] = [ids.indexOf(anchor.current), ids.indexOf(row.id)].sort((a, b) => a - b);
      const between = from < 0 ? [row] : grid.rows.slice(from, to + 1);
      const able = between.filter((each) => each.tickable).map((each) => each.id);
      tick("tick_range", { shown: grid.arrangement, ends: [anchor.current, row.id], on }, able);
    } else {
      tick("tick", { rows: [row.id], on }, [row.id]);
    }
    anchor.current = row.id;
  };
  return { isTicked, tick, tickRow };
}

export function Choosing(props: {
  grid: Grid;
  locked: boolean;
  noun: string;
  tick: (verb: string, args: Record<string, unknown>) => void;
}) {
  const { grid, locked, tick } = props;
  const shown = { shown: grid.arrangement };
  return (
    <>
      <Button
        disabled={locked || !grid.tickable}
        title={`Tick every ${props.noun} that the filters show, on all pages`}
        onClick={() => tick("tick_filtered", shown)}
      >
        Select all {counted(grid.tickable)}
      </Button>
      <Button disabled={locked || !grid.tickable} title="Tick what is not, untick what is" onClick={() => tick("invert", shown)}>
        Invert
      </Button>
      <Button disabled={locked || !grid.ticked} title="Untick everything" onClick={() => tick("clear", {})}>
        Clear
      </Button>
    </>
  );
}

export function Export({ table, tickable }: { table: Table; tickable: boolean }) {
  const { ask } = usePanel();
  const kinds = [["csv", "CSV"], ["parquet", "Parquet"]] as const;
  return (
    <Menu label="Export ▾" name="Export">
      {(close) =>
        (tickable ? ["filtered", "ticked"] : ["filtered"]).flatMap((what) =>
          kinds.map(([kind, name]) => (
            <Button
              look="djgc-plain"
              onClick={() => {
                close();
                ask(table, "export", { table, what, kind });
              }}
            >
              {what} as {name}
            </Button>
          )),
        )
      }
    </Menu>
  );
}
