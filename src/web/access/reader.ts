import type { Context } from 'hono';
import type { Config } from '../../kernel/config.ts';
import { VoltError } from '../../kernel/errors.ts';
import { administrator, type Reader } from '../../record/visibility.ts';
import type { Caller } from './caller.ts';
import type { WebEnv } from './env.ts';
import { may } from './permission.ts';

/** Who makes a request, and which repositories they may read. */
export interface Requester {
  caller: Caller | undefined;
  reader: Reader;
}

export function requesterOf(context: Context<WebEnv>): Requester {
  return { caller: context.get('caller'), reader: context.get('reader') };
}

/** What the sender of a request may read: what everybody may read without a token, plus what its token adds. */
export function readerOf(context: Context<WebEnv>, reading: Config['reading']): Reader {
  if (may(context, 'admin')) return administrator;
  const caller = context.get('caller');
  const everyInternal = caller !== undefined && caller.repos === null;
  return { all: false, internal: everyInternal || isOpen(context, reading), names: caller?.repos ?? [] };
}

/** Whether reading needs no token, except of private repositories. */
function isOpen(context: Context<WebEnv>, reading: Config['reading']): boolean {
  if (reading === 'token') return false;
  return reading === 'public' || context.get('source').local;
}

/** Whether the requester's token covers a repository. */
export function covers({ caller }: Requester, repo: string): boolean {
  return caller === undefined || caller.repos === null || caller.repos.includes(repo);
}

/**
 * Refuses to change a repository that the requester's token does not cover.
 * @throws VoltError `scope_needed`
 */
export function requireCovered(requester: Requester, repo: string): void {
  if (covers(requester, repo)) return;
  const { name, repos } = requester.caller ?? {};
  throw new VoltError('scope_needed', `the token ${name} may change nothing of ${repo}`, {
    remedy: `It is for ${repos?.join(', ') || 'no repository any more'}; \`volt token add NAME --repo ${repo}\` makes another.`,
  });
}
