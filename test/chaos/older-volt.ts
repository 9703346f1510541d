import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/bundle.ts';

/** Creates a database with runner keys by the modules of that version, and prints the keys as JSON. */
const makeKeys = `import { openRecord } from './test/support/record.ts';
import { knownKey } from './test/support/runner-keys.ts';
const [dataDir, ...names] = process.argv.slice(2);
const record = await openRecord(dataDir);
const keys = [];
for (const name of names) keys.push([name, (await knownKey(record, name)).text]);
await record.close();
console.log(JSON.stringify(keys));
`;

/** Volt as it was at another commit of this repository. */
export class OlderVolt {
  /** the command `volt` */
  readonly program: string;
  readonly #root: string;

  private constructor(folder: string) {
    this.#root = folder;
    this.program = join(folder, 'dist/cli.js');
  }

  /** @param folder a new one */
  static build(folder: string, revision: string): OlderVolt {
    mkdirSync(folder);
    const archive = execFileSync('git', ['archive', '--format=tar', revision], { cwd: root, maxBuffer: 2 ** 30 });
    execFileSync('tar', ['--extract'], { cwd: folder, input: archive });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    execFileSync(process.execPath, ['src/build.mjs'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    writeFileSync(join(folder, 'make-keys.mts'), makeKeys);
    return new OlderVolt(folder);
  }

  /** Whether it has a stage. */
  has(stage: string): boolean {
    return existsSync(join(this.#root, `workers/${stage}.ts`));
  }

  /**
   * Creates a database.
   * @returns the keys of the runners, by their names
   */
  record(dataDir: string, runners: readonly string[]): Map<string, string> {
    const command = ['--import', 'tsx', 'make-keys.mts', dataDir, ...runners];
    const printed = execFileSync(process.execPath, command, { cwd: this.#root, encoding: 'utf8' });
    return new Map(JSON.parse(printed) as [string, string][]);
  }
}
