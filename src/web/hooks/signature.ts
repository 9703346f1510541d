import { createHmac, type Hmac } from 'node:crypto';
import { sameText } from '../access/same-text.ts';

/**
 * How forges sign the calls of webhooks. GitLab sends the secret itself. All others send an HMAC-SHA256 (RFC 2104) of the
 * body under the secret, in hexadecimal. Gitea and Forgejo send several of the headers.
 */
const signatureHeaders: readonly { header: string; prefix: string }[] = [
  // GitHub, Gitea, Forgejo
  { header: 'x-hub-signature-256', prefix: 'sha256=' },
  // Bitbucket; GitHub sends a SHA-1 there, which is too weak
  { header: 'x-hub-signature', prefix: 'sha256=' },
  { header: 'x-gitea-signature', prefix: '' },
  { header: 'x-forgejo-signature', prefix: '' },
  { header: 'x-gogs-signature', prefix: '' },
];
const tokenHeader = 'x-gitlab-token';

/** The signatures of a request. */
export interface Proof {
  /** HMACs in lower case; one of them must be that of the body */
  codes: string[];
  token: string | undefined;
}

/** @returns undefined if the request has no signature */
export function proofIn(header: (name: string) => string | undefined): Proof | undefined {
  const codes = signatureHeaders.flatMap(({ header: name, prefix }) => {
    const value = header(name)?.trim().toLowerCase();
    return value?.startsWith(prefix) ? [value.slice(prefix.length)] : [];
  });
  const token = header(tokenHeader)?.trim();
  return codes.length > 0 || token !== undefined ? { codes, token } : undefined;
}

/** Checks one request. It takes the body piece by piece, so the body is never kept. */
export class Verification {
  readonly #hmac: Hmac;
  readonly #proof: Proof;
  readonly #secret: string;

  constructor(proof: Proof, secret: string) {
    this.#hmac = createHmac('sha256', secret);
    this.#proof = proof;
    this.#secret = secret;
  }

  update(chunk: Uint8Array): void {
    this.#hmac.update(chunk);
  }

  /** Whether the sender of the body knows the secret. Call it once. */
  holds(): boolean {
    const { codes, token } = this.#proof;
    const code = this.#hmac.digest('hex');
    return codes.some((given) => sameText(given, code)) || (token !== undefined && sameText(token, this.#secret));
  }
}
