// The parts of a list's table: headings that sort, rows, cells of each kind.

import { local, utc } from "./time";
import type { Grid, Row, Table } from "./types";
import { usePanel } from "./ui";

export type Column = Grid["columns"][number] & { at: number };

export function Heading(props: { column: Column; grid: Grid; table: Table }) {
  const { column, grid, table } = props;
  const { ask } = usePanel();
  const sorted = grid.sort === column.source;
  const sort = (): void => {
    const descending = sorted ? !grid.descending : ["number", "age", "time"].includes(column.kind);
    ask(table, "sort", { table, source: column.source, descending }, `sort ${table}`);
  };
  return (
    <th
      scope="col"
      class={`djgc-${column.kind}`}
      aria-sort={sorted ? (grid.descending ? "descending" : "ascending") : "none"}
    >
      <button type="button" class="djgc-head-button" onClick={sort}>
        {column.title}
        {sorted && <span aria-hidden="true">{grid.descending ? " ▼" : " ▲"}</span>}
      </button>
    </th>
  );
}

export function Line(props: {
  row: Row;
  columns: Column[];
  opened: boolean;
  ticked: boolean;
  tick: ((on: boolean, range: boolean) => void) | undefined;
  locked: boolean;
  open: () => void;
}) {
  const { row, opened, ticked } = props;
  const name = row.cells[row.cells.length - 1] ?? "";
  return (
    <tr class={`djgc-row ${ticked ? "djgc-ticked" : ""}`}>
      {props.tick && (
        <td class="djgc-tick">
          <input
            type="checkbox"
            aria-label={`Tick ${name}`}
            title={row.tickable ? undefined : "Only orphans can be ticked"}
            checked={ticked}
            disabled={props.locked}
            onClick={(event) => props.tick?.(event.currentTarget.checked, event.shiftKey)}
          />
        </td>
      )}
      <td class="djgc-open">
        <button
          type="button"
          class="djgc-link"
          aria-expanded={opened}
          aria-label={`Details of ${name}`}
          onClick={props.open}
        >
          {opened ? "▾" : "▸"}
        </button>
      </td>
      {props.columns.map(({ kind, at }) => (
        <Cell kind={kind} text={row.cells[at] ?? ""} hover={row.hovers[at] ?? null} />
      ))}
    </tr>
  );
}

const TAIL = 22;

function Cell({ kind, text, hover }: { kind: string; text: string; hover: string | null }) {
  if (kind === "time") return <td class="djgc-time" title={utc(text)}>{local(text)}</td>;
  if (kind === "age") {
    return <td class="djgc-age" title={hover ? `${local(hover)} here, ${utc(hover)}` : ""}>{text}</td>;
  }
  if (kind === "path") {
    // the end of a path tells more than its middle
    return (
      <td class="djgc-path" title={hover ?? text}>
        <span class="djgc-path-parts">
          <span>{text.slice(0, -TAIL)}</span>
          <span>{text.slice(-TAIL)}</span>
        </span>
      </td>
    );
  }
  if (kind === "keyed") {
    // rows of one table differ in their keys
    const [name = "", ...key] = text.split(" ");
    return (
      <td class="djgc-keyed" title={hover ?? text}>
        <span class="djgc-keyed-parts">
          <span>{name}</span>
          <span>{key.join(" ")}</span>
        </span>
      </td>
    );
  }
  return <td class={`djgc-${kind}`} title={hover ?? text}>{text}</td>;
}
