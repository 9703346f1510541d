import type { Config } from '../../kernel/config.ts';
import { createLogger } from '../../kernel/logger.ts';
import { dataFindings } from './data.ts';
import { deepFindings, failed } from './deep.ts';
import { machineFindings } from './machine.ts';
import { redisFindings } from './redis.ts';
import { report } from './report.ts';
import { readingFindings, transportFindings, webFinding } from './web.ts';

/** Runs every check and prints the findings. @returns the exit code */
export async function examine(
  config: Config,
  { json, deep, mend }: { json: boolean; deep: boolean; mend: boolean },
): Promise<number> {
  // problems are printed as findings
  const logger = createLogger('error');
  logger.silent = true;
  const [machine, redis, data, web] = await Promise.all([
    machineFindings(config),
    redisFindings(config, logger),
    dataFindings(config),
    webFinding(config),
  ]);
  const compared = deep ? await deepFindings(config, logger, { mend }).catch(failed) : [];
  return report(
    [...machine, ...redis, ...data, web, ...readingFindings(config), ...transportFindings(config), ...compared],
    json,
  );
}
