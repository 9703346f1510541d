import type { Voice } from '../../src/queues/queues.ts';
import type { Database } from '../../src/record/database.ts';
import { addRunnerKey } from '../../src/record/runner-keys.ts';
import { runnerKeyText } from '../../src/secrets/runner-key.ts';
import { newPrivateKey, type Signer, signerOf } from '../../src/secrets/signing.ts';

/** Somebody who can sign, and whom nobody knows. */
export function stranger(): Signer {
  return signerOf(newPrivateKey());
}

/** The voice of a Volt that nobody knows, and that keeps nothing. */
export function strangeVoice(): Voice {
  return { signer: stranger(), durable: async () => undefined };
}

/** A key for runners that the record knows, and the text that carries it to them. */
export async function knownKey(
  database: Database,
  name: string,
  repos: string[] = [],
): Promise<Signer & { text: string }> {
  const privateKey = newPrivateKey();
  const signer = signerOf(privateKey);
  await addRunnerKey(database, { name, publicKey: signer.publicKey, repos, createdBy: 'owner' });
  return { ...signer, text: runnerKeyText(name, privateKey, database.signer.publicKey) };
}
