/**
 * Loaded before a program and each of its threads. It shifts the wall clock by the milliseconds in the file that
 * CHAOS_CLOCK names, and the clock jumps when the file changes. Monotonic clocks stay as they are, as when somebody
 * sets the time of a machine.
 */
import { readFileSync } from 'node:fs';

const file = process.env.CHAOS_CLOCK ?? '';
const Real = Date;
const realNow = Date.now;
let offset = 0;

const now = () => realNow() + offset;

globalThis.Date = new Proxy(Real, {
  apply: () => new Real(now()).toString(),
  construct: (target, args, made) => Reflect.construct(target, args.length === 0 ? [now()] : args, made),
});
Real.now = now;

function look() {
  try {
    offset = Number(readFileSync(file, 'utf8'));
  } catch {
    offset = 0;
  }
}

look();
setInterval(look, 100).unref();
