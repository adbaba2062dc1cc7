// The script of plotly comes from the kernel, gzipped and in pieces, when a figure is first looked at: no
// other machine is asked. All panels of a page share it.

export interface Plotly {
  newPlot(node: HTMLElement, data: unknown, layout: unknown, config: unknown): Promise<unknown>;
  purge(node: HTMLElement): void;
}

type Ask = (verb: string, args: Record<string, unknown>) => Promise<unknown>;

const SHARED = Symbol.for("djgc plotly");
const shared = globalThis as unknown as Record<symbol, Promise<Plotly> | undefined>;

export function loadPlotly(ask: Ask): Promise<Plotly> {
  shared[SHARED] ??= fetchPlotly(ask).catch((error) => {
    shared[SHARED] = undefined;
    throw error;
  });
  return shared[SHARED];
}

async function fetchPlotly(ask: Ask): Promise<Plotly> {
  const parts: BlobPart[] = [];
  for (let piece = 0, pieces = 1; piece < pieces; piece += 1) {
    const came = (await ask("script", { piece })) as { pieces: number; data: string };
    pieces = came.pieces;
    parts.push(Uint8Array.from(atob(came.data), (letter) => letter.charCodeAt(0)));
  }
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = await new Response(stream).text();
  // the script looks for a module loader, and must not find that of the page
  const module = `const module = { exports: {} }, exports = module.exports; let define, require;
${script}
export default module.exports;`;
  const address = URL.createObjectURL(new Blob([module], { type: "text/javascript" }));
  try {
    return ((await import(address)) as { default: Plotly }).default;
  } finally {
    URL.revokeObjectURL(address);
  }
}
