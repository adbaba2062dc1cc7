// The top of the panel: what was scanned, what is going on, the cards and the bar of all bytes.

import { Ago, Button, Said, usePanel } from "./ui";
import { type Card, given, type Scan } from "./types";

const SILENT: Record<string, string> = {
  silent: "The kernel does not answer. It may be busy with another cell; what you do here waits for it. If it was restarted, run this panel's cell again.",
  gone: "The kernel was restarted or has died, so this panel is only a picture. Run its cell again.",
};

export function Head() {
  const { kernel, ask } = usePanel();
  const { work } = kernel.state;
  const scan = given<Scan>(kernel.state.scan);
  const live = kernel.connection === "live";
  return (
    <header class="djgc-head">
      <div class="djgc-line">
        <b class="djgc-title">{scan?.title ?? "DataJoint object stores"}</b>
        {scan && <span class="djgc-muted djgc-facts" title={scan.servers}>{scan.facts}</span>}
        <span class="djgc-grow" />
        <span class="djgc-work" role="status">
          {work.activity ? (
            <>
              <i class="djgc-spinner" aria-hidden="true" />
              {work.text}
            </>
          ) : (
            scan && <Result scan={scan} />
          )}
        </span>
        {work.activity ? (
          <Button disabled={!live || !work.stoppable} title="Stop at the next page" onClick={() => ask("header", "cancel")}>
            Cancel
          </Button>
        ) : (
          <Button
            disabled={!live}
            title="List the stores and read the references again"
            onClick={() => ask("header", "scan")}
          >
            Rescan
          </Button>
        )}
      </div>
      <div class="djgc-progress" aria-hidden="true">
        {work.activity && <i class={work.done === null ? "djgc-endless" : ""} style={{ width: `${100 * (work.done ?? 1)}%` }} />}
      </div>
      {kernel.connection in SILENT && <div class="djgc-error" role="alert">✕ {SILENT[kernel.connection]}</div>}
      <Said place="header" />
      {work.handler && <div class="djgc-error" role="alert">⚠ {work.handler}</div>}
      {scan && <Duties scan={scan} />}
    </header>
  );
}

function Result({ scan }: { scan: Scan }) {
  return (
    <>
      {scan.complete ? "✓ complete" : "✕ incomplete"} · scanned <Ago time={scan.started_at} /> in {scan.seconds}
    </>
  );
}

// What has to be done before anything else.
function Duties({ scan }: { scan: Scan }) {
  const { kernel, ask, openTab } = usePanel();
  const busy = kernel.state.work.activity !== "" || kernel.connection !== "live";
  return (
    <>
      {!scan.complete && (
        <div class="djgc-error" role="alert">
          <b>✕ The scan is incomplete, so nothing can be moved.</b> No object is called an orphan, since a row that was
          not read may refer to it.{" "}
          <button type="button" class="djgc-link" onClick={() => openTab("problems")}>
            See the {scan.problems.length === 1 ? "problem" : `${scan.problems.length} problems`}
          </button>
        </div>
      )}
      {scan.stale && <div class="djgc-error">⚠ This scan is over an hour old: rescan before a sweep.</div>}
      {scan.needed && (
        <div class="djgc-error djgc-duty">
          <span>✕ Rows need {scan.needed} of the trash again.</span>
          <Button disabled={busy} title="Restore what rows refer to again" onClick={() => ask("header", "heal")}>
            Restore needed
          </Button>
        </div>
      )}
      {scan.interrupted > 0 && (
        <div class="djgc-error djgc-duty">
          <span>✕ A sweep was interrupted, or is running elsewhere.</span>
          <Button disabled={busy} title="Finish or undo the interrupted sweep" onClick={() => ask("header", "recover")}>
            Recover
          </Button>
        </div>
      )}
    </>
  );
}

// Each card leads to its rows; the bar has a part for each of them.
export function Cards({ shown }: { shown: string }) {
  const { kernel, ask, openTab } = usePanel();
  const scan = given<Scan>(kernel.state.scan);
  if (!scan) return <div class="djgc-cards djgc-empty">The totals come when the first scan is done.</div>;
  const lead = (key: string): void => {
    if (key === "missing") return openTab("missing");
    openTab("objects");
    ask("objects", "show", { status: key === "all" ? "" : key });
    return undefined;
  };
  const parts = scan.cards.filter((card) => card.share);
  return (
    <>
      <div class="djgc-cards" role="group" aria-label="Objects by status">
        {scan.cards.map((card) => (
          <StatusCard card={card} pressed={shown === card.key} lead={lead} />
        ))}
      </div>
      <div class="djgc-bar" aria-hidden="true">
        {parts.map((card) => (
          <i
            class={`djgc-${card.key}`}
            style={{ flexGrow: card.share ?? 0 }}
            title={`${card.label}: ${card.value}`}
            onClick={() => lead(card.key)}
          />
        ))}
      </div>
      <div class="djgc-sum">
        {scan.adds_up ? "✓" : "✕ these do not add up; please report it:"} {scan.sum}
      </div>
      {scan.hidden && <div class="djgc-sum">{scan.hidden}</div>}
    </>
  );
}

function StatusCard(props: { card: Card; pressed: boolean; lead: (key: string) => void }) {
  const { card } = props;
  return (
    <button
      type="button"
      class={`djgc-card djgc-tone-${card.key}`}
      aria-pressed={props.pressed}
      title={card.hover}
      onClick={() => props.lead(card.key)}
    >
      <span class="djgc-k">{card.mark} {card.label}</span>
      <span class="djgc-v">{card.value}</span>
      <span class="djgc-n">{card.note}</span>
    </button>
  );
}
