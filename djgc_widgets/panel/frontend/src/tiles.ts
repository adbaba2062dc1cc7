// The layout of the treemap, in px: squarified, groups with a line of text above what lies on them.

import { hierarchy, treemap, type HierarchyRectangularNode } from "d3-hierarchy";
import type { Tile } from "./types";

export const HEIGHT = 112;
const HEADER = 18;
const SMALLEST = 12;
const NARROW = 45; // has no room for text
const LINE = 15;

export interface Box {
  at: number;
  x: number;
  y: number;
  width: number;
  height: number;
  lines: string[];
  group: boolean; // others lie on it
  divisible: boolean; // there are others inside of it, perhaps too small to be seen
}

type Node = HierarchyRectangularNode<number>;

// Lay out the tiles inside of one, or all for -1; outer ones come first.
export function layOut(tiles: Tile[], inside: number, width: number): Box[] {
  const inner = new Map<number, number[]>();
  tiles.forEach((tile, at) => inner.set(tile.parent, [...(inner.get(tile.parent) ?? []), at]));
  // what lies on a tile may be less than all of it
  const rest = (at: number): number => {
    const parts = (inner.get(at) ?? []).reduce((sum, part) => sum + (tiles[part]?.bytes ?? 0), 0);
    return Math.max((tiles[at]?.bytes ?? 0) - parts, 0);
  };
  const tree = hierarchy(inside, (at) => inner.get(at)).sum(rest);
  const roomy = (node: Node): boolean =>
    node.children !== undefined && node.x1 - node.x0 > 2 * HEADER && node.y1 - node.y0 > 2 * HEADER;
  const margin = (node: Node): number => (node.depth && roomy(node) ? 1 : 0);
  const placed = treemap<number>()
    .size([width, HEIGHT])
    .paddingOuter(margin)
    .paddingTop((node) => (node.depth && roomy(node) ? HEADER : 0))(tree);
  const boxes: Box[] = [];
  const draw = (node: Node): void => {
    const size = { width: node.x1 - node.x0, height: node.y1 - node.y0 };
    if (size.width < SMALLEST || size.height < SMALLEST) return;
    const group = roomy(node);
    boxes.push({
      at: node.data,
      x: node.x0,
      y: node.y0,
      ...size,
      lines: texts(tiles[node.data] as Tile, size, group),
      group,
      divisible: node.children !== undefined,
    });
    if (group) node.children?.forEach(draw);
  };
  placed.children?.forEach(draw);
  return boxes;
}

function texts(tile: Tile, size: { width: number; height: number }, group: boolean): string[] {
  const [name, bytes, orphaned] = tile.lines;
  const lines = group ? [`${name} · ${bytes}, ${orphaned}`] : tile.lines;
  return size.width > NARROW ? lines.slice(0, Math.floor(size.height / LINE)) : [];
}
