import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { FILE_USERS, PATH_USERS, usersOfFiles } from './support/file-users.ts';
import {
  type Ban,
  breachesOfBans,
  breachesOfLadder,
  breachesOfSoleImporters,
  circles,
  type Ladder,
  packagesAtStart,
  readersOfEnvironment,
  readTree,
  type SoleImporters,
  type Tree,
} from './support/imports.ts';

/** From the top down. An import goes to a lower rung; folders on one rung never import each other. */
const LADDER: Ladder = [
  'workers',
  'cli',
  'web',
  ['observer', 'dispatcher', 'runner', 'reporter', 'notifier'],
  'job',
  ['workflow', 'git', 'exec', 'engine', 'queues', 'record', 'forge'],
  'redis',
  'secrets',
  'kernel',
  'system',
];

/** The only folders that import a package. */
const SOLE_IMPORTERS: SoleImporters = {
  bullmq: ['queues'],
  '@bull-board/*': ['web'],
  'simple-git': ['git'],
  '@actions/*': ['workflow'],
  kysely: ['record'],
  libsql: ['record'],
  pg: ['record'],
  ioredis: ['redis'],
  'prom-client': ['web'],
  tar: ['cli'],
};

/** Imports that the ladder allows but the design forbids. */
const BANS: readonly Ban[] = [
  { from: 'runner', to: /^src\/record\//, why: 'a runner may live anywhere, so it never sees the record' },
  {
    from: 'job',
    to: /^src\/(record|queues|redis)\//,
    why: 'a job knows neither record nor queues; `volt exec` runs it alone',
  },
  { from: 'workflow', to: /^src\/redis\//, why: 'workflow is pure: no clock, no input or output' },
  {
    from: 'workflow',
    to: /^(node:)?(fs|child_process|net|tls|https?|dns|timers)(\/|$)/,
    why: 'workflow is pure: no clock, no input or output',
  },
];

/** The only file that reads the environment. */
const ENVIRONMENT = 'src/system/environment.ts';

describe('the layers of src/', () => {
  let tree: Tree;
  before(async () => {
    tree = await readTree(join(import.meta.dirname, '..'));
  });

  it('import downwards only', () => {
    expect(tree.files).to.include(ENVIRONMENT);
    expect(breachesOfLadder(tree, LADDER)).to.deep.equal([]);
  });

  it('import certain packages in one folder only', () => {
    expect(breachesOfSoleImporters(tree, SOLE_IMPORTERS)).to.deep.equal([]);
  });

  it('import nothing that the design forbids', () => {
    expect(breachesOfBans(tree, BANS)).to.deep.equal([]);
  });

  it('import each other without circles inside each folder, at every depth', () => {
    expect(circles(tree)).to.deep.equal([]);
  });

  it('touch the files of jobs only through job/files/ and the listed exceptions', () => {
    expect(usersOfFiles(tree)).to.deep.equal({
      users: Object.keys(FILE_USERS).sort(),
      pathUsers: Object.keys(PATH_USERS).sort(),
      detours: [],
    });
  });

  it('load nothing for a command of volt that only another command needs', async () => {
    const packages = await packagesAtStart(join(import.meta.dirname, '..'), 'src/cli/main.ts');
    expect(packages).to.deep.equal(['commander', 'zod']);
  });

  it('read the environment in one file', () => {
    expect(readersOfEnvironment(tree, ENVIRONMENT)).to.deep.equal([]);
  });
});

describe('the reader of imports for the layer tests', () => {
  const folders: string[] = [];
  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  });

  /** Makes a source tree with these files. */
  async function treeOf(files: Record<string, string>): Promise<Tree> {
    const root = mkdtempSync(join(tmpdir(), 'volt-layers-'));
    folders.push(root);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    return readTree(root);
  }

  for (const [kind, text] of Object.entries({
    static: `import { a } from '../cli/a.ts';\nconsole.log(a);`,
    unused: `import { a } from '../cli/a.ts';`,
    'type-only': `import type { A } from '../cli/a.ts';\nexport type B = A;`,
    'inline type': `import { type A } from '../cli/a.ts';\nexport type B = A;`,
    'type expression': `export type B = import('../cli/a.ts').A;`,
    're-exported': `export { a } from '../cli/a.ts';`,
    're-exported type': `export type { A } from '../cli/a.ts';`,
    'all re-exported': `export * from '../cli/a.ts';`,
    dynamic: `export const load = () => import('../cli/a.ts');`,
    'side-effect': `import '../cli/a.ts';`,
    'many lines': `import type {\n  A,\n} from '../cli/a.ts';\nexport type B = A;`,
  })) {
    it(`finds an upward import that is ${kind}`, async () => {
      const tree = await treeOf({ 'src/kernel/b.ts': text, 'src/cli/a.ts': 'export const a = 1;\nexport type A = 1;' });
      expect(breachesOfLadder(tree, LADDER)).to.deep.equal([
        'src/kernel/b.ts imports src/cli/a.ts: kernel → cli goes up, imports go down only',
      ]);
    });
  }

  it('finds files that use the file system for a job, however they import it', async () => {
    const tree = await treeOf({
      'src/job/a.ts': `import { rm } from 'fs/promises';\nconsole.log(rm);`,
      'src/job/b.ts': `export const load = () => import('node:fs');`,
      'src/job/c.ts': `export const { rmSync } = process.getBuiltinModule('fs');`,
      'src/runner/d.ts': `import { execFile } from 'node:child_process';\nconsole.log(execFile);`,
      'src/git/e.ts': `import { rm } from 'node:fs/promises';\nconsole.log(rm);`,
      'src/job/f.ts': `export * from 'node:fs';`,
      'src/job/g.ts': `import { removeTree } from '../system/remove-tree.ts';\nconsole.log(removeTree);`,
      'src/runner/h.ts': `export const load = () => import('../system/disk.ts');`,
      'src/system/disk.ts': '',
      'src/system/remove-tree.ts': '',
    });
    expect(usersOfFiles(tree)).to.deep.equal({
      users: ['src/job/a.ts', 'src/job/b.ts', 'src/job/f.ts', 'src/runner/d.ts'],
      pathUsers: ['src/job/g.ts → remove-tree', 'src/runner/h.ts → disk'],
      detours: ['src/job/c.ts'],
    });
  });

  it('finds an import of one stage by another', async () => {
    const tree = await treeOf({ 'src/runner/a.ts': `import '../reporter/b.ts';`, 'src/reporter/b.ts': '' });
    expect(breachesOfLadder(tree, LADDER))
      .to.have.lengthOf(1)
      .and.satisfy(([text = '']) => text.includes('sideways'));
  });

  it('finds a folder that the layout does not list', async () => {
    const tree = await treeOf({ 'src/utils/a.ts': '' });
    expect(breachesOfLadder(tree, LADDER)).to.deep.equal(['src/utils/a.ts is in no folder of the layout']);
  });

  it('allows an import that skips rungs, and one inside a folder', async () => {
    const tree = await treeOf({
      'workers/a.ts': `import '../src/kernel/b.ts';`,
      'src/kernel/b.ts': `import './c.ts';`,
      'src/kernel/c.ts': '',
    });
    expect(tree.imports).to.have.lengthOf(2);
    expect(breachesOfLadder(tree, LADDER)).to.deep.equal([]);
  });

  it('finds a package in a wrong folder, also by path or for types only', async () => {
    const tree = await treeOf({
      'src/web/a.tsx': `import type { Job } from 'bullmq';\nimport '@bull-board/api/bullMQAdapter';\nexport type B = Job;`,
      'src/cli/b.ts': `import '@bull-board/api/bullMQAdapter';`,
    });
    expect(breachesOfSoleImporters(tree, SOLE_IMPORTERS)).to.deep.equal([
      'src/cli/b.ts imports @bull-board/api/bullMQAdapter: only web may import @bull-board/*',
      'src/web/a.tsx imports bullmq: only queues may import bullmq',
    ]);
  });

  it('finds a runner that imports the database and a workflow that imports the file system', async () => {
    const tree = await treeOf({
      'src/runner/a.ts': `import type { Record } from '../record/b.ts';\nexport type A = Record;`,
      'src/record/b.ts': '',
      'src/workflow/c.ts': `import { readFile } from 'node:fs/promises';\nvoid readFile;`,
    });
    expect(breachesOfBans(tree, BANS)).to.have.lengthOf(2);
  });

  it('finds a circle of a folder and a file next to it', async () => {
    const tree = await treeOf({
      'src/web/status.ts': `import './api/schema.ts';`,
      'src/web/api/schema.ts': '',
      'src/web/api/system/route.ts': `import '../../status.ts';`,
      'src/web/pages/page.ts': `import '../api/schema.ts';`,
    });
    expect(circles(tree)).to.deep.equal([
      'src/web: api → status.ts → api ' +
        '(src/web/api/system/route.ts imports src/web/status.ts, src/web/status.ts imports src/web/api/schema.ts)',
    ]);
  });

  it('finds a circle of nested folders', async () => {
    const tree = await treeOf({
      'src/job/steps/a/one.ts': `import '../b/two.ts';`,
      'src/job/steps/b/two.ts': '',
      'src/job/steps/b/three.ts': `import '../a/four.ts';`,
      'src/job/steps/a/four.ts': '',
    });
    expect(circles(tree)).to.have.lengthOf(1);
    expect(circles(tree)[0]).to.match(/^src\/job\/steps: a → b → a /);
  });

  it('finds a cycle of type imports', async () => {
    const tree = await treeOf({
      'src/git/a.ts': `import type { B } from './b.ts';\nexport type A = B;`,
      'src/git/b.ts': `import './c.ts';\nexport type B = 1;`,
      'src/git/c.ts': `import './a.ts';`,
    });
    expect(circles(tree)).to.have.lengthOf(1);
    expect(circles(tree)[0]).to.match(/^src\/git: a\.ts → b\.ts → c\.ts → a\.ts /);
  });

  for (const text of [
    'export const a = process.env.A;',
    `export const a = process['env'].A;`,
    'export const { env } = process;',
    `import { env } from 'node:process';\nexport const a = env.A;`,
    `import process from 'node:process';\nexport const a = process?.env;`,
  ]) {
    it(`finds the use of the environment in ${JSON.stringify(text)}`, async () => {
      const tree = await treeOf({ 'src/git/a.ts': text });
      expect(readersOfEnvironment(tree, ENVIRONMENT)).to.have.lengthOf(1);
    });
  }

  it('ignores the environment in comments', async () => {
    const tree = await treeOf({
      'src/git/a.ts': '// process.env is not read here\n/** nor process.env here */\nexport const a = 1;',
    });
    expect(readersOfEnvironment(tree, ENVIRONMENT)).to.deep.equal([]);
  });
});
