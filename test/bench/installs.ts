/**
 * Measures what kept installs save: `npx tsx test/bench/installs.ts [RUNS]`. A Python and a Node project are tested first by
 * a build that installs everything, then by RUNS builds (default 5) that reuse it, in the sandbox. `more` is the time of the
 * job beyond what its tests take alone, as a command that is given. `cpu` is the processor time of all its programs: the
 * meaningful number on a busy machine. Packages come from a registry of this process, and from local wheels.
 */
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { decide } from '../../src/job/discovery/decide.ts';
import type { ProjectPlan } from '../../src/job/discovery/project-plan.ts';
import { TestFolders } from '../support/folder.ts';
import { IsolatedJobs, type IsolatedRun } from '../support/isolation.ts';
import { NpmRegistry } from '../support/npm-registry.ts';
import { Wheels } from '../support/wheels.ts';

type Files = Record<string, string>;

/** Milliseconds of a tick of the processor times in /proc. */
const tick = 10;

/** Milliseconds of processor time of the programs that this process has started and that have ended. */
function cpuOfPrograms(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[13]) + Number(fields[14])) * tick;
}

/** The plan of the only project in these files, as a dispatcher makes it before the job begins. */
function planOf(files: Files): ProjectPlan {
  const listed = Object.keys(files).map((path) => ({ path, executable: false }));
  const decision = decide({ hasWorkflows: false, tree: { files: listed, texts: Object.entries(files), isCut: false } });
  const plan = decision.kind === 'jobs' ? decision.jobs[0]?.plan : undefined;
  if (!plan) throw new Error('no tests were found');
  return plan;
}

async function timed(what: string, work: () => Promise<IsolatedRun>, alone = 0): Promise<number> {
  const [began, cpu] = [performance.now(), cpuOfPrograms()];
  const { outcome, log } = await work();
  const took = performance.now() - began;
  if (outcome.status !== 'success') throw new Error(log);
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  const more = alone === 0 ? '' : `, more ${seconds(took - alone)}`;
  const load = loadavg()[0]?.toFixed(1);
  console.log(`${what}: ${seconds(took)}${more}, cpu ${seconds(cpuOfPrograms() - cpu)} (load ${load})`);
  return took;
}

const runs = Number(process.argv[2] ?? 5);
const folders = new TestFolders();
const wheels = new Wheels(folders.make());
wheels.makePytest();
const registry = new NpmRegistry(folders.make());
await registry.start();
const dependencies: Files = {};
for (let one = 0; one < 100; one++) {
  const sources = Array.from({ length: 50 }, (_, file): [string, string] => [
    `lib/${file}.js`,
    `// ${file}\n`.repeat(300),
  ]);
  registry.publish(`pkg${one}`, { 'index.js': '', ...Object.fromEntries(sources) });
  dependencies[`pkg${one}`] = '1.0.0';
}
Object.assign(process.env, { ...wheels.variables, npm_config_registry: registry.url });
const jobVariables = 'PIP_NO_INDEX,PIP_FIND_LINKS,npm_config_registry';
const jobs = new IsolatedJobs('sandbox', { jobVariables, sandboxPaths: wheels.folder });
const python = {
  'pyproject.toml': `[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "shop"
version = "1.0"
[project.optional-dependencies]
test = ["pytest"]
[tool.setuptools.packages.find]
where = ["src"]
[tool.pytest.ini_options]
testpaths = ["tests"]
`,
  'src/shop/__init__.py': '',
  'tests/test_a.py': 'import time, shop\n\ndef test_a():\n    time.sleep(2)\n',
};
const manifest = {
  'package.json': JSON.stringify({ name: 'sum', version: '1.0.0', dependencies, scripts: { test: 'node test.js' } }),
  '.gitignore': 'node_modules\n',
  'test.js': 'setTimeout(() => {}, 5000);\n',
};
const node = { ...manifest, 'package-lock.json': await registry.lock(manifest) };
try {
  for (const { name, files, test } of [
    { name: 'python', files: python, test: 'sleep 2' },
    { name: 'node', files: node, test: 'npm test' },
  ]) {
    const repository = jobs.repository(files);
    const alone = await timed(`${name}: its tests alone`, () => jobs.command(test, repository, name));
    const again = () => jobs.planned(planOf(files), repository, name);
    await timed(`${name}: first build`, again, alone);
    for (let run = 0; run < runs; run++) await timed(`${name}: later build`, again, alone);
  }
} finally {
  registry.stop();
  jobs.clean();
  folders.remove();
}
