import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, dirname } from 'node:path';
import { expect } from 'chai';
import { jobEnvironment } from '../../../src/system/environment.ts';
import { TestFolders } from '../../support/folder.ts';
import { ProjectJobs } from '../../support/project-jobs.ts';
import { Wheels } from '../../support/wheels.ts';
import { type Ending, type Files, type Kind, type Variant, variants } from './kind.ts';
import { folderOf } from './machine.ts';
import { installNpmTools, lockFile } from './npm-tools.ts';
import { realKinds } from './real-kinds.ts';

const usualEndings: { [variant in (typeof variants)[number]]: Ending } = {
  green: { status: 'success', reason: null },
  red: { status: 'failure', reason: 'exit_code' },
  'missing dependency': { status: 'error', reason: 'dependencies_failed' },
  'no tests': { status: 'success', reason: null },
  'ended early': { status: 'error', reason: 'no_tests_found', message: /ended with 0 but reported no tests/ },
};

describe('the verdict on a small project, tested by the real tools, of', function () {
  this.timeout(300_000);
  const folders = new TestFolders();
  const jobs = new ProjectJobs();
  const wheels = new Wheels(folders.make());
  /** has no packages, of no language */
  const registry = createServer((_, response) => response.writeHead(404).end('{}'));
  let url = '';
  const mixHome = folders.make();
  let tools: ReturnType<typeof installNpmTools>;
  /** texts of lock files, by the tool that made them */
  const locks = new Map<string, string>();

  before(async () => {
    tools = installNpmTools(folders.make());
    wheels.makePytest();
    registry.listen(0, '127.0.0.1');
    await once(registry, 'listening');
    url = `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`;
  });
  after(async () => {
    registry.close();
    registry.closeAllConnections();
    await jobs.close();
    await tools;
    folders.remove();
  });

  /** The folder of the program that tests a project of the kind, if it is not the first on the search path. */
  async function folderFor({ by, program }: Kind): Promise<string | undefined> {
    if (by) {
      const tool = (await tools).get(by.tool);
      return tool && dirname(tool);
    }
    return program && folderOf(program);
  }

  async function filesOf(kind: Kind, variant: Variant): Promise<Files> {
    const { by } = kind;
    const files = { ...kind.files, ...variant.files };
    const tool = by && (await tools).get(by.tool);
    // a manifest of its own has no lock file
    const isLocked = by && tool && !Object.hasOwn(variant.files, 'package.json');
    if (isLocked && !locks.has(by.tool)) locks.set(by.tool, await lockFile(files, by, tool));
    const all = isLocked ? { ...files, [by.file]: locks.get(by.tool) ?? '' } : files;
    return Object.fromEntries(Object.entries(all).map(([path, text]) => [path, text.replaceAll('{registry}', url)]));
  }

  function environment(folder: string | undefined): { [name: string]: string } {
    const usual = jobEnvironment().PATH ?? '';
    return {
      ...wheels.variables,
      PATH: folder === undefined ? usual : `${folder}${delimiter}${usual}`,
      npm_config_registry: url,
      npm_config_update_notifier: 'false',
      YARN_REGISTRY: url,
      YARN_NPM_REGISTRY_SERVER: url,
      GOPROXY: url,
      GOSUMDB: 'off',
      // without it Go asks for a go.sum before it asks the registry
      GOFLAGS: '-mod=mod',
      MIX_HOME: mixHome,
      HEX_BUILDS_URL: url,
      HEX_MIRROR: url,
    };
  }

  for (const kind of realKinds) {
    for (const name of variants) {
      const variant = kind[name];
      if (!variant) continue;
      it(`${kind.what}: ${name}`, async function () {
        if (kind.possible && !kind.possible()) return this.skip();
        const folder = await folderFor(kind);
        if ((kind.by || kind.program) && folder === undefined) return this.skip();
        const env = environment(folder);
        const { outcome, tests, log } = await jobs.run(await filesOf(kind, variant), { env, installs: kind.what });
        const ends = variant.ends ?? usualEndings[name];
        const { status, reason, message } = ends;
        expect(outcome, log).to.include({ status, reason });
        if (message) expect(outcome.message, log).to.match(message);
        const results = tests?.results ?? [];
        const namesOf = (wanted: 'passed' | 'failed') =>
          results.filter((each) => each.status === wanted).map((each) => `${each.suite} > ${each.name}`);
        if (variant.passed) expect(namesOf('passed'), log).to.deep.equal(variant.passed);
        if (variant.failed) expect(namesOf('failed'), log).to.deep.equal(variant.failed);
        if (ends.status !== 'error' && !variant.ends) {
          const { passed = 0, failed = 0 } = tests?.summary ?? {};
          const named = { passed: variant.passed?.length ?? 0, failed: variant.failed?.length ?? 0 };
          expect({ passed, failed }, log).to.deep.equal({ ...named, ...(variant.count && { passed: variant.count }) });
        }
        if (name === 'green') expectCommands(log, kind.commands);
      });
    }
  }
});

/** Each command is written into the log after the one before it. */
function expectCommands(log: string, commands: readonly string[]): void {
  let from = 0;
  for (const command of commands) {
    const at = log.indexOf(`$ ${command}`, from);
    expect(at, `no "${command}" in\n${log}`).to.be.at.least(0);
    from = at;
  }
}
