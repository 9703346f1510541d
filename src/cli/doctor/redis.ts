import { settleIsolation } from '../../exec/isolation-check.ts';
import type { Config } from '../../kernel/config.ts';
import { asVoltError } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { dataDirectoryHolder } from '../../record/lock.ts';
import { askServer } from '../../redis/ask-server.ts';
import { findRedisServer } from '../../redis/embedded.ts';
import { unfitness } from '../../redis/server.ts';
import { hasMainUser, withoutPassword } from '../../redis/url.ts';
import { type FoundAddress, redisAddress } from '../redis-address.ts';
import { size } from '../sizes.ts';
import { clockFinding } from './clock.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** How long (ms) a server may take that does not answer at once. */
const patience = 2000;

/** Whether Redis is there and fit to carry Volt; without one, whether `volt up` could start its own. */
export async function redisFindings(config: Config, logger: Logger): Promise<Finding[]> {
  let found: FoundAddress;
  try {
    found = redisAddress(config);
  } catch (error) {
    const { message, remedy } = asVoltError(error);
    return [fail('redis', message, remedy)];
  }
  const { url, from } = found;
  const where = withoutPassword(url);
  try {
    // what a stage needs beside, it says at its start
    const whose = hasMainUser(url) ? 'volt' : 'runner';
    const needs = { prefix: config.redisPrefix, whose } as const;
    const facts = await askServer(url, logger, from === 'setting' ? patience : 0, needs);
    const used = `uses ${size(facts.memory.used)}`;
    const limit = facts.memory.limit > 0 ? ` of ${size(facts.memory.limit)}` : '';
    const faults = unfitness(facts);
    return [
      ok('redis', `${where} answers, version ${facts.version}, ${used}${limit}`),
      ...(await userFindings(config, url)),
      ...faults.map(({ fatal, message, remedy }) => (fatal ? fail : warn)('redis', `${where} ${message}`, remedy)),
      ...(faults.some(({ fatal }) => fatal) ? [] : [await clockFinding(config, url, logger)]),
    ];
  } catch (error) {
    const { code, message, remedy } = asVoltError(error);
    const down =
      code === 'redis_unreachable' && from !== 'setting' && (await dataDirectoryHolder(config.dataDir)) === undefined;
    return [down ? ownServer() : fail('redis', message, remedy)];
  }
}

/** Jobs without isolation read what their runner can: that should not be the password of who may do everything. */
async function userFindings({ runnerKey, isolation }: Config, url: string): Promise<Finding[]> {
  if (runnerKey === undefined || !hasMainUser(url)) return [];
  const level = await settleIsolation(isolation).then(
    (found) => found.level,
    () => undefined,
  );
  if (level !== 'none') return [];
  const remedy = 'Give the runner the user that `volt redis-acl` prints, and VOLT_ISOLATION=sandbox.';
  return [warn('redis', 'jobs can read the password of the main user of Redis, and with it do what Volt can', remedy)];
}

/** No Redis was named, and no `volt up` runs: the next one starts its own. */
function ownServer(): Finding {
  try {
    return ok('redis', `none is running; \`volt up\` starts its own (${findRedisServer()})`);
  } catch (error) {
    const { message, remedy } = asVoltError(error);
    return fail('redis', message, remedy);
  }
}
