// What is asked before something moves or goes: statements to confirm, a name to type, two answers.

import { useEffect, useState } from "preact/hooks";
import type { Question } from "./types";
import { Button, Said, usePanel } from "./ui";

// An answer shows at once; the kernel hears it before the confirmation, which it refuses if one is missing.
export function useAnswers(number: number, asked: Question[], lift: (name: string, on: boolean) => void) {
  const [given, setGiven] = useState<Record<string, boolean>>({});
  useEffect(() => setGiven({}), [number]);
  const questions = asked.map((question) => ({ ...question, lifted: given[question.name] ?? question.lifted }));
  const answer = (name: string, on: boolean): void => {
    setGiven((all) => ({ ...all, [name]: on }));
    lift(name, on);
  };
  return { questions, answer };
}

export function Questions(props: { asked: Question[]; busy: boolean; answer: (name: string, on: boolean) => void }) {
  const { openTab } = usePanel();
  return (
    <ul class="djgc-questions">
      {props.asked.map((question) => (
        <li class={question.liftable ? "" : "djgc-no"}>
          {question.liftable ? (
            <label class="djgc-yes">
              <input
                type="checkbox"
                aria-label={`Yes: ${question.text}`}
                checked={question.lifted}
                disabled={props.busy}
                onChange={(event) => props.answer(question.name, event.currentTarget.checked)}
              />{" "}
              Yes
            </label>
          ) : (
            <span class="djgc-yes">✕ No</span>
          )}
          <b title={question.name}>{question.text}</b>
          <div class="djgc-muted">
            {question.liftable && "Why we ask: "}
            {question.why}{" "}
            {question.tab && (
              <button type="button" class="djgc-link" onClick={() => openTab(question.tab)}>
                Look at it
              </button>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}

// Enter confirms and Escape keeps; the message stands beside the button.
export function Confirm(props: {
  place: string;
  questions: Question[];
  name: string; // to be typed
  yes: string;
  no: string;
  danger?: boolean;
  busy: boolean;
  confirm: (typed: string) => void;
  keep: () => void;
}) {
  const [typed, setTyped] = useState("");
  const [hint, setHint] = useState("");
  const open = props.questions.filter((question) => !question.lifted).length;
  const confirm = (): void => {
    if (open) setHint(open === 1 ? "Answer the question above first." : `Answer the ${open} questions above first.`);
    else if (typed.trim() !== props.name) setHint(`Type ${props.name} to confirm.`);
    else {
      setHint("");
      props.confirm(typed);
    }
  };
  return (
    <div class="djgc-confirm-bar">
      <label>
        Type <b>{props.name}</b> to confirm{" "}
        <input
          type="text"
          class="djgc-typed"
          autocomplete="off"
          spellcheck={false}
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && !props.busy && confirm()}
        />
      </label>
      <Button look={props.danger ? "djgc-danger" : "djgc-primary"} disabled={props.busy} onClick={confirm}>
        {props.yes}
      </Button>
      <Button disabled={props.busy} onClick={props.keep}>
        {props.no}
      </Button>
      <span class="djgc-hint" role="alert">{hint}</span>
      <Said place={props.place} />
    </div>
  );
}
