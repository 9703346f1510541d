import type { ToolVersion } from './project.ts';
import { isRecord, recordIn } from './records.ts';
import type { Tree } from './tree.ts';

/** Where a project says which version of a tool it wants. */
interface Source {
  file: string;
  read: (tree: Tree, file: string) => unknown;
}

/** The whole text of a file that holds nothing but a version. */
const firstLine = (tree: Tree, file: string) =>
  tree
    .text(file)
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '' && !line.startsWith('#'));

const plain = (...files: string[]): Source[] => files.map((file) => ({ file, read: firstLine }));

/** What a pattern finds in a text; its first group is the version. */
const matched = (file: string, pattern: RegExp): Source => ({
  file,
  read: (tree) => pattern.exec(tree.text(file))?.[1],
});

/** The same where it is the oldest version that will do. */
const atLeast = (file: string, pattern: RegExp): Source => ({
  file,
  read: (tree) => {
    const found = pattern.exec(tree.text(file))?.[1];
    return found === undefined ? undefined : `>=${found}`;
  },
});

const inJson = (file: string, ...keys: [string, ...string[]]): Source => ({
  file,
  read: (tree) => {
    const above = keys.slice(0, -1).reduce((value, key) => recordIn(value, key), tree.json(file) ?? {});
    return above[keys.at(-1) as string];
  },
});

/** The tools whose versions Volt knows to look for, by the names that mise knows them by. First the more exact sources. */
const sources = {
  node: [
    ...plain('.nvmrc', '.node-version'),
    inJson('package.json', 'volta', 'node'),
    inJson('package.json', 'engines', 'node'),
  ],
  bun: [...plain('.bun-version'), inJson('package.json', 'engines', 'bun')],
  deno: plain('.dvmrc', '.deno-version'),
  python: [
    ...plain('.python-version'),
    {
      file: 'pyproject.toml',
      read: (tree) => recordIn(tree.toml('pyproject.toml') ?? {}, 'project')['requires-python'],
    },
  ],
  rust: [
    matched('rust-toolchain.toml', /^channel\s*=\s*["']([^"'\n]{1,100})["']/m),
    ...plain('rust-toolchain'),
    atLeast('Cargo.toml', /^rust-version\s*=\s*["']([^"'\n]{1,100})["']/m),
  ],
  go: ['go.work', 'go.mod'].flatMap((file) => [
    atLeast(file, /^toolchain\s+go(\d[\w.]{0,50})/m),
    atLeast(file, /^go\s+(\d[\w.]{0,50})/m),
  ]),
  java: plain('.java-version'),
  ruby: [...plain('.ruby-version'), matched('Gemfile', /^ruby\s*\(?["']([^"'\n]{1,100})["']/m)],
  php: [...plain('.php-version'), inJson('composer.json', 'require', 'php')],
  dotnet: [inJson('global.json', 'sdk', 'version')],
  elixir: [],
  erlang: [],
  swift: plain('.swift-version'),
  dart: [matched('pubspec.yaml', /^environment:[^\S\n]*\n[^\S\n]+sdk:[^\S\n]*["']?([^"'\n]{1,100})/m)],
  flutter: [],
  crystal: [matched('shard.yml', /^crystal:[^\S\n]*["']?([^"'\n]{1,100})/m)],
  zig: [atLeast('build.zig.zon', /\.minimum_zig_version\s*=\s*"([^"\n]{1,100})"/)],
} satisfies { [tool: string]: Source[] };

export type KnownTool = keyof typeof sources;

/** Files in which version managers are told the versions of all tools. */
export const listFiles = ['.tool-versions', 'mise.toml', '.mise.toml'] as const;

/** The names that asdf's plugins have where they differ from those of mise. */
const asdfNames: { [name in KnownTool]?: string } = { node: 'nodejs', go: 'golang', dotnet: 'dotnet-core' };

/** The files that ask for a version of these tools alone, for people. */
export function versionFiles(...tools: KnownTool[]): string[] {
  return [...new Set(tools.flatMap((tool) => sources[tool].map(({ file }) => file)))];
}

/** The versions of tools that a project asks for, one of each at most. */
export function versionsOf(tree: Tree, ...tools: KnownTool[]): ToolVersion[] {
  return tools.flatMap((tool) => versionOf(tree, tool) ?? []);
}

function versionOf(tree: Tree, tool: KnownTool): ToolVersion | undefined {
  const own: Source[] = [...sources[tool], ...listFiles.map((file) => ({ file, read: listed(tool) }))];
  for (const { file, read } of own) {
    if (!tree.has(file)) continue;
    const version = read(tree, file);
    // others are names, such as "system", or nonsense
    if (typeof version === 'string' && /^[\w.+~<>=!^*|, /-]{1,100}$/.test(version.trim()) && /\d|^lts/.test(version))
      return { tool, version: version.trim(), because: file };
  }
  return undefined;
}

/** A tool's version in a file that lists those of many. */
function listed(tool: KnownTool): Source['read'] {
  const names = [tool, asdfNames[tool] ?? tool];
  return (tree, file) => {
    if (file.endsWith('.toml')) {
      const given = recordIn(tree.toml(file) ?? {}, 'tools');
      const value = given[names.find((name) => Object.hasOwn(given, name)) ?? ''];
      const first: unknown = Array.isArray(value) ? value[0] : value;
      return isRecord(first) ? first.version : first;
    }
    const lines = tree
      .text(file)
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
    return lines.find(([name]) => name !== undefined && names.includes(name))?.[1];
  };
}
