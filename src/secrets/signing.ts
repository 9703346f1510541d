import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto';
import { FadingMap } from '../kernel/fading-map.ts';

/**
 * Signatures by Ed25519 (RFC 8032). The public key identifies the signer, so a signature can be checked before any lookup. The
 * signed text starts with its purpose, so a signature for one purpose is not valid for another.
 */

/** The bytes before the 32 bytes of a private key in PKCS #8, RFC 8410. */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** base64url of the 32 bytes of a private or public key */
export const keyPattern = /^[A-Za-z0-9_-]{43}$/;

export type Purpose = 'runner result' | 'runner log' | 'runner box' | 'job';

/** A private key that signs. */
export interface Signer {
  /** base64url of 32 bytes */
  readonly publicKey: string;
  /** @returns base64url of 64 bytes */
  sign(purpose: Purpose, text: string): string;
}

/** A new private key, base64url of 32 bytes. */
export function newPrivateKey(): string {
  return randomBytes(32).toString('base64url');
}

/** @throws where the text is not a private key */
export function signerOf(privateKey: string): Signer {
  const der = Buffer.concat([pkcs8, Buffer.from(privateKey, 'base64url')]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = String(createPublicKey(key).export({ format: 'jwk' }).x);
  return {
    publicKey,
    sign: (purpose, text) => signBytes(null, statement(purpose, text), key).toString('base64url'),
  };
}

/** Public keys as OpenSSL wants them, which takes longer to make than to use. */
const known = new FadingMap<string, KeyObject>(3_600_000, 10_000);

/** Whether the holder of the public key has signed the text for the purpose. */
export function isSigned(publicKey: string, purpose: Purpose, text: string, signature: string): boolean {
  if (!keyPattern.test(publicKey)) return false;
  try {
    const key =
      known.get(publicKey) ?? createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
    known.set(publicKey, key);
    return verifyBytes(null, statement(purpose, text), key, Buffer.from(signature, 'base64url'));
  } catch {
    // the 32 bytes are not a point of the curve
    return false;
  }
}

function statement(purpose: Purpose, text: string): Buffer {
  return Buffer.from(`volt 1 ${purpose}\n${text}`);
}
