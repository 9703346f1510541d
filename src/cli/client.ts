import { readFileSync } from 'node:fs';
import type * as z from 'zod';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { type ErrorCode, errorCodes, systemCode, VoltError } from '../kernel/errors.ts';
import { fetchErrorText } from '../system/fetch-error.ts';
import { loginAt, newestLogin } from './logins.ts';
import { remedyOnCommandLine } from './remedies.ts';
import { readEvents, type ServerEvent } from './sse.ts';

/** What the API answers, by its schema. */
export type Answer<Schema extends z.ZodType> = z.output<Schema>;

export type Query = { [name: string]: string | number | boolean | undefined };

/** Milliseconds to wait for an answer before the web stage counts as unreachable. */
const timeout = 30_000;

/** Status of an answer to a request for bytes that are not there yet, RFC 9110 section 15.5.17. */
const nothingThere = 416;

/** The most entries on one page. */
const largestPage = 500;

/** Client of the JSON API. Errors from the API keep their code and remedy. */
export class Client {
  readonly url: string;
  readonly #token: string | undefined;

  constructor(url: string, token: string | undefined) {
    this.url = url.replace(/\/+$/, '');
    this.#token = token;
  }

  /**
   * A client for the web stage that the settings name, else for the one that uses the data directory, else, if there is no such
   * directory, for the one where the user has signed in last. It sends VOLT_TOKEN, else the token of `volt login`, else that of the data directory.
   */
  static of(config: Config): Client {
    const paths = dataPaths(config.dataDir);
    const own = contentOf(paths.token);
    const elsewhere = own === undefined ? newestLogin() : undefined;
    const url = config.url ?? contentOf(paths.webUrl) ?? elsewhere ?? `http://127.0.0.1:${config.httpPort}`;
    return new Client(url, config.token ?? loginAt(url)?.token ?? own);
  }

  async get<T>(path: string, query: Query = {}): Promise<T> {
    return this.#json(await this.#ask(path + queryText(query), {}));
  }

  /** All entries of a list that the API returns in pages. */
  async all<T>(path: string, list: string, query: Query = {}): Promise<T[]> {
    const entries: T[] = [];
    let after: string | undefined;
    do {
      const page: { [name: string]: unknown } = await this.get(path, { ...query, limit: largestPage, after });
      entries.push(...(page[list] as T[]));
      after = typeof page.next === 'string' ? page.next : undefined;
    } while (after !== undefined);
    return entries;
  }

  async post<T>(path: string, body: unknown = {}): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    return this.#json(await this.#ask(path, { method: 'POST', headers, body: JSON.stringify(body) }));
  }

  async put<T>(path: string, body: unknown): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    return this.#json(await this.#ask(path, { method: 'PUT', headers, body: JSON.stringify(body) }));
  }

  async patch<T>(path: string, body: unknown): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    return this.#json(await this.#ask(path, { method: 'PATCH', headers, body: JSON.stringify(body) }));
  }

  async delete<T>(path: string, query: Query = {}): Promise<T> {
    return this.#json(await this.#ask(path + queryText(query), { method: 'DELETE' }));
  }

  /** The bytes of a response as they arrive. @param start position of the first wanted byte */
  async *bytes(path: string, query: Query = {}, start = 0): AsyncGenerator<Uint8Array> {
    const headers = { range: `bytes=${start}-` };
    const response = await this.#ask(path + queryText(query), start === 0 ? {} : { headers }, false);
    if (response.status === nothingThere) return;
    for await (const chunk of response.body ?? []) yield chunk as Uint8Array;
  }

  /**
   * The events of a stream, until the server or the network ends it.
   * @param last id of the last received event; the stream continues after it
   */
  async *events(path: string, query: Query, last?: string): AsyncGenerator<ServerEvent> {
    const headers = { accept: 'text/event-stream', ...(last === undefined ? {} : { 'last-event-id': last }) };
    const response = await this.#ask(path + queryText(query), { headers }, false);
    if (response.body) yield* readEvents(response.body as AsyncIterable<Uint8Array>);
  }

  async #ask(path: string, init: RequestInit, bounded = true): Promise<Response> {
    const headers = { ...(init.headers as object), ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}) };
    let response: Response;
    try {
      const signal = bounded ? AbortSignal.timeout(timeout) : null;
      response = await fetch(`${this.url}/api/v1${path}`, { ...init, headers, signal });
    } catch (error) {
      throw this.#unreachable(error);
    }
    if (response.ok || response.status === nothingThere) return response;
    throw errorOf(path, response.status, await response.text().catch(() => ''));
  }

  async #json<T>(response: Response): Promise<T> {
    try {
      return (await response.json()) as T;
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  #unreachable(error: unknown): VoltError {
    return new VoltError('web_unreachable', `Volt does not answer at ${this.url}: ${fetchErrorText(error)}`, {
      remedy:
        'Start it with `volt up` (or `volt web`), or say where it runs: `volt login URL`, --data with its data directory, or VOLT_URL and VOLT_TOKEN.',
      cause: error,
    });
  }
}

/** @throws VoltError `data_unwritable` if this user may not read the file */
function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    throw new VoltError('data_unwritable', `${file} belongs to another user and cannot be read: ${code}`, {
      remedy: 'Run it as the user of Volt, or set VOLT_URL and VOLT_TOKEN.',
      cause: error,
    });
  }
}

function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  return parameters.size === 0 ? '' : `?${parameters}`;
}

/** The error that the API reports. A response in another form comes from another program at that address. */
function errorOf(path: string, status: number, body: string): VoltError {
  try {
    const { code, message, remedy } = (JSON.parse(body) as { error: { code: string; message: string; remedy: string } })
      .error;
    if (code in errorCodes) {
      const known = code as ErrorCode;
      return new VoltError(known, message, { remedy: remedyOnCommandLine(known, path, remedy) });
    }
    return new VoltError('internal', `${code}: ${message}`, { remedy });
  } catch {
    return new VoltError(
      'web_unreachable',
      `the server at this address is not Volt (it answered with status ${status})`,
      {
        remedy: 'Check which program listens there, and correct VOLT_URL.',
      },
    );
  }
}
