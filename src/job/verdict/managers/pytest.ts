import { ofMachine, type Rule } from '../blame.ts';

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

/** pytest, where it does not know an option that the project configures. */
export const pytest: readonly Rule[] = [
  {
    line: /^\S+: error: unrecognized arguments: (-{1,2}[\w-]+)/,
    blame: ([option = '']) => {
      const plugin = Object.entries(plugins).find(([known]) => option.startsWith(known))?.[1];
      return ofMachine(
        `pytest does not know the option ${option}, which a plugin has`,
        plugin === undefined
          ? 'Add that plugin to the dependencies for tests, or remove the option'
          : `Add ${plugin} to the dependencies for tests, or remove the option`,
      );
    },
  },
];
