import { levelName, settleIsolation } from '../../exec/isolation-check.ts';
import type { Config } from '../../kernel/config.ts';
import { asVoltError } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { sizeText } from '../../kernel/sizes.ts';
import { dataDirectoryHolder } from '../../record/lock.ts';
import { askServer } from '../../redis/ask-server.ts';
import { findRedisServer } from '../../redis/embedded.ts';
import { unfitness } from '../../redis/server-facts.ts';
import { hasMainUser, withoutPassword } from '../../redis/url.ts';
import { type FoundAddress, redisAddress } from '../redis-address.ts';
import { clockFinding } from './clock.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** Milliseconds to wait for a server that does not answer at once. */
const timeout = 2000;

/** Checks whether Redis answers and is fit for Volt; without an address, whether `volt up` could start a server. */
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
    // a stage checks at its start what else it needs
    const user = hasMainUser(url) ? 'volt' : 'runner';
    const needs = { prefix: config.redisPrefix, whose: user } as const;
    const facts = await askServer(url, logger, from === 'setting' ? timeout : 0, needs);
    const used = `uses ${sizeText(facts.memory.used)}`;
    const limit = facts.memory.limit > 0 ? ` of ${sizeText(facts.memory.limit)}` : '';
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

/** Jobs without isolation can read what their runner can, such as the password of the main user. */
async function userFindings({ runnerKey, isolation }: Config, url: string): Promise<Finding[]> {
  if (runnerKey === undefined || !hasMainUser(url)) return [];
  const level = await settleIsolation(isolation).then(
    (found) => levelName(found),
    () => undefined,
  );
  if (level !== 'none') return [];
  const remedy = 'Give the runner a user of its own (`volt redis-acl` prints one), or set VOLT_ISOLATION=sandbox.';
  return [
    warn('redis', 'jobs can read the password of the main user of Redis, and do with it all that Volt can', remedy),
  ];
}

/** No address is set and no `volt up` runs: the next one starts a server. */
function ownServer(): Finding {
  try {
    return ok('redis', `not running; \`volt up\` starts its own (${findRedisServer()})`);
  } catch (error) {
    const { message, remedy } = asVoltError(error);
    return fail('redis', message, remedy);
  }
}
