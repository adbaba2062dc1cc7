// Small parts that all others are made of.

import type { ComponentChildren, JSX } from "preact";
import { useContext, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { createContext } from "preact";
import { keepWithin } from "./fit";
import type { Kernel } from "./kernel";
import { ago, local, utc } from "./time";
import type { Notice } from "./types";
import { Refusal } from "./wire";

export interface Panel {
  kernel: Kernel;
  root: HTMLElement;
  // Ask the kernel; what it refuses is shown at a place.
  ask(place: string, verb: string, args?: Record<string, unknown>, replaces?: string): Promise<unknown>;
  refusals: Record<string, string>;
  openTab(name: string): void;
  // Which tile the treemap shows the inside of, and of which scan's tiles; -1 for all.
  zoomed: { of: number; inside: number };
  setZoomed(zoomed: { of: number; inside: number }): void;
}

export const PanelContext = createContext<Panel | undefined>(undefined);

export function usePanel(): Panel {
  const panel = useContext(PanelContext);
  if (!panel) throw new Error("A part of the panel was drawn outside of it.");
  return panel;
}

export function refusalText(error: unknown): string {
  return error instanceof Refusal ? error.message : `Unexpected ${error}. Please report it.`;
}

type ButtonProps = JSX.ButtonHTMLAttributes<HTMLButtonElement> & { look?: string };

export function Button({ look = "", class: more = "", ...rest }: ButtonProps) {
  return <button type="button" class={`djgc-button ${look} ${more}`} {...rest} />;
}

// What went wrong or was done, beside the control that it is about.
export function Said({ place }: { place: string }) {
  const { kernel, refusals } = usePanel();
  const { said } = kernel.state;
  const here = said.at === place;
  const error = refusals[place] || (here ? said.error : "");
  const note = here && !error ? said.note : "";
  return (
    <>
      <div role="alert">{error && <div class="djgc-error">✕ {error}</div>}</div>
      <div role="status">{note && <div class="djgc-note">✓ {note}</div>}</div>
    </>
  );
}

export function Notices({ notices, look, title }: { notices: Notice[]; look: string; title: string }) {
  if (!notices.length) return null;
  return (
    <div class={look}>
      <b>{title}</b>
      <ul>
        {notices.map((notice) => (
          <li>
            <b>{notice.where}</b>: {notice.text}
          </li>
        ))}
      </ul>
    </div>
  );
}

const CLOCK_MS = 20000;

export function Ago({ time }: { time: string }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const clock = setInterval(() => setNow(Date.now()), CLOCK_MS);
    return () => clearInterval(clock);
  }, []);
  const latest = Math.max(now, Date.now());
  return <time dateTime={time} title={`${local(time)} here, ${utc(time)}`}>{ago(time, latest)}</time>;
}

export function Local({ time }: { time: string }) {
  return <time dateTime={time} title={utc(time)}>{local(time)}</time>;
}

// A button that opens a small box below it; Escape and a click elsewhere close it.
export function Menu(props: {
  label: ComponentChildren;
  name: string;
  look?: string;
  disabled?: boolean;
  opened?: boolean;
  onClose?: () => void;
  children: (close: () => void) => ComponentChildren;
}) {
  const [opened, setOpened] = useState(props.opened ?? false);
  const box = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const { root } = usePanel();
  const shut = (): void => {
    setOpened(false);
    props.onClose?.();
  };
  const close = (): void => {
    shut();
    opener.current?.focus();
  };
  useLayoutEffect(() => (opened && box.current ? keepWithin(root, box.current) : undefined), [opened]);
  useEffect(() => {
    if (!opened) return undefined;
    box.current?.querySelector<HTMLElement>("input, button:not(.djgc-opener)")?.focus();
    const elsewhere = (event: Event): void => {
      if (box.current && !event.composedPath().includes(box.current.parentElement as EventTarget)) shut();
    };
    window.addEventListener("pointerdown", elsewhere, true);
    return () => window.removeEventListener("pointerdown", elsewhere, true);
  }, [opened]);
  const escape = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !opened) return;
    event.stopPropagation();
    close();
  };
  return (
    <span class="djgc-menu-root" onKeyDown={escape}>
      <button
        type="button"
        ref={opener}
        class={`djgc-opener ${props.look ?? "djgc-button"}`}
        aria-expanded={opened}
        aria-haspopup="dialog"
        aria-label={props.name}
        disabled={props.disabled ?? false}
        onClick={() => (opened ? close() : setOpened(true))}
      >
        {props.label}
      </button>
      {opened && (
        <div ref={box} class="djgc-menu" role="dialog" aria-label={props.name}>
          {props.children(close)}
        </div>
      )}
    </span>
  );
}
