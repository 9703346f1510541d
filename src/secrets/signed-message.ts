import { z } from 'zod';
import { isSigned, type Purpose, type Signer } from './signing.ts';

const signedSchema = z.object({ key: z.string().max(100), signature: z.string().max(200) });

/**
 * A message with the signature of who sends it beside its own fields. Signed is the JSON of the others as it travels, with
 * all that they hold: a message of a neighbouring version is signed as well, whatever else it says.
 */
export function withSignature<M extends object>(purpose: Purpose, message: M, signer: Signer): M & { signed: unknown } {
  const { publicKey: key } = signer;
  return { ...message, signed: { key, signature: signer.sign(purpose, JSON.stringify(message)) } };
}

/**
 * Who has signed a message.
 * @param content as it has come, before anything is left out of it
 * @returns the public key; undefined where the message is not signed, or not with that key, or has been changed
 */
export function signatory(purpose: Purpose, content: unknown): string | undefined {
  if (typeof content !== 'object' || content === null) return undefined;
  const { signed, ...message } = content as { signed?: unknown };
  const parsed = signedSchema.safeParse(signed);
  if (!parsed.success) return undefined;
  const { key, signature } = parsed.data;
  return isSigned(key, purpose, JSON.stringify(message), signature) ? key : undefined;
}
