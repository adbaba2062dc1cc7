// What there is to say about one row, below it.

import { useRef, useState } from "preact/hooks";
import type { Fact } from "./types";
import { Local } from "./ui";

export function Details({ facts }: { facts: Fact[] }) {
  return (
    <div class="djgc-details" role="group" aria-label="Details">
      <dl>
        {facts.map((fact) => (
          <>
            <dt>{fact.label}</dt>
            <dd>
              {fact.time ? <Local time={fact.text} /> : fact.copyable ? <Copyable fact={fact} /> : fact.text}
            </dd>
          </>
        ))}
      </dl>
    </div>
  );
}

const SHOWN_MS = 2000;

// the clipboard is closed to pages that came without TLS; a selection can be copied by hand
function Copyable({ fact }: { fact: Fact }) {
  const text = useRef<HTMLSpanElement>(null);
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(fact.text);
      setCopied(true);
      setTimeout(() => setCopied(false), SHOWN_MS);
    } catch {
      if (text.current) getSelection()?.selectAllChildren(text.current);
    }
  };
  return (
    <>
      <span ref={text}>{fact.text}</span>{" "}
      <button type="button" class="djgc-link" aria-label={`Copy ${fact.label}`} onClick={copy}>
        {copied ? "copied" : "Copy"}
      </button>
    </>
  );
}
