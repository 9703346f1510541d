import { ofMachine, ofNetwork, ofTool, type Rule } from '../blame.ts';
import { isOptional } from './native.ts';

/** What compilers, shells and libraries of any package manager tell about the machine. */
export const build: readonly Rule[] = [
  {
    line: /error: command '([^']+)' failed: No such file or directory|error: Microsoft Visual C\+\+|(?:^|\s)(?:sh: \d+: |sh: line \d+: |bash: )?(gcc|cc|g\+\+|c\+\+|make|cmake|pkg-config|git): (?:command )?not found/,
    blame: ([a, b]) =>
      ofTool(
        `the runner has no ${a || b || 'compiler'}`,
        'Run `apt-get install build-essential cmake pkg-config git` on the runner',
      ),
  },
  {
    line: /fatal error: (Python\.h): No such file/,
    blame: () => ofMachine('the header Python.h is missing', 'Run `apt-get install python3-dev` on the runner'),
  },
  {
    line: /Package '?([\w.+-]+)'?,? (?:required by .*not found|was not found in the pkg-config search path)|No package '([\w.+-]+)' found/,
    blame: ([a, b], lines) =>
      isOptional(lines)
        ? undefined
        : ofMachine(`the library ${a || b} is missing`, `Run \`apt-get install lib${a || b}-dev\` on the runner`),
  },
  {
    line: /gyp ERR! find Python|Could not find any Python installation to use/,
    blame: () => ofTool('node-gyp finds no Python', 'Run `apt-get install python3 build-essential` on the runner'),
  },
  {
    installing: true,
    line: /(?:No space left on device|ENOSPC)/,
    blame: () => ofMachine('the disk of the runner is full', 'Free space on it'),
  },
];

/** What many programs say when they do not reach a host; only for installations, since tests may print it as well. */
export const network: readonly Rule[] = [
  {
    line: /(Temporary failure in name resolution|Could not resolve host\S*.*|Name or service not known|getaddrinfo \w+ \S+|connect E(?:CONNREFUSED|TIMEDOUT|HOSTUNREACH)\S* ?\S*|Connection refused|Connection timed out|Network is unreachable|certificate verify failed|Error when performing the request to \S+)/,
    blame: ([said]) => ofNetwork(`the installation does not reach the network: ${said}`),
  },
];
