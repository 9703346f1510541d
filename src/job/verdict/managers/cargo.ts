import { firstMatch, ofCommit, ofMachine, ofNetwork, ofTool, type Rule } from '../blame.ts';

/** Cargo, which fetches when it builds the tests. */
export const cargo: readonly Rule[] = [
  {
    line: /failed to download from `([^`]+)`|\[(?:6|7|28|35|60)\] ((?:Could|Couldn't|Failed|Timeout|SSL|Connection|Resolving).*)$|failed to fetch `([^`]+)`/,
    blame: ([url, said, git]) => ofNetwork(`Cargo cannot reach the registry: ${url || git || said}`),
  },
  {
    line: /you're using offline mode|attempting to make an HTTP request, but --offline was specified/,
    blame: () =>
      ofMachine('Cargo is offline and has not all crates', 'Run `cargo fetch` on the runner, or remove `--offline`'),
  },
  {
    line: /^error: no matching package(?: named `([^`]+)`)? found/,
    blame: ([name]) => ofCommit(`Cargo finds no crate ${name}`, 'Correct its name in Cargo.toml'),
  },
  {
    line: /^error: failed to select a version for (?:the requirement )?`([^`]+)`/,
    blame: ([name]) =>
      ofCommit(
        `Cargo finds no version that fits for ${name}`,
        'Correct the versions in Cargo.toml, and run `cargo update`',
      ),
  },
  {
    line: /^error: (?:cannot update the lock file|the lock file) (\S*Cargo\.lock)/,
    blame: () => ofCommit('Cargo.lock does not fit Cargo.toml', 'Run `cargo update --workspace` and commit Cargo.lock'),
  },
  {
    line: /^ {2}failed to read `([^`]+Cargo\.toml)`/,
    blame: ([path]) =>
      ofCommit(`Cargo finds no crate at ${path}`, 'Commit its folder, or correct its path in Cargo.toml'),
  },
  {
    line: /^error: rustc (\S+) is not supported by the following packages/,
    blame: ([here], lines) =>
      ofTool(
        `${firstMatch(lines, /^ +(\S+ requires rustc \S+)/) ?? 'a crate needs a newer rustc'}, the runner has ${here}`,
        'Install a newer Rust on the runner, for example with `rustup update`',
      ),
  },
  {
    line: /^error: (?:package `([^`]+)` )?cannot be built because it requires rustc (\S+)/,
    blame: ([name, version]) =>
      ofTool(`${name} needs rustc ${version}`, 'Install a newer Rust on the runner, for example with `rustup update`'),
  },
  {
    line: /^error: (toolchain '[^']+' is not installed|rustup could not choose a version of \w+ to run.*)$/,
    blame: ([said]) => ofTool(said ?? '', 'Run `rustup toolchain install` on the runner'),
  },
  {
    line: /^error: linker `([^`]+)` not found/,
    blame: ([name]) => ofTool(`Rust finds no linker ${name}`, 'Run `apt-get install build-essential` on the runner'),
  },
  {
    line: /The system library `([^`]+)` required by crate `([^`]+)` was not found/,
    blame: ([library, name]) =>
      ofMachine(
        `the crate ${name} needs the library ${library}`,
        `Run \`apt-get install lib${library}-dev pkg-config\` on the runner`,
      ),
  },
  {
    line: /^error: failed to run custom build command for `([^`(]+?)(?: \(([^)]*)\))?`/,
    // with a folder, it is a crate of the commit
    blame: ([name, folder]) =>
      folder
        ? undefined
        : ofMachine(
            `the crate ${name} could not be built`,
            'Install the compilers and libraries that it needs on the runner; the log names them',
          ),
  },
];
