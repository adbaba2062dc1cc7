// Bytes per store and age as bars, tables and growth as figures of plotly.

import { useEffect, useRef, useState } from "preact/hooks";
import { loadPlotly, type Plotly } from "./plotly";
import { useScan } from "./tabs";
import type { Bar, Scan } from "./types";
import { refusalText, usePanel } from "./ui";

const HIGHEST = 320; // px

interface Figure {
  title: string;
  text?: string; // instead of a figure
  data: unknown;
  layout?: { height: number };
}

export function OverviewTab() {
  const scan = useScan();
  if (!scan) return <p class="djgc-muted">Bytes per store and per age come after the first scan.</p>;
  return (
    <div class="djgc-charts">
      <div class="djgc-legend">
        {scan.cards
          .filter((card) => card.share !== undefined)
          .map((card) => (
            <span>
              <i class={`djgc-${card.key}`} /> {card.label}
            </span>
          ))}
      </div>
      <BarChart title="Bytes by store" bars={scan.overview.stores} />
      <BarChart title="Bytes by age" bars={scan.overview.ages} />
      <Figures scan={scan} />
    </div>
  );
}

function BarChart({ title, bars }: { title: string; bars: Bar[] }) {
  return (
    <figure class="djgc-chart">
      <figcaption>{title}</figcaption>
      <table>
        <tbody>
          {bars.map((bar) => (
            <tr>
              <th scope="row">{bar.label}</th>
              <td class="djgc-track">
                {bar.parts.map((part) => (
                  <i class={`djgc-${part.status}`} style={{ width: `${100 * part.share}%` }} title={part.hover} />
                ))}
              </td>
              <td class="djgc-number">{bar.value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

function Figures({ scan }: { scan: Scan }) {
  const { kernel } = usePanel();
  const [plotly, setPlotly] = useState<Plotly>();
  const [figures, setFigures] = useState<Figure[]>([]);
  const [error, setError] = useState("");
  useEffect(() => {
    const ask = (verb: string, args: Record<string, unknown>): Promise<unknown> => kernel.wire.ask(verb, args);
    const fail = (reason: unknown): void => setError(refusalText(reason));
    setError("");
    ask("figures", {}).then((value) => setFigures(value as Figure[]), fail);
    loadPlotly(ask).then((loaded) => setPlotly(() => loaded), fail);
  }, [scan.started_at]);
  if (error) return <div class="djgc-error">✕ The figures cannot be drawn here: {error}</div>;
  if (!plotly || !figures.length) return <p class="djgc-muted" role="status">Figures are on their way …</p>;
  return (
    <>
      {figures.map((figure) => (
        <Drawn key={figure.title} plotly={plotly} figure={figure} fail={(reason) => setError(String(reason))} />
      ))}
    </>
  );
}

function Drawn(props: { plotly: Plotly; figure: Figure; fail: (reason: unknown) => void }) {
  const { plotly, figure } = props;
  const box = useRef<HTMLDivElement>(null);
  const height = Math.min(figure.layout?.height ?? 0, HIGHEST);
  useEffect(() => {
    const node = box.current;
    if (!node || figure.text) return undefined;
    // in the notebook's own color of text, which a figure does not know
    const layout = { ...figure.layout, height, font: { size: 12, color: getComputedStyle(node).color } };
    plotly.newPlot(node, figure.data, layout, { displayModeBar: false, responsive: true }).catch(props.fail);
    return () => plotly.purge(node);
  }, [figure]);
  return (
    <figure class="djgc-chart">
      <figcaption>{figure.title}</figcaption>
      {figure.text ? <p class="djgc-muted">{figure.text}</p> : <div ref={box} style={{ height: `${height}px` }} />}
    </figure>
  );
}
