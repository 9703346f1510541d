import { randomUUID } from 'node:crypto';
import { serverNow } from '../kernel/server-time.ts';
import { defaultClass } from '../kernel/trust.ts';
import { environmentOf } from '../record/deployments.ts';
import { findEnvironment } from '../record/environments.ts';
import { signingIdTokenKey } from '../record/id-token-keys.ts';
import type { OpenJob } from '../record/open-jobs.ts';
import type { Delivered } from '../secrets/delivery.ts';
import { issuerOf, signIdToken } from '../secrets/id-token.ts';
import { grantsIdTokens } from '../workflow/permissions.ts';
import { type WorkflowPlan, workflowPlan } from '../workflow/plan.ts';
import { workflowEntries } from '../workflow/workflow-entries.ts';
import type { DispatcherContext } from './context.ts';
import { allowsRef } from './environment-gate.ts';
import { secretsAreFor, trustFor } from './trust.ts';

type Answer = Delivered<'id-token'>;

/**
 * A token that says which job it is, for servers that trust this Volt (OpenID Connect). Everything in it comes from the database, but
 * for the audience. The caller has checked that the job runs, on the runner that asks.
 * @param audience who the token is for; by default the owner of the repository, as on GitHub
 * @returns `withheld` with a sentence for people if the job may have none
 */
export async function idTokenFor(
  { database, config }: Pick<DispatcherContext, 'database' | 'config'>,
  job: OpenJob,
  audience: string | undefined,
): Promise<Answer> {
  if (job.pullRequest !== null) return { withheld: 'builds of pull requests get no ID tokens' };
  if (!secretsAreFor(job)) return { withheld: `${job.ref} is not trusted, and only trusted refs get ID tokens` };
  const plan = workflowPlan.safeParse(JSON.parse(job.plan));
  if (!plan.success || !grantsIdTokens(plan.data.permissions))
    return { withheld: 'the permissions of the job do not have `id-token: write`' };
  if (config.url === undefined)
    return { withheld: 'this Volt has no address that others could ask for its keys: its administrator sets VOLT_URL' };
  const environment = await environmentOf(database.db, { job: job.id, attempt: job.attempt });
  if (plan.data.environment !== undefined) {
    const rules = environment && (await findEnvironment(database.db, job.repo.name, environment));
    if (environment === undefined || (rules && !allowsRef(rules, job.ref)))
      return { withheld: 'the environment of the job does not allow its ref' };
  }
  const key = await signingIdTokenKey(database, config);
  const claims = claimsOf(job, plan.data, environment);
  const { server_url, repository_owner } = plan.data.contexts.github;
  const aud = audience ?? `${server_url}/${repository_owner}`;
  return {
    token: await signIdToken({ ...claims, iss: issuerOf(config.url), aud, jti: randomUUID() }, key, serverNow()),
  };
}

/** GitHub's claims, as far as Volt knows them, and `trust` and `volt_repository`. */
function claimsOf(job: OpenJob, plan: WorkflowPlan, environment: string | undefined) {
  const { github } = plan.contexts;
  const of = (key: string) => String(github[key] ?? '');
  const repository = of('repository');
  const { workflow_ref, workflow_sha } = workflowEntries(plan, job.sha);
  const context = environment === undefined ? `ref:${job.ref}` : `environment:${subjectPart(environment)}`;
  return {
    sub: `repo:${subjectPart(repository)}:${context}`,
    ...(environment !== undefined && { environment }),
    ...{ repository, repository_owner: of('repository_owner'), volt_repository: job.repo.name },
    ...{
      ref: job.ref,
      ref_type: of('ref_type'),
      sha: job.sha,
      trust: trustFor(job).class === defaultClass ? 'default' : 'named',
    },
    ...{ event_name: of('event_name'), actor: of('actor'), head_ref: of('head_ref'), base_ref: of('base_ref') },
    ...{ workflow: plan.workflow.name, workflow_ref: of('workflow_ref'), workflow_sha: of('workflow_sha') },
    ...{ job_workflow_ref: workflow_ref, job_workflow_sha: workflow_sha },
    ...{ run_id: of('run_id'), run_number: of('run_number'), run_attempt: of('run_attempt') },
    runner_environment: 'self-hosted',
  };
}

/** A part of a subject, which cannot be taken for several parts, as on GitHub. */
function subjectPart(text: string): string {
  return text.replaceAll(':', '%3A');
}
