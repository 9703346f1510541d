import { basename, dirname, join } from 'node:path';
import { programOn } from '../system/search-path.ts';
import { namesInside, readInside, statInside } from './files/inside.ts';

/** One command that a discovered kind of project is tested with. */
export interface DiscoveredStep {
  name: string;
  /** for `sh -c` */
  command: string;
  /** the program that the command needs: a name on the search path, or a path in the checkout */
  program: string;
}

export interface Discovery {
  /** the file by which the kind of project was recognised */
  because: string;
  steps: DiscoveredStep[];
  reports: Reports;
}

/** Where the results of single tests are, beside what the tests print. */
export interface Reports {
  /** report files in the checkout that the tools write anyway */
  globs: string[];
  /** whether Volt may make pytest write a report, by a variable in its environment */
  pytest: boolean;
}

/** Recognises one kind of project. The first finder that recognises the checkout counts. */
type Finder = (folder: string) => Discovery | undefined;

/** Used in this order; `volt --help`, the README and the error for "none found" list the same. */
const finders: readonly Finder[] = [node, cargo, go, maven, gradle, mix, python, make, script];

/** What Volt looks for, for people. */
export const lookedFor =
  'package.json with a "test" script, Cargo.toml, go.mod, pom.xml, build.gradle, mix.exs, Python tests (pytest or tests/), a Makefile with a "test" or "check" target, an executable test.sh';

/** How the checkout is tested; undefined if no finder recognises it. */
export function discover(folder: string): Discovery | undefined {
  for (const find of finders) {
    const found = find(folder);
    if (found) return found;
  }
  return undefined;
}

function node(folder: string): Discovery | undefined {
  const manifest = json(join(folder, 'package.json'));
  const test = (manifest?.scripts as Record<string, unknown> | undefined)?.test;
  // `npm init` writes a test script that only fails
  if (typeof test !== 'string' || test.trim() === '' || /no test specified/.test(test)) return undefined;
  const hasOwn = (file: string) => has(join(folder, file));
  if (hasOwn('pnpm-lock.yaml')) return project('package.json', 'pnpm install --frozen-lockfile', 'pnpm test');
  if (hasOwn('yarn.lock')) return project('package.json', `yarn install ${yarnFlag(folder)}`, 'yarn test');
  if (hasOwn('bun.lock') || hasOwn('bun.lockb'))
    return project('package.json', 'bun install --frozen-lockfile', 'bun run test');
  if (hasOwn('package-lock.json') || hasOwn('npm-shrinkwrap.json'))
    return project('package.json', 'npm ci --no-audit --no-fund', 'npm test');
  const needs = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies', 'workspaces'].some(
    (key) => Object.keys((manifest?.[key] as object | undefined) ?? {}).length > 0,
  );
  return project('package.json', needs ? 'npm install --no-audit --no-fund' : undefined, 'npm test');
}

/** Yarn 1 ignores `--immutable`, and later versions know no other flag; the lock file says which version wrote it. */
function yarnFlag(folder: string): string {
  const classic = /^# yarn lockfile v1$/m.test(text(join(folder, 'yarn.lock')).slice(0, 1000));
  return classic ? '--frozen-lockfile' : '--immutable';
}

function cargo(folder: string): Discovery | undefined {
  return has(join(folder, 'Cargo.toml')) ? project('Cargo.toml', undefined, 'cargo test') : undefined;
}

function go(folder: string): Discovery | undefined {
  return has(join(folder, 'go.mod')) ? project('go.mod', undefined, 'go test -v ./...') : undefined;
}

function maven(folder: string): Discovery | undefined {
  if (!has(join(folder, 'pom.xml'))) return undefined;
  const found = project(
    'pom.xml',
    undefined,
    `${isExecutable(join(folder, 'mvnw')) ? './mvnw' : 'mvn'} --batch-mode test`,
  );
  return { ...found, reports: { globs: ['**/target/surefire-reports/TEST-*.xml'], pytest: false } };
}

function gradle(folder: string): Discovery | undefined {
  const file = ['build.gradle', 'build.gradle.kts'].find((name) => has(join(folder, name)));
  if (file === undefined) return undefined;
  const found = project(file, undefined, `${isExecutable(join(folder, 'gradlew')) ? './gradlew' : 'gradle'} test`);
  return { ...found, reports: { globs: ['**/build/test-results/**/TEST-*.xml'], pytest: false } };
}

function mix(folder: string): Discovery | undefined {
  return has(join(folder, 'mix.exs')) ? project('mix.exs', 'mix deps.get', 'mix test') : undefined;
}

/**
 * pytest if the project configures it or Python can import it; otherwise the standard library's unittest, as the
 * original CI did with the folder `tests/`.
 */
function python(folder: string): Discovery | undefined {
  const configured = pythonConfiguration(folder);
  const tests = ['tests', 'test'].find((name) => holdsPythonTests(join(folder, name)));
  if (configured) {
    // a project that writes such reports itself is left alone
    const pytest = !text(join(folder, configured)).includes('junitxml');
    return { ...project(configured, undefined, 'python3 -m pytest'), reports: { globs: [], pytest } };
  }
  if (!tests) return undefined;
  const command = `if python3 -c 'import pytest' 2>/dev/null; then python3 -m pytest ${tests}; else python3 -m unittest discover -v -s ${tests} -t .; fi`;
  const plain = has(join(folder, tests, '__init__.py')) ? command : command.replace(' -t .', '');
  return { ...project(`${tests}/`, undefined, plain, 'python3'), reports: { globs: [], pytest: true } };
}

function pythonConfiguration(folder: string): string | undefined {
  const sections: [string, RegExp][] = [
    ['pytest.ini', /./s],
    ['pyproject.toml', /^\[tool\.pytest/m],
    ['tox.ini', /^\[pytest\]/m],
    ['setup.cfg', /^\[tool:pytest\]/m],
  ];
  return sections.find(([file, section]) => section.test(text(join(folder, file))))?.[0];
}

function holdsPythonTests(folder: string): boolean {
  return namesInside(dirname(folder), basename(folder)).some((name) => /^test.*\.py$|_test\.py$/.test(name));
}

function make(folder: string): Discovery | undefined {
  const file = ['GNUmakefile', 'makefile', 'Makefile'].find((name) => has(join(folder, name)));
  if (!file) return undefined;
  const target = /^(test|check)\s*:(?!:{0,2}=)/m.exec(text(join(folder, file)))?.[1];
  return target ? project(file, undefined, `make ${target}`) : undefined;
}

function script(folder: string): Discovery | undefined {
  return isExecutable(join(folder, 'test.sh')) ? project('test.sh', undefined, './test.sh') : undefined;
}

/** @param program that the commands need, if it is not their first word */
function project(because: string, install: string | undefined, test: string, program?: string): Discovery {
  const step = (name: string, command: string) => ({
    name,
    command,
    program: program ?? (command.split(' ')[0] as string),
  });
  const steps = [...(install === undefined ? [] : [step('install', install)]), step('test', test)];
  return { because, steps, reports: { globs: [], pytest: false } };
}

/**
 * Whether a program exists and is executable.
 * @param program a name on the search path, or a path in the checkout
 * @param path the search path
 */
export function isThere(program: string, folder: string, path: string): boolean {
  return program.includes('/') ? isExecutable(join(folder, program)) : programOn(path, program) !== undefined;
}

/** Whether the checkout has a file. A link out of the checkout counts as none. */
function has(file: string): boolean {
  return statInside(dirname(file), file) !== undefined;
}

/**
 * The text of a file of the checkout; empty if it has none.
 * @param limit bytes. Larger files are not what Volt looks for, and would hold up everything else.
 */
function text(file: string, limit = 1_000_000): string {
  try {
    return readInside(dirname(file), file, limit);
  } catch {
    return '';
  }
}

function json(file: string): Record<string, unknown> | undefined {
  try {
    // deeply nested JSON takes some 50 ms a megabyte
    const value: unknown = JSON.parse(text(file, 250_000));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isExecutable(file: string): boolean {
  const found = statInside(dirname(file), file);
  return found?.isFile() === true && (found.mode & 0o111) !== 0;
}
