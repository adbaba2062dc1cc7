// What the tabs hold besides the list of objects and the trash.

import { List } from "./list";
import { given, type Opinion, type Scan } from "./types";
import { Button, Notices, Said, usePanel } from "./ui";

const UNSURE = "Not known: the scan is incomplete. See Problems.";

export function useScan(): Scan | undefined {
  return given<Scan>(usePanel().kernel.state.scan);
}

export function MissingTab() {
  const scan = useScan();
  const none = scan?.complete === false ? UNSURE : "✓ No missing objects.";
  return (
    <>
      {scan?.missing && <p>{scan.missing} Open a row to copy a restriction of its table.</p>}
      <List table="missing" words={{ name: "Missing", noun: "row", none, hint: "search rows …" }} />
    </>
  );
}

export function ReferencesTab() {
  const none = useScan()?.complete === false ? UNSURE : "No column refers to these stores.";
  return <List table="usage" words={{ name: "References", noun: "column", none, hint: "search columns …" }} />;
}

export function ProblemsTab() {
  const scan = useScan();
  if (!scan) return <p class="djgc-muted">What could not be read is listed here after the first scan.</p>;
  return (
    <>
      {!scan.problems.length && <p>✓ Everything was read.</p>}
      <Notices notices={scan.problems} look="djgc-error" title="✕ What could not be read or understood" />
      <Notices notices={scan.unread} look="djgc-error" title="✕ Trashes that could not be read" />
      <Notices notices={scan.warnings} look="djgc-note" title="Good to know" />
    </>
  );
}

export function OpinionTab() {
  const { kernel, ask } = usePanel();
  const { opinion: part, work } = kernel.state;
  const opinion = given<Opinion>(part);
  return (
    <>
      {!opinion && (
        <p>
          DataJoint has its own collector, <code>dj.gc</code>. Ask it what it would delete, and compare each object with
          this scan. It runs dry, over a read-only connection: nothing is deleted.
        </p>
      )}
      <div class="djgc-line">
        <Button disabled={work.activity !== "" || kernel.connection !== "live"} onClick={() => ask("opinions", "ask")}>
          Ask DataJoint's own collector
        </Button>
        {!opinion && <Said place="opinions" />}
      </div>
      {opinion && <OpinionView opinion={opinion} />}
    </>
  );
}

function OpinionView({ opinion }: { opinion: Opinion }) {
  return (
    <>
      <p>
        <b>{opinion.collector}</b>
      </p>
      {opinion.verdict && (
        <div class={opinion.loses ? "djgc-error" : ""} role={opinion.loses ? "alert" : undefined}>
          {opinion.loses ? "✕" : "✓"} {opinion.verdict}
        </div>
      )}
      <Notices notices={opinion.problems} look="djgc-error" title="It failed" />
      <ul class="djgc-lines">
        {opinion.lines.map((line) => (
          <li>{line}</li>
        ))}
      </ul>
      {opinion.warnings.length > 0 && (
        <>
          <p>It logged these warnings and went on:</p>
          <ul class="djgc-lines">
            {opinion.warnings.map((line) => (
              <li>{line}</li>
            ))}
          </ul>
        </>
      )}
      <List
        table="opinions"
        words={{ name: "Second opinion", noun: "object", none: "No objects.", hint: "search path, why …" }}
      />
    </>
  );
}
