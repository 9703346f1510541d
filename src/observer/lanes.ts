import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import { hostOf } from '../kernel/urls.ts';

/** Looks at the repositories of one server at a time: one that hangs holds up no others. */
const perServer = 8;
/** At those of this machine no more than it can do at once: such a look is all work and no waiting. */
const here = Math.max(2, availableParallelism());
/** Looks at all repositories at a time; most of a look is waiting for a remote. */
const altogether = 64;

/** Limits how many looks run at once, server by server. */
export class Lanes {
  readonly #all = pLimit(altogether);
  readonly #byHost = new Map<string, ReturnType<typeof pLimit>>();

  /** @param url of the repository that `work` is about */
  run<T>(url: string, work: () => Promise<T>): Promise<T> {
    const host = hostOf(url);
    const lane = this.#byHost.get(host) ?? pLimit(host === '' ? here : perServer);
    this.#byHost.set(host, lane);
    return lane(() => this.#all(work)).finally(() => {
      if (lane.activeCount === 0 && lane.pendingCount === 0) this.#byHost.delete(host);
    });
  }
}
