// What a page knows of its kernel: the newest state, and whether the kernel answers.

import { DRAWN, type State } from "./types";
import { type Answer, Wire } from "./wire";

export interface Model {
  get(name: string): unknown;
  send(content: unknown): void;
  on(event: string, act: (...args: never[]) => void): void;
  off(event: string, act: (...args: never[]) => void): void;
}

export type Connection = "greeting" | "live" | "silent" | "gone";

const SENT = ["v", "versions", ...DRAWN];
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
  private closed = false;
  private readonly have: Record<string, number> = {}; // version of each part that is here
  private latest: Record<string, number> = {}; // and of the newest that is known of
  private behind: ReturnType<typeof setTimeout> | undefined;

  constructor(model: Model, changed: () => void) {
    this.model = model;
    this.changed = changed;
    this.state = { v: 0 } as State;
    this.take((name) => model.get(name));
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
      () => this.connect("gone"),
    );
    for (const part of SENT) model.on(`change:${part}`, this.refresh);
    model.on("msg:custom", this.receive);
    model.on("comm_live_update", this.lost);
    this.hello();
    this.pinging = setInterval(() => {
      if (!this.wire.idle || this.connection === "gone" || document.hidden) return;
      this.wire.ask("ping").catch(() => undefined);
    }, PING_MS);
  }

  close(): void {
    this.closed = true;
    this.wire.stop();
    for (const part of SENT) this.model.off(`change:${part}`, this.refresh);
    this.model.off("msg:custom", this.receive);
    this.model.off("comm_live_update", this.lost);
    clearInterval(this.pinging);
    clearTimeout(this.behind);
    for (const timer of this.timers) clearTimeout(timer);
  }

  // Take what is newer than what is here, part by part: a message with some of them may be lost.
  private take(came: (name: string) => unknown): void {
    const versions = (came("versions") ?? {}) as Record<string, number>;
    for (const part of DRAWN) {
      this.latest[part] = Math.max(this.latest[part] ?? 0, versions[part] ?? 0);
      const drawn = came(part) as { v: number; is: unknown } | undefined;
      if (!drawn || drawn.v <= (this.have[part] ?? -1)) continue;
      this.have[part] = drawn.v;
      this.state = { ...this.state, [part]: drawn.is };
    }
    if (this.complete) this.state = { ...this.state, v: Math.max(this.state.v, (came("v") as number) ?? 0) };
  }

  private get complete(): boolean {
    return DRAWN.every((part) => (this.have[part] ?? 0) >= (this.latest[part] ?? 0));
  }

  // several parts change at once: they are read together
  private readonly refresh = (): void => {
    if (this.due) return;
    this.due = true;
    queueMicrotask(() => {
      this.due = false;
      if (this.closed) return;
      this.take((name) => this.model.get(name));
      if (!this.complete) this.askAgain();
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
    if (answer.state) this.take((name) => answer.state?.[name]);
    this.connect("live");
    this.askAgain();
  }

  // what the kernel has drawn comes by itself, unless it was lost on the way
  private askAgain(): void {
    clearTimeout(this.behind);
    this.behind = setTimeout(() => {
      if (!this.complete || this.state.v < this.wire.version) this.hello();
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
