import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as Esbuild from 'esbuild';
import type { Context } from 'hono';
import { nothingHere } from './errors.ts';
import { icons } from './icons.ts';

interface Asset {
  type: string;
  content: Uint8Array<ArrayBuffer>;
  version: string;
}

export const contentTypes: { [extension: string]: string } = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
};

/** Lets browsers cache a file for ever if its address contains a hash of its content. */
export function cacheControl(hasHash: boolean): string {
  return hasHash ? 'public, max-age=31536000, immutable' : 'no-cache';
}

/**
 * Scripts, styles and icons of the pages. The bundle has them in `public/`; a checkout builds them from `client/` on
 * first use. All are small and stay in memory.
 */
export class Assets {
  #loading: Promise<Map<string, Asset>> | undefined;

  /** The address of a file. It contains a hash of the content, so browsers may cache the file for ever. */
  async url(name: string): Promise<string> {
    return `/public/${name}?v=${(await this.#all()).get(name)?.version ?? ''}`;
  }

  /** Answers `/public/:name`. */
  async answer(context: Context): Promise<Response> {
    const asset = (await this.#all()).get(context.req.param('name') ?? '');
    if (!asset) return nothingHere(context);
    const kept = cacheControl(context.req.query('v') === asset.version);
    return context.body(asset.content, 200, {
      'content-type': asset.type,
      'content-length': String(asset.content.length),
      'cache-control': kept,
    });
  }

  #all(): Promise<Map<string, Asset>> {
    this.#loading ??= load().catch((error) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }
}

async function load(): Promise<Map<string, Asset>> {
  const here = dirname(fileURLToPath(import.meta.url));
  // the bundle of a single stage is one folder deeper
  const folder = [join(here, 'public'), join(here, '..', 'public')].find((one) => existsSync(join(one, 'style.css')));
  const files = folder ? bundled(folder) : await fromSources(join(here, '..', 'client'));
  return new Map([...files, ...icons()].map(([name, content]) => [name, assetOf(name, content)]));
}

function bundled(folder: string): [string, Uint8Array][] {
  const names = readdirSync(folder).filter((name) => extname(name) in contentTypes);
  return names.map((name) => [name, readFileSync(join(folder, name))]);
}

async function fromSources(folder: string): Promise<[string, Uint8Array][]> {
  // only a checkout has esbuild; createRequire keeps it out of the bundle
  const esbuild = createRequire(import.meta.url)('esbuild') as typeof Esbuild;
  const { outputFiles } = await esbuild.build({
    entryPoints: readdirSync(folder)
      .filter((name) => /\.(ts|css)$/.test(name))
      .map((name) => join(folder, name)),
    outdir: folder,
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
  });
  return outputFiles.map(({ path, contents }) => [basename(path), contents]);
}

function assetOf(name: string, content: Uint8Array): Asset {
  return {
    type: contentTypes[extname(name)] ?? 'application/octet-stream',
    content: Uint8Array.from(content),
    version: createHash('sha256').update(content).digest('hex').slice(0, 12),
  };
}
