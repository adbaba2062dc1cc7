// What uses the space: a tile per store, table and attribute, colored by how much of it is orphaned.
// A tile filters the list. Arrow keys go from tile to tile.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Box, HEIGHT, layOut } from "./tiles";
import { given, type Tile, type Treemap } from "./types";
import { Button, Said, usePanel } from "./ui";

const WIDTH = 1000; // px, before it is known

const STEPS = [
  { most: 0, label: "0 %" },
  { most: 25, label: "to 25" },
  { most: 50, label: "to 50" },
  { most: 75, label: "to 75" },
  { most: 100, label: "to 100 % orphaned" },
];

const stepOf = (share: number): number => STEPS.findIndex((step) => share <= step.most + 1e-9);

export function TreemapView() {
  const { kernel, ask, zoomed, setZoomed } = usePanel();
  const [folded, setFolded] = useState(false);
  const [width, setWidth] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const moved = useRef(false);
  const treemap = given<Treemap>(kernel.state.treemap);
  const tiles = treemap?.tiles ?? [];
  const of = treemap?.revision ?? 0;
  const inside = zoomed.of === of ? zoomed.inside : -1;
  const boxes = useMemo(() => (width ? layOut(tiles, inside, width) : []), [tiles, inside, width]);
  const shown = tiles.length > 0 && !folded;
  useLayoutEffect(() => setWidth(box.current?.clientWidth || WIDTH), [shown]);
  useEffect(() => {
    if (!box.current) return undefined;
    const sizes = new ResizeObserver(([entry]) => entry?.contentRect.width && setWidth(entry.contentRect.width));
    sizes.observe(box.current);
    return () => sizes.disconnect();
  }, [shown]);
  // what had the focus is gone then
  useEffect(() => {
    if (moved.current) box.current?.querySelector<HTMLElement>(".djgc-tile")?.focus();
    moved.current = false;
  }, [inside]);
  if (!tiles.length) return null;
  const { pressed, here } = kernel.state.marks;
  const chosen = boxes.find((each) => each.at === pressed);
  const around = near(tiles, boxes, here);
  const zoom = (at: number): void => {
    moved.current = true;
    setZoomed({ of, inside: at });
  };
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step || !box.current) return;
    event.preventDefault();
    const buttons = [...box.current.querySelectorAll<HTMLElement>(".djgc-tile")];
    const at = buttons.findIndex((button) => button.matches(":focus")) + step;
    buttons[(at + buttons.length) % buttons.length]?.focus();
  };
  return (
    <section class="djgc-where" aria-label="What uses the space">
      <div class="djgc-line djgc-small">
        <button type="button" class="djgc-link" aria-expanded={!folded} onClick={() => setFolded(!folded)}>
          {folded ? "▸" : "▾"} Where it is
        </button>
        {inside >= 0 && (
          <button type="button" class="djgc-link" onClick={() => zoom(tiles[inside]?.parent ?? -1)}>
            ↑ out of {tiles[inside]?.where}
          </button>
        )}
        {chosen?.divisible && <Button onClick={() => zoom(chosen.at)}>Zoom in</Button>}
        <span class="djgc-grow" />
        {!folded && <Legend />}
      </div>
      <Said place="treemap" />
      {!folded && (
        <div
          ref={box}
          class="djgc-treemap"
          role="group"
          aria-label="Bytes by store, table and attribute; a tile filters the list"
          style={{ height: `${HEIGHT}px` }}
          onKeyDown={move}
        >
          {boxes.map((each, n) => (
            <TileButton
              key={each.at}
              tile={tiles[each.at] as Tile}
              box={each}
              pressed={each === chosen}
              here={each.at === around}
              first={chosen ? each === chosen : n === 0}
              press={() => ask("treemap", "press", { tile: each.at, of })}
              zoom={() => each.divisible && zoom(each.at)}
            />
          ))}
        </div>
      )}
    </section>
  );
}

// The innermost tile around one that is drawn.
function near(tiles: Tile[], boxes: Box[], at: number): number {
  let around = at;
  while (around >= 0 && !boxes.some((each) => each.at === around)) around = tiles[around]?.parent ?? -1;
  return around;
}

function Legend() {
  return (
    <span class="djgc-legend" aria-label="Colors: share of the bytes that is orphaned">
      {STEPS.map((step, at) => (
        <span>
          <i class={`djgc-share-${at}`} /> {step.label}
        </span>
      ))}
    </span>
  );
}

interface TileProps {
  tile: Tile;
  box: Box;
  pressed: boolean;
  here: boolean;
  first: boolean;
  press: () => void;
  zoom: () => void;
}

function TileButton({ tile, box, pressed, here, first, press, zoom }: TileProps) {
  const place = { left: `${box.x}px`, width: `${box.width}px`, top: `${box.y}px`, height: `${box.height}px` };
  const hover = `${tile.where}: ${tile.lines[1]}, ${tile.objects}, ${tile.lines[2]} (${tile.orphan_size})`;
  return (
    <button
      type="button"
      class={`djgc-tile djgc-share-${stepOf(tile.share)} ${box.group ? "djgc-tile-group" : ""}`}
      style={place}
      title={hover}
      aria-label={box.lines.length ? undefined : hover}
      aria-pressed={pressed}
      aria-current={here ? "true" : undefined}
      tabIndex={first ? 0 : -1}
      onClick={press}
      onDblClick={zoom}
    >
      {box.lines.map((line) => (
        <span>{line}</span>
      ))}
    </button>
  );
}
