import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { errorText, systemCode } from '../kernel/errors.ts';
import { version } from '../kernel/version.ts';
import { parseJson } from '../system/parse-json.ts';
import { ForgeFault } from './fault.ts';

/** The most bytes of an answer that are read where a request does not say. Lists of 100 statuses have some 150 kB. */
const usualBytes = 1_000_000;
/** The most characters of a forge's own message that are shown. */
const mostQuoted = 200;

/** What Gerrit's answers begin with, so that no browser runs them as a script. */
const gerritPrefix = /^\)\]\}'\s*/;

export interface ForgeRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** below the address of the API */
  path: string;
  headers: { [name: string]: string };
  /** sent as JSON, or as a form */
  body?: object;
  form?: { [name: string]: string };
  /** the most bytes of the answer that are read */
  mostBytes?: number;
}

export interface ForgeAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** undefined where the answer is no JSON */
  json: unknown;
}

/**
 * Asks a forge. A redirect is an answer like others and is not followed, since the token would go with the request. (fetch refuses
 * ports that forges are at, such as 10080.)
 * @param api address of the forge's API
 * @param timeout milliseconds for the whole answer
 * @throws ForgeFault `forge_unreachable`
 */
export async function askForge(api: string, request: ForgeRequest, timeout: number): Promise<ForgeAnswer> {
  const signal = AbortSignal.timeout(timeout);
  try {
    const response = await responseTo(api, request, signal);
    const { statusCode = 0, headers } = response;
    const text = await textOf(response, request.mostBytes ?? usualBytes);
    return { status: statusCode, headers, json: parseJson(text.replace(gerritPrefix, '')) };
  } catch (error) {
    const why = signal.aborted ? `no answer within ${timeout / 1000} s` : (systemCode(error) ?? errorText(error));
    throw new ForgeFault('forge_unreachable', `${hostIn(api)} does not answer: ${why}`, {
      scope: 'forge',
      remedy: 'Check the address of the forge and the network; Volt retries automatically.',
      cause: error,
    });
  }
}

function responseTo(
  api: string,
  { method, path, headers, body, form }: ForgeRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const text = form ? String(new URLSearchParams(form)) : body && JSON.stringify(body);
  const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
  const url = new URL(api + path);
  const options = {
    ...{ method, signal },
    headers: {
      accept: 'application/json',
      'user-agent': `volt-ci/${version}`,
      ...(text !== undefined && { 'content-type': type, 'content-length': Buffer.byteLength(text) }),
      ...headers,
    },
  };
  return new Promise((resolve, reject) => {
    const sent = url.protocol === 'https:' ? https.request(url, options) : http.request(url, options);
    sent.on('response', resolve).on('error', reject).end(text);
  });
}

/** What the forge itself says about an error, in one short line without the token; empty if it says nothing. */
export function quoted({ json }: Pick<ForgeAnswer, 'json'>, token: string): string {
  const { message, error, error_description: description } = Object(json) as { [name: string]: unknown };
  const said = [message, description, error].find((part) => part !== undefined && part !== null && part !== '');
  if (said === undefined) return '';
  const text = typeof said === 'string' ? said : JSON.stringify(said);
  return formsOf(token)
    .reduce((hidden, form) => hidden.replaceAll(form, '***'), text)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, mostQuoted);
}

/** How a token is sent: as it is, or with a user name before it in a header, which proxies show in errors. */
function formsOf(token: string): string[] {
  const password = token.slice(token.indexOf(':') + 1);
  return [...[token, `:${token}`].map((text) => Buffer.from(text).toString('base64')), token, password].filter(Boolean);
}

export function hostIn(api: string): string {
  return new URL(api).host;
}

/** The text of an answer as far as it is read; the rest is not transferred. */
async function textOf(response: IncomingMessage, mostBytes: number): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response) {
    parts.push(part as Buffer);
    bytes += (part as Buffer).length;
    if (bytes > mostBytes) break;
  }
  return Buffer.concat(parts).toString('utf8');
}
