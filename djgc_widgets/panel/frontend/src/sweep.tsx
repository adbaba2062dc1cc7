// What is ticked, the plan to move it, and the receipt with its undo.

import { useEffect, useRef } from "preact/hooks";
import { keepInSight } from "./fit";
import { moveFocus } from "./keys";
import { Confirm, Questions, useAnswers } from "./questions";
import { local } from "./time";
import { given, type Plan, type Receipt } from "./types";
import { Button, Notices, Said, usePanel } from "./ui";

// The receipt stays in sight on every tab; what is ticked belongs to the objects.
export function BasketBar({ ticking }: { ticking: boolean }) {
  const { kernel, root } = usePanel();
  const bar = useRef<HTMLDivElement>(null);
  const { receipt } = kernel.state.said;
  useEffect(() => (bar.current ? keepInSight(root, bar.current) : undefined), []);
  return (
    <div ref={bar} class="djgc-basket" hidden={!ticking && !receipt} role="group" aria-label="What is ticked">
      <ReceiptLine receipt={receipt} />
      {ticking && <Ticked />}
    </div>
  );
}

function Ticked() {
  const { kernel, ask } = usePanel();
  const { basket, work, objects } = kernel.state;
  return (
    <div class="djgc-line">
      <span role="status">
        {basket.n_objects ? (
          <>
            <b>{basket.text} ticked</b>{" "}
            <span class="djgc-muted">
              {basket.tables}
              {basket.more > 0 && ` and ${basket.more} more`}
            </span>
          </>
        ) : (
          <span class="djgc-muted">Nothing is ticked. What you tick can be moved to the trash, and back.</span>
        )}
      </span>
      <span class="djgc-grow" />
      <span class="djgc-beside">
        <Said place="basket" />
      </span>
      {basket.n_objects > 0 && (
        <Button
          disabled={!basket.can_sweep}
          onClick={() => ask("basket", "clear", { table: "objects", of: objects.generation })}
        >
          Clear
        </Button>
      )}
      <Button
        look="djgc-primary djgc-move"
        disabled={!basket.can_sweep || kernel.connection !== "live"}
        title="See what would be moved, and confirm it"
        onClick={() => ask("basket", "plan", { ticked: basket.n_objects })}
      >
        {work.activity === "planning" ? "Planning …" : "Move to trash …"}
      </Button>
    </div>
  );
}

function ReceiptLine({ receipt }: { receipt: Receipt | null }) {
  const { kernel, ask, root } = usePanel();
  const before = useRef(receipt);
  useEffect(() => {
    if (receipt && receipt !== before.current) moveFocus(root, receipt.undoable ? ".djgc-undo" : ".djgc-move");
    before.current = receipt;
  }, [receipt?.headline, receipt?.id]);
  if (!receipt) return null;
  return (
    <div class="djgc-receipt" role="status">
      <div class="djgc-line">
        <span>
          ✓ <b>{receipt.headline}</b> <span class="djgc-muted">{receipt.id}</span>
        </span>
        {receipt.undoable && (
          <Button
            look="djgc-undo"
            disabled={kernel.state.work.activity !== ""}
            title="Restore what this sweep moved"
            onClick={() => ask("receipt", "undo", { receipt: receipt.id })}
          >
            Undo
          </Button>
        )}
        <Said place="receipt" />
      </div>
      {receipt.freed && <div class="djgc-muted">{receipt.freed}</div>}
      {receipt.lines.length > 0 && (
        <ul class="djgc-lines">
          {receipt.lines.map((line) => (
            <li>{line}</li>
          ))}
        </ul>
      )}
      <Notices notices={receipt.problems} look="djgc-error" title="What could not be written down" />
    </div>
  );
}

export function PlanView() {
  const { kernel, root, ask } = usePanel();
  const plan = given<Plan>(kernel.state.plan);
  const { work } = kernel.state;
  const number = plan?.number ?? 0;
  useEffect(() => {
    if (!number) return;
    moveFocus(root, ".djgc-plan .djgc-questions input, .djgc-plan .djgc-typed");
    root.querySelector(".djgc-plan")?.scrollIntoView({ block: "nearest" });
  }, [number]);
  const { questions, answer } = useAnswers(number, plan?.questions ?? [], (name, on) =>
    ask("plan", "lift", { plan: number, name, on }),
  );
  if (!plan) return null;
  const busy = work.activity !== "" || kernel.connection !== "live";
  const keep = (): void => {
    ask("plan", "drop", { plan: number }).then(() => moveFocus(root, ".djgc-move"));
  };
  const escape = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || busy) return;
    event.stopPropagation();
    keep();
  };
  return (
    <section class="djgc-plan" role="group" aria-label="Confirm the sweep" onKeyDown={escape}>
      <h4>{plan.title}</h4>
      <p>
        Nothing is deleted: the objects go to the store's own <code>_trash</code> folder and can be restored byte for
        byte. What a row refers to by then is left alone.
      </p>
      <PlanTable plan={plan} />
      <Questions asked={questions} busy={busy} answer={answer} />
      <Confirm
        key={number}
        place="plan"
        questions={questions}
        name={plan.confirm}
        yes="Move to trash"
        no="Keep everything"
        busy={busy}
        confirm={(typed) => ask("plan", "sweep", { plan: number, typed })}
        keep={keep}
      />
    </section>
  );
}

function PlanTable({ plan }: { plan: Plan }) {
  return (
    <div class="djgc-scroll" tabIndex={0} role="region" aria-label="What would be moved, scrollable">
      <table class="djgc-grid djgc-words">
        <thead>
          <tr>
            <th scope="col">Table</th>
            <th scope="col" class="djgc-number">Objects</th>
            <th scope="col" class="djgc-number">Size</th>
            <th scope="col">How much of it</th>
            <th scope="col">Oldest to newest</th>
          </tr>
        </thead>
        <tbody>
          {plan.lines.map((line) => (
            <tr>
              <td>{line.table}</td>
              <td class="djgc-number">{line.count}</td>
              <td class="djgc-number" title={line.hover}>{line.size}</td>
              <td>
                {line.of_table}, {line.of_store} <i>{line.store}</i>
              </td>
              <td>
                {local(line.oldest).slice(0, 10)} to {local(line.newest).slice(0, 10)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {plan.more && <p class="djgc-muted">{plan.more}</p>}
    </div>
  );
}
