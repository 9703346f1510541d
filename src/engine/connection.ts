import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { errorText, VoltError } from '../kernel/errors.ts';

/** Version of Docker's API that Docker and podman both serve. */
const dockerApi = '/v1.41';
/** Version of podman's own API; every podman since 4.0 serves it. */
const podmanApi = '/v4.0.0/libpod';

/** Milliseconds for an answer, where the caller knows no better; a busy machine takes seconds to start a container. */
const usualPatience = 60_000;
/** Bytes of an answer that is read at once. */
const largestAnswer = 16 * 1_048_576;

export interface EngineRequest {
  /** GET by default, POST where there is a body */
  method?: 'GET' | 'POST' | 'DELETE' | 'HEAD' | 'PUT';
  query?: Readonly<Record<string, string>>;
  body?: unknown;
  /** a tar archive, instead of `body` */
  content?: Readable;
  headers?: Readonly<Record<string, string>>;
  /** milliseconds until the answer begins */
  patience?: number;
  signal?: AbortSignal | undefined;
}

/** The engine has refused a request. */
export class EngineRefusal extends Error {
  /** of HTTP */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'EngineRefusal';
    this.status = status;
  }
}

/** Sends requests to the socket of a container engine. */
export class EngineConnection {
  readonly socket: string;

  /** @param socket path of the Unix socket */
  constructor(socket: string) {
    this.socket = socket;
  }

  /**
   * Sends a request to Docker's API, which podman has, too.
   * @param path without a version
   * @returns the answer, parsed; undefined where there is none
   * @throws EngineRefusal; VoltError `engine_failed` where the engine cannot be reached
   */
  docker<T>(path: string, options: EngineRequest = {}): Promise<T> {
    return this.#json<T>(dockerApi + path, options);
  }

  /** As `docker`, to podman's own API. */
  podman<T>(path: string, options: EngineRequest = {}): Promise<T> {
    return this.#json<T>(podmanApi + path, options);
  }

  /** As `docker`, but leaves the content of the answer to the caller, who reads it to its end or destroys it. */
  async stream(path: string, options: EngineRequest = {}): Promise<IncomingMessage> {
    const answer = await this.#send(dockerApi + path, options);
    const status = answer.statusCode ?? 0;
    if (status < 400) return answer;
    throw refusal(status, await this.#text(answer));
  }

  /**
   * As `docker`, for what a program in a container reads and prints.
   * @returns the connection, on which only that is sent from now on
   */
  async attach(path: string, options: EngineRequest = {}): Promise<Duplex> {
    const headers = { connection: 'Upgrade', upgrade: 'tcp' };
    const answer = await this.#send(dockerApi + path, { ...options, method: 'POST', headers });
    if (answer.statusCode === 101) return answer.socket;
    throw refusal(answer.statusCode ?? 0, await this.#text(answer));
  }

  async #json<T>(path: string, options: EngineRequest): Promise<T> {
    const answer = await this.#send(path, options);
    const text = await this.#text(answer);
    const status = answer.statusCode ?? 0;
    if (status >= 400) throw refusal(status, text);
    try {
      return (text.trim() === '' ? undefined : JSON.parse(text)) as T;
    } catch {
      throw this.#failed(`answers with something that is not JSON: ${text.slice(0, 200)}`);
    }
  }

  #send(
    path: string,
    { query, body, content: archive, headers, signal, ...options }: EngineRequest,
  ): Promise<IncomingMessage> {
    const { method = body === undefined ? 'GET' : 'POST', patience = usualPatience } = options;
    const search = query === undefined ? '' : `?${new URLSearchParams(query)}`;
    const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    return new Promise((resolve, reject) => {
      let sent: ClientRequest;
      const late = setTimeout(() => sent.destroy(new Error(`no answer within ${patience / 1000} s`)), patience);
      sent = request(
        {
          socketPath: this.socket,
          path: path + search,
          method,
          headers: {
            host: 'engine',
            ...(content && { 'content-type': 'application/json' }),
            ...(archive && { 'content-type': 'application/x-tar' }),
            ...headers,
          },
          ...(signal && { signal }),
        },
        (answer) => {
          clearTimeout(late);
          resolve(answer);
        },
      );
      sent.once('upgrade', (answer, socket, head) => {
        clearTimeout(late);
        socket.unshift(head);
        resolve(answer);
      });
      // a connection that breaks after the answer has begun tells its reader
      sent.on('error', (error) => {
        clearTimeout(late);
        reject(signal?.aborted ? signal.reason : this.#failed(`does not answer: ${errorText(error)}`, error));
      });
      if (archive) archive.once('error', (error) => sent.destroy(error)).pipe(sent);
      else sent.end(content);
    });
  }

  async #text(answer: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > largestAnswer) throw new Error(`an answer has more than ${largestAnswer} bytes`);
        chunks.push(chunk);
      }
    } catch (error) {
      throw this.#failed(`has broken off its answer: ${errorText(error)}`, error);
    }
    return Buffer.concat(chunks).toString();
  }

  #failed(what: string, cause?: unknown): VoltError {
    return engineFailed(`the container engine at ${this.socket} ${what}`, cause);
  }
}

/** The engine is away, hangs, or has broken off what it was doing. */
export function engineFailed(message: string, cause?: unknown): VoltError {
  const remedy =
    "Check whether the container engine runs on the runner's machine; `volt doctor` there says what Volt finds.";
  return new VoltError('engine_failed', message, { remedy, cause });
}

/** Docker says `message`; podman has in it what it was doing, too. */
function refusal(status: number, text: string): EngineRefusal {
  let message = text;
  try {
    const answer = JSON.parse(text) as { message?: unknown };
    if (typeof answer.message === 'string') message = answer.message;
  } catch {
    // the text itself
  }
  return new EngineRefusal(status, message.trim().slice(0, 2000) || `HTTP status ${status}`);
}
