import { type Kind, noTests, type Variant } from './kind.ts';

const manifest = (more: object) => JSON.stringify({ name: 'app', version: '1.0.0', private: true, ...more });

/** A package that needs another one of the repository, which has to be installed. */
const withHelper = {
  'package.json': manifest({ scripts: { test: 'node --test' }, dependencies: { helper: 'file:./helper' } }),
  'helper/package.json': JSON.stringify({ name: 'helper', version: '1.0.0' }),
  'helper/index.js': 'module.exports = (a, b) => a + b;\n',
};
const packageLock = JSON.stringify({
  name: 'app',
  version: '1.0.0',
  lockfileVersion: 3,
  packages: {
    '': { name: 'app', version: '1.0.0', dependencies: { helper: 'file:./helper' } },
    helper: { version: '1.0.0' },
    'node_modules/helper': { resolved: 'helper', link: true },
  },
});
const test = (sum: number) =>
  `require('node:test')('adds', () => require('node:assert').equal(require('helper')(1, 2), ${sum}));\n`;

const green: Variant = { files: { 'a.test.js': test(3) }, passed: [' > adds'] };
const red: Variant = { files: { 'a.test.js': test(4) }, failed: [' > adds'] };
const none: Variant = { files: {}, ends: noTests };

/** A project without a lock file whose manager finds nothing in the registry. */
function unknown(packageManager: string, message: RegExp): Variant {
  const scripts = { test: 'node --test' };
  return {
    files: { 'package.json': manifest({ scripts, dependencies: { absent: '1.0.0' }, packageManager }) },
    ends: { status: 'failure', reason: 'exit_code', message },
  };
}

export const nodeKinds: Kind[] = [
  {
    what: 'Node with npm',
    title: 'Node, Bun',
    files: { ...withHelper, 'package-lock.json': packageLock },
    commands: ['npm ci ', 'npm test'],
    green,
    red,
    'missing dependency': unknown('npm@10.0.0', /npm cannot find \S*absent\S* in the registry/),
    'no tests': none,
  },
  {
    what: 'Node with pnpm',
    title: 'Node, Bun',
    files: withHelper,
    by: { tool: 'pnpm', lock: 'install --lockfile-only', file: 'pnpm-lock.yaml' },
    commands: ['pnpm install --frozen-lockfile', 'pnpm test'],
    green,
    red,
    'missing dependency': unknown('pnpm@10.34.8', /pnpm finds nothing at \S*absent/),
    'no tests': none,
  },
  {
    what: 'Node with Yarn 1',
    title: 'Node, Bun',
    files: withHelper,
    by: { tool: 'yarn 1', lock: 'install', file: 'yarn.lock' },
    commands: ['yarn install --frozen-lockfile', 'yarn test'],
    green,
    red,
    'missing dependency': unknown('yarn@1.22.22', /yarn cannot find the package absent in the registry/),
    'no tests': none,
  },
  {
    what: 'Node with Yarn 4',
    title: 'Node, Bun',
    files: { ...withHelper, '.yarnrc.yml': 'enableTelemetry: false\nunsafeHttpWhitelist: [127.0.0.1]\n' },
    by: { tool: 'yarn 4', lock: 'install --mode=update-lockfile', file: 'yarn.lock' },
    commands: ['yarn install --immutable', 'yarn test'],
    green,
    red,
    'missing dependency': unknown('yarn@4.18.1', /yarn cannot find the package absent\S* in the registry/),
    'no tests': none,
  },
  {
    what: 'Bun',
    title: 'Node, Bun',
    files: withHelper,
    by: { tool: 'bun', lock: 'install --lockfile-only', file: 'bun.lock' },
    commands: ['bun install --frozen-lockfile', 'bun run test'],
    green,
    red,
    'missing dependency': unknown('bun@1.4.5', /absent/),
    'no tests': none,
  },
  {
    what: 'Node with Mocha',
    title: 'Node, Bun',
    files: { 'package.json': manifest({ scripts: { test: 'mocha --require ./setup.js a.test.js' } }), 'setup.js': '' },
    program: 'mocha',
    commands: ['npm test'],
    green: {
      files: { 'a.test.js': "describe('a sum', () => it('is right', () => {}));\n" },
      passed: ['a sum > is right'],
    },
    red: {
      files: { 'a.test.js': "describe('a sum', () => it('is right', () => { throw new Error('4'); }));\n" },
      failed: ['a sum > is right'],
    },
    'missing dependency': {
      files: {
        'package.json': manifest({ scripts: { test: 'absent-runner a.test.js' } }),
        'a.test.js': '',
      },
      ends: { status: 'error', reason: 'tool_missing', message: /there is no program absent-runner/ },
    },
    'no tests': { files: { 'a.test.js': "describe('a sum', () => {});\n" }, ends: noTests },
    'ended early': { files: { 'setup.js': 'process.exit(0);\n', 'a.test.js': '' } },
  },
];
