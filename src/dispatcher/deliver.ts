import { VoltError } from '../kernel/errors.ts';
import { attemptName, type RunnerId } from '../kernel/model.ts';
import { Later } from '../queues/consumer.ts';
import type { SecretsMessage } from '../queues/messages.ts';
import type { StageContext } from '../queues/stage.ts';
import { findCredential } from '../record/credentials.ts';
import type { Database } from '../record/database.ts';
import { type OpenJob, openJobs } from '../record/open-jobs.ts';
import { logOwner } from '../record/runner-keys.ts';
import { secretsForJob } from '../record/secrets.ts';
import { trustedRefs } from '../record/trust.ts';
import { notifyRunner } from '../redis/channels.ts';
import { findRunner } from '../redis/membership.ts';
import { boxContext, boxKeyStatement, type Delivered } from '../secrets/delivery.ts';
import { seal } from '../secrets/sealed-box.ts';
import { isSigned } from '../secrets/signing.ts';
import { secretsNamedBy } from './secret-names.ts';
import { secretsAreFor } from './trust.ts';

/** How long (ms) a request waits for the start of its attempt to be recorded, before it is looked at again. */
const startInterval = 50;

/**
 * Seals what an attempt asks for to the key that its runner has signed, and tells it by the runner's channel: so it lies nowhere, and
 * one that is lost is asked for again. Only the runner that the record names as that of the current attempt is answered;
 * everybody else is left without an answer.
 */
export async function deliver(context: StageContext & { database: Database }, request: SecretsMessage): Promise<void> {
  const { access, database, logger } = context;
  const runner = request.runner as RunnerId;
  const [job] = await openJobs(database, { jobs: [request.job], limit: 1 });
  if (job?.attempt !== request.attempt) return;
  const member = await findRunner(access, runner);
  if (!member?.publicKey) return;
  // the runner asks at once, and a reporter may still be at the message that says that it has begun
  if (job.status === 'queued') throw new Later(startInterval, 'the start of the attempt is not recorded yet');
  if (job.status !== 'running' || job.runner?.id !== runner) return;
  const ref = { job: job.id, attempt: job.attempt };
  const owner = await logOwner(database.db, ref);
  const statement = boxKeyStatement(runner, member.publicKey);
  // whoever can write to Redis can write the heartbeat of another runner
  if (!owner?.key || !owner.isGood || !isSigned(owner.key, 'runner box', statement, member.boxSignature ?? '')) {
    logger.error(`gives attempt ${attemptName(ref)} nothing: its runner's key for boxes is not signed by it`, {
      runner,
    });
    return;
  }
  const { kind } = request;
  try {
    const content = kind === 'secrets' ? await secretsOf(context, job) : await credentialOf(context, job);
    const box = seal(member.publicKey, boxContext(ref, runner, kind), JSON.stringify(content));
    await notifyRunner(access, runner, { kind: 'sealed', ...ref, delivery: kind, answer: { box } });
    logger.debug(`gave attempt ${attemptName(ref)} its ${kind}`, { job: job.id, attempt: job.attempt, runner });
  } catch (error) {
    // a record that is away is back some day, and the request is handled again until then
    if (!(error instanceof VoltError) || error.code.startsWith('record_')) throw error;
    const { message, remedy, code } = error;
    // a key that is missing does not come back by asking again; the message holds no secret
    logger.error(`cannot give attempt ${attemptName(ref)} its ${kind}: ${message}`, { code });
    await notifyRunner(access, runner, {
      ...{ kind: 'sealed', ...ref, delivery: kind },
      answer: { refused: `${message}. ${remedy}` },
    });
  }
}

async function secretsOf(
  { database, config }: StageContext & { database: Database },
  job: OpenJob,
): Promise<Delivered<'secrets'>> {
  if (job.repo.removed) return { values: {}, withheld: `its repository ${job.repo.name} is not observed any more` };
  if (!secretsAreFor(job)) {
    const trusted = await trustedRefs(database, job.repo.name);
    const which = trusted.length === 0 ? 'none is' : `those are ${trusted.join(', ')}`;
    return { values: {}, withheld: `${job.ref} is not trusted with secrets; ${which}` };
  }
  return { values: await secretsForJob(database, config, job.repo.name, secretsNamedBy(job.plan)), withheld: null };
}

async function credentialOf(
  { database, config }: StageContext & { database: Database },
  job: OpenJob,
): Promise<Delivered<'credential'>> {
  if (job.repo.removed) return null;
  return (await findCredential(database, config, job.repo.name)) ?? null;
}
