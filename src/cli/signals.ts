/**
 * npm passes a signal on to what it runs, and at a terminal both get it anyway: one Ctrl-C arrives twice. Nobody presses
 * it again this fast (ms).
 */
const echo = 300;

/** The wishes of a person, or of the system, that a long-running command should end. */
export class Signals {
  /** Resolves with the first signal. */
  readonly first: Promise<NodeJS.Signals>;
  #again: () => void = () => {};

  /** @param third runs at the third signal; it should end the process whatever the state */
  constructor(third: () => void) {
    let resolve: (signal: NodeJS.Signals) => void;
    this.first = new Promise((settle) => {
      resolve = settle;
    });
    let count = 0;
    let last: { signal?: NodeJS.Signals; at: number } = { at: 0 };
    const heard = (signal: NodeJS.Signals) => {
      if (signal === last.signal && Date.now() - last.at < echo) return;
      last = { signal, at: Date.now() };
      count++;
      if (count === 1) resolve(signal);
      else if (count === 2) this.#again();
      else third();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, heard);
  }

  /** What to do at the second signal. */
  set again(action: () => void) {
    this.#again = action;
  }
}
