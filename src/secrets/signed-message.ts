import * as z from 'zod';
import { isSigned, type Purpose, type Signer } from './signing.ts';

const signedSchema = z.object({ key: z.string().max(100), signature: z.string().max(200) });

/**
 * Adds the signature of the sender to a message. It signs the JSON of all other fields as sent, so unknown fields of a
 * neighbouring version are covered, too.
 */
export function withSignature<M extends object>(purpose: Purpose, message: M, signer: Signer): M & { signed: unknown } {
  const { publicKey: key } = signer;
  return { ...message, signed: { key, signature: signer.sign(purpose, JSON.stringify(message)) } };
}

/**
 * The signer of a message.
 * @param content as received, with all fields
 * @returns the public key; undefined where the signature is missing or invalid
 */
export function signatory(purpose: Purpose, content: unknown): string | undefined {
  if (typeof content !== 'object' || content === null) return undefined;
  const { signed, ...message } = content as { signed?: unknown };
  const parsed = signedSchema.safeParse(signed);
  if (!parsed.success) return undefined;
  const { key, signature } = parsed.data;
  return isSigned(key, purpose, JSON.stringify(message), signature) ? key : undefined;
}
