import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

interface Package {
  manifest: { name: string; version: string };
  tarball: Buffer;
}

/** A registry of packages that are made for a test. */
export class NpmRegistry {
  readonly #packages = new Map<string, Package>();
  readonly #server: Server;
  readonly #folder: string;

  /** @param folder for its files */
  constructor(folder: string) {
    this.#folder = folder;
    this.#server = createServer(({ url = '/' }, response) => {
      const [name = '', isTarball] = decodeURIComponent(url.slice(1)).split('/-/');
      const found = this.#packages.get(name);
      if (!found) response.writeHead(404).end();
      else response.end(isTarball ? found.tarball : JSON.stringify(this.#document(found)));
    });
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** @param files by path; `more` completes package.json */
  publish(name: string, files: Record<string, string>, more: Record<string, unknown> = {}): void {
    const work = mkdtempSync(join(this.#folder, 'package-'));
    const manifest = { name, version: '1.0.0', ...more };
    writeAll(join(work, 'package'), { ...files, 'package.json': JSON.stringify(manifest) });
    execFileSync('tar', ['-czf', 'package.tgz', 'package'], { cwd: work });
    this.#packages.set(name, { manifest, tarball: readFileSync(join(work, 'package.tgz')) });
    rmSync(work, { recursive: true });
  }

  /** The text of the lock file that npm makes of a project. @param files by path */
  async lock(files: Record<string, string>): Promise<string> {
    const work = mkdtempSync(join(this.#folder, 'lock-'));
    writeAll(work, files);
    const args = [
      'install',
      '--package-lock-only',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      `--registry=${this.url}`,
    ];
    await execute('npm', args, { cwd: work });
    return readFileSync(join(work, 'package-lock.json'), 'utf8');
  }

  #document({ manifest, tarball }: Package): object {
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    const dist = { tarball: `${this.url}${manifest.name}/-/package.tgz`, integrity };
    const versions = { [manifest.version]: { ...manifest, dist } };
    return { name: manifest.name, 'dist-tags': { latest: manifest.version }, versions };
  }
}

function writeAll(folder: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
