import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestEngine } from './engine.ts';
import { makeTinyRoot } from './tiny-root.ts';

/**
 * Makes an image that has busybox, programs of this machine, and what they need of it.
 * @param files by their path in the image: the path on this machine, or `{ text }` of a script
 */
export async function makeImageWith(
  engine: Pick<TestEngine, 'podman'>,
  name: string,
  files: Record<string, string | { text: string }>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'volt-image-'));
  const [root, archive] = [join(folder, 'root'), join(folder, 'root.tar')];
  try {
    makeTinyRoot(root, archive);
    for (const [path, from] of Object.entries(files)) addFile(root, path, from);
    // the same files in two images are the same to what looks at their times
    execFileSync('tar', ['-C', root, '--mtime=@1', '-cf', archive, '.']);
    const path = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    await engine.podman('import', '--change', path, archive, `docker.io/library/${name}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Copies a file or folder of this machine into a root, with the libraries that a program needs, or writes a script. */
function addFile(root: string, path: string, from: string | { text: string }): void {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true });
  if (typeof from !== 'string') {
    writeFileSync(target, from.text, { mode: 0o755 });
    return;
  }
  const source = realpathSync(from);
  cpSync(source, target, { recursive: true, verbatimSymlinks: true });
  if (statSync(source).isDirectory()) return;
  const needed = execFileSync('sh', ['-c', 'ldd "$0" 2>/dev/null || true', source], { encoding: 'utf8' });
  for (const [, library] of needed.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x/gm)) {
    if (library === undefined || existsSync(join(root, library))) continue;
    mkdirSync(dirname(join(root, library)), { recursive: true });
    copyFileSync(realpathSync(library), join(root, library));
  }
}
