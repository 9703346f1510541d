import { Payload } from '../../kernel/payload.ts';
import type { ForgeClient } from '../request.ts';
import type { ForgePullRequest } from './pull-request.ts';

/** Pull requests of a page. GitHub uses some 25 kB for each. */
export const pageSize = 50;
/** The most bytes of a page that are read: descriptions are as long as their authors like, and parsing must stay quick. */
const mostBytes = 4_000_000;

/** What is asked for of a list. */
export interface AskedPage {
  /** `next` of the page before; undefined for the first one */
  page?: string | undefined;
  /** `etag` of an earlier answer */
  etag?: string | undefined;
}

/** A part of the list of a project's pull requests, open and closed ones, the last changed first. */
export interface PullRequestPage {
  pulls: ForgePullRequest[];
  /** how the next page is asked for; undefined after the last one */
  next: string | undefined;
  /** names this answer; undefined where the forge gives it no name */
  etag: string | undefined;
}

/**
 * Asks for one page.
 * @param read takes the pull requests out of the answer, and how the next page is asked for
 * @returns undefined where it is still as `asked.etag` names it
 */
export async function askForPage(
  client: Pick<ForgeClient, 'ask'>,
  { project, path, etag }: { project: string; path: string } & AskedPage,
  read: (answer: Payload) => Omit<PullRequestPage, 'etag'>,
): Promise<PullRequestPage | undefined> {
  const request = { method: 'GET', path, mostBytes, ...(etag !== undefined && { headers: { 'if-none-match': etag } }) };
  const expected = etag === undefined ? [200] : [200, 304];
  const answer = await client.ask({ ...request, method: 'GET' }, expected, `listing pull requests of ${project}`);
  if (answer.status === 304) return undefined;
  return { ...read(Payload.of(answer.json)), etag: answer.headers.etag };
}

/** The pull requests in a list; entries of another form are left out. */
export function pullsIn(list: Payload, read: (its: Payload) => ForgePullRequest): ForgePullRequest[] {
  return (list.list(pageSize) ?? []).map(read).filter(({ number }) => number !== null);
}

/** A list whose pages have numbers, and whose last page is not full. */
export function numberedPage(
  list: Payload,
  page: string | undefined,
  read: (its: Payload) => ForgePullRequest,
): Omit<PullRequestPage, 'etag'> {
  const isFull = (list.list(pageSize)?.length ?? 0) === pageSize;
  return { pulls: pullsIn(list, read), next: isFull ? String(Number(page ?? 1) + 1) : undefined };
}
