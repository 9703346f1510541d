import type { Config } from '../../../kernel/config.ts';
import { counted } from '../../../kernel/counted.ts';
import type { Logger } from '../../../kernel/logger.ts';
import type { Queues } from '../../../queues/queues.ts';
import type { Database } from '../../../record/database.ts';
import type { RedisAccess } from '../../../redis/connect.ts';
import { type Finding, type fail, ok, warn } from '../finding.ts';

/** What the checks compare with each other. */
export interface DeepCheck {
  config: Config;
  logger: Logger;
  database: Database;
  /** undefined where Redis does not answer, or serves another database */
  redis: { access: RedisAccess; queues: Queues } | undefined;
  /** whether to repair what is certain */
  mend: boolean;
}

/**
 * Things of one kind that are wrong, with the first few of their names.
 * @param words one of them, and what is wrong with it: `['log', 'shorter than recorded']`
 * @returns one finding, or none without names
 */
export function wrong(
  check: string,
  names: readonly string[],
  words: readonly [one: string, what: string],
  remedy: string,
  level: typeof warn | typeof fail = warn,
): Finding[] {
  if (names.length === 0) return [];
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return [
    level(check, `${counted(names.length, words[0])} ${words[1]}: ${names.slice(0, 5).join(', ')}${more}`, remedy),
  ];
}

/** What was compared, where nothing is wrong. */
export function orFine(findings: Finding[], check: string, compared: string): Finding[] {
  return findings.length > 0 ? findings : [ok(check, compared)];
}

/** The remedy for what `volt doctor --mend` repairs. @param how a sentence such as `it is removed` */
export function mended(done: boolean, how: string): string {
  return done ? `Mended: ${how}.` : `\`volt doctor --mend\` mends it: ${how}.`;
}
