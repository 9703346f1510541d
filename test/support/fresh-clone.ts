/** A fake checkout on a fake machine, to test the setup in milliseconds and without network. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Machine } from '../../src/setup/programs.mjs';

/** The setup under test works on copies of its own files. */
const ROOT = join(import.meta.dirname, '../..');
const COPIED = [
  'src/setup.mjs',
  'src/setup',
  ...['checks', 'long', 'memory-folder', 'runs', 'tools'].map((name) => `test/run/${name}.mjs`),
];

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Log of the calls of the fake machine's programs: `name argument argument`. */
type Call = string;

export class FreshClone {
  readonly root = mkdtempSync(join(tmpdir(), 'volt-setup-'));
  readonly bin = join(this.root, 'bin');
  readonly policy = join(this.root, 'policy-rc.d');
  private readonly calls = join(this.root, 'calls');

  constructor() {
    for (const folder of ['bin', 'src/cli', 'node_modules/.bin'])
      mkdirSync(join(this.root, folder), { recursive: true });
    for (const name of COPIED) cpSync(join(ROOT, name), join(this.root, name), { recursive: true });
    this.lock('1.0.0');
    this.write('package.json', '{"type":"module"}');
    this.write('calls', '');
    this.write('build-result', 'console.log(JSON.stringify(process.argv.slice(2)));');
    this.write(
      'src/build.mjs',
      `import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
       import { fingerprint } from './setup/bundle.mjs';
       appendFileSync('calls', 'build\\n');
       const source = fingerprint('.');
       mkdirSync('dist', { recursive: true });
       writeFileSync('dist/cli.js', readFileSync('build-result'));
       writeFileSync('dist/build.json', JSON.stringify({ source, files: [], previous: [] }));`,
    );
    this.write(
      'test/run/compile.mjs',
      'export const compileTests = () => ({ args: [], path: (file) => file, remove: () => {} });',
    );
    this.program('git');
    this.program('redis-server');
    for (const name of ['bwrap', 'pasta', 'nft']) this.program(name);
    // npm writes the list of installed packages; the sleep makes two concurrent runs collide if they can
    this.program('npm', 'sleep 0.2\nmkdir -p node_modules && cp package-lock.json node_modules/.package-lock.json');
  }

  /** Removes the checkout and the machine. */
  dispose(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  write(name: string, text: string): void {
    const file = join(this.root, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  read(name: string): string {
    return readFileSync(join(this.root, name), 'utf8');
  }

  /** Changes the version of the one dependency. */
  lock(version: string): void {
    this.write('package-lock.json', JSON.stringify({ packages: { '': {}, 'node_modules/a': { version } } }));
  }

  /** Adds a program to the machine; each call of it is logged, and so is its `ready`. */
  program(name: string, script = ''): void {
    const note = `ready() { echo ready >>"${this.calls}"; }`;
    const text = `#!/bin/sh\necho "${name} $*" >>"${this.calls}"\n${note}\nPATH=/usr/bin:/bin\n${script}\n`;
    writeFileSync(join(this.bin, name), text, { mode: 0o755 });
  }

  remove(name: string): void {
    rmSync(join(this.bin, name), { force: true });
  }

  /** The calls since the last call of this method. */
  takeCalls(): Call[] {
    const calls = readFileSync(this.calls, 'utf8').split('\n').filter(Boolean);
    writeFileSync(this.calls, '');
    return calls;
  }

  /** Waits for a line in the log of calls. */
  async untilCalled(call: Call): Promise<void> {
    while (!readFileSync(this.calls, 'utf8').split('\n').includes(call)) await sleep(5);
  }

  /** Runs the setup's command on a machine that has only the programs in `bin`. */
  async run(argv: string[], machine: Partial<Machine> = {}, env: Record<string, string> = {}): Promise<Ended> {
    return ended(this.spawn(argv, machine, env));
  }

  spawn(argv: string[], machine: Partial<Machine> = {}, env: Record<string, string> = {}): ChildProcess {
    const script = `import { runSetup } from './src/setup/commands.mjs';
      await runSetup(${JSON.stringify(this.root)}, ${JSON.stringify(argv)}, JSON.parse(process.env.MACHINE));`;
    return this.#spawn(script, machine, env);
  }

  /** Runs `npm test` there, with arguments for mocha. */
  async runSuite(args: string[] = [], env: Record<string, string> = {}): Promise<Ended> {
    const script = `import { runSuite } from './test/run/checks.mjs';
      await runSuite(${JSON.stringify(this.root)}, ${JSON.stringify(args)}, JSON.parse(process.env.MACHINE));`;
    return ended(this.#spawn(script, {}, env));
  }

  #spawn(script: string, machine: Partial<Machine>, env: Record<string, string>): ChildProcess {
    const full: Machine = {
      folders: [this.bin],
      family: 'debian',
      root: false,
      interactive: false,
      policy: this.policy,
      systemctl: undefined,
      ...machine,
    };
    return spawn(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: this.root,
      env: { PATH: this.bin, MACHINE: JSON.stringify(full), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}

/** Waits until a child ends. */
export async function ended(child: ChildProcess): Promise<Ended> {
  const result: Ended = { code: null, stdout: '', stderr: '' };
  child.stdout?.on('data', (data) => {
    result.stdout += data;
  });
  child.stderr?.on('data', (data) => {
    result.stderr += data;
  });
  result.code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  return result;
}
