// One question at a time, asked again until it is answered: messages may be lost, repeated and
// reordered on the way. The kernel counts as well, so each question is carried out once.

export interface Answer {
  re: number;
  page: string;
  v: number;
  ok: boolean;
  value?: unknown;
  error?: string;
  state?: Record<string, unknown>;
}

export interface Channel {
  // throws once nothing can be sent any more
  send(message: Record<string, unknown>): void;
  later(ms: number, act: () => void): unknown;
  forget(timer: unknown): void;
}

interface Question {
  verb: string;
  args: Record<string, unknown>;
  replaces: string | undefined;
  answer(value: unknown): void;
  fail(error: Error): void;
}

export class Refusal extends Error {}

const GONE = "This kernel is gone. Run the panel's cell again.";
const FIRST_MS = 500;
const LONGEST_MS = 5000;

export class Wire {
  private waiting: Question[] = [];
  private asked: Question | undefined;
  private id = 0;
  private pause = FIRST_MS;
  private timer: unknown;
  private newest = 0;
  private stopped = false;
  readonly page: string;
  private readonly channel: Channel;
  private readonly heard: (answer: Answer) => void;
  private readonly silent: (tries: number) => void;
  private readonly ended: () => void;
  private tries = 0;

  // heard gets every answer; silent gets how often the present question was asked, 0 once it is answered;
  // ended is called once nothing can be sent any more
  constructor(
    page: string,
    channel: Channel,
    heard: (answer: Answer) => void,
    silent: (tries: number) => void,
    ended: () => void,
  ) {
    this.page = page;
    this.channel = channel;
    this.heard = heard;
    this.silent = silent;
    this.ended = ended;
  }

  // A question takes the place of one that still waits if both have the same `replaces`.
  ask(verb: string, args: Record<string, unknown> = {}, replaces?: string): Promise<unknown> {
    if (this.stopped) return Promise.reject(new Refusal(GONE));
    return new Promise((answer, fail) => {
      if (replaces !== undefined) {
        const superseded = this.waiting.filter((each) => each.replaces === replaces);
        this.waiting = this.waiting.filter((each) => each.replaces !== replaces);
        for (const each of superseded) each.answer(undefined);
      }
      this.waiting.push({ verb, args, replaces, answer, fail });
      this.next();
    });
  }

  get version(): number {
    return this.newest;
  }

  get idle(): boolean {
    return this.asked === undefined && this.waiting.length === 0;
  }

  hear(answer: Answer): void {
    if (answer.page !== this.page || answer.re !== this.id || this.asked === undefined) return;
    const question = this.asked;
    this.asked = undefined;
    this.channel.forget(this.timer);
    this.tries = 0;
    this.silent(0);
    this.newest = Math.max(this.newest, answer.v);
    this.heard(answer);
    if (answer.ok) question.answer(answer.value);
    else question.fail(new Refusal(answer.error ?? "The kernel refused."));
    this.next();
  }

  // Nothing is asked or answered any more.
  stop(): void {
    this.stopped = true;
    this.channel.forget(this.timer);
    const left = [this.asked, ...this.waiting];
    this.asked = undefined;
    this.waiting = [];
    for (const question of left) question?.fail(new Refusal(GONE));
  }

  private next(): void {
    if (this.asked !== undefined || this.stopped) return;
    this.asked = this.waiting.shift();
    if (this.asked === undefined) return;
    this.id += 1;
    this.pause = FIRST_MS;
    this.say();
  }

  private say(): void {
    if (this.asked === undefined || this.stopped) return;
    const { verb, args } = this.asked;
    this.timer = this.channel.later(this.pause, () => this.say());
    this.pause = Math.min(this.pause * 2, LONGEST_MS);
    this.tries += 1;
    if (this.tries > 1) this.silent(this.tries);
    try {
      this.channel.send({ ...args, do: verb, id: this.id, page: this.page });
    } catch (error) {
      // the host has shut the kernel down, or is leaving the page
      console.warn("djgc: nothing can be sent to the kernel any more:", error);
      this.stop();
      this.ended();
    }
  }
}
