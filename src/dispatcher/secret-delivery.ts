import { ForgeFault } from '../forge/fault.ts';
import { VoltError } from '../kernel/errors.ts';
import { attemptName, type RunnerId } from '../kernel/model.ts';
import { Later } from '../queues/consumer.ts';
import type { SecretsMessage } from '../queues/messages.ts';
import { findCredential } from '../record/credentials.ts';
import { environmentOf } from '../record/deployments.ts';
import { environmentSecrets } from '../record/environment-entries.ts';
import { findEnvironment } from '../record/environments.ts';
import { type OpenJob, openJobs } from '../record/open-jobs.ts';
import { logOwner } from '../record/runner-keys.ts';
import { secretsForJob } from '../record/secrets.ts';
import { trustedRefs } from '../record/trust.ts';
import { notifyRunner } from '../redis/channels.ts';
import { findRunner } from '../redis/membership.ts';
import { boxContext, boxKeyStatement, type Delivered } from '../secrets/delivery.ts';
import { seal } from '../secrets/sealed-box.ts';
import { isSigned } from '../secrets/signing.ts';
import type { DispatcherContext } from './context.ts';
import { allowsRef } from './environment-gate.ts';
import { idTokenFor } from './id-token.ts';
import { asksForToken, jobToken, type TokenRights } from './job-token.ts';
import { type NamedSecrets, secretsNamedBy } from './secret-names.ts';
import { secretsAreFor } from './trust.ts';

/** Milliseconds until a request is tried again while the start of its attempt is not recorded. */
const startInterval = 50;

/**
 * Answers an attempt's request for secrets, a credential or an ID token: seals them to the key that its runner has signed, and publishes
 * them on the runner's channel. They are stored nowhere; if the answer is lost, the runner asks again. Only the runner that
 * the database names for the current attempt gets an answer.
 */
export async function deliverSecrets(context: DispatcherContext, request: SecretsMessage): Promise<void> {
  const { access, database, logger } = context;
  const runner = request.runner as RunnerId;
  const [job] = await openJobs(database, { jobs: [request.job], limit: 1 });
  if (job?.attempt !== request.attempt) return;
  const member = await findRunner(access, runner);
  if (!member?.publicKey) return;
  // the runner asks at once, and the reporter may not have handled the message of the start yet
  if (job.status === 'queued') throw new Later(startInterval, 'the start of the attempt is not recorded yet');
  if (job.status !== 'running' || job.runner?.id !== runner) return;
  const ref = { job: job.id, attempt: job.attempt };
  const owner = await logOwner(database.db, ref);
  const statement = boxKeyStatement(runner, member.publicKey);
  // anyone who can write to Redis can write the heartbeat of another runner
  if (!owner?.key || !owner.isGood || !isSigned(owner.key, 'runner box', statement, member.boxSignature ?? '')) {
    logger.error(`refused attempt ${attemptName(ref)} its ${request.kind}: its runner has not signed its box key`, {
      runner,
    });
    return;
  }
  const { kind, request: id } = request;
  try {
    const content = await contentOf(context, job, request);
    const box = seal(member.publicKey, boxContext(ref, runner, request), JSON.stringify(content));
    await notifyRunner(access, runner, { kind: 'sealed', ...ref, delivery: kind, request: id, answer: { box } });
    logger.debug(`gave attempt ${attemptName(ref)} its ${kind}`, { ...ref, runner });
  } catch (error) {
    // the request is handled again until the database is back
    if (!(error instanceof VoltError) || error.code.startsWith('record_')) throw error;
    const { message, remedy, code } = error;
    if (code === 'forge_unreachable' || code === 'forge_limited') {
      logger.warn(`attempt ${attemptName(ref)} waits for its GITHUB_TOKEN: ${message}`, { code });
      return;
    }
    // asking again does not help if a key is missing; the message holds no secret
    logger.error(`cannot give attempt ${attemptName(ref)} its ${kind}: ${message}`, { code });
    const answer = { refused: `${message}. ${remedy}` };
    await notifyRunner(access, runner, { kind: 'sealed', ...ref, delivery: kind, request: id, answer });
  }
}

async function contentOf(context: DispatcherContext, job: OpenJob, { kind, audience }: SecretsMessage) {
  switch (kind) {
    case 'secrets':
      return secretsOf(context, job);
    case 'credential':
      return credentialOf(context, job);
    case 'id-token':
      return idTokenFor(context, job, audience);
  }
}

async function secretsOf(context: DispatcherContext, job: OpenJob): Promise<Delivered<'secrets'>> {
  const { database, config } = context;
  if (job.repo.removed) return { values: {}, withheld: `its repository ${job.repo.name} is no longer observed` };
  if (job.pullRequest !== null) return { values: {}, withheld: 'builds of pull requests get no secrets' };
  if (!secretsAreFor(job)) {
    const trusted = await trustedRefs(database, job.repo.name);
    const which = trusted.length === 0 ? 'no ref is' : `trusted refs are ${trusted.join(', ')}`;
    return { values: {}, withheld: `${job.ref} is not trusted with secrets; ${which}` };
  }
  const named = secretsNamedBy(job.plan);
  const token = named.token ? await tokenOf(context, job, named) : undefined;
  const values = {
    ...(await secretsForJob(database, config, job.repo.name, named.repository)),
    ...(token !== undefined && { GITHUB_TOKEN: token }),
  };
  const environment = await secretsOfEnvironment({ database, config }, job, named.environment);
  // a call gives the repository's other names, and older runners know no others
  if (named.called) return { values, environment, withheld: null };
  return { values: { ...values, ...environment }, withheld: null };
}

/** A forge that gives no token must not hold up jobs that do not ask for it. */
async function tokenOf(context: DispatcherContext, job: OpenJob, named: TokenRights) {
  try {
    return await jobToken(context, job, named);
  } catch (error) {
    if (!(error instanceof ForgeFault) || asksForToken(job)) throw error;
    context.logger.warn(`job ${job.id} gets no GITHUB_TOKEN: ${error.message}`, { repo: job.repo.name });
    return undefined;
  }
}

/** Those of the environment that the job was let through to, as far as its rules still allow the ref. */
async function secretsOfEnvironment(
  { database, config }: Pick<DispatcherContext, 'database' | 'config'>,
  { id: job, attempt, ref, repo }: OpenJob,
  named: NamedSecrets['environment'],
): Promise<{ [name: string]: string }> {
  if (named.length === 0) return {};
  const environment = await environmentOf(database.db, { job, attempt });
  const rules = environment === undefined ? undefined : await findEnvironment(database.db, repo.name, environment);
  if (environment === undefined || !rules || !allowsRef(rules, ref)) return {};
  return environmentSecrets(database, config, { repo: repo.name, environment }, named);
}

async function credentialOf({ database, config }: DispatcherContext, job: OpenJob): Promise<Delivered<'credential'>> {
  if (job.repo.removed) return null;
  return (await findCredential(database, config, job.repo.name)) ?? null;
}
