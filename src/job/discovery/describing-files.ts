/** Names of the files that describe projects, at any depth. Discovery knows the texts of these files alone. */
const describing = [
  /^\.volt\.ya?ml$/,
  // Node, Bun, Deno
  /^(package\.json|deno\.jsonc?|pnpm-workspace\.yaml|turbo\.json|nx\.json|lerna\.json|bunfig\.toml|\.yarnrc\.yml)$/,
  /^(\.nvmrc|\.(node|bun|deno|php|swift)-version|\.dvmrc|project\.json)$/,
  /^(\.mocharc\.(jsonc?|ya?ml|[cm]?js)|mocha\.opts|jest\.config\.([cm]?[jt]s|json))$/,
  // Python
  /^(pyproject\.toml|setup\.(cfg|py)|tox\.ini|\.?pytest\.(ini|toml)|noxfile\.py|[\w.-]*requirements[\w.-]*\.(txt|in)|Pipfile)$/,
  /^(manage\.py|\.python-version|(hatch|pdm|tox)\.toml|runtests\.py)$/,
  // Rust, Go
  /^(Cargo\.toml|rust-toolchain(\.toml)?|nextest\.toml|go\.(mod|work))$/,
  // Java, Scala, Kotlin
  /^(pom\.xml|(build|settings)\.gradle(\.kts)?|build\.sbt|\.java-version)$/,
  // Elixir, Erlang
  /^(mix\.exs|test_helper\.exs|rebar\.config)$/,
  // Ruby, PHP
  /^(Gemfile|Rakefile|[Rr]akefile(\.rb)?|\.rspec|\.ruby-version|[\w.-]+\.gemspec|test_helper\.rb)$/,
  /^(composer\.json|phpunit\.xml(\.dist)?|phpunit\.dist\.xml)$/,
  // C and C++
  /^(CMakeLists\.txt|CMakePresets\.json|meson\.build|configure\.(ac|in)|Makefile\.am)$/,
  // .NET
  /^(global\.json|[\w. -]+\.((cs|fs|vb)proj|slnx?)|Directory\.(Build|Packages)\.props)$/,
  // Swift, Dart, Haskell, OCaml, Crystal, Zig
  /^(Package\.swift|pubspec\.yaml|stack\.yaml|cabal\.project|[\w.-]+\.cabal|dune-project|dune|shard\.yml|build\.zig(\.zon)?)$/,
  // any language
  /^(GNUmakefile|[Mm]akefile|\.?justfile|Justfile|[Tt]askfile\.(dist\.)?ya?ml|\.tool-versions|\.?mise\.toml)$/,
];

/** Files of requirements of Python, whose names alone do not tell it. */
const inFolder = /(^|\/)requirements\/[\w.-]+\.(txt|in)$/;

/** Files that are too large for their texts to be known in whole; their first characters say enough. */
const heads = /^yarn\.lock$/;

/** Bytes of a lock file that are read. */
export const headBytes = 1000;

/** Python tests, which tell by what they import and define whether pytest or unittest runs them. */
const tests = /(^|\/)(test[^/]*|[^/]*_test)\.py$|(^|\/)tests?\/__init__\.py$/;

/** Whether discovery knows the text of a file: all of it, its head, or, of some of the tests, all of it. */
export function describes(path: string): 'whole' | 'head' | 'test' | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (describing.some((names) => names.test(name)) || inFolder.test(path)) return 'whole';
  if (heads.test(name)) return 'head';
  return tests.test(path) ? 'test' : undefined;
}

/** Folders of what shows how something is used, is input of tests, or is a copy of another project (Meson's). */
const shows = /^(docs?|examples?|samples?|demos?|benchmarks?|fixtures|__fixtures__|testdata|subprojects)$/;

/** Whether the files of a folder describe something else than the project that the folder is in. */
export function isPartOfOthers(folder: string): boolean {
  return isForeign(folder) || shows.test(folder);
}

/** Folders of what a project has taken from others, or of what its tools make; their files describe nothing of it. */
export function isForeign(folder: string): boolean {
  return /^(\.git|node_modules|bower_components|vendor|third_party|target|_build|deps|\.venv|venv|\.tox)$/.test(folder);
}
