import type { Config } from '../../kernel/config.ts';
import type { Logger } from '../../kernel/logger.ts';
import { connectRedis } from '../../redis/connect.ts';
import { serverMillis } from '../../redis/server-time.ts';
import { hasMainUser } from '../../redis/url.ts';
import { type Finding, ok, warn } from './finding.ts';

/** Milliseconds by which the clocks of two machines may differ. */
const tolerable = 2000;

/** Times in the database are corrected, see kernel/server-time.ts; those of files and log lines are the machine's. */
export async function clockFinding(config: Config, url: string, logger: Logger): Promise<Finding> {
  const access = await connectRedis(config, url, logger, 0, hasMainUser(url) ? 'volt' : 'runner');
  const before = Date.now();
  const answer = await access.client.time();
  const after = Date.now();
  await access.close();
  const theirs = serverMillis(answer);
  const skew = Math.round(theirs < before ? before - theirs : Math.max(0, theirs - after));
  if (skew < tolerable) return ok('clock', 'agrees with the clock of Redis');
  const message = `differs by ${(skew / 1000).toFixed(1)} s from the clock of Redis; Volt corrects the times of builds`;
  return warn('clock', message, 'Use NTP on both machines (timedatectl set-ntp true).');
}
