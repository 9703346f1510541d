import type { Config } from '../../kernel/config.ts';
import type { Logger } from '../../kernel/logger.ts';
import { connectRedis } from '../../redis/connect.ts';
import { type Finding, ok, warn } from './finding.ts';

/** Milliseconds by which two machines may differ before the times that people read get confusing. */
const tolerable = 2000;

/** Times in the record come from several machines; what Volt decides by time, it decides by one machine's own clock. */
export async function clockFinding(config: Config, url: string, logger: Logger): Promise<Finding> {
  const access = await connectRedis(config, url, logger, 0);
  const before = Date.now();
  const [seconds, micros] = await access.client.time();
  const after = Date.now();
  await access.close();
  const theirs = Number(seconds) * 1000 + Number(micros) / 1000;
  const skew = Math.round(theirs < before ? before - theirs : Math.max(0, theirs - after));
  if (skew < tolerable) return ok('clock', 'agrees with that of Redis');
  const message = `differs by ${(skew / 1000).toFixed(1)} s from that of Redis: times of builds will look wrong`;
  return warn('clock', message, 'Set both machines by NTP (timedatectl set-ntp true).');
}
