import type { Config } from '../../kernel/config.ts';
import { asVoltError } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { Queues } from '../../queues/queues.ts';
import { Database } from '../../record/database.ts';
import { inspectNamed } from '../../record/inspect.ts';
import { recordLocalAction } from '../../record/local-actions.ts';
import { schemaVersion } from '../../record/migrations.ts';
import { connectRedis } from '../../redis/connect.ts';
import { redisAddress } from '../redis-address.ts';
import type { DeepCheck } from './deep/check.ts';
import { databaseFindings } from './deep/database.ts';
import { backupFindings, logFindings, mirrorFindings, resultFindings, spoolFindings } from './deep/files.ts';
import { memberFindings } from './deep/members.ts';
import { messageFindings } from './deep/messages.ts';
import { pollScheduleFindings } from './deep/poll-schedules.ts';
import { type Finding, fail, warn } from './finding.ts';

const checks = [
  ...[databaseFindings, messageFindings, pollScheduleFindings, memberFindings],
  ...[logFindings, resultFindings, spoolFindings, mirrorFindings, backupFindings],
];

/**
 * Compares database, files, Redis and mirrors with each other. Stages may run at the same time, so a finding may be
 * data in transit.
 * @param options.mend whether to repair what is certain
 */
export async function deepFindings(config: Config, logger: Logger, { mend }: { mend: boolean }): Promise<Finding[]> {
  const { where, found } = await inspectNamed(config);
  if (!found) return [warn('deep', `there is no database at ${where} to compare with`, 'Name the right --data.')];
  // opening it would migrate it
  if (found.schemaVersion !== schemaVersion) {
    return [warn('deep', 'the database is of another version of Volt', 'Use the version that runs on it.')];
  }
  const database = await Database.open(config);
  const opened = await openRedis(config, logger, database);
  const redis = 'access' in opened ? opened : undefined;
  const context: DeepCheck = { config, logger, database, redis, mend };
  const findings: Finding[] = 'access' in opened ? [] : [opened];
  try {
    for (const check of checks) findings.push(...(await check(context).catch(failed)));
    if (mend) await recordLocalAction(database, config, { action: 'data.mend', target: config.dataDir });
  } finally {
    await redis?.queues.close();
    await redis?.access.close();
    await database.close();
  }
  return findings;
}

async function openRedis(
  config: Config,
  logger: Logger,
  database: Database,
): Promise<NonNullable<DeepCheck['redis']> | Finding> {
  const access = await connectRedis(config, redisAddress(config).url, logger, 0).catch(() => undefined);
  if (!access)
    return warn('messages', 'Redis does not answer, so messages are not compared', 'See the check of Redis.');
  const owner = await access.client.get(access.keys.record);
  if (owner === null || owner === database.id || database.formerIds.includes(owner))
    return { access, queues: new Queues(access, logger, database) };
  await access.close();
  return fail(
    'messages',
    'this Redis serves another database',
    'Give each Volt a Redis or a VOLT_REDIS_PREFIX of its own.',
  );
}

/** A check that could not be made counts as failed. */
export function failed(error: unknown): Finding[] {
  const { message, remedy } = asVoltError(error);
  return [fail('deep', `a check could not be made: ${message}`, remedy)];
}
