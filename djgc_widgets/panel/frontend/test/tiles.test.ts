// The layout: tiles lie on their groups, in proportion to their bytes.

import { expect, test } from "vitest";
import { type Box, HEIGHT, layOut } from "../src/tiles";
import type { Tile } from "../src/types";

const tile = (parent: number, bytes: number, name = "t"): Tile => ({
  parent,
  bytes,
  share: 0,
  lines: [name, `${bytes} B`, "0 % orphaned"],
  where: name,
  objects: "1 object",
  orphan_size: "0 B",
});
const area = (box: Box): number => box.width * box.height;

test("tiles fill the map in proportion, at any width", () => {
  const sizes = [50, 30, 12, 8];
  for (const width of [320, 1000, 1357]) {
    const boxes = layOut(sizes.map((bytes) => tile(-1, bytes)), -1, width);
    boxes.forEach((box, n) => expect(area(box)).toBeCloseTo((width * HEIGHT * (sizes[n] ?? 0)) / 100, 6));
    expect(boxes).toHaveLength(4);
  }
});

test("groups come first, say all in one line, and hold what lies on them", () => {
  const tiles = [tile(-1, 90, "raw"), tile(0, 60, "a"), tile(0, 30, "b"), tile(-1, 10, "cold")];
  const [raw, a, b, cold] = layOut(tiles, -1, 1000) as [Box, Box, Box, Box];
  expect([raw.at, a.at, b.at, cold.at]).toEqual([0, 1, 2, 3]);
  expect(raw.group && raw.divisible && !a.group && !a.divisible).toBe(true);
  expect(raw.lines).toEqual(["raw · 90 B, 0 % orphaned"]);
  expect(a.lines).toEqual(["a", "60 B", "0 % orphaned"]);
  for (const box of [a, b]) {
    expect(box.x).toBeGreaterThanOrEqual(raw.x);
    expect(box.y).toBeGreaterThan(raw.y + 15);
    expect(box.x + box.width).toBeLessThanOrEqual(raw.x + raw.width);
    expect(box.y + box.height).toBeLessThanOrEqual(raw.y + raw.height);
  }
  expect(area(a) / area(b)).toBeCloseTo(2, 6);
});

test("what is too small to be seen is left to its group, and zoomed into it is there", () => {
  const tiles = [tile(-1, 10_000, "raw"), tile(0, 9_999, "a"), tile(0, 1, "b"), tile(-1, 150, "cold"), tile(3, 150, "c")];
  expect(layOut(tiles, -1, 1000).map((box) => box.at)).toEqual([0, 1, 3]);
  const cold = layOut(tiles, -1, 1000)[2] as Box;
  expect(cold.group).toBe(false);
  expect(cold.divisible).toBe(true);
  expect(cold.lines).toEqual([]);
  expect(layOut(tiles, 3, 1000).map((box) => box.at)).toEqual([4]);
});

test("a group is as big as it is, although not all of it lies on it", () => {
  const tiles = [tile(-1, 100, "raw"), tile(-1, 30, "cold"), tile(0, 10, "a"), tile(0, 9, "b"), tile(1, 30, "c")];
  const [raw, , , cold] = layOut(tiles, -1, 1000) as [Box, Box, Box, Box];
  expect(area(raw) / area(cold)).toBeCloseTo(100 / 30, 6);
  expect([raw.at, cold.at]).toEqual([0, 1]);
});

test("no tile is no box", () => {
  expect(layOut([], -1, 1000)).toEqual([]);
});
