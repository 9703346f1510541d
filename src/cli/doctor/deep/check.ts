import type { Config } from '../../../kernel/config.ts';
import type { Logger } from '../../../kernel/logger.ts';
import type { Queues } from '../../../queues/queues.ts';
import type { Database } from '../../../record/database.ts';
import type { RedisAccess } from '../../../redis/connect.ts';

/** What the checks compare with each other. */
export interface DeepCheck {
  config: Config;
  logger: Logger;
  database: Database;
  /** undefined where Redis does not answer, or serves another record */
  redis: { access: RedisAccess; queues: Queues } | undefined;
  /** what can be mended without a doubt is */
  mend: boolean;
}

/** The first few of many names, for a sentence. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

/**
 * What is said of something that `volt doctor --mend` can do.
 * @param how what is there afterwards, such as `it is removed`
 */
export function mended(done: boolean, how: string): string {
  return done ? `Mended: ${how}.` : `\`volt doctor --mend\` mends it: ${how}.`;
}

/** `1 log`, `3 logs` */
export function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}
