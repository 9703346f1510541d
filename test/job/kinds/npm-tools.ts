import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { jobEnvironment } from '../../../src/system/environment.ts';
import { TestRepository } from '../../support/repository.ts';
import type { Files, Kind, NpmTool } from './kind.ts';

const execute = promisify(execFile);

/** Packages that hold the package managers, each with what is to be started in it. */
const packages: { [tool in NpmTool]: { program: string; package: string; start: string } } = {
  pnpm: { program: 'pnpm', package: 'pnpm@10.34.8', start: 'pnpm/bin/pnpm.cjs' },
  'yarn 1': { program: 'yarn', package: 'yarn@1.22.22', start: 'yarn/bin/yarn.js' },
  'yarn 4': { program: 'yarn', package: '@yarnpkg/cli-dist@4.18.1', start: '@yarnpkg/cli-dist/bin/yarn.js' },
  // the baseline runs on every processor
  bun: { program: 'bun', package: `${bunPackage()}@1`, start: `${bunPackage()}/bin/bun` },
};

function bunPackage(): string {
  const system = process.platform === 'darwin' ? 'darwin' : 'linux';
  return `@oven/bun-${system}-${process.arch === 'arm64' ? 'aarch64' : 'x64-baseline'}`;
}

/**
 * Installs the package managers, each in a folder of its own for the search path.
 * @returns the path of each program; nothing where the registry cannot be reached
 */
export async function installNpmTools(folder: string): Promise<Map<NpmTool, string>> {
  const paths = new Map<NpmTool, string>();
  for (const [name, tool] of Object.entries(packages) as [NpmTool, (typeof packages)[NpmTool]][]) {
    const own = join(folder, name);
    mkdirSync(own);
    const install = ['install', '--prefix', own, '--no-audit', '--no-fund', '--no-save', '--prefer-offline'];
    const installed = await execute('npm', [...install, tool.package], { cwd: own }).catch(() => undefined);
    if (!installed) continue;
    const start = join(own, 'node_modules', tool.start);
    const program = join(own, tool.program);
    writeFileSync(program, `#!/bin/sh\nexec ${/js$/.test(start) ? 'node ' : ''}'${start}' "$@"\n`);
    chmodSync(program, 0o755);
    paths.set(name, program);
  }
  return paths;
}

/** The text of the lock file that a package manager makes of a project. */
export async function lockFile(
  files: Files,
  { lock, file }: NonNullable<Kind['by']>,
  program: string,
): Promise<string> {
  const project = new TestRepository({ ...files, [file]: '' });
  try {
    await execute(program, lock.split(' '), { cwd: project.path, env: { ...jobEnvironment(), CI: '' } });
    return readFileSync(join(project.path, file), 'utf8');
  } finally {
    project.remove();
  }
}
