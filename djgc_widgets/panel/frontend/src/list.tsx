// A list of any length: the kernel has the rows, and sends the page that is looked at.

import { Fragment } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Details } from "./details";
import { Filters } from "./filters";
import { Heading, Line } from "./rows";
import { Choosing, counted, Export, useTicks } from "./ticks";
import type { Table } from "./types";
import { Button, Said, usePanel } from "./ui";

export interface Words {
  name: string; // of the table, for screen readers
  noun: string; // of one row
  none: string; // if there are none
  hint: string; // in the empty search
}

export function List(props: { table: Table; words: Words; tickable?: boolean; locked?: boolean; only?: string }) {
  const { table, words, tickable = false, locked = false } = props;
  const { kernel, ask } = usePanel();
  const grid = kernel.state[table];
  const heading = useRef(0);
  const body = useRef<HTMLTableSectionElement>(null);
  useEffect(() => {
    if (!heading.current) return;
    const lines = body.current?.querySelectorAll<HTMLElement>("tr.djgc-row");
    const line = heading.current > 0 ? lines?.[0] : lines?.[lines.length - 1];
    line?.querySelector<HTMLElement>("input:enabled, button")?.focus();
    heading.current = 0;
  }, [grid.offset]);

  const { isTicked, tick, tickRow } = useTicks(table, grid);
  const turn = (offset: number): void => {
    ask(table, "page", { table, offset }, `page ${table}`);
  };
  const end = grid.offset + grid.rows.length;

  // up and down go from row to row in a column of boxes or buttons, over the edge to the next page
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const target = event.target as HTMLElement;
    const line = target.closest("tr.djgc-row");
    if (!step || !line) return;
    event.preventDefault();
    const lines = [...(body.current?.querySelectorAll("tr.djgc-row") ?? [])];
    const next = lines[lines.indexOf(line) + step];
    const kind = target.matches("input") ? "input" : "button";
    if (next) return next.querySelector<HTMLElement>(kind)?.focus();
    const over = step > 0 ? end : grid.offset - 1;
    if (over >= 0 && over < grid.shown) {
      heading.current = step;
      turn(over);
    }
    return undefined;
  };
  // a column says nothing if the list is filtered to one of its values
  const columns = grid.columns.map((column, at) => ({ ...column, at })).filter((column) => column.source !== props.only);
  const able = grid.rows.filter((row) => row.tickable);
  const nTicked = able.filter(isTicked).length;
  const narrowed = grid.shown !== grid.total;
  return (
    <div class="djgc-list" data-table={table}>
      <div class="djgc-line djgc-tools">
        <Filters table={table} grid={grid} hint={words.hint} />
        <span class="djgc-grow" />
        {tickable && <Choosing grid={grid} locked={locked} tick={tick} noun={words.noun} />}
        <Export table={table} tickable={tickable} />
      </div>
      <Said place={table} />
      {grid.rows.length > 0 && (
        <div class="djgc-scroll" tabIndex={0} role="region" aria-label={`${words.name}, scrollable`}>
          <table class="djgc-grid" aria-label={words.name} onKeyDown={move}>
            <thead>
              <tr>
                {tickable && (
                  <td class="djgc-tick">
                    <input
                      type="checkbox"
                      aria-label="Tick all rows of this page"
                      disabled={locked || !able.length}
                      checked={nTicked > 0 && nTicked === able.length}
                      indeterminate={nTicked > 0 && nTicked < able.length}
                      onChange={(event) => {
                        const rows = able.map((row) => row.id);
                        tick("tick", { rows, on: event.currentTarget.checked }, rows);
                      }}
                    />
                  </td>
                )}
                <th class="djgc-open" scope="col"><span class="djgc-unseen">Details</span></th>
                {columns.map((column) => (
                  <Heading column={column} grid={grid} table={table} />
                ))}
              </tr>
            </thead>
            <tbody ref={body}>
              {grid.rows.map((row) => (
                <Fragment key={`${grid.generation} ${row.id}`}>
                  <Line
                    row={row}
                    columns={columns}
                    opened={row.id === grid.opened}
                    ticked={isTicked(row)}
                    tick={tickable ? (on, range) => tickRow(row, on, range) : undefined}
                    locked={locked || !row.tickable}
                    open={() => ask(table, "open", { table, row: row.id, of: grid.generation })}
                  />
                  {row.id === grid.opened && (
                    <tr>
                      <td colSpan={columns.length + (tickable ? 2 : 1)}>
                        <Details facts={grid.facts} />
                      </td>
                    </tr>
                  )}
                </Fragment>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div class="djgc-line djgc-foot">
        <span role="status">
          {grid.rows.length
            ? `rows ${counted(grid.offset + 1)}–${counted(end)} of ${counted(grid.shown)}` +
              (narrowed ? ` filtered (${counted(grid.total)} in all)` : "")
            : grid.total
              ? `no ${words.noun} matches the filters`
              : words.none}
        </span>
        <span class="djgc-grow" />
        {grid.shown > grid.limit && (
          <>
            <Button aria-label="First page" disabled={!grid.offset} onClick={() => turn(0)}>«</Button>
            <Button aria-label="Previous page" disabled={!grid.offset} onClick={() => turn(grid.offset - grid.limit)}>‹</Button>
            <Button aria-label="Next page" disabled={end >= grid.shown} onClick={() => turn(end)}>›</Button>
            <Button aria-label="Last page" disabled={end >= grid.shown} onClick={() => turn(grid.shown)}>»</Button>
          </>
        )}
      </div>
    </div>
  );
}
