import type { Config } from '../../../kernel/config.ts';
import type { Queues } from '../../../queues/queues.ts';
import type { Record } from '../../../record/record.ts';
import type { RedisAccess } from '../../../redis/connect.ts';

/** What the checks compare with each other. */
export interface DeepCheck {
  config: Config;
  record: Record;
  /** undefined where Redis does not answer */
  redis: { access: RedisAccess; queues: Queues } | undefined;
  /** what does not mend itself is mended where Volt can do it */
  mend: boolean;
}

/** The first few of many names, for a sentence. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

/** `1 log`, `3 logs` */
export function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}
