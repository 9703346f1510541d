import { lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { JobUser, Overlays } from '../../exec/isolation.ts';
import { isOverlayPath, type Overlay, overlayTable } from '../../exec/overlay.ts';
import { OpenFolders } from '../../system/open-folders.ts';
import { openFolderInside } from '../files/hand-over.ts';

/**
 * What jobs of other refs see of the default branch's home: installed tools, and caches of common programs. No folder may contain
 * passwords, or settings that make a program run something; so each path is as deep as necessary to be only a cache.
 */
const shared = [
  '.tools',
  '.npm/_cacache',
  '.yarn/berry/cache',
  '.local/share/pnpm/store',
  '.bun/install/cache',
  '.cache/yarn',
  '.cache/node',
  '.cache/pip',
  '.cache/uv',
  '.cache/pypoetry/cache',
  '.cache/pypoetry/artifacts',
  '.cache/go-build',
  'go/pkg/mod',
  '.cargo/registry',
  '.m2/repository',
  '.gradle/caches',
  '.gradle/wrapper',
  '.nuget/packages',
  '.cache/composer',
  '.cache/ccache',
  '.cache/sccache',
  '.cache/ms-playwright',
  '.cache/Cypress',
  '.cache/puppeteer',
] as const;

/**
 * Makes a new home with overlays of the caches of another home.
 * @param paths only Volt can reach them. `home`: path of the new home; `uppers`: folder for changes of the caches; `table`: file
 * @returns undefined where the other home has no caches
 */
export function layerHome(
  { base, owner, user }: { base: string; owner: JobUser; user: JobUser },
  { home, uppers, table }: { home: string; uppers: string; table: string },
  rootless: boolean,
): Overlays | undefined {
  const own = rootless ? undefined : user;
  openFolderInside(dirname(home), home, own).close();
  if (![base, home, uppers].every(isOverlayPath)) return undefined;
  const overlays = foldersIn(base).map((name): Overlay => {
    const layer = join(uppers, name.replaceAll('/', '+'));
    const [upper, work, target] = [join(layer, 'upper'), join(layer, 'work'), join(home, name)];
    mkdirSync(work, { recursive: true, mode: 0o700 });
    openFolderInside(layer, upper, own).close();
    openFolderInside(home, target, own).close();
    return { lower: join(base, name), upper, work, target };
  });
  if (overlays.length === 0) return undefined;
  writeFileSync(table, overlayTable(overlays, rootless), { mode: 0o600 });
  return { base, owner, user, table };
}

/** The shared folders that exist. A job may replace any of them at any time, see overlay.ts. */
function foldersIn(base: string): string[] {
  const folders = new OpenFolders(base);
  try {
    return shared.filter((name) => {
      const path = folders.entry(name);
      return path !== undefined && lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    });
  } finally {
    folders.close();
  }
}
