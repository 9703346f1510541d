import type { Payload } from '../../kernel/payload.ts';
import type { PullRequestFacts } from '../../kernel/pull-request.ts';
import { isRefName } from '../../kernel/ref-name.ts';

/** A pull request as a forge tells of it, in a list or in the call of a webhook. What it has not told is null. */
export interface ForgePullRequest {
  number: number | null;
  /** when the forge has changed it last (ms since 1970) */
  updatedAt: number | null;
  /** commit of its head */
  head: string | null;
  /** name of its base branch */
  baseRef: string | null;
  facts: PullRequestFacts;
}

/** Characters of names and titles, and of a description. */
const longestName = 1000;
export const longestBody = 10_000;
/** Labels of a pull request. */
const mostLabels = 100;

export function nameIn(payload: Payload): string | null {
  return payload.text(longestName);
}

/** The names in the entries of a list. */
export function namesIn(list: Payload, key: string): string[] | null {
  return list.list(mostLabels)?.flatMap((each) => nameIn(each.at(key)) ?? []) ?? null;
}

/** The names that are the entries of a list. */
export function textsIn(list: Payload): string[] | null {
  return list.list(mostLabels)?.flatMap((each) => nameIn(each) ?? []) ?? null;
}

/** The name of a branch. It becomes a variable of jobs, so it must be what git itself allows. */
export function branchIn(payload: Payload): string | null {
  const ref = nameIn(payload)?.replace(/^(?:refs\/heads\/)?/, 'refs/heads/');
  return ref !== undefined && isRefName(ref) ? ref.slice('refs/heads/'.length) : null;
}

/** The full id of a commit. */
export function commitIn(payload: Payload): string | null {
  const id = payload.text(65)?.toLowerCase();
  return id !== undefined && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(id) ? id : null;
}
