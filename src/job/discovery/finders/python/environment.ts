import type { PythonEnvironment } from '../../project.ts';
import { recordIn, valueIn } from '../../records.ts';
import type { Tree } from '../../tree.ts';
import { runsPytest } from './command-line.ts';
import { type Declared, declaredIn, type Lists } from './declared.ts';
import { brings, isPlainRequirement, type Needs } from './needs.ts';

/** Names of extras, groups and files of requirements that are for tests, and for everything that developers need. */
const forTests = /^(?:unit-?)?tests?$|^testing$|^pytest$|^check$/;
const forDevelopers = /^dev(?:el|elop|elopment|eloper)?s?$|^all$/;

/** What a project has installed for its tests, where no configuration of tox, nox or hatch says it. */
export class Installation {
  /** why this package manager, as a clause; empty for pip */
  readonly why: string;
  readonly #manager: PythonEnvironment['manager'];
  readonly #tree: Tree;
  readonly #declared: Declared;

  constructor(tree: Tree) {
    this.#tree = tree;
    this.#declared = declaredIn(tree);
    const locked = (['uv', 'poetry', 'pdm'] as const).find((name) => tree.has(`${name}.lock`));
    const isForPoetry = Object.keys(this.#tool('poetry')).length > 0;
    this.#manager = locked ?? (isForPoetry ? 'poetry' : 'pip');
    if (locked !== undefined) this.why = `${locked}.lock is a lock file of ${locked}`;
    else this.why = isForPoetry ? 'pyproject.toml is for Poetry' : '';
  }

  /** Whether any list of requirements has a package. */
  mentions(name: string): boolean {
    const { dependencies, extras, groups, pipfile } = this.#declared;
    if ([dependencies, pipfile, ...extras.values(), ...groups.values()].some((list) => brings(list, name))) return true;
    if (this.#requirementFiles(/./).some((file) => this.#fileBrings(file, name))) return true;
    return [`'${name}`, `"${name}`].some((text) => this.#tree.text('setup.py').includes(text));
  }

  /** @param command runs the tests */
  environment(command: string): PythonEnvironment {
    const runner = runsPytest(command) ? 'pytest' : undefined;
    const { dependencies, extras, groups, pipfile } = this.#declared;
    const project = this.#isInstalled();
    const chosen = this.#choose(runner);
    const requirements = this.#requirements(runner);
    const ofExtras = chosen.extras.flatMap((name) => extras.get(name) ?? []);
    // what is no package has nothing to install but what it needs
    const own = project || this.#manager !== 'pip' ? pipfile : [...dependencies, ...ofExtras, ...pipfile];
    const ofGroups = [...chosen.groups, ...(this.#manager === 'pip' ? [] : ['dev'])].flatMap(
      (name) => groups.get(name) ?? [],
    );
    const isBrought =
      runner === undefined ||
      brings([...dependencies, ...ofExtras, ...ofGroups, ...pipfile], runner) ||
      requirements.some((file) => this.#fileBrings(file, runner));
    return {
      manager: this.#manager,
      project,
      extras: project ? chosen.extras : [],
      groups: chosen.groups,
      requirements,
      packages: [...own, ...(isBrought ? [] : [runner])].filter(isPlainRequirement).slice(0, 200),
    };
  }

  #tool(name: string) {
    return recordIn(this.#tree.toml('pyproject.toml') ?? {}, 'tool', name);
  }

  /** Whether there is a package to install, rather than files that are run where they are. */
  #isInstalled(): boolean {
    if (valueIn(this.#tool('uv'), 'package') === false) return false;
    if (valueIn(this.#tool('poetry'), 'package-mode') === false) return false;
    if (valueIn(this.#tool('pdm'), 'distribution') === false) return false;
    const pyproject = this.#tree.toml('pyproject.toml') ?? {};
    if (Object.hasOwn(pyproject, 'build-system') || this.#tree.has('setup.py') || this.#manager === 'poetry')
      return true;
    if (/^\[metadata\]/m.test(this.#tree.text('setup.cfg'))) return true;
    return Object.hasOwn(recordIn(pyproject, 'project'), 'name') && this.#tree.hasFolder('src');
  }

  /** The extras and groups for tests; where these do not bring the runner, also those for developers that do. */
  #choose(runner: string | undefined): { extras: string[]; groups: string[] } {
    const { extras: allExtras, groups: allGroups } = this.#declared;
    const brought = (lists: Lists, name: string) => runner === undefined || brings(lists.get(name) ?? [], runner);
    const extras = namesFor(forTests, allExtras);
    const groups = namesFor(forTests, allGroups);
    if (extras.some((name) => brought(allExtras, name)) || groups.some((name) => brought(allGroups, name)))
      return { extras, groups };
    const moreGroups = namesFor(forDevelopers, allGroups).filter((name) => brought(allGroups, name));
    const moreExtras = namesFor(forDevelopers, allExtras).filter((name) => brought(allExtras, name));
    return {
      extras: [...extras, ...(moreGroups.length > 0 ? [] : moreExtras.slice(0, 1))],
      groups: [...groups, ...moreGroups],
    };
  }

  /** Files of requirements of what is installed by pip: those of the project and those for its tests. */
  #requirements(runner: string | undefined): string[] {
    if (this.#manager !== 'pip') return [];
    const own = this.#tree.first('requirements.txt', 'requirements/base.txt');
    const tests = this.#requirementFiles(forTests);
    const developers = this.#requirementFiles(forDevelopers).filter(
      (file) => runner === undefined || !this.#isInstalled() || this.#fileBrings(file, runner),
    );
    return [...(own === undefined ? [] : [own]), ...(tests.length > 0 ? tests : developers)].slice(0, 10);
  }

  #fileBrings(file: string, name: string): boolean {
    return brings(this.#tree.text(file).split('\n'), name);
  }

  /** Files such as requirements-test.txt, test-requirements.txt, requirements/test.txt and tests/requirements.txt. */
  #requirementFiles(kind: RegExp): string[] {
    const ofKind = (name: string) => {
      const word = /^(?:requirements[-_.])?(\w{1,40})(?:[-_.]requirements)?\.txt$/.exec(name)?.[1];
      return word !== undefined && word !== 'requirements' && kind.test(word.toLowerCase());
    };
    const inRoot = this.#tree.names().filter((name) => name.includes('requirements') && ofKind(name));
    const inFolder = this.#tree
      .names('requirements')
      .filter(ofKind)
      .map((name) => `requirements/${name}`);
    const inTests = ['tests/requirements.txt', 'test/requirements.txt'].filter((path) => this.#tree.has(path));
    return [...inRoot, ...inFolder, ...(kind.test('tests') ? inTests : [])];
  }
}

/** What is installed for a command of tox, nox or hatch. */
export function environmentFor({ project, extras, groups, requirements, packages }: Needs): PythonEnvironment {
  return {
    manager: 'pip',
    project,
    extras: unique(extras),
    groups: unique(groups),
    requirements: unique(requirements),
    packages: unique(packages),
  };
}

function namesFor(kind: RegExp, lists: Lists): string[] {
  return [...lists.keys()].filter((name) => kind.test(name.toLowerCase().replace(/[_.]/g, '-')));
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].slice(0, 200);
}
