import { VoltError } from '../../kernel/errors.ts';
import type { BuildId } from '../../kernel/model.ts';
import { type RepositoryOptions, recordNewRepository } from '../../observer/add.ts';
import { checkSettings } from '../../observer/settings.ts';
import type { StageContext } from '../../queues/stage.ts';
import { ensureHook } from '../../record/hooks.ts';
import { type Removal, removeRepository as recordRemoval } from '../../record/removal.ts';
import {
  changeRepository,
  type GivenSettings,
  type ObservedRepository,
  type Repository,
} from '../../record/repositories.ts';
import { administrator } from '../../record/visibility.ts';
import { notObserved, readRepository } from '../access/readable.ts';
import type { Requester } from '../access/requester.ts';
import { requireRoleOf } from '../access/rights.ts';
import { signingTokenOf } from '../access/signing-token.ts';
import type { Web } from '../services.ts';
import { announce, announceBuilds, announcePoll } from './announce.ts';
import { awaitAnswer } from './await-answer.ts';

/**
 * What people request about repositories. Each request is written to the database and then announced; an observer that
 * misses the announcement finds the request in the database.
 */

/** @throws VoltError `bad_name`, `bad_url`, `no_repository`, `bad_ref`, `bad_setting`, `name_taken`, `conflict` */
export async function createRepository(web: Web, given: RepositoryOptions): Promise<ObservedRepository> {
  const repository = await recordNewRepository(web, given).catch((error) => {
    throw onThisMachine(error, web.config.host);
  });
  await announceRepository(web, repository);
  return readRepository(web.database, administrator, repository.name);
}

/** Adds to the error of a missing path that Volt searches on the machine of the web stage. */
function onThisMachine(error: unknown, host: string): unknown {
  if (!(error instanceof VoltError) || error.code !== 'no_repository') return error;
  return new VoltError(error.code, error.message, {
    remedy: `${error.remedy} Volt searched on ${host}. For a path on another machine, run \`volt observer --repo PATH\` there.`,
    cause: error,
  });
}

/** Settings that administrators alone change: the command runs whatever the repository itself says. */
export const settingsOfAdmins: readonly (keyof GivenSettings)[] = ['command'];

/** @throws VoltError `role_needed` for a setting that only administrators change */
export function requireMaySet(requester: Requester, repo: string, given: GivenSettings): void {
  const setting = settingsOfAdmins.find((one) => given[one] !== undefined);
  if (setting !== undefined) requireRoleOf(requester, 'admin', `changing the setting "${setting}"`, repo);
}

/** @throws VoltError `not_found`, `bad_ref`, `bad_setting` */
export async function setRepository(web: Web, name: string, given: GivenSettings): Promise<ObservedRepository> {
  const change = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  checkSettings(change);
  const repository = await changeRepository(web.database, name, change);
  if (!repository) throw notObserved(name);
  await announceRepository(web, repository);
  return readRepository(web.database, administrator, name);
}

/**
 * Polls a repository now. The error of the last poll is forgotten, so that what comes next is about this one.
 * @throws VoltError `not_found`
 */
export function checkRepository(web: Web, name: string): Promise<ObservedRepository> {
  return setRepository(web, name, {});
}

/**
 * Waits until a repository was polled, and so until it is known whether Volt can fetch it.
 * @param patience milliseconds
 * @param before when it was polled the last time; null for a new one
 */
export async function awaitPoll(web: Web, name: string, patience: number, before: string | null = null): Promise<void> {
  await awaitAnswer(async () => {
    const { error, observedAt } = await readRepository(web.database, administrator, name);
    return error !== null || observedAt !== before ? true : undefined;
  }, patience);
}

/**
 * @param purge whether its history is deleted, too; also for a repository that was removed before
 * @returns the open builds, which are being cancelled
 * @throws VoltError `not_found`
 */
export async function removeRepository(web: Web, name: string, purge: boolean): Promise<BuildId[]> {
  const removal = await recordRemoval(web.database, name, purge);
  if (!removal) throw notObserved(name);
  await announceRemoval(web, name, removal);
  return removal.builds;
}

/** Ends the polls of a repository that was removed, and tells of its builds, which are being cancelled. */
export async function announceRemoval(web: StageContext, name: string, { host, builds }: Removal): Promise<void> {
  await announce(web, web.queues.unscheduleObserve(host, name));
  await announceBuilds(web, builds);
}

/**
 * The webhook of a repository, which is made where there is none.
 * @param change see `ensureHook`
 * @throws VoltError `not_found`
 */
export async function hookOf(
  web: Web,
  name: string,
  change: { rotate: boolean; key?: string | undefined },
): Promise<{ path: string; secret: string; signingToken: string }> {
  const salt = await ensureHook(web.database, web.config, name, { key: undefined, ...change });
  if (salt === undefined) throw notObserved(name);
  const secret = web.guard.hookSecret(name, salt);
  return { path: `/hooks/${name}`, secret, signingToken: signingTokenOf(secret) };
}

/** Polls a new or changed repository now, and from now on as often as it is set. */
export async function announceRepository(web: StageContext, { host, name, pollSeconds }: Repository): Promise<void> {
  await announce(web, web.queues.scheduleObserve(host, name, pollSeconds));
  await announcePoll(web, { name, host });
}
