/**
 * Loaded before a program and each of its threads: its wall clock goes wrong by as many milliseconds as the file says that
 * CHAOS_CLOCK names, and jumps when that changes. The clocks that only count what has passed are left as they are, as
 * they are where somebody sets the time of a machine.
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
