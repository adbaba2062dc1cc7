// Drives a wire from outside, one line of JSON at a time: what it is told to do, and what it did.

// @ts-expect-error - what Node brings has no types here
import { createInterface } from "node:readline";
import { type Answer, Wire } from "../src/wire";

declare const process: { stdin: unknown };
declare function setImmediate(act: () => void): void;

let sent: Record<string, unknown>[] = [];
let ended: unknown[] = [];
let timers = new Map<number, () => void>();
let count = 0;
let wire = fresh();

function fresh(): Wire {
  sent = [];
  ended = [];
  timers = new Map();
  const channel = {
    send: (message: Record<string, unknown>) => void sent.push(message),
    later: (_: number, act: () => void) => {
      count += 1;
      timers.set(count, act);
      return count;
    },
    forget: (timer: unknown) => void timers.delete(timer as number),
  };
  return new Wire("page", channel, () => undefined, () => undefined, () => undefined);
}

type Command =
  | { do: "begin" }
  | { do: "ask"; key: number; verb: string; args: Record<string, unknown>; replaces?: string }
  | { do: "hear"; answer: Answer }
  | { do: "fire"; timer: number };

async function carryOut(command: Command): Promise<void> {
  if (command.do === "begin") wire = fresh();
  if (command.do === "hear") wire.hear(command.answer);
  if (command.do === "fire") {
    const act = timers.get(command.timer);
    timers.delete(command.timer);
    act?.();
  }
  if (command.do === "ask") {
    const { key } = command;
    wire.ask(command.verb, command.args, command.replaces).then(
      (value) => ended.push({ key, value: value ?? null }),
      (error: Error) => ended.push({ key, error: error.message }),
    );
  }
  await new Promise<void>((done) => setImmediate(done));
}

for await (const line of createInterface({ input: process.stdin })) {
  await carryOut(JSON.parse(line) as Command);
  console.log(JSON.stringify({ sent, ended, timers: [...timers.keys()], idle: wire.idle }));
  sent = [];
  ended = [];
}
