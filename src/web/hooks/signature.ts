import { createHmac, type Hmac } from 'node:crypto';
import { serverNow } from '../../kernel/server-time.ts';
import { sameText } from '../access/same-text.ts';
import { signingKey } from '../access/signing-token.ts';

/**
 * How forges prove the calls of webhooks. Most send an HMAC-SHA256 (RFC 2104) of the body, in hexadecimal; Gitea and Forgejo send
 * several of the headers.
 */
const signatureHeaders: readonly { header: string; prefix: string }[] = [
  // GitHub, Gitea, Forgejo
  { header: 'x-hub-signature-256', prefix: 'sha256=' },
  // Bitbucket; GitHub sends a SHA-1 there, which is too weak
  { header: 'x-hub-signature', prefix: 'sha256=' },
  { header: 'x-gitea-signature', prefix: '' },
  { header: 'x-forgejo-signature', prefix: '' },
  { header: 'x-gogs-signature', prefix: '' },
  { header: 'x-pagure-signature-256', prefix: '' },
];
/** GitLab sends the secret itself in it. */
const tokenHeader = 'x-gitlab-token';
/** Seconds that a signed time may differ from Redis's, as the libraries of Standard Webhooks allow. */
const clockTolerance = 300;

/** The proofs of a request. */
export interface Proof {
  /** HMACs in lower case; one of them must be that of the body */
  codes: string[];
  /** secrets as they are */
  secrets: string[];
  /** a signature by the rules of Standard Webhooks (github.com/standard-webhooks), as GitLab makes it with a signing token */
  standard: StandardProof | undefined;
}

interface StandardProof {
  /** seconds since 1970 */
  time: number;
  /** what is signed before the body */
  prefix: string;
  /** HMACs in base64; several while a key is replaced */
  codes: string[];
}

/** @returns undefined if the request has no proof */
export function proofIn(header: (name: string) => string | undefined): Proof | undefined {
  const codes = signatureHeaders.flatMap(({ header: name, prefix }) => {
    const value = header(name)?.trim().toLowerCase();
    return value?.startsWith(prefix) ? [value.slice(prefix.length)] : [];
  });
  const secrets = [header(tokenHeader)?.trim(), passwordIn(header('authorization'))].filter((one) => one !== undefined);
  const standard = standardIn(header);
  return codes.length + secrets.length > 0 || standard ? { codes, secrets, standard } : undefined;
}

/** Azure DevOps and Bitbucket Data Center sign in with a password, with any user name. */
function passwordIn(authorization: string | undefined): string | undefined {
  const [, encoded] = /^basic ([a-z0-9+/]{1,2000}={0,2})$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const [, password] = /^[^:]*:(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  return password;
}

function standardIn(header: (name: string) => string | undefined): StandardProof | undefined {
  const [id, time, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(header);
  if (id === undefined || signature === undefined || !/^\d{1,12}$/.test(time ?? '')) return undefined;
  const codes = signature.split(' ').flatMap((one) => (one.startsWith('v1,') ? [one.slice('v1,'.length)] : []));
  return { time: Number(time), prefix: `${id}.${time}.`, codes: codes.slice(0, 10) };
}

/** Checks one request. It takes the body piece by piece. */
export class Verification {
  readonly #proof: Proof;
  readonly #secrets: readonly string[];
  readonly #plain: Hmac[];
  readonly #standard: Hmac[];

  /** @param secrets one of them proves the request */
  constructor(proof: Proof, secrets: readonly string[]) {
    const { standard } = proof;
    this.#proof = proof;
    this.#secrets = secrets;
    this.#plain = secrets.map((secret) => createHmac('sha256', secret));
    this.#standard = standard
      ? secrets.map((secret) => createHmac('sha256', signingKey(secret)).update(standard.prefix))
      : [];
  }

  update(chunk: Uint8Array): void {
    for (const hmac of [...this.#plain, ...this.#standard]) hmac.update(chunk);
  }

  /** Whether the sender of the body knows a secret. Call it once. */
  holds(): boolean {
    const { codes, secrets, standard } = this.#proof;
    const isAny = (given: readonly string[], wanted: readonly string[]) =>
      given.some((one) => wanted.some((other) => sameText(one, other)));
    if (isAny(secrets, this.#secrets)) return true;
    const plain = this.#plain.map((hmac) => hmac.digest('hex'));
    if (isAny(codes, plain)) return true;
    if (!standard || Math.abs(serverNow() / 1000 - standard.time) > clockTolerance) return false;
    const signed = this.#standard.map((hmac) => hmac.digest('base64'));
    return isAny(standard.codes, signed);
  }
}
