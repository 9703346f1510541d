import type { Config } from '../../kernel/config.ts';
import type { Logger } from '../../kernel/logger.ts';
import { connectRedis } from '../../redis/connect.ts';
import { serverMillis } from '../../redis/server-time.ts';
import { hasMainUser } from '../../redis/url.ts';
import { type Finding, ok, warn } from './finding.ts';

/** Milliseconds by which two machines may differ before that is worth mending. */
const tolerable = 2000;

/** Times in the record are corrected, see kernel/server-time.ts; those of files and of lines that stages log are the machine's own. */
export async function clockFinding(config: Config, url: string, logger: Logger): Promise<Finding> {
  const access = await connectRedis(config, url, logger, 0, hasMainUser(url) ? 'volt' : 'runner');
  const before = Date.now();
  const told = await access.client.time();
  const after = Date.now();
  await access.close();
  const theirs = serverMillis(told);
  const skew = Math.round(theirs < before ? before - theirs : Math.max(0, theirs - after));
  if (skew < tolerable) return ok('clock', 'agrees with that of Redis');
  const message = `differs by ${(skew / 1000).toFixed(1)} s from that of Redis: Volt corrects the times of builds by that`;
  return warn('clock', message, 'Set both machines by NTP (timedatectl set-ntp true).');
}
