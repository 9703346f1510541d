import pLimit, { type LimitFunction } from 'p-limit';
import type { CommitMessage } from '../queues/messages.ts';
import { type CalledRepository, calledIn, keyOfCalled } from '../workflow/called-file.ts';

/** Milliseconds for which what a branch or tag stands for is not looked up again: commits often come in numbers. */
const fresh = 10_000;
/** Milliseconds for which what nobody has used yet is kept. */
const longest = 300_000;
const mostKept = 50;
/** Commits of one repository, of different refs, that are fetched for at once. */
const perRepository = 2;
/** How many more of them wait for that here, each with all of its texts; the others are looked at again when one has its own. */
const mostWaiting = 20;

interface Fetch {
  done: CalledRepository[] | undefined;
  /** after which it is forgotten */
  until: number;
}

/** Whether the workflows of a commit may call others of other repositories. */
export function callsOthers(message: CommitMessage): boolean {
  return textsOf(message).some((text) => calledIn(text).length > 0);
}

/** The workflow files that may run for what has happened; for a push those that speak of one, or can be called. */
function textsOf({ workflows, event }: CommitMessage): string[] {
  const texts = workflows?.files.flatMap(({ text }) => text ?? []) ?? [];
  return event ? texts : texts.filter((text) => /\b(?:push|workflow_call)\b/.test(text));
}

/** Fetches what the workflows of commits call in other repositories; a commit whose files are on their way waits for them. */
export class CalledWorkflows {
  readonly #fetches = new Map<string, Fetch>();
  readonly #lanes = new Map<string, LimitFunction>();
  readonly #stop = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#underWay);
  }

  /**
   * @param repo whose commits these are
   * @param by with what right it is fetched; what is fetched by one is for no other
   * @param fetch fetches what these texts call; does not reject
   * @param fetched is told once that is there
   * @returns the messages whose commits have all that they call, from the first one on; the others are still to be offered
   */
  attach(
    messages: readonly CommitMessage[],
    { repo, by }: { repo: string; by: string },
    fetch: (texts: string[], room: number, signal: AbortSignal) => Promise<CalledRepository[]>,
    fetched: () => void,
  ): { ready: CommitMessage[]; waitsFor: string[] } {
    this.#forget();
    const ready: CommitMessage[] = [];
    for (const message of messages) {
      const texts = textsOf(message);
      const called = texts.flatMap((text) => calledIn(text));
      if (!message.workflows || called.length === 0) {
        ready.push(message);
        continue;
      }
      const key = JSON.stringify([repo, by, [...new Set(called.map(keyOfCalled))].sort()]);
      const known = this.#fetches.get(key);
      if (known?.done) {
        known.until = Math.min(known.until, performance.now() + fresh);
        ready.push({ ...message, workflows: { ...message.workflows, called: known.done } });
        continue;
      }
      if (!known && (this.#lanes.get(repo)?.pendingCount ?? 0) < mostWaiting)
        this.#begin(repo, key, () => fetch(texts, roomBeside(texts), this.#stop.signal), fetched);
      const waitsFor = [...new Set(called.map(({ repository }) => repository))];
      return { ready, waitsFor };
    }
    return { ready, waitsFor: [] };
  }

  #begin(repo: string, key: string, fetch: () => Promise<CalledRepository[]>, fetched: () => void): void {
    const entry: Fetch = { done: undefined, until: Number.POSITIVE_INFINITY };
    this.#fetches.set(key, entry);
    const lane = this.#lanes.get(repo) ?? pLimit(perRepository);
    this.#lanes.set(repo, lane);
    const work = lane(fetch).then(
      (called) => {
        entry.done = called;
        entry.until = performance.now() + longest;
        if (!this.#stop.signal.aborted) fetched();
      },
      // the next look begins anew
      () => void this.#fetches.delete(key),
    );
    const done = work.finally(() => {
      this.#underWay.delete(done);
      if (lane.activeCount + lane.pendingCount === 0) this.#lanes.delete(repo);
    });
    this.#underWay.add(done);
  }

  #forget(): void {
    const done = [...this.#fetches].filter(([, { done }]) => done);
    const old = (index: number, { until }: Fetch) => until <= performance.now() || index < done.length - mostKept;
    for (const [index, [key, fetch]] of done.entries()) if (old(index, fetch)) this.#fetches.delete(key);
  }
}

/** A message takes at most 1 MB; this many bytes of it are for the texts of workflows. */
const mostText = 700_000;

function roomBeside(texts: readonly string[]): number {
  return Math.max(
    0,
    texts.reduce((left, text) => left - Buffer.byteLength(JSON.stringify(text)), mostText),
  );
}
