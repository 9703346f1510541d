import type { Context } from 'hono';
import { forgeAt } from '../../forge/kinds.ts';
import { errorText, VoltError } from '../../kernel/errors.ts';
import { projectAt } from '../../kernel/forge-projects.ts';
import { forgeWithToken } from '../../record/forges.ts';
import { type CheckOfBuild, checksOf } from '../../record/status-details.ts';
import { administrator } from '../../record/visibility.ts';
import { atFirstDelivery } from '../../redis/deliveries.ts';
import { logAction } from '../access/audit.ts';
import { owner } from '../access/caller.ts';
import type { WebEnv } from '../access/env.ts';
import { retryBuild, retryJob } from '../requests/builds.ts';
import type { Web } from '../services.ts';
import { type AppCall, repositoriesOf, type WantedCheck } from './app-calls.ts';

/** Milliseconds that GitHub has for an answer. It waits some 10 s for the answer to its own call. */
const patience = 3000;

/**
 * Retries what somebody wants again at GitHub, who may write to the repository there. A check of one job retries that job, one of a
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
      const actor = `${wanted.by?.name ?? 'somebody'} at ${forge}`;
      if (!(await mayRetry(web, forge, repository, wanted))) return refuse(web, context, { actor, repo });
      for (const check of meant) await retry(web, context, check, { actor, failedOnly: build !== undefined });
    });
  }
}

/** Asks GitHub, since a call that somebody has recorded says what held then. False where GitHub does not tell. */
async function mayRetry(
  web: Web,
  name: string,
  repository: { name: string; url: string },
  { by, app }: WantedCheck,
): Promise<boolean> {
  try {
    const forge = await forgeWithToken(web.database, web.config, name);
    const project = projectAt(forge, repository);
    const { comments } = forgeAt(forge, patience);
    if (app !== forge.app || !by || project === undefined || !forge.isChecked || !comments) return false;
    return await comments.mayWrite(project, by);
  } catch (error) {
    if (!(error instanceof VoltError) || error.code.startsWith('record_')) throw error;
    web.logger.warn(`cannot ask ${name} who may retry checks of ${repository.name}: ${errorText(error)}`, {
      repo: repository.name,
    });
    return false;
  }
}

async function refuse(
  web: Web,
  context: Context<WebEnv>,
  { actor, repo }: { actor: string; repo: string },
): Promise<void> {
  context.set('target', repo);
  await logAction(web, context, { actor, action: 'builds.retry', status: 403, repo });
}

async function retry(
  web: Web,
  context: Context<WebEnv>,
  check: CheckOfBuild,
  { actor, failedOnly }: { actor: string; failedOnly: boolean },
): Promise<void> {
  const requester = { caller: { ...owner, name: actor }, reader: administrator };
  const [job] = check.isPart ? check.jobs : [];
  try {
    if (job && check.jobs.length === 1) await retryJob(web, requester, job);
    else await retryBuild(web, requester, check.build, failedOnly && check.state !== 'success');
    context.set('target', check.build);
    await logAction(web, context, { actor, action: 'builds.retry', status: 202 });
  } catch (error) {
    // a build that runs cannot be retried; GitHub cannot show why
    if (!(error instanceof VoltError) || error.code.startsWith('record_')) throw error;
    web.logger.info(`cannot retry build ${check.build} for ${actor}: ${error.message}`, { build: check.build });
  }
}
