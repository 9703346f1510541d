import type { MessageSigner } from '../../src/queues/queues.ts';
import type { Database } from '../../src/record/database.ts';
import { addRunnerKey } from '../../src/record/runner-keys.ts';
import { runnerKeyText } from '../../src/secrets/runner-key.ts';
import { newPrivateKey, type Signer, signerOf } from '../../src/secrets/signing.ts';

/** A signer whose key nobody knows. */
export function stranger(): Signer {
  return signerOf(newPrivateKey());
}

/** The signing identity of an unknown Volt, which stores nothing. */
export function unknownSigner(): MessageSigner {
  return { signer: stranger(), durable: async () => undefined };
}

/** A runner key that the database knows, and the text that gives it to runners. */
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
