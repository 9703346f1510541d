import { commit, firstMatch, machine, network, notBuilt, type Rule, tool } from '../blame.ts';

/** Cargo, which fetches when it builds the tests. */
export const cargo: readonly Rule[] = [
  network(
    /failed to download from `([^`]+)`|\[(?:6|7|28|35|60)\] ((?:Could|Couldn't|Failed|Timeout|SSL|Connection|Resolving).*)$|failed to fetch `([^`]+)`/,
    'Cargo cannot reach the registry: $1$3$2',
  ),
  machine(
    /you're using offline mode|attempting to make an HTTP request, but --offline was specified/,
    'Cargo is offline and has not all crates',
    'Run `cargo fetch` on the runner, or remove `--offline`',
  ),
  commit(
    /^error: no matching package(?: named `([^`]+)`)? found/,
    'Cargo finds no crate $1',
    'Correct its name in Cargo.toml',
  ),
  commit(
    /^error: failed to select a version for (?:the requirement )?`([^`]+)`/,
    'Cargo finds no version that fits for $1',
    'Correct the versions in Cargo.toml, and run `cargo update`',
  ),
  commit(
    /^error: (?:cannot update the lock file|the lock file) (\S*Cargo\.lock)/,
    'Cargo.lock does not fit Cargo.toml',
    'Run `cargo update --workspace` and commit Cargo.lock',
  ),
  commit(
    /^ {2}failed to read `([^`]+Cargo\.toml)`/,
    'Cargo finds no crate at $1',
    'Commit its folder, or correct its path in Cargo.toml',
  ),
  tool(
    /^error: rustc (\S+) is not supported by the following packages/,
    ([here], lines) =>
      `${firstMatch(lines, /^ +(\S+ requires rustc \S+)/) ?? 'a crate needs a newer rustc'}, the runner has ${here}`,
    'Install a newer Rust on the runner, for example with `rustup update`',
  ),
  tool(
    /^error: (?:package `([^`]+)` )?cannot be built because it requires rustc (\S+)/,
    '$1 needs rustc $2',
    'Install a newer Rust on the runner, for example with `rustup update`',
  ),
  tool(
    /^error: (toolchain '[^']+' is not installed|rustup could not choose a version of \w+ to run.*)$/,
    '$1',
    'Run `rustup toolchain install` on the runner',
  ),
  tool(
    /^error: linker `([^`]+)` not found/,
    'Rust finds no linker $1',
    'Run `apt-get install build-essential` on the runner',
  ),
  machine(
    /The system library `([^`]+)` required by crate `([^`]+)` was not found/,
    'the crate $2 needs the library $1',
    'Run `apt-get install lib$1-dev pkg-config` on the runner',
  ),
  // with a folder in brackets, it is a crate of the commit
  notBuilt(/^error: failed to run custom build command for `([^`(]+?)`/, 'the crate $1 could not be built'),
];
