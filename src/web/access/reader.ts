import type { Context } from 'hono';
import type { Config } from '../../kernel/config.ts';
import { VoltError } from '../../kernel/errors.ts';
import { administrator, type Reader } from '../../record/visibility.ts';
import type { Caller } from './caller.ts';
import type { WebEnv } from './env.ts';
import { may } from './permission.ts';

/** Who asks for something, and which repositories they may read. */
export interface Asker {
  caller: Caller | undefined;
  reader: Reader;
}

export function askerOf(context: Context<WebEnv>): Asker {
  return { caller: context.get('caller'), reader: context.get('reader') };
}

/** What may be read by whoever makes the request: as much as without a token, and what the token adds. */
export function readerOf(context: Context<WebEnv>, reading: Config['reading']): Reader {
  if (may(context, 'admin')) return administrator;
  const caller = context.get('caller');
  const everyInternal = caller !== undefined && caller.repos === null;
  return { all: false, internal: everyInternal || isOpen(context, reading), names: caller?.repos ?? [] };
}

/** Whether reading needs no token here, but of what is private. */
function isOpen(context: Context<WebEnv>, reading: Config['reading']): boolean {
  if (reading === 'token') return false;
  return reading === 'public' || context.get('source').local;
}

/** Whether the token of who asks is for a repository, as far as it is for some alone. */
export function isFor({ caller }: Asker, repo: string): boolean {
  return caller === undefined || caller.repos === null || caller.repos.includes(repo);
}

/**
 * Refuses a change of a repository that may be read, with a token that is for others alone.
 * @throws VoltError `scope_needed`
 */
export function requireOwn(asker: Asker, repo: string): void {
  if (isFor(asker, repo)) return;
  const { name, repos } = asker.caller ?? {};
  throw new VoltError('scope_needed', `the token ${name} may change nothing of ${repo}`, {
    remedy: `It is for ${repos?.join(', ') || 'no repository any more'}; \`volt token add NAME --repo ${repo}\` makes another.`,
  });
}
