import { createPrivateKey } from 'node:crypto';
import * as z from 'zod';
import { VoltError } from '../kernel/errors.ts';
import type { ForgeKind } from '../kernel/forge-kinds.ts';

/** What Volt proves itself with at a forge. */
export interface ForgeCredential {
  /** an access token; of an App its private key, in PEM */
  token: string;
  /** the GitHub App that Volt is; null for an access token */
  app: ForgeApp | null;
}

export interface ForgeApp {
  id: number;
  /** its page at GitHub; null if Volt does not know it */
  page: string | null;
  /** what GitHub signs the calls of its webhook with; null without a webhook */
  webhookSecret: string | null;
}

/** What a person gives of a credential: a token, or an App. */
export interface GivenCredential {
  token?: string | undefined;
  app?: GivenApp | undefined;
}

/** What is not given of an App stays as it is. */
export interface GivenApp {
  id?: number | undefined;
  key?: string | undefined;
  webhookSecret?: string | undefined;
  page?: string | undefined;
}

/** GitHub's own keys have 2,048 bits. */
const leastBits = 2048;

/** The secrets of an App, as they are encrypted. */
const appSecrets = z.object({ key: z.string(), webhookSecret: z.string().nullable() });

/**
 * @param before the credential until now
 * @returns undefined if none is given
 * @throws VoltError `bad_request`
 */
export function givenCredential(
  kind: ForgeKind,
  { token, app }: GivenCredential,
  before?: ForgeCredential,
): ForgeCredential | undefined {
  if (token !== undefined && app !== undefined)
    throw bad('a forge has a token or an App, not both', 'Give one of them.');
  if (token !== undefined) {
    checkToken(token);
    return { token, app: null };
  }
  if (app === undefined) return undefined;
  if (kind !== 'github') throw bad('only GitHub has Apps', 'Give an access token: --token-file.');
  const { id = before?.app?.id, key } = app;
  const isSame = before?.app?.id === id;
  const own = key === undefined ? isSame && before?.token : checkedKey(key);
  if (id === undefined || !own)
    throw bad('the id or the private key of the App is missing', 'Give both: --app-id and --app-key-file.');
  const { page = null, webhookSecret = null } = { ...(isSame && before?.app), ...app };
  return { token: own, app: { id, page, webhookSecret } };
}

/** The text of a credential that is encrypted. */
export function textOf({ token, app }: ForgeCredential): string {
  if (!app) return token;
  return JSON.stringify({ key: token, webhookSecret: app.webhookSecret } satisfies z.input<typeof appSecrets>);
}

/** The credential whose text was encrypted. */
export function credentialIn(
  text: string,
  { app_id: id, app_page: page }: { app_id: number | null; app_page: string | null },
): ForgeCredential {
  if (id === null) return { token: text, app: null };
  const { key, webhookSecret } = appSecrets.parse(JSON.parse(text));
  return { token: key, app: { id, page, webhookSecret } };
}

/** Tokens go into a header. @throws VoltError `bad_request` */
export function checkToken(token: string): void {
  if (/^[\x21-\x7e]{1,4096}$/.test(token)) return;
  throw bad(
    'the token is empty, has more than 4,096 characters, or has some that no token has',
    'Put only the token into the file, as the forge has shown it.',
  );
}

/** The private key of an App, in one form. @throws VoltError `bad_request` */
function checkedKey(pem: string): string {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= leastBits)
      return String(key.export({ type: 'pkcs8', format: 'pem' }));
  } catch {
    // the message of the library may quote the key
  }
  throw bad(
    'the key is no private RSA key of 2,048 bits or more, in PEM',
    'Give the file that GitHub offers under "Generate a private key" on the page of the App, as it is.',
  );
}

function bad(message: string, remedy: string): VoltError {
  return new VoltError('bad_request', message, { remedy });
}
