import { type Fields, isRecord, recordIn, textsIn, valueIn } from '../../records.ts';
import type { Tree } from '../../tree.ts';
import { isPlainName } from './needs.ts';

/** The lists of requirements that a project declares, by their names. */
export type Lists = ReadonlyMap<string, readonly string[]>;

/** What a project declares that it needs, in pyproject.toml, setup.cfg, setup.py and Pipfile. */
export interface Declared {
  /** what it needs to run */
  dependencies: readonly string[];
  extras: Lists;
  /** dependency groups, or groups of Poetry and PDM */
  groups: Lists;
  /** of a Pipfile, those for developers among them */
  pipfile: readonly string[];
}

export function declaredIn(tree: Tree): Declared {
  const pyproject = tree.toml('pyproject.toml') ?? {};
  const tools = recordIn(pyproject, 'tool');
  const poetry = recordIn(tools, 'poetry');
  return {
    dependencies: [
      ...textsIn(valueIn(recordIn(pyproject, 'project'), 'dependencies')),
      ...Object.keys(recordIn(poetry, 'dependencies')).filter((name) => name !== 'python'),
    ],
    extras: extrasOf(tree, pyproject, poetry),
    groups: groupsOf(pyproject, tools, poetry),
    pipfile: pipfilePackages(tree),
  };
}

function extrasOf(tree: Tree, pyproject: Fields, poetry: Fields): Lists {
  const lists = new Map<string, string[]>();
  for (const table of [recordIn(pyproject, 'project', 'optional-dependencies'), recordIn(poetry, 'extras')])
    for (const [name, list] of Object.entries(table)) lists.set(name, textsIn(list));
  const own = /^\[options\.extras_require\]([^[]{0,20000})/m.exec(tree.text('setup.cfg'))?.[1] ?? '';
  let current: string[] | undefined;
  for (const line of own.split('\n')) {
    const key = /^(\w[\w-]{0,60})\s*=(.*)$/.exec(line);
    if (key) {
      current = [(key[2] as string).trim()];
      lists.set(key[1] as string, current);
    } else if (line.trim() !== '') current?.push(line.trim());
  }
  // an extra of setup.py is a key in its text, such as 'test': ['pytest']
  const setup = tree.text('setup.py');
  const keys = setup.matchAll(/(?:["'](tests?|testing|dev)["']\s?:|\b(tests?|testing|dev)=)\s{0,20}\[/g);
  for (const found of [...keys].slice(0, 20)) {
    const start = found.index + found[0].length;
    const list = setup.slice(start, start + 2000).split(/\]\s*[,)}\]]/)[0] as string;
    const quoted = [...list.matchAll(/["']([^"'\n]{1,200})["']/g)];
    lists.set(
      (found[1] ?? found[2]) as string,
      quoted.map(([, each]) => each as string),
    );
  }
  return named(lists);
}

function groupsOf(pyproject: Fields, tools: Fields, poetry: Fields): Lists {
  const lists = new Map<string, string[]>();
  const groups = recordIn(pyproject, 'dependency-groups');
  for (const name of Object.keys(groups)) lists.set(name, resolved(groups, name, 0));
  for (const [name, list] of Object.entries(recordIn(tools, 'pdm', 'dev-dependencies'))) lists.set(name, textsIn(list));
  for (const [name, group] of Object.entries(recordIn(poetry, 'group')))
    lists.set(name, isRecord(group) ? Object.keys(recordIn(group, 'dependencies')) : []);
  const old = Object.keys(recordIn(poetry, 'dev-dependencies'));
  const ofUv = textsIn(valueIn(recordIn(tools, 'uv'), 'dev-dependencies'));
  if (old.length + ofUv.length > 0) lists.set('dev', [...(lists.get('dev') ?? []), ...old, ...ofUv]);
  return named(lists);
}

/** The lists whose names can be given to an installer as they are. */
function named(lists: Lists): Lists {
  return new Map([...lists].filter(([name]) => isPlainName(name)).slice(0, 100));
}

/** A dependency group with those that it includes. */
function resolved(groups: Fields, name: string, depth: number): string[] {
  const list = valueIn(groups, name);
  if (!Array.isArray(list) || depth > 3) return [];
  return list
    .slice(0, 200)
    .flatMap((item: unknown) => {
      if (typeof item === 'string') return [item];
      const other = isRecord(item) ? valueIn(item, 'include-group') : undefined;
      return typeof other === 'string' ? resolved(groups, other, depth + 1) : [];
    })
    .slice(0, 500);
}

/** What a Pipfile asks for, in the form of requirements. */
function pipfilePackages(tree: Tree): string[] {
  const pipfile = tree.toml('Pipfile') ?? {};
  return [recordIn(pipfile, 'packages'), recordIn(pipfile, 'dev-packages')].flatMap((table) =>
    Object.entries(table).map(([name, given]) => {
      const version = isRecord(given) ? valueIn(given, 'version') : given;
      return typeof version === 'string' && version !== '*' ? `${name}${version}` : name;
    }),
  );
}
