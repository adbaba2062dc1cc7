// What a page knows of its kernel: the newest state, and whether the kernel answers.

import { PARTS, type State } from "./types";
import { type Answer, Wire } from "./wire";

export interface Model {
  get(name: string): unknown;
  send(content: unknown): void;
  on(event: string, act: (...args: never[]) => void): void;
  off(event: string, act: (...args: never[]) => void): void;
}

export type Connection = "greeting" | "live" | "silent" | "gone";

const BEHIND_MS = 400;
const PING_MS = 5000;
const SILENT_TRIES = 4; // 3.5 s

export class Kernel {
  readonly wire: Wire;
  state: State;
  connection: Connection = "greeting";
  private readonly model: Model;
  private readonly changed: () => void;
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private pinging: ReturnType<typeof setInterval> | undefined;
  private due = false;
  private behind: ReturnType<typeof setTimeout> | undefined;

  constructor(model: Model, changed: () => void) {
    this.model = model;
    this.changed = changed;
    this.state = this.read();
    const page = [...crypto.getRandomValues(new Uint32Array(4))].join("-");
    const channel = {
      send: (message: Record<string, unknown>) => model.send(message),
      later: (ms: number, act: () => void) => {
        const timer = setTimeout(() => {
          this.timers.delete(timer);
          act();
        }, ms);
        this.timers.add(timer);
        return timer;
      },
      forget: (timer: unknown) => {
        clearTimeout(timer as ReturnType<typeof setTimeout>);
        this.timers.delete(timer as ReturnType<typeof setTimeout>);
      },
    };
    this.wire = new Wire(
      page,
      channel,
      (answer) => this.heard(answer),
      (tries) => {
        if (this.connection !== "gone" && tries >= SILENT_TRIES) this.connect("silent");
      },
    );
    for (const part of PARTS) model.on(`change:${part}`, this.refresh);
    model.on("msg:custom", this.receive);
    model.on("comm_live_update", this.lost);
    this.hello();
    this.pinging = setInterval(() => {
      if (this.wire.idle && this.connection !== "gone" && !document.hidden) this.hello();
    }, PING_MS);
  }

  close(): void {
    this.wire.stop();
    for (const part of PARTS) this.model.off(`change:${part}`, this.refresh);
    this.model.off("msg:custom", this.receive);
    this.model.off("comm_live_update", this.lost);
    clearInterval(this.pinging);
    clearTimeout(this.behind);
    for (const timer of this.timers) clearTimeout(timer);
  }

  private read(): State {
    return Object.fromEntries(PARTS.map((part) => [part, this.model.get(part)])) as unknown as State;
  }

  // several parts change at once: they are read together, and one that came by an answer may be newer
  private readonly refresh = (): void => {
    if (this.due) return;
    this.due = true;
    queueMicrotask(() => {
      this.due = false;
      const read = this.read();
      if (read.v >= this.state.v) this.state = read;
      this.changed();
    });
  };

  private readonly receive = (answer: Answer): void => this.wire.hear(answer);

  // JupyterLab says so when a kernel was restarted or died; a new one knows nothing of this panel
  private readonly lost = (): void => {
    this.wire.stop();
    this.connect("gone");
  };

  private heard(answer: Answer): void {
    if (answer.state && (answer.state as unknown as State).v >= this.state.v) {
      this.state = answer.state as unknown as State;
    }
    this.connect("live");
    // what the answer is about comes by itself, unless it was lost on the way
    clearTimeout(this.behind);
    this.behind = setTimeout(() => {
      if (this.state.v < this.wire.version) this.hello();
    }, BEHIND_MS);
  }

  private hello(): void {
    this.wire.ask("hello", {}, "hello").catch(() => undefined);
  }

  private connect(connection: Connection): void {
    this.connection = connection;
    this.changed();
  }
}
