import { machine, type Rule } from '../blame.ts';

/** Options of pytest that only a plugin knows, by the package that has it. */
const plugins: { readonly [option: string]: string } = {
  '--cov': 'pytest-cov',
  '-n': 'pytest-xdist',
  '--numprocesses': 'pytest-xdist',
  '--timeout': 'pytest-timeout',
  '--asyncio-mode': 'pytest-asyncio',
  '--benchmark': 'pytest-benchmark',
  '--randomly-seed': 'pytest-randomly',
  '--reruns': 'pytest-rerunfailures',
};

/** @param option as a part of a pattern */
function unknown(option: string, plugin: string): Rule {
  return machine(
    new RegExp(`^\\S+: error: unrecognized arguments: (${option}[\\w-]*)`),
    'pytest does not know the option $1, which a plugin has',
    `Add ${plugin} to the dependencies for tests, or remove the option`,
  );
}

/** pytest, where it does not know an option that the project configures. */
export const pytest: readonly Rule[] = [
  ...Object.entries(plugins).map(([option, plugin]) => unknown(option, plugin)),
  unknown('-', 'that plugin'),
];
