import { machine, network, type Rule, tool, whileInstalling } from '../blame.ts';

/** What compilers, shells and libraries of any package manager tell about the machine. */
export const build: readonly Rule[] = [
  tool(
    /error: command '([^']+)' failed: No such file or directory|error: Microsoft Visual C\+\+|(?:^|\s)(?:sh: \d+: |sh: line \d+: |bash: )?(gcc|cc|g\+\+|c\+\+|make|cmake|pkg-config|git): (?:command )?not found/,
    (names) => `the runner has no ${names.join('') || 'compiler'}`,
    'Run `apt-get install build-essential cmake pkg-config git` on the runner',
  ),
  machine(
    /fatal error: (Python\.h): No such file/,
    'the header Python.h is missing',
    'Run `apt-get install python3-dev` on the runner',
  ),
  machine(
    /Package '?([\w.+-]+)'?,? (?:required by .*not found|was not found in the pkg-config search path)|No package '([\w.+-]+)' found/,
    (names, lines) => (isOptional(lines) ? undefined : `the library ${names.join('')} is missing`),
    'Install its development package, which has $1$2.pc, with `apt-get install` on the runner',
  ),
  tool(
    /gyp ERR! find Python|Could not find any Python installation to use/,
    'node-gyp finds no Python',
    'Run `apt-get install python3 build-essential` on the runner',
  ),
  whileInstalling(machine(/(?:No space left on device|ENOSPC)/, 'the disk of the runner is full', 'Free space on it')),
];

/** What many programs say when they do not reach a host; only for installations, since tests may print it as well. */
export const unreachable: readonly Rule[] = [
  network(
    /(Temporary failure in name resolution|Could not resolve host\S*.*|Name or service not known|getaddrinfo \w+ \S+|connect E(?:CONNREFUSED|TIMEDOUT|HOSTUNREACH)\S* ?\S*|Connection refused|Connection timed out|Network is unreachable|certificate verify failed|Error when performing the request to \S+)/,
    'the installation does not reach the network: $1',
  ),
];

/** Whether CMake failed for another reason than a package that pkg-config did not find. */
function isOptional(lines: readonly string[]): boolean {
  const fails = lines.some((line) => line.startsWith('CMake Error'));
  return (
    fails &&
    !lines.some((line) => /^ {2}(?:A required package was|The following required packages were) not found/.test(line))
  );
}
