import type { Config } from '../../kernel/config.ts';
import { VoltError } from '../../kernel/errors.ts';
import type { Database } from '../../record/database.ts';
import { writingVault } from '../../record/secret-key.ts';
import { type Belonging, Vault } from '../../secrets/vault.ts';
import type { SecretValues } from '../schemas/config.ts';

type Context = { database: Database; config: Config };

const typed: Belonging = { kind: 'form', repo: null, name: 'settings' };

/** Secrets that a person has typed, encrypted for the next form: no page shows them again. An empty text for none. */
export async function sealedSecrets({ database, config }: Context, values: SecretValues): Promise<string> {
  if (Object.keys({ ...values.env, ...values.file }).length === 0) return '';
  return database.write(async (db) => {
    const { keyId, box } = (await writingVault(db, config)).encrypt(JSON.stringify(values), typed);
    return `${keyId}.${box}`;
  });
}

/** @throws VoltError `bad_request`, errors of the key file */
export function openedSecrets(config: Config, sealed: string): SecretValues {
  if (sealed === '') return { env: {}, file: {} };
  const [keyId = '', box = ''] = sealed.split('.');
  try {
    return JSON.parse(Vault.open(config).decrypt({ keyId, box }, typed)) as SecretValues;
  } catch (error) {
    if (!(error instanceof VoltError) || !['secrets_key_wrong', 'secrets_damaged'].includes(error.code)) throw error;
    throw new VoltError('bad_request', 'the secrets that were typed before cannot be read again', {
      remedy: 'Type them again, and show what changes.',
      cause: error,
    });
  }
}
