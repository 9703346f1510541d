/**
 * Milliseconds within which a repeated signal counts as the same Ctrl-C. npm passes a signal on to a command that the
 * terminal has signalled already.
 */
const echo = 300;

/** The signals that end a long-running command. */
export class Signals {
  /** Resolves with the first signal. */
  readonly first: Promise<NodeJS.Signals>;
  #again: () => void = () => {};

  /** @param third runs at the third signal; it should end the process in any state */
  constructor(third: () => void) {
    let resolve: (signal: NodeJS.Signals) => void;
    this.first = new Promise((settle) => {
      resolve = settle;
    });
    let count = 0;
    let last: { signal?: NodeJS.Signals; at: number } = { at: 0 };
    const receive = (signal: NodeJS.Signals) => {
      if (signal === last.signal && Date.now() - last.at < echo) return;
      last = { signal, at: Date.now() };
      count++;
      if (count === 1) resolve(signal);
      else if (count === 2) this.#again();
      else third();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, receive);
  }

  /** What to do at the second signal. */
  set again(action: () => void) {
    this.#again = action;
  }
}
