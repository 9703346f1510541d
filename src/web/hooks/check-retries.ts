import type { Context } from 'hono';
import { forgeAt } from '../../forge/kinds.ts';
import { errorText, VoltError } from '../../kernel/errors.ts';
import { projectAt } from '../../kernel/forge-projects.ts';
import { holds } from '../../kernel/rights.ts';
import type { NewEntry } from '../../record/audit.ts';
import { forgeWithToken } from '../../record/forges.ts';
import { type CheckOfBuild, checksOf } from '../../record/status-details.ts';
import { administrator } from '../../record/visibility.ts';
import { atFirstDelivery } from '../../redis/deliveries.ts';
import { actorOf, logAction } from '../access/audit.ts';
import type { Caller } from '../access/caller.ts';
import type { WebEnv } from '../access/env.ts';
import { callerOfAccount } from '../access/forge-account.ts';
import { retryBuild, retryJob } from '../requests/builds.ts';
import type { Web } from '../services.ts';
import { type AppCall, repositoriesOf, type WantedCheck } from './app-calls.ts';

/** Milliseconds that GitHub has for an answer. It waits some 10 s for the answer to its own call. */
const patience = 3000;

/**
 * Retries what somebody wants again at GitHub, who may run builds. A check of one job retries that job, one of a
 * failed build what has failed of it, and all checks of a commit their whole builds.
 * @param hash of the call, which counts once
 */
export async function retryChecks(
  web: Web,
  context: Context<WebEnv>,
  forge: string,
  { wanted }: Pick<AppCall, 'wanted'>,
  hash: string,
): Promise<void> {
  if (!wanted) return;
  for (const repository of await repositoriesOf(web.database, forge, wanted.project)) {
    const repo = repository.name;
    const checks = await checksOf(web.database, { forge, repo, sha: wanted.sha });
    const [build] = wanted.id?.split('.') ?? [];
    const meant = checks.filter((check) =>
      build === undefined ? !check.isPart : String(check.build) === build && check.context === wanted.name,
    );
    if (meant.length === 0) continue;
    await atFirstDelivery(web.access, { repo, hash }, async () => {
      const caller = await callerOf(web, forge, repository, wanted);
      if (!caller || !holds(caller.rights, 'run', repo))
        return refuse(web, context, {
          ...(caller ? actorOf(caller) : { actor: `${wanted.by?.name ?? 'somebody'} at ${forge}` }),
          repo,
        });
      for (const check of meant) await retry(web, context, check, { caller, failedOnly: build !== undefined });
    });
  }
}

/** Asks GitHub, since a call that somebody has recorded says what held then. Undefined where GitHub does not tell. */
async function callerOf(
  web: Web,
  name: string,
  repository: { name: string; url: string },
  { by, app }: WantedCheck,
): Promise<Caller | undefined> {
  try {
    const forge = await forgeWithToken(web.database, web.config, name);
    const project = projectAt(forge, repository);
    const { comments } = forgeAt(forge, patience);
    if (app !== forge.app || !by || project === undefined || !forge.isChecked || !comments) return undefined;
    return await callerOfAccount(web.database, forge, repository.name, by, () => comments.mayWrite(project, by));
  } catch (error) {
    if (!(error instanceof VoltError) || error.code.startsWith('record_')) throw error;
    web.logger.warn(`cannot ask ${name} who may retry checks of ${repository.name}: ${errorText(error)}`, {
      repo: repository.name,
    });
    return undefined;
  }
}

async function refuse(
  web: Web,
  context: Context<WebEnv>,
  { repo, ...actor }: Pick<NewEntry, 'actor' | 'person'> & { repo: string },
): Promise<void> {
  context.set('target', repo);
  await logAction(web, context, { ...actor, action: 'builds.retry', status: 403, repo });
}

async function retry(
  web: Web,
  context: Context<WebEnv>,
  check: CheckOfBuild,
  { caller, failedOnly }: { caller: Caller; failedOnly: boolean },
): Promise<void> {
  const requester = { caller, reader: administrator };
  const [job] = check.isPart ? check.jobs : [];
  try {
    if (job && check.jobs.length === 1) await retryJob(web, requester, job);
    else await retryBuild(web, requester, check.build, failedOnly && check.state !== 'success');
    context.set('target', check.build);
    await logAction(web, context, { ...actorOf(caller), action: 'builds.retry', status: 202 });
  } catch (error) {
    // a build that runs cannot be retried; GitHub cannot show why
    if (!(error instanceof VoltError) || error.code.startsWith('record_')) throw error;
    web.logger.info(`cannot retry build ${check.build} for ${caller.name}: ${error.message}`, { build: check.build });
  }
}
