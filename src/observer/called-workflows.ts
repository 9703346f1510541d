import pLimit, { type LimitFunction } from 'p-limit';
import type { CommitMessage } from '../queues/messages.ts';
import { type CalledRepository, calledIn, keyOfCalled } from '../workflow/called-file.ts';

/** Milliseconds for which the commit of a branch or tag is not resolved again: commits often come in numbers. */
const fresh = 10_000;
/** Milliseconds for which files are kept that no commit has used yet. */
const longest = 300_000;
const mostKept = 50;
/** Fetches at once for commits of one repository. */
const perRepository = 2;
/** Further fetches that wait here, each with all texts of its commit; others begin after a later poll. */
const mostWaiting = 20;

interface Fetch {
  done: CalledRepository[] | undefined;
  /** milliseconds of performance.now() at which it is forgotten */
  until: number;
}

/** Whether the workflows of a commit may call workflows of other repositories. */
export function callsOthers(message: CommitMessage): boolean {
  return textsOf(message).some((text) => calledIn(text).length > 0);
}

/** The workflow files that may run for the event; for a push those that name `push`, or can be called; likewise for a pull request. */
function textsOf({ workflows, event, pullRequest }: CommitMessage): string[] {
  const texts = workflows?.files.flatMap(({ text }) => text ?? []) ?? [];
  const own = pullRequest ? /\b(?:pull_request|workflow_call)\b/ : /\b(?:push|workflow_call)\b/;
  return event ? texts : texts.filter((text) => own.test(text));
}

/** Fetches the workflows of other repositories that commits call. A commit waits until its files are here. */
export class CalledWorkflows {
  readonly #fetches = new Map<string, Fetch>();
  readonly #limits = new Map<string, LimitFunction>();
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();

  /** Ends the fetches. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  /**
   * @param repo repository of the commits
   * @param by right with which it is fetched; commits with another right do not get these files
   * @param fetch fetches what these texts call; does not reject
   * @param fetched is called when the files are here
   * @returns the first messages, whose commits have all that they call; a later poll sends the others
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
      if (!known && (this.#limits.get(repo)?.pendingCount ?? 0) < mostWaiting)
        this.#begin(repo, key, () => fetch(texts, roomBeside(texts), this.#stop.signal), fetched);
      const waitsFor = [...new Set(called.map(({ repository }) => repository))];
      return { ready, waitsFor };
    }
    return { ready, waitsFor: [] };
  }

  #begin(repo: string, key: string, fetch: () => Promise<CalledRepository[]>, fetched: () => void): void {
    const entry: Fetch = { done: undefined, until: Number.POSITIVE_INFINITY };
    this.#fetches.set(key, entry);
    const limit = this.#limits.get(repo) ?? pLimit(perRepository);
    this.#limits.set(repo, limit);
    const work = limit(fetch).then(
      (called) => {
        entry.done = called;
        entry.until = performance.now() + longest;
        if (!this.#stop.signal.aborted) fetched();
      },
      // the next poll tries again
      () => void this.#fetches.delete(key),
    );
    const done = work.finally(() => {
      this.#running.delete(done);
      if (limit.activeCount + limit.pendingCount === 0) this.#limits.delete(repo);
    });
    this.#running.add(done);
  }

  #forget(): void {
    const done = [...this.#fetches].filter(([, { done }]) => done);
    const old = (index: number, { until }: Fetch) => until <= performance.now() || index < done.length - mostKept;
    for (const [index, [key, fetch]] of done.entries()) if (old(index, fetch)) this.#fetches.delete(key);
  }
}

/** Bytes of workflow texts in a message, which takes at most 1 MB. */
const mostText = 700_000;

function roomBeside(texts: readonly string[]): number {
  return Math.max(
    0,
    texts.reduce((left, text) => left - Buffer.byteLength(JSON.stringify(text)), mostText),
  );
}
