// What uses the space: a tile per store, table and attribute, colored by how much of it is orphaned.
// A tile filters the list. Arrow keys go from tile to tile.

import { useRef, useState } from "preact/hooks";
import { given, type Tile, type Treemap } from "./types";
import { Button, Said, usePanel } from "./ui";

const STEPS = [
  { most: 0, label: "0 %" },
  { most: 25, label: "to 25" },
  { most: 50, label: "to 50" },
  { most: 75, label: "to 75" },
  { most: 100, label: "to 100 % orphaned" },
];

const stepOf = (share: number): number => STEPS.findIndex((step) => share <= step.most + 1e-9);

export function TreemapView() {
  const { kernel, ask } = usePanel();
  const [folded, setFolded] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const treemap = given<Treemap>(kernel.state.treemap);
  if (!treemap?.tiles.length) return null;
  const of = treemap.revision;
  const chosen = treemap.tiles.findIndex((tile) => tile.pressed);
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step || !box.current) return;
    event.preventDefault();
    const tiles = [...box.current.querySelectorAll<HTMLElement>(".djgc-tile")];
    const at = tiles.findIndex((tile) => tile.matches(":focus")) + step;
    tiles[(at + tiles.length) % tiles.length]?.focus();
  };
  const zoom = (tile: number | null): Promise<unknown> => ask("treemap", "zoom", { tile, of });
  return (
    <section class="djgc-where" aria-label="What uses the space">
      <div class="djgc-line djgc-small">
        <button type="button" class="djgc-link" aria-expanded={!folded} onClick={() => setFolded(!folded)}>
          {folded ? "▸" : "▾"} Where it is
        </button>
        {treemap.inside.length > 0 && (
          <button type="button" class="djgc-link" onClick={() => zoom(null)}>
            ↑ out of {treemap.inside.join(" / ")}
          </button>
        )}
        {chosen >= 0 && treemap.tiles[chosen]?.divisible && (
          <Button onClick={() => zoom(chosen)}>Zoom in</Button>
        )}
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
          style={{ height: `${treemap.height}px` }}
          onKeyDown={move}
        >
          {treemap.tiles.map((tile, at) => (
            <TileButton
              tile={tile}
              first={at === Math.max(chosen, 0)}
              press={() => ask("treemap", "press", { tile: at, of })}
              zoom={() => tile.divisible && zoom(at)}
            />
          ))}
        </div>
      )}
    </section>
  );
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

function TileButton(props: { tile: Tile; first: boolean; press: () => void; zoom: () => void }) {
  const { tile } = props;
  const place = {
    left: `${tile.x}%`,
    width: `${tile.width}%`,
    top: `${tile.y}px`,
    height: `${tile.height}px`,
  };
  const look = `djgc-tile djgc-share-${stepOf(tile.share)} ${tile.group ? "djgc-tile-group" : ""}`;
  return (
    <button
      type="button"
      class={look}
      style={place}
      title={tile.hover}
      aria-label={tile.lines.length ? undefined : tile.hover}
      aria-pressed={tile.pressed}
      aria-current={tile.here ? "true" : undefined}
      tabIndex={props.first ? 0 : -1}
      onClick={props.press}
      onDblClick={props.zoom}
    >
      {tile.lines.map((line) => (
        <span>{line}</span>
      ))}
    </button>
  );
}
