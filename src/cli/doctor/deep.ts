import type { Config } from '../../kernel/config.ts';
import { asVoltError } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { Queues } from '../../queues/queues.ts';
import { Database } from '../../record/database.ts';
import { inspectNamed } from '../../record/inspect.ts';
import { schemaVersion } from '../../record/migrations.ts';
import { connectRedis } from '../../redis/connect.ts';
import { redisAddress } from '../redis-address.ts';
import { backupFindings } from './deep/backups.ts';
import type { DeepCheck } from './deep/check.ts';
import { contradictionFindings } from './deep/contradictions.ts';
import { logFindings } from './deep/logs.ts';
import { memberFindings } from './deep/members.ts';
import { messageFindings } from './deep/messages.ts';
import { mirrorFindings } from './deep/mirrors.ts';
import { pollScheduleFindings } from './deep/poll-schedules.ts';
import { resultFindings } from './deep/results.ts';
import { spoolFindings } from './deep/spools.ts';
import { type Finding, fail, warn } from './finding.ts';

const checks = [
  contradictionFindings,
  messageFindings,
  pollScheduleFindings,
  memberFindings,
  logFindings,
  resultFindings,
  spoolFindings,
  mirrorFindings,
  backupFindings,
];

/**
 * Compares record, files, Redis and mirrors with each other. What is found may be on its way to being right: stages work
 * meanwhile.
 * @param mend does what Volt would not do by itself
 */
export async function deepFindings(config: Config, logger: Logger, mend: boolean): Promise<Finding[]> {
  const { where, found } = await inspectNamed(config);
  if (!found) return [warn('deep', `there is no record at ${where} to compare with`, 'Name its --data.')];
  // opening it would bring it to this version
  if (found.schemaVersion !== schemaVersion) {
    return [warn('deep', 'the record is of another version, and is not compared', 'Use the version that runs on it.')];
  }
  const database = await Database.open(config);
  const opened = await openRedis(config, logger, database);
  const redis = 'access' in opened ? opened : undefined;
  const context: DeepCheck = { config, logger, database, redis, mend };
  const findings: Finding[] = 'access' in opened ? [] : [opened];
  try {
    for (const check of checks) findings.push(...(await check(context).catch(failed)));
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
    return warn('messages', 'Redis does not answer, so its messages are not compared', 'See the check of Redis.');
  const owner = await access.client.get(access.keys.record);
  if (owner === null || owner === database.id || database.formerIds.includes(owner))
    return { access, queues: new Queues(access, logger, database) };
  await access.close();
  return fail(
    'messages',
    'this Redis serves another record',
    'Give each Volt a Redis or a VOLT_REDIS_PREFIX of its own.',
  );
}

/** A check that could not be made is one that has failed. */
export function failed(error: unknown): Finding[] {
  const { message, remedy } = asVoltError(error);
  return [fail('deep', `a check could not be made: ${message}`, remedy)];
}
