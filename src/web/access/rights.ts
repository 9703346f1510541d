import type { Context } from 'hono';
import type { Config } from '../../kernel/config.ts';
import { VoltError } from '../../kernel/errors.ts';
import { holds, type Right, roleIn } from '../../kernel/rights.ts';
import { includes, type Role } from '../../kernel/roles.ts';
import type { Database } from '../../record/database.ts';
import type { Reader } from '../../record/visibility.ts';
import { tokenNeeded } from './bearer.ts';
import type { Caller } from './caller.ts';
import type { WebEnv } from './env.ts';
import type { Guard } from './guard.ts';
import { repositoryAt } from './readable.ts';
import type { Requester } from './requester.ts';

/** The one place that decides who may do what: the API, pages, streams, feeds and the queues ask here. */

/**
 * Whether the caller has a role.
 * @param repo in that repository, which the caller may read; without it, in any
 */
export function may(context: Context<WebEnv>, role: Role, repo?: string): boolean {
  return holds(context.get('caller')?.rights ?? [], role, repo);
}

/** Whether the sender of a request whose answer takes long still has a role in any repository. @throws VoltError `rate_limited` */
export async function stillHas(context: Context<WebEnv>, guard: Guard, role: Role): Promise<boolean> {
  return holds((await guard.callerOf(context))?.rights ?? [], role);
}

/** Whether a page offers what needs a role: to who has it, and to who may have it after signing in. */
export function offers(context: Context<WebEnv>, role: Role, repo: string): boolean {
  return !context.get('signedIn') || may(context, role, repo);
}

/**
 * @param what the request does, as the subject of a sentence
 * @param repo in that repository, which the caller may read; without it, in any
 * @throws VoltError `token_needed` or `token_wrong` without a caller, `role_needed` if the caller has a smaller role
 */
export function requireRole(context: Context<WebEnv>, role: Role, what: string, repo?: string): void {
  const caller = context.get('caller');
  if (!caller) throw tokenNeeded(context, what);
  requireRoleOf({ caller }, role, what, repo);
}

/** @throws VoltError `role_needed` */
export function requireRoleOf(
  { caller }: Pick<Requester, 'caller'>,
  role: Role,
  what: string,
  repo: string | undefined,
): void {
  const { name = 'nobody', person = null, rights = [] } = caller ?? {};
  if (holds(rights, role, repo)) return;
  const has = roleIn(rights, repo);
  const where = repo === undefined ? '' : ` in ${repo}`;
  // never a command that gives the role in all repositories to somebody who needs it in one
  const of = role === 'admin' ? '' : ` --repo ${repo ?? 'REPO'}`;
  const remedy =
    person === null
      ? `Use another token; somebody with the role "admin" makes them: \`volt token add NAME --role ${role}${of}\`.`
      : `Somebody with the role "admin" can give it to you: \`volt access grant ${person.name} ${role}${of}\`.`;
  throw new VoltError(
    'role_needed',
    `${what} needs the role "${role}"${where}; ${name} has ${has === undefined ? 'none' : `"${has}"`}`,
    { remedy },
  );
}

/** @throws VoltError `token_needed` or `token_wrong` */
function requireCaller(context: Context<WebEnv>, what: string): void {
  if (!context.get('caller')) throw tokenNeeded(context, what);
}

/**
 * The same, where the path of the request may name a repository, a build or a job.
 * @param path the pattern of the route, in hono's form; `role` null: it is enough to be signed in
 * @throws VoltError also `not_found` for what the caller may not read
 */
export async function requireRoleAt(
  context: Context<WebEnv>,
  { database }: { database: Database },
  { path, role, what }: { path: string; role: Role | null; what: string },
): Promise<void> {
  if (role === null) return requireCaller(context, what);
  // before the path is looked at, so that nobody learns what exists
  requireRole(context, role, what);
  const repo = await repositoryAt(database, context.get('reader'), path, context.req.param());
  if (repo !== undefined) requireRole(context, role, what, repo);
}

/** What the sender of a request may read: what everybody may read without a token, plus what its rights add. */
export function readerOf(context: Context<WebEnv>, reading: Config['reading']): Reader {
  const reader = { ...reachOf(context.get('caller'), 'read'), public: true };
  return isOpen(context, reading) ? { ...reader, internal: true } : reader;
}

/** The repositories in which a caller has a role. */
export function reachOf(caller: Caller | undefined, role: Role): Reader {
  const rights = (caller?.rights ?? []).filter((right) => includes(right.role, role));
  const everywhere = rights.filter(({ repos }) => repos.includes('*'));
  return {
    all: everywhere.some(isForPrivate),
    public: false,
    internal: everywhere.length > 0,
    granted: rights.filter(isForPrivate).flatMap(({ repos }) => repos),
  };
}

function isForPrivate(right: Right): boolean {
  return right.private;
}

/** Whether reading needs no token, except of private repositories. */
function isOpen(context: Context<WebEnv>, reading: Config['reading']): boolean {
  if (reading === 'token') return false;
  return reading === 'public' || context.get('source').local;
}
