import { refMatcher } from '../git/remote/ref-names.ts';
import type { BuildId, JobId } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import { approvalPatience, beginWait, expireWait, setDue } from '../record/approvals.ts';
import type { Write } from '../record/database.ts';
import { environmentVariables } from '../record/environment-entries.ts';
import { type EnvironmentRules, findEnvironment } from '../record/environments.ts';
import type { DeployAnswer } from '../workflow/action.ts';

export interface DeployRequest {
  build: BuildId;
  repo: string;
  ref: string;
  job: JobId;
  /** of the job while it waits */
  attempt: number;
  /** name, as the job has it */
  environment: string;
  /** whether the build is of a pull request's head that no branch of the repository is at: anybody may have made it */
  isOfFork: boolean;
}

/**
 * Whether a job may deploy to an environment now, by the environment's rules as they are now: its refs, its waiting time, and
 * the approval of a person. A job that has to wait does so from its first request on. A fork's job deploys only where the rules name
 * its ref or ask a person; otherwise everybody could have the environment's variables, and an address in its list of deployments.
 */
export async function askEnvironment(db: Write, request: DeployRequest): Promise<DeployAnswer> {
  const { repo, ref, environment, isOfFork } = request;
  const rules = await findEnvironment(db, repo, environment);
  if (!rules) return isOfFork ? { kind: 'apart' } : { kind: 'allowed', vars: {} };
  if (!allowsRef(rules, ref)) {
    const message = `the environment ${environment} does not allow ${ref}; it allows ${rules.branches.join(', ')}`;
    return { kind: 'refused', status: 'error', reason: 'environment_refused', message };
  }
  const kept = await untilLetThrough(db, request, rules);
  if (kept) return kept;
  const isNamed = rules.branches.length > 0 || rules.approve;
  return isOfFork && !isNamed ? { kind: 'apart' } : allowed(db, request);
}

/** Whether builds of a ref may deploy to an environment. */
export function allowsRef({ branches }: Pick<EnvironmentRules, 'branches'>, ref: string): boolean {
  return branches.length === 0 || refMatcher(branches)(ref);
}

async function allowed(db: Write, { repo, environment }: DeployRequest): Promise<DeployAnswer> {
  return { kind: 'allowed', vars: await environmentVariables(db, repo, environment) };
}

/** @returns undefined as soon as it may deploy */
async function untilLetThrough(
  db: Write,
  request: DeployRequest,
  { approve, waitMinutes }: EnvironmentRules,
): Promise<DeployAnswer | undefined> {
  if (!approve && waitMinutes === 0) return undefined;
  const { environment } = request;
  const { id, askedAt, decision, by, comment } = await beginWait(db, request);
  if (decision === 'declined') {
    const message = `${by} declined its deployment to ${environment}${comment ? `: ${comment}` : ''}`;
    return { kind: 'refused', status: 'cancelled', reason: 'declined', message };
  }
  const now = serverNow();
  const [expires, ends] = [askedAt + approvalPatience, askedAt + waitMinutes * 60_000];
  if (approve && decision !== 'approved') {
    if (decision === null && now < expires) {
      await setDue(db, id, expires);
      const message = `waits until a person approves its deployment to ${environment}`;
      return { kind: 'waits', reason: 'approval_required', message };
    }
    await expireWait(db, id);
    const message = `nobody approved its deployment to ${environment} within 30 days`;
    return { kind: 'refused', status: 'cancelled', reason: 'expired', message };
  }
  await setDue(db, id, now < ends ? ends : null);
  if (now >= ends) return undefined;
  return { kind: 'waits', message: `waits ${waitMinutes} min before it deploys to ${environment}` };
}
