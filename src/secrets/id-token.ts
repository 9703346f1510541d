import { calculateJwkThumbprint, exportJWK, exportPKCS8, generateKeyPair, importPKCS8, type JWK, SignJWT } from 'jose';

/** The algorithm that every verifier knows: OpenID Connect Core 1.0, 15.1, requires it. */
export const idTokenAlgorithm = 'RS256';

/** Seconds for which a token is valid, as on GitHub. */
export const idTokenLifetime = 300;

/** Seconds by which a verifier's clock may be behind. */
const clockSkew = 60;

/** A key that signs tokens. */
export interface IdTokenKey {
  /** its thumbprint by RFC 7638, the `kid` of its tokens */
  id: string;
  /** PKCS #8 as PEM */
  privateKey: string;
  /** for verifiers: as in a JSON Web Key Set (RFC 7517) */
  publicKey: JWK;
}

/** Makes a key, which takes up to a second of another thread. */
export async function makeIdTokenKey(): Promise<IdTokenKey> {
  const { privateKey, publicKey } = await generateKeyPair(idTokenAlgorithm, { modulusLength: 2048, extractable: true });
  const jwk = await exportJWK(publicKey);
  const id = await calculateJwkThumbprint(jwk);
  return {
    id,
    privateKey: await exportPKCS8(privateKey),
    publicKey: { ...jwk, kid: id, use: 'sig', alg: idTokenAlgorithm },
  };
}

/**
 * The address of this Volt as the issuer of tokens. Verifiers compare it with the `iss` of a token character by character.
 * @param url VOLT_URL
 */
export function issuerOf(url: string): string {
  return url.replace(/\/+$/, '');
}

/**
 * @param claims beside the times; `jti` makes it unique
 * @param now milliseconds since 1970
 */
export async function signIdToken(
  claims: { iss: string; sub: string; aud: string; jti: string } & { readonly [claim: string]: string },
  { id, privateKey }: Pick<IdTokenKey, 'id' | 'privateKey'>,
  now: number,
): Promise<string> {
  const at = Math.floor(now / 1000);
  return new SignJWT(claims)
    .setProtectedHeader({ alg: idTokenAlgorithm, kid: id, typ: 'JWT' })
    .setIssuedAt(at)
    .setNotBefore(at - clockSkew)
    .setExpirationTime(at + idTokenLifetime)
    .sign(await importPKCS8(privateKey, idTokenAlgorithm));
}
