import { type Fields, isRecord, recordIn, textsIn, valueIn } from '../../records.ts';
import type { Tree } from '../../tree.ts';
import { isPlainCommand } from './command-line.ts';
import { isPlainName, isPlainRequirement, type NoCommand, noNeeds, type OwnCommand } from './needs.ts';

/** Names of scripts that run tests; the first that is there counts. */
const testNames = ['test', 'tests', 'run', 'unit', 'all', 'pytest', 'cov'];

/** What hatch's own environment for tests has, of which the version is hatch's. */
const hatchTest = ['pytest', 'pytest-mock', 'pytest-rerunfailures', 'pytest-xdist[psutil]', 'coverage[toml]'];

/** Settings of an environment that hatch alone follows; all but the matrix are inherited from `default`. */
const byHatchAlone = ['env-vars', 'pre-install-commands', 'post-install-commands', 'matrix'];

function byHatch(because: string, environment: string, script: string, obstacle: string): OwnCommand {
  return {
    because,
    why: `hatch runs its script ${environment}:${script}, since ${obstacle}`,
    command: `hatch run ${environment}:${script}`,
    needs: { ...noNeeds, packages: ['hatch'] },
  };
}

/** The script of a hatch environment that runs the tests, or `hatch test` where that is configured. */
export function hatch(tree: Tree): OwnCommand | NoCommand | undefined {
  const own = tree.has('hatch.toml') ? 'hatch.toml' : undefined;
  const because = own ?? 'pyproject.toml';
  const settings = own ? (tree.toml(own) ?? {}) : recordIn(tree.toml(because) ?? {}, 'tool', 'hatch');
  const environments = recordIn(settings, 'envs');
  const names = Object.keys(environments);
  if (names.length === 0) return undefined;
  for (const name of ['default', 'test', 'tests', 'testing', 'dev']) {
    const environment = recordIn(environments, name);
    const table = recordIn(environment, 'scripts');
    const script = (name === 'default' ? testNames.slice(0, 2) : testNames).find((each) => Object.hasOwn(table, each));
    if (script === undefined) continue;
    const shared = recordIn(environments, 'default');
    const command = scriptIn(table, script);
    const special = byHatchAlone.find((key) => valueIn(environment, key) ?? (key !== 'matrix' && valueIn(shared, key)));
    if (command === undefined) return byHatch(because, name, script, 'the script is not plain');
    if (special !== undefined) return byHatch(because, name, script, `the environment has ${special}`);
    const packages = [
      ...textsIn(valueIn(environment, 'dependencies') ?? valueIn(shared, 'dependencies')),
      ...textsIn(valueIn(environment, 'extra-dependencies')),
    ];
    if (!packages.every(isPlainRequirement))
      return byHatch(because, name, script, 'the dependencies of the environment are not plain');
    return {
      because,
      why: `this is the script of its environment ${name}`,
      command,
      needs: {
        project: ![environment, shared].some(
          (each) => valueIn(each, 'skip-install') === true || valueIn(each, 'detached') === true,
        ),
        extras: textsIn(valueIn(environment, 'features') ?? valueIn(shared, 'features')).filter(isPlainName),
        groups: textsIn(valueIn(environment, 'dependency-groups') ?? valueIn(shared, 'dependency-groups')).filter(
          isPlainName,
        ),
        requirements: [],
        packages,
      },
    };
  }
  const test = recordIn(environments, 'hatch-test');
  if (!names.includes('hatch-test')) return { why: `${because} has no script "test" of hatch` };
  const given = textsIn(valueIn(test, 'default-args'));
  const command = ['python3 -m pytest', ...(given.length > 0 ? given : ['tests'])].join(' ');
  if (!isPlainCommand(command)) return { why: `the arguments of hatch-test in ${because} are not plain` };
  return {
    because,
    why: 'it configures `hatch test`',
    command,
    needs: {
      project: true,
      extras: textsIn(valueIn(test, 'features')).filter(isPlainName),
      groups: textsIn(valueIn(test, 'dependency-groups')).filter(isPlainName),
      requirements: [],
      packages: [
        ...hatchTest,
        ...textsIn(valueIn(test, 'dependencies')).filter(isPlainRequirement),
        ...textsIn(valueIn(test, 'extra-dependencies')).filter(isPlainRequirement),
      ],
    },
  };
}

/** The script "test" of PDM, Rye, Poe the Poet or taskipy. */
export function scripts(tree: Tree): OwnCommand | undefined {
  const because = 'pyproject.toml';
  const tools = recordIn(tree.toml(because) ?? {}, 'tool');
  const tables: [string, Fields][] = [
    ['PDM', recordIn(tools, 'pdm', 'scripts')],
    ['Rye', recordIn(tools, 'rye', 'scripts')],
    ['Poe the Poet', recordIn(tools, 'poe', 'tasks')],
    ['taskipy', recordIn(tools, 'taskipy', 'tasks')],
  ];
  for (const [tool, table] of tables) {
    const script = testNames.slice(0, 2).find((name) => Object.hasOwn(table, name));
    const command = script && scriptIn(table, script);
    if (command !== undefined) return { because, why: `this is its script of ${tool}`, command };
  }
  return undefined;
}

/** The command of a script, if it is plain. */
function scriptIn(table: Fields, name: string): string | undefined {
  const lines = commandsOf(table, name, 0);
  return lines && lines.length > 0 && lines.every(isPlainCommand) ? lines.join(' && ') : undefined;
}

/** The commands of a script, which may name other scripts. */
function commandsOf(table: Fields, name: string, depth: number): string[] | undefined {
  const script = valueIn(table, name);
  const given = isRecord(script) ? (valueIn(script, 'cmd') ?? valueIn(script, 'composite')) : script;
  const lines = typeof given === 'string' ? [given] : textsIn(given);
  if (lines.length === 0 || lines.length > 10) return undefined;
  const isArguments = isRecord(script) && Array.isArray(valueIn(script, 'cmd'));
  const commands: string[] = [];
  for (const line of isArguments ? [lines.join(' ')] : lines) {
    // the first group is what is run where nobody gives arguments
    const text = line.replace(/\{args(?::([^{}]*))?\}/g, (_, otherwise: string | undefined) => otherwise ?? '').trim();
    const first = text.split(/\s+/)[0] ?? '';
    const other =
      first !== name && Object.hasOwn(table, first) && depth < 3 ? commandsOf(table, first, depth + 1) : [text];
    if (!other) return undefined;
    commands.push(...other);
    if (commands.length > 20) return undefined;
  }
  return commands;
}
