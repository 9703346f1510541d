import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer, globalAgent, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

/** Of open.example, storage.example and auth.example, for a hundred years, signed by itself; made by openssl-req(1) for tests alone. */
const own = {
  key: 'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgusaM1906tc+Q91uPRZ1nEMZFAIWxbY0pJEaNE53uWr6hRANCAAR3JO2rEMmfmhaLBaZ1QUrryDinirdy23i/A+Kpcfn60R/3AEMEWJAHBW4uCsoF5QQdWc11lTiJOkEEQ1M1Iy1i',
  certificate:
    'MIIBtDCCAVugAwIBAgIUC2hc7ZEbzJ76pMZWPLwDaGlvnzMwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHZXhhbXBsZTAgFw0yNjEyMDEwMzEwNDhaGA8yMTI2MTEwNzAzMTA0OFowEjEQMA4GA1UEAwwHZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHck7asQyZ+aFosFpnVBSuvIOKeKt3LbeL8D4qlx+frRH/cAQwRYkAcFbi4KygXlBB1ZzXWVOIk6QQRDUzUjLWKjgYwwgYkwHQYDVR0OBBYEFG9uoPUTI8KUR1sEyFonJxjBh9gYMB8GA1UdIwQYMBaAFG9uoPUTI8KUR1sEyFonJxjBh9gYMA8GA1UdEwEB/wQFMAMBAf8wNgYDVR0RBC8wLYIMb3Blbi5leGFtcGxlgg9zdG9yYWdlLmV4YW1wbGWCDGF1dGguZXhhbXBsZTAKBggqhkjOPQQDAgNHADBEAiB/AVH/CbZxd3UFjIezvXDT/Cl1zd2WNpWG4imDhjJT0QIgC738ZAs3Dljl+5EJvOtYOkOC+pym0to3DlHA0nt8hPI=',
};
const pem = (kind: string, base64: string) =>
  `-----BEGIN ${kind}-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END ${kind}-----\n`;

export const manifestType = 'application/vnd.oci.image.manifest.v1+json';

export interface SeenRequest {
  host: string;
  path: string;
  headers: IncomingHttpHeaders;
}

/** A server at 127.0.0.1 that is all of these hosts, at its port, and answers what a test wants. */
export class HttpsRegistry {
  readonly #server: Server;
  readonly #former = globalAgent.options.ca;
  readonly seen: SeenRequest[] = [];
  /** by host and path; a text is a redirect to there */
  readonly answers = new Map<string, Buffer | string>();
  /** answers instead, where it returns true */
  before: (request: SeenRequest, response: ServerResponse) => boolean = () => false;

  private constructor() {
    const cert = pem('CERTIFICATE', own.certificate);
    globalAgent.options.ca = cert;
    this.#server = createServer({ key: pem('PRIVATE KEY', own.key), cert }, ({ headers, url: path = '' }, response) => {
      const host = headers.host?.replace(/:\d+$/, '') ?? '';
      const request = { host, path, headers };
      this.seen.push(request);
      if (this.before(request, response)) return;
      const answer = this.answers.get(`${host}${path.replace(/\?.*/, '')}`);
      if (answer === undefined)
        response.writeHead(404).end('{"errors":[{"code":"NAME_UNKNOWN","message":"not here"}]}');
      else if (typeof answer === 'string') response.writeHead(307, { location: answer }).end();
      else response.end(answer);
    });
  }

  static async start(): Promise<HttpsRegistry> {
    const registry = new HttpsRegistry();
    registry.#server.listen(0, '127.0.0.1');
    await once(registry.#server, 'listening');
    return registry;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Forgets everything. */
  clear(): void {
    this.seen.length = 0;
    this.answers.clear();
    this.before = () => false;
  }

  /** @param named a tag, or undefined for the digest alone @returns the digest */
  addManifest(host: string, repository: string, manifest: unknown, named?: string): string {
    const content = Buffer.from(JSON.stringify(manifest));
    const digest = digestOf(content);
    for (const name of named === undefined ? [digest] : [digest, named])
      this.answers.set(`${host}/v2/${repository}/manifests/${name}`, content);
    return digest;
  }

  /** @returns what a manifest says of it */
  addBlob(host: string, repository: string, content: Buffer, mediaType: string) {
    const digest = digestOf(content);
    this.answers.set(`${host}/v2/${repository}/blobs/${digest}`, content);
    return { mediaType, digest, size: content.length };
  }

  async stop(): Promise<void> {
    globalAgent.options.ca = this.#former;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
