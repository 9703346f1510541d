import { createHmac, type Hmac } from 'node:crypto';
import { sameText } from '../access/same-text.ts';

/**
 * How forges prove that a call of a webhook is theirs. All but GitLab authenticate the body by HMAC-SHA256 (RFC 2104)
 * under the shared secret, in hexadecimal; GitLab sends the secret itself. Gitea and Forgejo send several of the headers.
 */
const signatureHeaders: readonly { header: string; prefix: string }[] = [
  // GitHub, Gitea, Forgejo
  { header: 'x-hub-signature-256', prefix: 'sha256=' },
  // Bitbucket; GitHub puts a SHA-1 there, which proves nothing
  { header: 'x-hub-signature', prefix: 'sha256=' },
  { header: 'x-gitea-signature', prefix: '' },
  { header: 'x-forgejo-signature', prefix: '' },
  { header: 'x-gogs-signature', prefix: '' },
];
const tokenHeader = 'x-gitlab-token';

/** What a request says to prove where it comes from. */
export interface Proof {
  /** codes, in lower case, one of which must be that of the body */
  codes: string[];
  token: string | undefined;
}

/** @returns undefined where the request proves nothing */
export function proofIn(header: (name: string) => string | undefined): Proof | undefined {
  const codes = signatureHeaders.flatMap(({ header: name, prefix }) => {
    const value = header(name)?.trim().toLowerCase();
    return value?.startsWith(prefix) ? [value.slice(prefix.length)] : [];
  });
  const token = header(tokenHeader)?.trim();
  return codes.length > 0 || token !== undefined ? { codes, token } : undefined;
}

/** Checks one request: it is fed the body as that arrives, so that none has to be kept. */
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

  /** Whether what was fed comes from somebody who knows the secret; to be asked once. */
  holds(): boolean {
    const { codes, token } = this.#proof;
    const code = this.#hmac.digest('hex');
    return codes.some((given) => sameText(given, code)) || (token !== undefined && sameText(token, this.#secret));
  }
}
