import { existsSync } from 'node:fs';
import type { Config } from '../../kernel/config.ts';
import { dataPaths } from '../../kernel/data-paths.ts';
import { asVoltError } from '../../kernel/errors.ts';
import { isElsewhere, isLoopbackName } from '../../web/http/hosts.ts';
import { Client } from '../client.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** Whether tokens and sessions go over a network as they are. */
export function transportFindings({ httpHost, url }: Config): Finding[] {
  const overTls = url !== undefined && new URL(url).protocol === 'https:';
  const isOpen = !isLoopbackName(httpHost);
  const isReachedPlainly = isElsewhere(url) && !overTls;
  if (overTls || !(isOpen || isReachedPlainly)) return [];
  const where = isReachedPlainly ? `VOLT_URL is ${url}` : `VOLT_HTTP_HOST is ${httpHost}`;
  return [
    warn(
      'web',
      `${where}, without TLS: whoever is on the way reads tokens and sessions, and programs on other ports are sent them`,
      'Put a proxy with TLS in front and set VOLT_URL to its https address, see docs/access.md; where only this machine reaches the port, leave it.',
    ),
  ];
}

/** What is open for reading to more people than those of this machine. */
export function readingFindings({ reading }: Pick<Config, 'reading'>): Finding[] {
  if (reading !== 'public') return [];
  return [
    warn(
      'reading',
      'everybody who reaches the dashboard may read every repository that is not private (VOLT_READING=public)',
      'Leave it where that is meant; else unset it, and open single ones by `volt repo set NAME --visibility public`.',
    ),
  ];
}

/** Whether the commands can reach a web stage, and may change things there. */
export async function webFinding(config: Config): Promise<Finding> {
  if (config.url === undefined && !existsSync(dataPaths(config.dataDir).webUrl)) {
    return ok('web', 'none is up that uses this data directory');
  }
  try {
    const client = Client.of(config);
    const { version } = await client.get<{ version: string }>('/status');
    // there is no such place; but whoever has no token is told of that first
    const code = await client.post('/doctor').then(
      () => 'not_found',
      (error) => asVoltError(error).code,
    );
    if (code !== 'token_needed') return ok('web', `${client.url} answers, version ${version}, and takes the token`);
    const remedy = 'Set VOLT_TOKEN to what is in the file `token` of its data directory.';
    return fail('web', `${client.url} does not take the token`, remedy);
  } catch (error) {
    const { message, remedy } = asVoltError(error);
    return fail('web', message, remedy);
  }
}
