import { lookup } from 'node:dns/promises';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { errorText, systemCode } from '../../kernel/errors.ts';
import { addressClass } from '../../kernel/network-policy.ts';
import { version } from '../../kernel/version.ts';
import { pinnedLookup } from '../../system/pinned-lookup.ts';
import { within } from '../../system/wait.ts';
import { TargetFault } from './fault.ts';

/** Milliseconds for everything: the lookup of the name, and the whole answer. */
const timeout = 10_000;
const tooSlow = `no answer within ${timeout / 1000} s`;
/** The most bytes of an answer that are read, and the most characters of it that are shown. */
const most = { read: 10_000, shown: 200 };
/** Milliseconds that a target which limits requests is left alone if it names no time, and at most. */
const pauses = { usual: 60_000, longest: 3_600_000 };

export interface PostRequest {
  method?: 'POST' | 'PUT';
  url: string;
  headers?: { [name: string]: string };
  body: string;
  contentType?: string;
  /** whether the server may be at an address that is not public: an administrator has set it */
  mayBePrivate: boolean;
}

/**
 * Sends a notice to a server that somebody has named. The address that is checked is the one that is asked, redirects are not
 * followed, and what the URL has after its host, which may be a secret, and a token stand in no error, whatever the server answers.
 * @throws TargetFault
 */
export async function post(request: PostRequest): Promise<void> {
  const url = new URL(request.url);
  const { status, headers, text } = await answerTo(url, request);
  if (status >= 200 && status < 300) return;
  const said = `${url.host} answers ${status}${text === '' ? '' : ` "${text}"`}`;
  if (status === 429) {
    throw new TargetFault('notice_limited', `${said}: too many requests`, {
      scope: 'target',
      after: pauseOf(headers['retry-after']),
      remedy: 'Volt sends what waits when the target accepts requests again.',
    });
  }
  if (status >= 500 || status === 408) {
    throw new TargetFault('notice_unreachable', said, {
      scope: 'target',
      remedy: 'Volt retries automatically, for a day.',
    });
  }
  const isGone = [401, 403, 404, 410].includes(status) || (status >= 300 && status < 400);
  throw new TargetFault('notice_refused', said, {
    scope: isGone ? 'target' : 'notice',
    remedy:
      'Check the address of the target, make a new one there if need be, and give it: `volt notify set NAME --to`.',
  });
}

async function answerTo(url: URL, { method = 'POST', headers, body, contentType, mayBePrivate }: PostRequest) {
  const signal = AbortSignal.timeout(timeout);
  const options = {
    ...{ method, signal, lookup: pinnedLookup(await addressesOf(url, mayBePrivate)) },
    headers: {
      'user-agent': `volt-ci/${version}`,
      'content-type': contentType ?? 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      ...headers,
    },
  };
  let isSent = false;
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = url.protocol === 'https:' ? https.request(url, options) : http.request(url, options);
      sent.on('finish', () => {
        isSent = true;
      });
      sent.on('response', resolve).on('error', reject).end(body);
    });
    // the status counts, whatever becomes of the rest
    const text = await textOf(answer).catch(() => '');
    const shown = withoutSecrets(text, url, headers?.authorization).slice(0, most.shown);
    return { status: answer.statusCode ?? 0, headers: answer.headers, text: shown };
  } catch (error) {
    const why = signal.aborted ? tooSlow : (systemCode(error) ?? errorText(error));
    throw unreachable(url, { why, mayHaveArrived: isSent, cause: error });
  }
}

/** @throws TargetFault where the server is at an address that the target may not be at */
async function addressesOf({ host, hostname }: URL, mayBePrivate: boolean): Promise<string[]> {
  const name = hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(name) ? [name] : await resolved(name, host);
  const allowed = mayBePrivate ? ['public', 'private', 'machine'] : ['public'];
  const refused = addresses.find((address) => !allowed.includes(addressClass(address)));
  if (refused === undefined) return addresses;
  throw new TargetFault('notice_refused', `${host} is at ${refused}, which is no public address`, {
    scope: 'target',
    remedy: 'Only administrators can set targets at addresses of this machine or of private networks.',
  });
}

/** A server of names may be as slow as any other. */
async function resolved(name: string, host: string): Promise<string[]> {
  const lookedUp = lookup(name, { all: true }).catch((cause) => {
    throw unreachable({ host }, { why: 'its name does not resolve', cause });
  });
  const found = await within(lookedUp, timeout);
  if (found) return found.map(({ address }) => address);
  throw unreachable({ host }, { why: `its name does not resolve within ${timeout / 1000} s` });
}

function unreachable(
  { host }: { host: string },
  { why, mayHaveArrived = false, cause }: { why: string; mayHaveArrived?: boolean; cause?: unknown },
): TargetFault {
  return new TargetFault('notice_unreachable', `${host} does not answer: ${why}`, {
    scope: 'target',
    remedy: 'Check the address of the target and the network; Volt retries automatically, for a day.',
    ...{ mayHaveArrived, cause },
  });
}

/** @param value seconds, or a date (RFC 9110, 10.2.3); Discord has fractions of seconds */
function pauseOf(value: string | undefined): number {
  if (value === undefined) return pauses.usual;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 1000), pauses.longest) : pauses.usual;
}

/** What the target says, in one line. */
async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer) {
    parts.push(part as Buffer);
    bytes += (part as Buffer).length;
    if (bytes > most.read) break;
  }
  return Buffer.concat(parts)
    .toString('utf8')
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
}

/** The least characters of a part of an address that may be a secret. */
const shortestSecret = 4;

/** What a server says, without the parts of the address and of the token that it was asked with: some repeat what they do not know. */
function withoutSecrets(text: string, { pathname, search }: URL, token = ''): string {
  const parts = [...pathname.split('/'), ...search.split(/[?&=]/), ...token.split(' ')];
  const secrets = parts.filter((part) => part.length >= shortestSecret).flatMap((part) => [part, decoded(part)]);
  // the longest first, which may contain others
  return secrets.sort((a, b) => b.length - a.length).reduce((rest, secret) => rest.replaceAll(secret, '…'), text);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
