import { admitRunners } from '../../dispatcher/runner-rules.ts';
import { VoltError } from '../../kernel/errors.ts';
import { drainRunner, listRunnerDrains, resumeRunner } from '../../record/runner-drains.ts';
import { hasRunJobs } from '../../record/runner-history.ts';
import { listRunners } from '../../redis/membership.ts';
import type { Web } from '../services.ts';
import { askRedis } from '../status/ask-redis.ts';
import { announce } from './announce.ts';

/**
 * Has a runner end what it runs and take no more jobs, until it is resumed.
 * @param by name of the token
 * @throws VoltError `not_found`
 */
export async function drain(web: Web, runner: string, { by, reason }: { by: string; reason: string }): Promise<void> {
  await requireRunner(web, runner);
  await drainRunner(web.database, { runner, by, reason: reason.trim() || null });
  await announce(web, admitRunners(web));
}

/** Lets a runner take jobs again. @throws VoltError `not_found` */
export async function resume(web: Web, runner: string): Promise<void> {
  await requireRunner(web, runner);
  await resumeRunner(web.database, runner);
  await announce(web, admitRunners(web));
}

/** A runner that is not connected may be drained before it comes back. @throws VoltError `not_found` */
async function requireRunner(web: Web, runner: string): Promise<void> {
  const listed = await askRedis(web, () => listRunners(web.access));
  if (listed?.alive.some(({ name }) => name === runner)) return;
  if (await hasRunJobs(web.database, runner)) return;
  if ((await listRunnerDrains(web.database)).some((drained) => drained.runner === runner)) return;
  throw new VoltError('not_found', `there is no runner "${runner}"`, { remedy: 'List the runners: `volt runners`.' });
}
