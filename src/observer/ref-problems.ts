import { asVoltError, type VoltError } from '../kernel/errors.ts';
import { shortRef } from '../kernel/ref-name.ts';
import { pauseAfter } from './backoff.ts';
import type { MovedRef } from './next-messages.ts';

interface RefProblem {
  /** commit of the ref; once the ref has moved, it is read at once */
  head: string;
  failures: number;
  /** milliseconds since 1970 until which it is not read */
  until: number;
  error: VoltError;
}

/**
 * Refs whose commits cannot be read, such as a tag of a file, or a branch with more in it than Volt reads. Such a ref is
 * skipped for a while, longer each time. The other refs of the repository are built as usual.
 */
export class RefProblems {
  readonly #problems = new Map<string, Map<string, RefProblem>>();

  /** The refs that are to be read now. Forgets the problems of refs that have moved. */
  ready(repo: string, moved: readonly MovedRef[], now = Date.now()): MovedRef[] {
    const known = this.#problems.get(repo);
    if (known === undefined) return [...moved];
    const heads = new Map(moved.map(({ ref, head }) => [ref, head]));
    for (const [ref, { head }] of known) if (heads.get(ref) !== head) known.delete(ref);
    if (known.size === 0) this.#problems.delete(repo);
    return moved.filter(({ ref }) => (known.get(ref)?.until ?? 0) <= now);
  }

  /** @returns whether the problem is new */
  note(repo: string, { ref, head }: MovedRef, cause: unknown, pollSeconds: number, now = Date.now()): boolean {
    const known = this.#problems.get(repo) ?? new Map<string, RefProblem>();
    this.#problems.set(repo, known);
    const failures = (known.get(ref)?.failures ?? 0) + 1;
    known.set(ref, { head, failures, until: now + pauseAfter(failures, pollSeconds), error: asVoltError(cause) });
    return failures === 1;
  }

  settle(repo: string, { ref }: MovedRef): void {
    this.#problems.get(repo)?.delete(ref);
  }

  forget(repo: string): void {
    this.#problems.delete(repo);
  }

  /** The problems by branch and tag, without `refs/heads/` and `refs/tags/`. */
  of(repo: string): { name: string; error: VoltError }[] {
    return [...(this.#problems.get(repo) ?? [])].map(([ref, { error }]) => ({
      name: shortRef(ref),
      error,
    }));
  }
}
