import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { makeTinyRoot } from '../support/tiny-root.ts';

const types = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar',
};

/** names of the processor as images have them */
const architectures: Partial<Record<string, string>> = { x64: 'amd64' };

interface HeldImage {
  manifest: Buffer;
  /** digest of the layer that only this image has */
  own: string;
  /** whether somebody has asked for that layer */
  isAsked: boolean;
  /** answers that wait until the image is released */
  waiting: (() => void)[] | undefined;
}

/** A registry whose images can be pulled only once they are released: until then, the pull goes on and on. */
export class StandInRegistry {
  readonly host: string;
  readonly #server: Server;
  readonly #folder: string;
  readonly #root: Buffer;
  /** by the name of the repository */
  readonly #images = new Map<string, HeldImage>();
  readonly #blobs = new Map<string, Buffer>();

  private constructor(server: Server, folder: string) {
    this.#server = server;
    this.#folder = folder;
    this.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    makeTinyRoot(join(folder, 'root'), join(folder, 'root.tar'));
    this.#root = readFileSync(join(folder, 'root.tar'));
    server.on('request', (request, response) => this.#answer(request, response));
  }

  /** @param folder a new one */
  static async start(folder: string): Promise<StandInRegistry> {
    mkdirSync(folder);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new StandInRegistry(server, folder);
  }

  /** Makes an image that nobody has. @returns its name */
  publish(): string {
    const repository = `chaos/${randomUUID()}`;
    writeFileSync(join(this.#folder, 'name'), repository);
    const layers = [this.#root, execFileSync('tar', ['-C', this.#folder, '-c', 'name'])];
    const config = Buffer.from(
      JSON.stringify({
        ...{ architecture: architectures[process.arch] ?? process.arch, os: 'linux' },
        config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] },
        rootfs: { type: 'layers', diff_ids: layers.map(digestOf) },
      }),
    );
    const described = (mediaType: string, blob: Buffer) => {
      const digest = digestOf(blob);
      this.#blobs.set(digest, blob);
      return { mediaType, size: blob.length, digest };
    };
    const manifest = {
      ...{ schemaVersion: 2, mediaType: types.manifest, config: described(types.config, config) },
      layers: layers.map((layer) => described(types.layer, layer)),
    };
    const own = manifest.layers[1]?.digest ?? '';
    this.#images.set(repository, {
      ...{ manifest: Buffer.from(JSON.stringify(manifest)), own, isAsked: false, waiting: [] },
    });
    return `${this.host}/${repository}:1`;
  }

  /** Whether somebody pulls the image. */
  isPulled(name: string): boolean {
    return this.#image(name).isAsked;
  }

  /** Lets pulls of the image come to their end, from now on. */
  release(name: string): void {
    const image = this.#image(name);
    for (const answer of image.waiting ?? []) answer();
    image.waiting = undefined;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #image(name: string): HeldImage {
    const image = this.#images.get(name.slice(this.host.length + 1, -':1'.length));
    if (!image) throw new Error(`nobody has published ${name}`);
    return image;
  }

  #answer({ url = '', method }: IncomingMessage, response: ServerResponse): void {
    const [, repository = '', kind, reference = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(url) ?? [];
    const image = this.#images.get(repository);
    const send = (type: string, content: Buffer) => {
      const head = { 'content-type': type, 'content-length': content.length };
      response.writeHead(200, { ...head, 'docker-content-digest': digestOf(content) });
      response.end(method === 'HEAD' ? undefined : content);
    };
    const blob = this.#blobs.get(reference);
    if (url === '/v2/') response.end('{}');
    else if (image && kind === 'manifests') send(types.manifest, image.manifest);
    else if (image && blob) {
      const answer = () => send('application/octet-stream', blob);
      if (reference === image.own) image.isAsked = true;
      if (reference === image.own && image.waiting) image.waiting.push(answer);
      else answer();
    } else response.writeHead(404).end('{}');
  }
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
