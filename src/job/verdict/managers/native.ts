import { ofMachine, ofTool, type Rule } from '../blame.ts';

/** Whether CMake failed for another reason than a package that pkg-config did not find. */
export function isOptional(lines: readonly string[]): boolean {
  const fails = lines.some((line) => line.startsWith('CMake Error'));
  return (
    fails &&
    !lines.some((line) => /^ {2}(?:A required package was|The following required packages were) not found/.test(line))
  );
}

/** CMake, Meson and pkg-config: what the machine lacks to configure a project. */
export const native: readonly Rule[] = [
  {
    line: /Could not find a package configuration file provided by "([\w.+-]+)"|^ {2}Could NOT find (\w[\w.+-]*) \(missing: |^\S*meson\.build:\d+:\d+: ERROR: Dependency "([^"]+)" (?:not found|is required but not found)|ERROR: Dependency "([^"]+)" not found/,
    blame: (names) => {
      const name = names.find((each) => each !== '') ?? '';
      return ofMachine(
        `the library ${name} is missing`,
        'Install its development package with `apt-get install` on the runner',
      );
    },
  },
  {
    line: /Package '?([\w.+-]+)'?,? (?:required by .*not found|was not found in the pkg-config search path)|^No package '([\w.+-]+)' found/,
    blame: ([a, b], lines) =>
      isOptional(lines)
        ? undefined
        : ofMachine(
            `the library ${a || b} is missing`,
            'Install its development package with `apt-get install` on the runner',
          ),
  },
  {
    line: /ERROR: Dependency lookup for (\S+) with method 'pkg-?config' failed: Pkg-config .*not found/,
    blame: ([name]) =>
      ofMachine(
        `the library ${name} is missing, and so is pkg-config`,
        'Run `apt-get install pkg-config` on the runner, and install the development package of the library',
      ),
  },
  {
    line: /No CMAKE_(\w+)_COMPILER could be found|ERROR: Unknown compiler\(s\): \[(.*)\]/,
    blame: ([language, tried]) =>
      ofTool(
        `the runner has no compiler for ${language || tried}`,
        'Run `apt-get install build-essential` on the runner',
      ),
  },
  {
    line: /CMake Error: CMake was unable to find a build program corresponding to "([^"]+)"|ERROR: Could not detect (Ninja) v/,
    blame: ([a, b]) => ofTool(`the runner has no ${a || b}`, 'Run `apt-get install make ninja-build` on the runner'),
  },
  {
    line: /^\s*CMake (\d[\d.]* or higher) is required\.\s+You are running version (\d\S*)/,
    blame: ([wanted, here]) =>
      ofTool(`the project needs CMake ${wanted}, the runner has ${here}`, 'Install it on the runner'),
  },
];
