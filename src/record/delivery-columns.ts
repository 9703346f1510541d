import type { Problem } from '../kernel/problems.ts';

/** The columns that forges and targets of notices have for those who deliver to them. */
export interface DeliveryColumns {
  /** what holds up everything that goes there; null if nothing does */
  problem_code: string | null;
  problem_message: string | null;
  problem_remedy: string | null;
  problem_since: number | null;
  /** the notifier that delivers to it, and until when no other does */
  holder: string | null;
  held_until: number | null;
}

export const noProblem = { problem_code: null, problem_message: null, problem_remedy: null, problem_since: null };

/** What holds up everything that goes to a forge or a target. @returns `since`: ISO 8601 */
export function problemIn({
  problem_code: code,
  problem_message: message,
  problem_remedy: remedy,
  problem_since: since,
}: Pick<DeliveryColumns, keyof typeof noProblem>): (Problem & { since: string }) | null {
  if (code === null) return null;
  return { code, message: message ?? '', remedy: remedy ?? '', since: new Date(since ?? 0).toISOString() };
}
