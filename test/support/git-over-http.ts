import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** Serves the repositories below a folder with git-http-backend(1), to clients that know the password. */
export class GitOverHttp {
  readonly #server: Server;
  readonly #top: string;
  readonly #login: string;
  readonly #program = join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');
  /** number of accepted requests, and of refused ones */
  readonly count = { served: 0, refused: 0 };
  /** called for each request; git waits for the response until the promise resolves */
  asked: () => void | Promise<void> = () => undefined;
  /** whether the server fails for a request */
  isAway: (path: string) => boolean = () => false;
  /** which repositories need no password, by the requested path */
  isOpen: (path: string) => boolean = () => false;

  private constructor(top: string, user: string, password: string) {
    this.#top = top;
    this.#login = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(top: string, user: string, password: string): Promise<GitOverHttp> {
    const server = new GitOverHttp(top, user, password);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  /** @param path of a repository, below the folder; `login` is `user:password` in front of the host */
  url(path: string, login = ''): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://${login === '' ? '' : `${login}@`}127.0.0.1:${port}/${path}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // the scheme is case-insensitive (RFC 9110, 11.1)
    if (this.isAway(request.url ?? '')) {
      response.writeHead(500).end();
      return;
    }
    const isKnown = request.headers.authorization?.replace(/^basic /i, 'Basic ') === this.#login;
    if (!isKnown && !this.isOpen(request.url ?? '')) {
      this.count.refused++;
      response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
      return;
    }
    this.count.served++;
    await this.asked();
    // whoever has asked may be gone, and git would wait for the rest of the request
    if (request.socket.destroyed) return;
    const url = new URL(request.url ?? '/', 'http://host');
    const backend = spawn(this.#program, {
      env: {
        PATH: process.env.PATH,
        GIT_PROJECT_ROOT: this.#top,
        GIT_HTTP_EXPORT_ALL: '1',
        REQUEST_METHOD: request.method,
        PATH_INFO: decodeURIComponent(url.pathname),
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        ...(request.headers['content-encoding'] ? { HTTP_CONTENT_ENCODING: request.headers['content-encoding'] } : {}),
        ...(request.headers['git-protocol'] ? { GIT_PROTOCOL: String(request.headers['git-protocol']) } : {}),
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    // the client may be gone, then git ends
    backend.stdin.on('error', () => undefined);
    request.pipe(backend.stdin);
    const chunks: Buffer[] = [];
    backend.stdout.on('data', (chunk) => chunks.push(chunk));
    backend.on('close', () => {
      const said = Buffer.concat(chunks);
      const end = said.indexOf('\r\n\r\n');
      const headers = said.subarray(0, end).toString('latin1').split('\r\n');
      for (const header of headers) {
        const colon = header.indexOf(':');
        const [name, value] = [header.slice(0, colon), header.slice(colon + 1).trim()];
        if (name.toLowerCase() === 'status') response.statusCode = Number(value.slice(0, 3));
        else response.setHeader(name, value);
      }
      response.end(said.subarray(end + 4));
    });
  }
}
