import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

/**
 * A box that only the holder of one private key can open: ECIES as in "DHIES: An encryption scheme based on the
 * Diffie-Hellman Problem" (Abdalla, Bellare, Rogaway), with X25519 (RFC 7748), HKDF-SHA-256 (RFC 5869) and AES-256-GCM.
 * Each box has its own key, since the sender creates a key pair for each. The context is part of the key and authenticated, so
 * that a box for one attempt is not valid for another.
 */

const publicBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** The receiver's key pair. */
export interface BoxKeys {
  privateKey: KeyObject;
  /** base64 of the 32 bytes of RFC 7748 */
  publicKey: string;
}

export function makeBoxKeys(): BoxKeys {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return { privateKey, publicKey: rawOf(publicKey).toString('base64') };
}

/**
 * @param receiver public key of the receiver
 * @param context of the box; the receiver must give the same
 * @returns base64 of the sender's public half, nonce, tag and ciphertext
 * @throws where the receiver's key is invalid
 */
export function seal(receiver: string, context: string, text: string): string {
  const to = Buffer.from(receiver, 'base64');
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const from = rawOf(publicKey);
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', keyOf(privateKey, publicOf(to), from, to, context), nonce);
  cipher.setAAD(Buffer.from(context));
  const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([from, nonce, cipher.getAuthTag(), ciphertext]).toString('base64');
}

/** @throws where the box is for another receiver or context, or was changed */
export function unseal({ privateKey, publicKey }: BoxKeys, context: string, box: string): string {
  const bytes = Buffer.from(box, 'base64');
  const from = bytes.subarray(0, publicBytes);
  const nonce = bytes.subarray(publicBytes, publicBytes + nonceBytes);
  const tag = bytes.subarray(publicBytes + nonceBytes, publicBytes + nonceBytes + tagBytes);
  const key = keyOf(privateKey, publicOf(from), from, Buffer.from(publicKey, 'base64'), context);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce);
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(tag);
  const ciphertext = bytes.subarray(publicBytes + nonceBytes + tagBytes);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
}

function keyOf(own: KeyObject, other: KeyObject, from: Buffer, to: Buffer, context: string): Buffer {
  const shared = diffieHellman({ privateKey: own, publicKey: other });
  return Buffer.from(hkdfSync('sha256', shared, Buffer.concat([from, to]), `volt box 1 ${context}`, 32));
}

function rawOf(key: KeyObject): Buffer {
  return Buffer.from(String(key.export({ format: 'jwk' }).x), 'base64url');
}

function publicOf(raw: Buffer): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: raw.toString('base64url') }, format: 'jwk' });
}
