import { existsSync } from 'node:fs';
import type { Config } from '../../kernel/config.ts';
import { dataPaths } from '../../kernel/data-paths.ts';
import { asVoltError } from '../../kernel/errors.ts';
import { isElsewhere, isLoopbackName } from '../../web/http/hosts.ts';
import { Client } from '../client.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** Checks whether tokens and sessions cross a network without encryption. */
export function transportFindings({ httpHost, url }: Config): Finding[] {
  const overTls = url !== undefined && new URL(url).protocol === 'https:';
  const isOpen = !isLoopbackName(httpHost);
  const isReachedPlainly = isElsewhere(url) && !overTls;
  if (overTls || !(isOpen || isReachedPlainly)) return [];
  const where = isReachedPlainly ? `VOLT_URL is ${url}` : `VOLT_HTTP_HOST is ${httpHost}`;
  return [
    warn(
      'web',
      `${where}, without TLS: others on the network can read tokens and sessions, and browsers send them to programs on other ports`,
      'Put a TLS proxy in front and set VOLT_URL to its https address, see docs/access.md. Ignore this if only this machine can reach the port.',
    ),
  ];
}

/** Checks whether the dashboard is readable for everybody. */
export function readingFindings({ reading }: Pick<Config, 'reading'>): Finding[] {
  if (reading !== 'public') return [];
  return [
    warn(
      'reading',
      'everybody who reaches the dashboard can read all repositories that are not private (VOLT_READING=public)',
      'Ignore this if you want it. Otherwise unset it, and open single repositories with `volt repo set NAME --visibility public`.',
    ),
  ];
}

/** Checks whether commands can reach a web stage and have its token. */
export async function webFinding(config: Config): Promise<Finding> {
  if (config.url === undefined && !existsSync(dataPaths(config.dataDir).webUrl)) {
    return ok('web', 'no web stage runs on this data directory');
  }
  try {
    const client = Client.of(config);
    const { version } = await client.get<{ version: string }>('/status');
    // there is no such path, but the server checks the token first
    const code = await client.post('/doctor').then(
      () => 'not_found',
      (error) => asVoltError(error).code,
    );
    if (code !== 'token_needed' && code !== 'token_wrong')
      return ok('web', `${client.url} answers, version ${version}, and accepts the token`);
    const remedy = 'Set VOLT_TOKEN to the content of the file `token` in its data directory.';
    return fail('web', `${client.url} does not accept the token`, remedy);
  } catch (error) {
    const { message, remedy } = asVoltError(error);
    return fail('web', message, remedy);
  }
}
