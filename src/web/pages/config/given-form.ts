import type { Context } from 'hono';
import type { Config } from '../../../kernel/config.ts';
import type { WebEnv } from '../../access/env.ts';
import { openedSecrets } from '../../config/typed-secrets.ts';
import type { SecretSource, SecretValues } from '../../schemas/config.ts';

/** What the forms of the page send. */
export interface GivenForm {
  text: string;
  prune: boolean;
  /** of secrets that were typed, now or before */
  values: SecretValues;
  /** of the difference that was shown */
  digest: string;
}

/** The name of the field in which the value of a source is typed. */
export function fieldOf(source: SecretSource): string {
  return 'env' in source ? `env:${source.env}` : `file:${source.file}`;
}

/** A chosen file has priority over the text. @throws VoltError `bad_request`, errors of the key file */
export async function givenForm(context: Context<WebEnv>, config: Config): Promise<GivenForm> {
  const body = await context.req.parseBody();
  const field = (name: string) => (typeof body[name] === 'string' ? body[name] : '');
  const { file } = body;
  const text = file instanceof File && file.size > 0 ? await file.text() : field('text');
  const values = openedSecrets(config, field('sealed'));
  for (const [name, value] of Object.entries(body)) {
    const [, kind, source = ''] = /^(env|file):(.+)$/s.exec(name) ?? [];
    if (typeof value === 'string' && value !== '' && kind) values[kind as 'env' | 'file'][source] = value;
  }
  // browsers send line breaks as CR and LF
  return {
    ...{ text: text.replace(/\r\n?/g, '\n'), prune: field('prune') !== '', values },
    digest: field('digest'),
  };
}
