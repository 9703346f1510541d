import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Where the package python3-venv of Debian has a wheel of setuptools, and python3-pytest its files. */
const [debianWheels, debianPackages] = ['/usr/share/python-wheels', '/usr/lib/python3/dist-packages'] as const;

/** Whether environments can be made here, and be filled without an index. */
export function canMakeEnvironments(): boolean {
  try {
    execFileSync('python3', ['-c', 'import ensurepip, venv'], { stdio: 'ignore' });
    return setuptools() !== undefined;
  } catch {
    return false;
  }
}

/** A folder of wheels, from which pip installs without an index. */
export class Wheels {
  readonly folder: string;

  /** @param folder is opened for all users, since jobs install from it */
  constructor(folder: string) {
    this.folder = folder;
    chmodSync(folder, 0o755);
    const wheel = setuptools();
    if (wheel !== undefined) copyFileSync(join(debianWheels, wheel), join(folder, wheel));
  }

  /** The variables with which pip installs from here alone. */
  get variables(): { PIP_NO_INDEX: string; PIP_FIND_LINKS: string } {
    return { PIP_NO_INDEX: '1', PIP_FIND_LINKS: this.folder };
  }

  /** Makes a wheel of a package. @param files by path */
  make(name: string, version: string, files: Record<string, string>, requires: readonly string[] = []): void {
    const work = mkdtempSync(join(this.folder, 'wheel-'));
    const info = `${name}-${version}.dist-info`;
    const lines = [`Name: ${name}`, `Version: ${version}`, ...requires.map((each) => `Requires-Dist: ${each}`)];
    const all: Record<string, string> = {
      ...files,
      [`${info}/METADATA`]: `Metadata-Version: 2.1\n${lines.join('\n')}\n`,
      [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    };
    all[`${info}/RECORD`] = [...Object.keys(all), `${info}/RECORD`].map((path) => `${path},,\n`).join('');
    for (const [path, text] of Object.entries(all)) {
      mkdirSync(dirname(join(work, path)), { recursive: true });
      writeFileSync(join(work, path), text);
    }
    const wheel = join(this.folder, `${name}-${version}-py3-none-any.whl`);
    rmSync(wheel, { force: true });
    execFileSync('python3', ['-m', 'zipfile', '-c', wheel, ...readdirSync(work)], { cwd: work });
    rmSync(work, { recursive: true });
  }

  /** Makes wheels of Debian's pytest and of what it needs. @returns whether it is installed */
  makePytest(): boolean {
    if (!existsSync(join(debianPackages, '_pytest'))) return false;
    const script = { 'pytest-8.0.dist-info/entry_points.txt': '[console_scripts]\npytest = pytest:console_main\n' };
    const pyFile = readFileSync(join(debianPackages, 'py.py'), 'utf8');
    const needs = ['iniconfig', 'packaging', 'pluggy'];
    this.make('pytest', '8.0', { ...debianFiles('pytest', '_pytest'), 'py.py': pyFile, ...script }, needs);
    for (const name of needs) this.make(name, '99.0', debianFiles(name));
    return true;
  }
}

function setuptools(): string | undefined {
  const names = existsSync(debianWheels) ? readdirSync(debianWheels) : [];
  return names.find((name) => name.startsWith('setuptools-'));
}

function debianFiles(...folders: string[]): Record<string, string> {
  const files = folders.flatMap((folder) =>
    readdirSync(join(debianPackages, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.name.endsWith('.py'))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return Object.fromEntries(files.map((file) => [relative(debianPackages, file), readFileSync(file, 'utf8')]));
}
