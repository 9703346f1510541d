import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { Config } from '../kernel/config.ts';
import { VoltError } from '../kernel/errors.ts';
import { createKey, keyMissing, newKey, readKeys, writeKeys } from './key-file.ts';

/** An encrypted value as stored. */
export interface Encrypted {
  /** id of the key that it is encrypted with */
  keyId: string;
  /** base64 of nonce, authentication tag and ciphertext */
  box: string;
}

/** The owner of an encrypted value. The value is bound to it: moved to another row it cannot be decrypted. */
export interface Belonging {
  kind: 'secret' | 'environment' | 'credential' | 'forge' | 'webhook' | 'id-token' | 'notice' | 'provider' | 'form';
  /** null for all repositories */
  repo: string | null;
  name: string;
}

/** Sizes in bytes that NIST SP 800-38D recommends for AES-GCM. */
const nonceBytes = 12;
const tagBytes = 16;

/** Encrypts values in the database with AES-256-GCM and the key of the key file. */
export class Vault {
  readonly #keys: ReadonlyMap<string, Buffer>;
  readonly #current: string;

  private constructor(keys: readonly Buffer[]) {
    this.#keys = new Map(keys.map((key) => [idOf(key), key]));
    this.#current = idOf(keys[0] as Buffer);
  }

  /** @throws VoltError `secrets_key_missing`, `secrets_key_bad` */
  static open(config: Config): Vault {
    const keys = readKeys(config);
    if (!keys) throw keyMissing(config);
    return new Vault(keys);
  }

  /** As `open`, for a database without encrypted values: creates the key if it is missing. */
  static openOrCreate(config: Config): Vault {
    if (!readKeys(config)) createKey(config);
    return Vault.open(config);
  }

  /**
   * Starts a rotation: a new key encrypts from now on, the earlier ones still decrypt.
   * @returns the vault with all keys; `forgetUnused` ends the rotation
   */
  static beginRotation(config: Config): Vault {
    writeKeys(config, [newKey(), ...(readKeys(config) ?? [])]);
    return Vault.open(config);
  }

  /**
   * Removes unused keys from the file; the current key stays.
   * @param used ids of keys that still encrypt a value
   */
  static forgetUnused(config: Config, used: ReadonlySet<string>): void {
    writeKeys(
      config,
      (readKeys(config) ?? []).filter((key, index) => index === 0 || used.has(idOf(key))),
    );
  }

  get keyId(): string {
    return this.#current;
  }

  has(keyId: string): boolean {
    return this.#keys.has(keyId);
  }

  /** @throws VoltError `secrets_key_wrong` where the file lacks the key */
  requireKey(keyId: string, what: string): Buffer {
    const key = this.#keys.get(keyId);
    if (key) return key;
    throw new VoltError(
      'secrets_key_wrong',
      `${what} is encrypted with the key ${keyId}, but the key file has ${[...this.#keys.keys()].join(', ')}`,
      { remedy: 'Add the earlier key to the key file on its own line, or set the value again.' },
    );
  }

  encrypt(value: string, to: Belonging): Encrypted {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#keys.get(this.#current) as Buffer, nonce);
    cipher.setAAD(boundTo(to));
    const text = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
    return { keyId: this.#current, box: Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64') };
  }

  /** @throws VoltError `secrets_key_wrong` where the vault lacks the key, `secrets_damaged` where the value was changed */
  decrypt({ keyId, box }: Encrypted, of: Belonging): string {
    const key = this.requireKey(keyId, nameOf(of));
    const bytes = Buffer.from(box, 'base64');
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes));
      decipher.setAAD(boundTo(of));
      decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString('utf8');
    } catch (error) {
      throw new VoltError(
        'secrets_damaged',
        `${nameOf(of)} cannot be decrypted: its value in the database was changed`,
        {
          remedy: 'Set it again, and find out who changed the database.',
          cause: error,
        },
      );
    }
  }
}

/** An id that reveals nothing of the key. */
function idOf(key: Buffer): string {
  return createHmac('sha256', key).update('volt secrets key id').digest('hex').slice(0, 12);
}

function boundTo({ kind, repo, name }: Belonging): Buffer {
  return Buffer.from(JSON.stringify(['volt', 1, kind, repo, name]));
}

function nameOf({ kind, repo, name }: Belonging): string {
  if (kind === 'forge') return `the token of the forge ${name}`;
  if (kind === 'notice') return `the address of the target ${name}`;
  if (kind === 'id-token') return 'the key of ID tokens';
  if (kind === 'form') return `the secrets of the form ${name}`;
  if (kind === 'provider') return `the client secret of the provider ${name}`;
  const secret = `the secret ${name}`;
  const what = { credential: 'the credential', webhook: 'the key of the webhook', secret, environment: secret }[kind];
  return repo === null ? what : `${what} of ${repo}`;
}
