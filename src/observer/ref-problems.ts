import { asVoltError, type VoltError } from '../kernel/errors.ts';
import { pauseAfter } from './backoff.ts';
import type { Moved } from './offers.ts';

interface RefProblem {
  /** where the ref was; once it has moved, it is read at once */
  head: string;
  failures: number;
  /** milliseconds since 1970 until which it is left alone */
  until: number;
  error: VoltError;
}

/**
 * Refs whose commits cannot be offered, such as a tag of a file, or a branch with more in it than Volt reads. Each fares
 * alone: it is left alone for a while, longer each time, while the other refs of the repository go on.
 */
export class RefProblems {
  readonly #problems = new Map<string, Map<string, RefProblem>>();

  /** Those that are to be read now. What was wrong with others is forgotten. */
  ready(repo: string, moved: readonly Moved[], now = Date.now()): Moved[] {
    const known = this.#problems.get(repo);
    if (known === undefined) return [...moved];
    const heads = new Map(moved.map(({ ref, head }) => [ref, head]));
    for (const [ref, { head }] of known) if (heads.get(ref) !== head) known.delete(ref);
    if (known.size === 0) this.#problems.delete(repo);
    return moved.filter(({ ref }) => (known.get(ref)?.until ?? 0) <= now);
  }

  /** @returns whether it was not known */
  note(repo: string, { ref, head }: Moved, cause: unknown, pollSeconds: number, now = Date.now()): boolean {
    const known = this.#problems.get(repo) ?? new Map<string, RefProblem>();
    this.#problems.set(repo, known);
    const failures = (known.get(ref)?.failures ?? 0) + 1;
    known.set(ref, { head, failures, until: now + pauseAfter(failures, pollSeconds), error: asVoltError(cause) });
    return failures === 1;
  }

  settle(repo: string, { ref }: Moved): void {
    this.#problems.get(repo)?.delete(ref);
  }

  forget(repo: string): void {
    this.#problems.delete(repo);
  }

  /** By the names of branches and tags, as people write them. */
  of(repo: string): { name: string; error: VoltError }[] {
    return [...(this.#problems.get(repo) ?? [])].map(([ref, { error }]) => ({
      name: ref.replace(/^refs\/(heads|tags)\//, ''),
      error,
    }));
  }
}
