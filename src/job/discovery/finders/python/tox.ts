import { shellWord } from '../../../../system/shell-word.ts';
import { StepFault } from '../../../fault.ts';
import { expandBraces } from '../../../globs/braces.ts';
import { type Fields, recordIn, valueIn } from '../../records.ts';
import type { Tree } from '../../tree.ts';
import { runsNoTests } from './command-line.ts';
import { type Ini, iniOf, linesOf } from './ini.ts';
import { type NoCommand, noNeeds, type OwnCommand } from './needs.ts';
import { ToxEnvironment } from './tox-environment.ts';

/** Environments that run tests, where the one for the machine's own Python has no commands. */
const testEnvironments = ['py', 'py3', 'test', 'tests', 'unit', 'unittest', 'unittests', 'pytest', 'python'];

/**
 * The commands of tox's environment for tests. They are run in Volt's environment, which is kept from build to build,
 * if all that they say is understood; else by tox itself.
 */
export function tox(tree: Tree): OwnCommand | NoCommand | undefined {
  const found = configuration(tree);
  if (found === undefined) return undefined;
  const { because, settings } = found;
  const name = settings instanceof Map ? environmentOf(settings) : environmentInToml(settings);
  if (name === undefined) return { why: `${because} has no commands that run tests` };
  if (!(settings instanceof Map)) return byTox(because, name, 'its settings are in TOML');
  const read = new ToxEnvironment(settings, name);
  const understood = read.command();
  if (understood === undefined) return byTox(because, name, read.obstacle);
  return { because, why: `these are the commands of tox for its environment ${name}`, ...understood };
}

function byTox(because: string, name: string, obstacle: string): OwnCommand {
  return {
    because,
    why: `tox runs its environment ${name}, since ${obstacle}`,
    command: `tox run -e ${shellWord(name)}`,
    needs: { ...noNeeds, packages: ['tox>=4'] },
  };
}

/** Where tox finds its settings, in its own order, as an INI file or in TOML. */
function configuration(tree: Tree): { because: string; settings: Ini | Fields } | undefined {
  const inFile = (file: string, prefix = '') => {
    const ini = iniOf(tree.text(file));
    const isThere = [...ini.keys()].some((key) => key === `${prefix}tox` || key.startsWith('testenv'));
    return isThere ? { because: file, settings: ini } : undefined;
  };
  const found = inFile('tox.ini') ?? inFile('setup.cfg', 'tox:');
  if (found) return found;
  const settings = recordIn(tree.toml('pyproject.toml') ?? {}, 'tool', 'tox');
  const legacy = valueIn(settings, 'legacy_tox_ini');
  if (typeof legacy === 'string') return { because: 'pyproject.toml', settings: iniOf(legacy) };
  if (Object.keys(settings).length > 0) return { because: 'pyproject.toml', settings };
  return tree.has('tox.toml') ? { because: 'tox.toml', settings: tree.toml('tox.toml') ?? {} } : undefined;
}

/** The environment of settings in TOML that runs the tests: `py` where all have commands, else one with such a name. */
function environmentInToml(settings: Fields): string | undefined {
  const hasCommands = (fields: Fields) => Array.isArray(fields.commands) && fields.commands.length > 0;
  if (hasCommands(recordIn(settings, 'env_run_base'))) return 'py';
  return testEnvironments.find((name) => hasCommands(recordIn(settings, 'env', name)));
}

/**
 * The environment that runs the tests on the machine's own Python: one with a command that may run tests. `py` is
 * the plain one. Where all that are listed for Python have factors, such as `py313-django50`, it is the first one for
 * the last Python, with the same factors.
 */
function environmentOf(ini: Ini): string | undefined {
  const listed = listedIn(ini);
  const forPython = listed
    .map((name) => name.split('-'))
    .filter(([python = '']) => /^(py(py)?\d*|\d+)(\.\d+)?$/.test(python))
    .filter(([python], _, all) => python === all.at(-1)?.[0])
    .map(([, ...factors]) => ['py', ...factors].join('-'));
  const others = [...listed, ...testEnvironments].filter((name) => testEnvironments.includes(name));
  return [...forPython, 'py', ...others].find((name) => {
    const commands = new ToxEnvironment(ini, name).lines('commands');
    // what is not understood may be tests; tox without commands would succeed
    return commands === undefined || (commands.length > 0 && !commands.every((line) => runsNoTests(line)));
  });
}

/** `envlist`, with `{a,b}` expanded; of a range such as `{10-14}` the first counts, since all have the same factors. */
function listedIn(ini: Ini): string[] {
  const core = ini.get('tox') ?? ini.get('tox:tox');
  const text = core?.get('envlist') ?? core?.get('env_list') ?? '';
  const words = linesOf(text).join(',').slice(0, 1000).replace(/\s/g, '');
  const plain = words.replace(/\{(\d{1,4})-\d{1,4}\}/g, '$1');
  try {
    // a comma outside of braces separates, one inside is part of them
    const names = plain.split(/,(?![^{}]*\})/).flatMap((name) => expandBraces(name));
    return names.filter((name) => /^\w[\w.-]{0,60}$/.test(name));
  } catch (error) {
    if (error instanceof StepFault) return [];
    throw error;
  }
}
