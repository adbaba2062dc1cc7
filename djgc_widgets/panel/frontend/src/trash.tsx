// Every sweep in the trash: what is left of it, to restore or to delete for good.

import { useEffect, useState } from "preact/hooks";
import { moveFocus } from "./keys";
import { List } from "./list";
import { Confirm, Questions, useAnswers } from "./questions";
import { given, type Purge, type Scan } from "./types";
import { Button, Notices, Said, usePanel } from "./ui";

const LONGEST_DAYS = 36500;

export function TrashTab() {
  const { kernel, ask } = usePanel();
  const { sweeps, work } = kernel.state;
  const scan = given<Scan>(kernel.state.scan);
  const purge = given<Purge>(kernel.state.purge);
  const busy = work.activity !== "" || kernel.connection !== "live";
  const count = sweeps.ticked ? ` (${sweeps.ticked})` : "";
  const none = scan?.complete === false ? "Not known: the scan is incomplete." : "No object is in the trash.";
  return (
    <>
      <Notices notices={scan?.unread ?? []} look="djgc-error" title="✕ What could not be read" />
      {scan?.trash ? (
        <p>{scan.trash} It can be restored until it is purged.</p>
      ) : (
        <p class="djgc-muted">
          Each sweep that moved something is listed here, with what is left of it, to restore it or to delete it for good.
        </p>
      )}
      {(sweeps.total > 0 || !scan?.trash) && (
        <List
          table="sweeps"
          words={{ name: "Sweeps", noun: "sweep", none, hint: "search sweeps …" }}
          tickable={sweeps.total > 0}
          locked={busy || purge !== undefined}
        />
      )}
      {sweeps.total > 0 && !purge && (
        <div class="djgc-line">
          <Button
            disabled={busy || !sweeps.ticked}
            title="Restore everything that the ticked sweeps moved"
            onClick={() => ask("sweeps", "restore", { of: sweeps.generation, ticked: sweeps.ticked })}
          >
            Restore ticked{count}
          </Button>
          <Button disabled={busy || !sweeps.ticked} title="Delete the ticked sweeps for good" class="djgc-ask-purge" onClick={() => ask("sweeps", "ask_purge", { ticked: sweeps.ticked })}>
            Purge ticked{count} …
          </Button>
          {!sweeps.ticked && <span class="djgc-muted">Tick a sweep to restore or purge it.</span>}
        </div>
      )}
      {purge && <PurgeView purge={purge} />}
    </>
  );
}

function PurgeView({ purge }: { purge: Purge }) {
  const { kernel, root, ask } = usePanel();
  const [typed, setTyped] = useState(String(purge.days));
  const number = purge.number;
  const days = /^\d+$/.test(typed) ? Number(typed) : NaN;
  const valid = days <= LONGEST_DAYS;
  useEffect(() => setTyped(String(purge.days)), [purge.days, number]);
  const { questions, answer } = useAnswers(number, purge.questions, (name, on) =>
    ask("purge", "lift_purge", { purge: number, name, on }),
  );
  useEffect(() => moveFocus(root, ".djgc-purge input[type=number]"), [number]);
  const keep = (): void => {
    ask("purge", "keep", { purge: number }).then(() => moveFocus(root, ".djgc-ask-purge"));
  };
  const busy = kernel.state.work.activity !== "" || kernel.connection !== "live";
  const age = (text: string): void => {
    setTyped(text);
    const wanted = /^\d+$/.test(text) ? Number(text) : NaN;
    if (wanted <= LONGEST_DAYS) ask("purge", "purge_age", { purge: number, days: wanted }, "purge_age");
  };
  const escape = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || busy) return;
    event.stopPropagation();
    keep();
  };
  return (
    <section class="djgc-plan djgc-purge" role="group" aria-label="Confirm the purge" onKeyDown={escape}>
      <h4>{purge.title}</h4>
      <p>{purge.text}</p>
      <p>
        <label>
          Only what was swept at least{" "}
          <input
            type="number"
            min={0}
            max={LONGEST_DAYS}
            step={1}
            value={typed}
            aria-invalid={!valid}
            onInput={(event) => age(event.currentTarget.value)}
          />{" "}
          days ago
        </label>
      </p>
      {!valid && <div class="djgc-error" role="alert">Type whole days, from 0 to {LONGEST_DAYS.toLocaleString("en")}.</div>}
      {purge.nothing ? (
        <>
          <Button onClick={keep}>Keep the trash</Button>
          <Said place="purge" />
        </>
      ) : (
        <>
          <Questions asked={questions} busy={busy} answer={answer} />
          <Confirm
            key={number}
            place="purge"
            questions={questions}
            name={purge.confirm}
            yes="Delete for good"
            no="Keep the trash"
            danger
            busy={busy || days !== purge.days}
            confirm={(typed) => ask("purge", "purge", { purge: number, asked: purge.asked, typed })}
            keep={keep}
          />
        </>
      )}
    </section>
  );
}
