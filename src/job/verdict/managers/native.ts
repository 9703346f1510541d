import { machine, type Rule, tool } from '../blame.ts';

/** CMake, Meson and pkg-config: what the machine lacks to configure a project. */
export const native: readonly Rule[] = [
  machine(
    /Could not find a package configuration file provided by "([\w.+-]+)"|^ {2}Could NOT find (\w[\w.+-]*) \(missing: |^\S*meson\.build:\d+:\d+: ERROR: Dependency "([^"]+)" (?:not found|is required but not found)|ERROR: Dependency "([^"]+)" not found/,
    'the library $1$2$3$4 is missing',
    'Install its development package with `apt-get install` on the runner',
  ),
  machine(
    /ERROR: Dependency lookup for (\S+) with method 'pkg-?config' failed: Pkg-config .*not found/,
    'the library $1 is missing, and so is pkg-config',
    'Run `apt-get install pkg-config` on the runner, and install the development package of the library',
  ),
  tool(
    /No CMAKE_(\w+)_COMPILER could be found|ERROR: Unknown compiler\(s\): \[(.*)\]/,
    'the runner has no compiler for $1$2',
    'Run `apt-get install build-essential` on the runner',
  ),
  tool(
    /CMake Error: CMake was unable to find a build program corresponding to "([^"]+)"|ERROR: Could not detect (Ninja) v/,
    'the runner has no $1$2',
    'Run `apt-get install make ninja-build` on the runner',
  ),
  tool(
    /^\s*CMake (\d[\d.]* or higher) is required\.\s+You are running version (\d\S*)/,
    'the project needs CMake $1, the runner has $2',
    'Install it on the runner',
  ),
];
